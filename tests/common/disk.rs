//! Disks that are full, and what is to be whole all the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::assert::OutputAssertExt;
use childsize::io::partial;

use super::childsize;

/// Bytes of a block of `ulimit -f` (POSIX).
const BLOCK_BYTES: u64 = 512;

/// The program in a folder where no file may have more bytes. Without the trap, a write beyond them would end the process.
pub fn limited(folder: &Path, bytes: u64, arguments: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", bytes / BLOCK_BYTES);
    let mut command = Command::new("sh");
    command.current_dir(folder).env("CHILDSIZE_CACHE", "");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_childsize")]).args(arguments).output().unwrap()
}

/// What a command says that could not write a file.
pub fn refused(output: &Output, reason: &str) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(73), "{told}");
    let refusal = told.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{told}"));
    assert!(refusal.starts_with("error: cannot write ") && refusal.contains(reason), "{refusal}");
    assert!(!refusal.contains(".part"), "{refusal}");
    refusal.to_owned()
}

/// Files of a folder and of those in it.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(|entry| below(entry.unwrap().path())).collect()
}

/// Everything in a folder is whole, and nothing is left of what was begun.
pub fn assert_whole(folder: &Path) {
    for file in files(folder) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(!name.ends_with(".part"), "{name} is left");
        let text = || std::fs::read_to_string(&file).unwrap();
        match name.rsplit('.').next().unwrap() {
            "h5" if name == "result.h5" => drop(childsize().arg("verify").arg(&file).assert().success()),
            "h5" => assert!(!partial::about(&file).unwrap().batches().is_empty()),
            "json" => drop(serde_json::from_str::<serde_json::Value>(&text()).unwrap()),
            "html" => assert!(text().trim_end().ends_with("</html>"), "{name}"),
            "csv" => assert!(text().ends_with('\n') && text().lines().count() > 40, "{name}"),
            "toml" | "lock" => {}
            other => panic!("{name}: {other}"),
        }
    }
}

/// A disk in memory, which ends with it.
pub struct Disk(PathBuf);

impl Disk {
    /// `None` where none can be mounted.
    pub fn new(at: PathBuf, kib: u64) -> Option<Self> {
        std::fs::create_dir(&at).unwrap();
        let size = format!("size={kib}k");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(&at).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Disk(at))
    }

    pub fn grow(&self, kib: u64) {
        let size = format!("remount,size={kib}k");
        Command::new("mount").args(["-o", &size]).arg(&self.0).assert().success();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
