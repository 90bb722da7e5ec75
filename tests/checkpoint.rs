//! Runs that are broken off, and gone on with: the results are those of a run that never was.
#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use childsize::numerics::rng::batch_stream;
use common::{bits, childsize};
use predicates::str::contains;
use rand::Rng;
use tempfile::TempDir;

/// Two phases with a map of 4 mm, some seconds long.
const PROTOCOL: &str = r#"
schema = "childsize.protocol/1"
[phantom]
id = "ce-00y-arms-raised"
voxel_mm = 4.0
[scanner]
model = "generic-64"
[[acquisition]]
phase = "first"
mode = "helical"
tube_voltage_kv = 80.0
tube_current_ma = 100.0
rotation_time_s = 0.5
total_collimation_mm = 20.0
pitch = 1.0
range = { top = "liver_top", bottom = "liver_bottom" }
[[acquisition]]
phase = "second"
same_as = "first"
tube_voltage_kv = 120.0
[run]
histories = 600000
threads = 2
"#;

struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("protocol.toml"), PROTOCOL).unwrap();
        Case { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = childsize();
        command.current_dir(self.folder.path()).args(arguments).args(["--progress", "json"]);
        command
    }

    fn run(&self, output: &str) -> Command {
        self.command(&["run", "protocol.toml", "-o", output, "--checkpoint-seconds", "0.05", "--force"])
    }

    fn resume(&self, output: &str) -> Command {
        self.command(&["resume", output, "--checkpoint-seconds", "0.05"])
    }

    fn spawn(command: &mut Command) -> Child {
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Goes on with a run, or begins it where there is no checkpoint yet.
    fn go_on(&self, output: &str) -> Command {
        match self.path(output).join("checkpoint/request.json").exists() {
            true => self.resume(output),
            false => self.run(output),
        }
    }
}

/// Kills a run at random moments, as often as asked, and looks at the bits whenever one gets to its end. Returns how often a
/// checkpoint was there to go on from.
fn kill_and_compare(kills: usize, seed: u64) -> usize {
    let case = Case::new();
    let start = std::time::Instant::now();
    case.run("whole").assert().success();
    let span_ms = start.elapsed().as_millis() as u64;
    let (mut stream, mut resumed) = (batch_stream(seed, 0, 0), 0);
    for _ in 0..kills {
        let mut command = case.go_on("killed");
        resumed += usize::from(command.get_args().next().is_some_and(|word| word == "resume"));
        let mut child = Case::spawn(&mut command);
        sleep(Duration::from_millis(stream.next_u64() % span_ms));
        match child.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success());
                bits::assert_same(&case.path("killed/result.h5"), &case.path("whole/result.h5"));
            }
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    }
    case.go_on("killed").assert().success();
    bits::assert_same(&case.path("killed/result.h5"), &case.path("whole/result.h5"));
    let names = std::fs::read_dir(case.path("killed")).unwrap().map(|e| e.unwrap().file_name());
    assert!(names.into_iter().all(|name| name != "checkpoint"), "the checkpoint is gone");
    resumed
}

#[test]
fn a_run_killed_three_times_ends_with_the_bits_of_one_that_was_not() {
    kill_and_compare(3, 1);
}

/// Thirty times, for every change of what is kept: `cargo test --test checkpoint -- --ignored`.
#[test]
#[ignore = "slow, a minute or more: thirty runs are killed"]
fn a_run_killed_thirty_times_ends_with_the_bits_of_one_that_was_not() {
    let resumed = kill_and_compare(30, 2);
    assert!(resumed >= 10, "only {resumed} of the runs had a checkpoint to go on from");
}

/// Starts a run that would not end soon, waits for a checkpoint of it, and sends a signal.
fn signalled(case: &Case, signal: &str) -> std::process::Output {
    let arguments =
        ["run", "protocol.toml", "-o", "out", "--histories", "1e9", "--checkpoint-seconds", "0.05"];
    let mut command = case.command(&arguments);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(&case.path("out/checkpoint/acquisition-000.h5"));
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    child.wait_with_output().unwrap()
}

fn wait_for(path: &Path) {
    for _ in 0..6000 {
        if path.exists() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{} does not come", path.display());
}

#[test]
fn sigterm_keeps_the_state_and_says_how_to_go_on() {
    let case = Case::new();
    let output = signalled(&case, "-TERM");
    assert_eq!(output.status.code(), Some(130));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.lines().last().unwrap().contains("`childsize resume out` goes on from there"), "{told}");
    let before = childsize::io::partial::about(&case.path("out/checkpoint/acquisition-000.h5")).unwrap();
    assert!(!before.batches().is_empty());
    // What is there is neither taken for done nor replaced unasked.
    let again = case.command(&["run", "protocol.toml", "-o", "out"]).assert().code(73);
    again.stderr(contains("it is already there"));
    for file in ["result.h5", "organs.csv", "summary.json", "report.html"] {
        std::fs::remove_file(case.path("out").join(file)).unwrap();
    }
    let again = case.command(&["run", "protocol.toml", "-o", "out"]).assert().code(73);
    again.stderr(contains("childsize resume goes on with it, --force begins anew"));
}

#[test]
fn two_runs_on_one_folder_are_refused() {
    let case = Case::new();
    let arguments = ["run", "protocol.toml", "-o", "out", "--histories", "1e9"];
    let mut first = Case::spawn(&mut case.command(&arguments));
    wait_for(&case.path("out/.childsize.lock"));
    // The lock is taken a moment after its file is made.
    sleep(Duration::from_millis(200));
    let second = case.command(&arguments).assert().code(73);
    second.stderr(contains("another run is at work in it"));
    first.kill().unwrap();
    first.wait().unwrap();
    // The lock ends with the process, however it ended.
    case.command(&["run", "protocol.toml", "-o", "out", "--histories", "2e4"]).assert().success();
}

#[test]
fn damaged_checkpoints_are_passed_over_and_the_bits_stay() {
    let case = Case::new();
    case.run("whole").assert().success();
    let mut child = Case::spawn(&mut case.run("out"));
    let folder = case.path("out/checkpoint");
    wait_for(&folder.join("acquisition-000.previous.h5"));
    child.kill().unwrap();
    child.wait().unwrap();
    let latest = folder.join("acquisition-000.h5");
    if latest.exists() {
        let mut bytes = std::fs::read(&latest).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        std::fs::write(&latest, bytes).unwrap();
        let done = case.resume("out").assert().success();
        done.stderr(contains("its digest is not the one it names"))
            .stderr(contains("the checkpoint before it is used"));
    } else {
        case.resume("out").assert().success();
    }
    bits::assert_same(&case.path("out/result.h5"), &case.path("whole/result.h5"));
}

#[test]
fn another_exam_and_no_checkpoint_are_refused() {
    let case = Case::new();
    std::fs::create_dir(case.path("empty")).unwrap();
    case.resume("empty").assert().code(66).stderr(contains("there is no checkpoint"));
    case.resume("nowhere").assert().code(66).stderr(contains("nowhere"));
    let output = signalled(&case, "-INT");
    assert_eq!(output.status.code(), Some(130));
    let kept = case.path("out/checkpoint/protocol.toml");
    let other =
        std::fs::read_to_string(&kept).unwrap().replace("tube_current_ma = 100.0", "tube_current_ma = 90.0");
    std::fs::write(&kept, other).unwrap();
    case.resume("out").assert().code(65).stderr(contains("the protocol's text must be"));
}
