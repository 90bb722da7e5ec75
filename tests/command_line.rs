//! The program, as a physicist meets it.

#[cfg(unix)]
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use assert_cmd::assert::OutputAssertExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

const PROTOCOL: &str = r#"
schema = "childsize.protocol/1"
name = "Two phases of a cylinder"

[phantom]
cylinder = { width_mm = 120, height_mm = 90, length_mm = 160, material = "water" }
voxel_mm = 10.0

[scanner]
model = "generic-64"
bowtie = "none"

[[acquisition]]
phase = "arterial"
mode = "helical"
tube_voltage_kv = 100.0
tube_current_ma = 100.0
rotation_time_s = 0.5
total_collimation_mm = 40.0
pitch = 1.0
range = { z_mm = [40.0, -40.0] }

[[acquisition]]
phase = "=portal é"
same_as = "arterial"
tube_current_ma = 50.0

[run]
histories = 4000
seed = 3
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    fn summary(&self, folder: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(folder).join("summary.json")).unwrap()).unwrap()
    }
}

#[test]
fn a_run_writes_files_that_agree() {
    let case = Case::new();
    let mut run = case.command(&["run", "protocol.toml", "-o", "out/deep"]);
    run.assert()
        .success()
        .stdout(contains("in the field"))
        .stdout(contains("research use, not for clinical decisions"))
        .stdout(contains("scan     arterial   helical 100 kV"));
    let summary = case.summary("out/deep");
    assert_eq!((&summary["schema"], &summary["complete"]), (&"childsize.summary/1".into(), &true.into()));
    let balance = |key: &str| summary["energy_balance"][key].as_f64().unwrap();
    let sum = balance("deposited_kev") + balance("escaped_kev");
    assert!((sum / balance("emitted_kev") - 1.0).abs() < 1e-5);
    let organ = &summary["organs"][0];
    let doses: f64 = [0, 1].map(|a| organ["acquisitions"][a]["dose_mgy"].as_f64().unwrap()).iter().sum();
    assert!((doses / organ["dose_mgy"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    let mut table = csv::Reader::from_path(case.path("out/deep/organs.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.unwrap()).collect();
    assert_eq!(rows.iter().map(|row| &row[2]).collect::<Vec<_>>(), ["arterial", "'=portal é", "total"]);
    let total: f64 = rows[2][5].parse().unwrap();
    assert!((total / doses - 1.0).abs() < 1e-4);
    let file = hdf5::File::open(case.path("out/deep/result.h5")).unwrap();
    assert!(
        (file.dataset("organs/total").unwrap().read_raw::<f64>().unwrap()[0] / doses - 1.0).abs() < 1e-12
    );
}

#[test]
fn the_number_of_threads_changes_no_bit_of_the_doses() {
    let case = Case::new();
    for threads in ["1", "2"] {
        case.command(&["run", "protocol.toml", "-o", threads, "--threads", threads]).assert().success();
    }
    let open = |folder: &str| hdf5::File::open(case.path(folder).join("result.h5")).unwrap();
    let (one, two) = (open("1"), open("2"));
    let floats = |file: &hdf5::File, name: &str| -> Vec<u32> {
        file.dataset(name).unwrap().read_raw::<f32>().unwrap().iter().map(|value| value.to_bits()).collect()
    };
    for name in ["maps/absorbed_dose", "maps/relative_error", "maps/density"] {
        assert_eq!(floats(&one, name), floats(&two, name), "{name}");
    }
    let doubles = |file: &hdf5::File, name: &str| file.dataset(name).unwrap().read_raw::<f64>().unwrap();
    for name in ["organs/dose", "organs/standard_error", "batches/001/organ_energy"] {
        assert_eq!(doubles(&one, name), doubles(&two, name), "{name}");
    }
}

#[test]
fn the_command_line_overrules_the_protocol_and_the_result_says_so() {
    let case = Case::new();
    let arguments = ["run", "protocol.toml", "-o", "out", "--no-map", "--histories", "2e3", "--seed", "9"];
    case.command(&arguments).assert().success();
    let summary = case.summary("out");
    assert_eq!((&summary["seed"], &summary["histories"]), (&9.into(), &4000.into()));
    let file = hdf5::File::open(case.path("out/result.h5")).unwrap();
    assert!(!file.link_exists("maps") && !file.link_exists("VTKHDF"));
    let resolved: hdf5::types::VarLenUnicode =
        file.dataset("protocol/resolved_json").unwrap().read_scalar().unwrap();
    let resolved: Value = serde_json::from_str(&resolved).unwrap();
    assert_eq!(resolved["run"]["histories"], 2000);
    assert_eq!(
        (&resolved["run"]["estimator"], &resolved["output"]["dose_map"]),
        (&"organ".into(), &false.into())
    );
}

#[test]
fn results_that_are_there_are_refused_before_the_run_and_replaced_with_force() {
    let case = Case::new();
    std::fs::create_dir(case.path("out")).unwrap();
    std::fs::write(case.path("out/organs.csv"), "mine").unwrap();
    let refused = case.command(&["run", "protocol.toml", "-o", "out"]).assert().code(73);
    refused.stdout("").stderr(contains("error: cannot write out/organs.csv: it is already there; --force"));
    assert_eq!(std::fs::read(case.path("out/organs.csv")).unwrap(), b"mine");
    case.command(&["run", "protocol.toml", "-o", "out", "--force"]).assert().success();
    assert_ne!(std::fs::read(case.path("out/organs.csv")).unwrap(), b"mine");
}

#[test]
fn refusals_have_the_exit_codes_of_sysexits() {
    let case = Case::new();
    std::fs::write(case.path("bad.toml"), PROTOCOL.replace("pitch = 1.0", "pitch = 0")).unwrap();
    std::fs::write(case.path("file"), "").unwrap();
    let refuse = |arguments: &[&str], code: i32, sentence: &str| {
        case.command(arguments).assert().code(code).stderr(contains(sentence.to_owned()));
    };
    refuse(&["run"], 2, "Usage:");
    refuse(&["run", "protocol.toml", "--histories", "1.5"], 2, "must be a whole number");
    refuse(&["run", "protocol.toml", "--threads", "0"], 2, "0 is not in 1..=4096");
    refuse(&["run", "bad.toml"], 65, "pitch must be above 0, found 0");
    refuse(&["run", "bad.toml"], 65, "help: ");
    refuse(&["run", "protocol.toml", "--histories", "3"], 65, "run.histories must be at least 20, found 3");
    refuse(&["run", "none.toml"], 66, "error: cannot read none.toml");
    refuse(&["run", "protocol.toml", "-o", "file"], 73, "error: cannot write file");
    refuse(&["spectrum", "--kv", "120000"], 65, "was it given in V instead of kV?");
    refuse(&["phantoms", "landmarks", "ce-05"], 65, "ce-05");
}

#[test]
fn progress_comes_as_json_lines() {
    let case = Case::new();
    let run = case.command(&["run", "protocol.toml", "-o", "out", "--progress", "json"]).output().unwrap();
    assert!(run.status.success());
    let text = String::from_utf8(run.stderr).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<&Value> = lines.iter().filter(|line| line["event"] == "progress").collect();
    assert!(told.len() >= 2, "{text}");
    for key in ["acquisition", "histories", "planned", "worst_organ", "relative_error", "elapsed_s", "eta_s"]
    {
        assert!(told.iter().all(|line| line.get(key).is_some()), "{key}");
    }
    let last = told.last().unwrap();
    assert_eq!((&last["acquisition"], &last["histories"]), (&1.into(), &last["planned"]));
}

#[test]
fn a_target_out_of_reach_is_said_with_what_it_would_take() {
    let case = Case::new();
    let target = "seed = 3\ntarget = { relative_error = 1e-4, organs = \"in-field\" }";
    let ranged = PROTOCOL.replace("[40.0, -40.0]", "[80.0, -80.0]").replace("seed = 3", target);
    std::fs::write(case.path("target.toml"), ranged).unwrap();
    let run = case.command(&["run", "target.toml", "-o", "out"]).assert().success();
    run.stderr(contains("target 0.010 % not reached"));
    assert!(case.summary("out")["warnings"].to_string().contains("needs about"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_what_is_done_and_exits_with_130() {
    let case = Case::new();
    let arguments = ["run", "protocol.toml", "-o", "out", "--histories", "1e12", "--progress", "json"];
    let mut child = case.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("progress"), "{first}");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let rest: Vec<String> = lines.map(|line| line.unwrap()).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let last: Value = serde_json::from_str(rest.last().unwrap()).unwrap();
    assert_eq!(last["event"], "interrupted");
    assert!(last["message"].to_string().contains("`childsize resume out` goes on from there"));
    let summary = case.summary("out");
    assert_eq!(
        (&summary["complete"], &summary["acquisitions"][0]["finish"]),
        (&false.into(), &"interrupted".into())
    );
    assert!(summary["histories"].as_u64().unwrap() > 0);
    assert!(left_over(&case.path("out")).is_empty());
}

/// Temporary files in a folder.
#[cfg(unix)]
fn left_over(folder: &std::path::Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let case = Case::new();
    let mut child = case
        .command(&["spectrum", "--kv", "120", "--csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn phantoms_and_spectra_are_told_without_a_run() {
    let case = Case::new();
    case.command(&["phantoms"]).assert().success().stdout(contains("ce-05y-arms-raised"));
    case.command(&["phantoms", "landmarks", "ce-05y"]).assert().success().stdout(contains("lung_apex"));
    let masses = case.command(&["phantoms", "masses", "ce-00y", "--voxel-mm", "5"]).assert().success();
    masses.stdout(contains("lungs")).stdout(contains("voxels of 5 mm"));
    let spectrum = case.command(&["spectrum", "--kv", "100", "--filter", "Al 3"]).assert().success();
    spectrum.stdout(contains("mm Al")).stdout(contains("uGy/mAs"));
    let check = case.command(&["check", "protocol.toml"]).output().unwrap();
    let resolved: Value = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(resolved["acquisition"][1]["tube_current_ma"], 50.0);
}
