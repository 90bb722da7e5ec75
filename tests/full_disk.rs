//! Disks that are full: a sentence with the file and the reason, exit code 73, nothing half-written in the place of a whole file, and
//! runs that go on when there is room. A limit on the size of files stands for the disk: it needs no rights. A small disk in
//! memory is used, too, where one can be mounted.
#![cfg(unix)]

mod common;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use childsize::io::partial;
use common::disk::{Disk, assert_whole, files, limited, refused};
use common::{QUICK_RESPONSE, bits, childsize, quick_protocol};
use predicates::str::contains;
use tempfile::TempDir;

struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        quick_protocol(folder.path(), "protocol.toml", 100.0, "abdomen");
        Case { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = childsize();
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    fn limited(&self, bytes: u64, arguments: &[&str]) -> Output {
        limited(self.folder.path(), bytes, arguments)
    }

    fn bytes(&self, name: &str) -> u64 {
        std::fs::metadata(self.path(name)).unwrap().len()
    }
}

#[test]
fn results_that_do_not_fit_are_named_and_made_when_there_is_room() {
    let case = Case::new();
    case.command(&["run", "protocol.toml", "-o", "whole"]).assert().success();
    let result = case.bytes("whole/result.h5");
    let sizes = [0.002, 0.05, 0.4, 0.7, 0.95, 0.998].map(|share| (share * result as f64) as u64);
    for (index, bytes) in sizes.into_iter().enumerate() {
        let out = format!("out{index}");
        let output =
            case.limited(bytes, &["run", "protocol.toml", "--checkpoint-seconds", "0.05", "-o", &out]);
        let refusal = refused(&output, "File too large");
        assert!(refusal.contains(&format!("{out}/result.h5: ")), "{refusal}");
        assert_whole(&case.path(&out));
        assert!(!case.path(&out).join("result.h5").exists());
        case.command(&["resume", &out]).assert().success();
        bits::assert_same(&case.path(&out).join("result.h5"), &case.path("whole/result.h5"));
    }
}

#[test]
fn what_was_there_stays_until_what_replaces_it_is_whole() {
    let case = Case::new();
    case.command(&["run", "protocol.toml", "-o", "out"]).assert().success();
    let before = std::fs::read(case.path("out/result.h5")).unwrap();
    let limit = before.len() as u64 - 2048;
    let output = case.limited(limit, &["run", "protocol.toml", "-o", "out", "--force", "--seed", "9"]);
    refused(&output, "File too large");
    assert!(
        std::fs::read(case.path("out/result.h5")).unwrap() == before,
        "the result that was there changed"
    );
    assert_whole(&case.path("out"));
    // A run so short has no checkpoint: it is played anew.
    case.command(&["run", "protocol.toml", "-o", "out", "--force", "--seed", "9"]).assert().success();
    assert_whole(&case.path("out"));
    assert!(std::fs::read(case.path("out/result.h5")).unwrap() != before);
}

#[test]
fn a_checkpoint_stays_where_neither_the_next_nor_the_results_fit() {
    let case = Case::new();
    let run = ["run", "protocol.toml", "--histories", "1200000", "--checkpoint-seconds", "0.05", "-o"];
    let mut child =
        case.command(&run).arg("out").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let state = case.path("out/checkpoint/acquisition-000.h5");
    for _ in 0..6000 {
        if state.exists() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = partial::about(&state).unwrap().batches().to_vec();
    let output = case.limited(4096, &["resume", "out", "--checkpoint-seconds", "0.05"]);
    refused(&output, "File too large");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("no checkpoint: cannot write out/checkpoint/acquisition-000.h5: File too large"),
        "{told}"
    );
    assert_eq!(partial::about(&state).unwrap().batches(), before);
    assert!(!case.path("out/result.h5").exists());
    assert_whole(&case.path("out"));
    case.command(&["resume", "out"]).assert().success();
    case.command(&run).arg("whole").assert().success();
    bits::assert_same(&case.path("out/result.h5"), &case.path("whole/result.h5"));
}

#[test]
fn shards_and_their_merge_go_on_when_there_is_room() {
    let case = Case::new();
    case.command(&["plan", "protocol.toml", "--shards", "2", "-o", "campaign"]).assert().success();
    let shard = |index| ["run", "--plan", "campaign", "--shard", index];
    case.command(&shard("0")).assert().success();
    let refusal = refused(&case.limited(8192, &shard("1")), "File too large");
    assert!(refusal.contains("campaign/shards/0001/acquisition-000.h5"), "{refusal}");
    case.command(&["merge", "campaign"]).assert().code(75);
    case.command(&shard("1")).assert().success();
    let refusal = refused(&case.limited(65536, &["merge", "campaign"]), "File too large");
    assert!(refusal.contains("campaign/result/result.h5"), "{refusal}");
    assert_whole(&case.path("campaign/result"));
    case.command(&["merge", "campaign"]).assert().success();
    case.command(&["run", "protocol.toml", "-o", "one"]).assert().success();
    bits::assert_same(&case.path("campaign/result/result.h5"), &case.path("one/result.h5"));
}

#[test]
fn pages_exports_phantoms_and_figures_are_whole_or_not_there() {
    let case = Case::new();
    case.command(&["run", "protocol.toml", "-o", "a"]).assert().success();
    case.command(&["run", "protocol.toml", "-o", "b", "--seed", "5"]).assert().success();
    let labels = "a/labels.csv";
    for (arguments, made) in [
        (&["compare", "a", "b", "--html", "made/page.html"][..], "page.html"),
        (&["compare", "a", "b", "--json", "made/page.json"], "page.json"),
        (&["export", "a", "--format", "nifti", "-o", "made"], "dose.nii.gz"),
        (&["export", "a", "--format", "metaimage", "-o", "made"], "dose.mha"),
        (&["export", "a", "--format", "rtdose", "-o", "made"], "rtdose.dcm"),
        (&["report", "a", "-o", "made/report.html"], "report.html"),
        (&["plot", "a", "--figure", "organs", "--format", "svg", "-o", "made"], ".svg"),
        (&["plot", "a", "--figure", "dose", "--format", "png", "-o", "made"], ".png"),
        (
            &["phantoms", "export", "ce-00y", "--voxel-mm", "4", "--format", "vox", "-o", "made/a.vox"],
            "a.vox",
        ),
        (
            &["phantoms", "export", "ce-00y", "--voxel-mm", "4", "--format", "nifti", "-o", "made/a.nii.gz"],
            "a.nii.gz",
        ),
    ] {
        let _ = std::fs::remove_dir_all(case.path("made"));
        std::fs::create_dir(case.path("made")).unwrap();
        let refusal = refused(&case.limited(1024, arguments), "File too large");
        assert!(refusal.contains(made), "{arguments:?}: {refusal}");
        let left = files(&case.path("made"));
        assert!(left.is_empty(), "{arguments:?}: {left:?}");
        case.command(arguments).assert().success();
    }
    // The voxels that were just exported, as a phantom of this program.
    std::fs::rename(case.path("made/a.csv"), case.path(labels)).unwrap();
    let import = ["phantoms", "import", "made/a.nii.gz", "--labels", labels, "-o", "made/a.h5"];
    let refusal = refused(&case.limited(8192, &import), "File too large");
    assert!(refusal.contains("made/a.h5") && !case.path("made/a.h5").exists(), "{refusal}");
    case.command(&import).assert().success();
    case.command(&["verify", "made/a.h5"]).assert().success();
}

/// A response takes its time to make, so that the disk is tried once, with the file all but whole.
#[test]
fn a_response_is_whole_or_not_there() {
    let case = Case::new();
    let arguments = [QUICK_RESPONSE.as_flattened(), &["-o", "a.h5"]].concat();
    case.command(&arguments).assert().success();
    let bytes = case.bytes("a.h5");
    std::fs::rename(case.path("a.h5"), case.path("whole.h5")).unwrap();
    let refusal = refused(&case.limited(bytes - 1024, &arguments), "File too large");
    assert!(refusal.contains("a.h5: ") && !case.path("a.h5").exists(), "{refusal}");
    assert_eq!(files(case.folder.path()).len(), 2, "{:?}", files(case.folder.path()));
}

/// `/dev/full` takes nothing.
#[test]
#[cfg(target_os = "linux")]
fn standard_output_that_takes_nothing_is_told_of() {
    let case = Case::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let check = case.command(&["check", "protocol.toml"]).stdout(full).output().unwrap();
    refused(&check, "standard output: No space left on device");
}

#[test]
fn a_run_on_a_small_disk_goes_on_when_it_has_grown() {
    let case = Case::new();
    case.command(&["run", "protocol.toml", "-o", "whole"]).assert().success();
    let kib = |name: &str| case.bytes(name).div_ceil(1024);
    let result = kib("whole/result.h5");
    // Not for the result, all but for it, for it but not for the page.
    for (index, size) in [64, result - 20, result + kib("whole/report.html") / 2].into_iter().enumerate() {
        let Some(disk) = Disk::new(case.path(&format!("disk{index}")), size) else {
            return println!("skipped: no disk in memory can be mounted here (it takes the rights of root)");
        };
        let out = format!("disk{index}/out");
        let run = ["run", "protocol.toml", "--checkpoint-seconds", "0.05", "-o", &out];
        let output = case.command(&run).output().unwrap();
        refused(&output, "No space left on device");
        assert_whole(&case.path(&out));
        disk.grow(65536);
        case.command(&["resume", &out]).assert().success().stdout(contains("written"));
        bits::assert_same(&case.path(&out).join("result.h5"), &case.path("whole/result.h5"));
    }
}
