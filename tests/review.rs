//! `childsize review`: what it says agrees with what `compare` and the worksheet say, from runs and from a response.

mod common;

use std::path::{Path, PathBuf};

use assert_cmd::assert::OutputAssertExt;
use childsize::analysis::size_tables::REGIONS;
use childsize::io::size_tables::shipped;
use childsize::io::worksheet::WorksheetFile;
use childsize::io::worksheet::site_file::Site;
use common::childsize;
use common::page::browse;
use predicates::str::contains;
use serde_json::Value;

/// Two phases of a newborn's chest, coarse; the first is too long at both ends.
fn protocol(folder: &Path) -> PathBuf {
    let path = folder.join("chest.toml");
    let text = r#"schema = "childsize.protocol/1"
name = "Chest <b>twice</b>"
[phantom]
id = "ce-00y-arms-raised"
voxel_mm = 4.0
[scanner]
model = "generic-64"
bowtie = "body"
[[acquisition]]
phase = "arterial"
mode = "helical"
tube_voltage_kv = 100.0
tube_current_ma = 100.0
rotation_time_s = 0.5
total_collimation_mm = 20.0
pitch = 1.0
range = { top = "lung_apex+30mm", bottom = "diaphragm-25mm" }
ctdi_vol_mgy = 2.0
ctdi_phantom = "body32"
[[acquisition]]
phase = "venous"
same_as = "arterial"
tube_current_ma = 50.0
ctdi_vol_mgy = 1.0
range = { top = "lung_apex+10mm", bottom = "diaphragm-10mm" }
"#;
    std::fs::write(&path, text).unwrap();
    path
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn a_review_agrees_with_the_worksheet_and_its_parts_with_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut command = childsize();
    command.arg("review").arg(protocol(folder.path())).args(["--histories", "60000", "--kv", "80,120"]);
    command.arg("-o").arg(path("r.html")).arg("--json").arg(path("r.json"));
    command.assert().success().stdout(contains("For the radiologist")).stdout(contains("research use"));
    let json: Value = serde_json::from_slice(&std::fs::read(path("r.json")).unwrap()).unwrap();
    let whole = number(&json["effective_msv"]["value"]);
    let parts: f64 = json["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| number(&p["costs"]["effective_msv"]["value"]))
        .sum();
    assert!((parts / whole - 1.0).abs() < 1e-9, "{parts} {whole}");
    // 20 and 15 mm beyond the landmarks of the chest in the first phase, nothing in the second.
    let beyond = |phase: usize, end: usize| number(&json["phases"][phase]["beyond_landmarks_mm"][end]);
    assert!((beyond(0, 0) - 20.0).abs() < 1e-6 && (beyond(0, 1) - 15.0).abs() < 1e-6 && beyond(1, 0) == 0.0);
    // CTDIvol is the console's: its quotient with the worksheet's follows from the tables alone.
    let tables = shipped().unwrap();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/site.toml")).unwrap();
    let site = Site::parse(&text, &tables.tables).unwrap();
    let sheets = WorksheetFile::of(&site, &tables).unwrap().sheets;
    let sheet = sheets.iter().find(|sheet| sheet.technique.region == REGIONS[1]).unwrap();
    let settings = sheet.lines[0].settings.iter().filter(|setting| setting.tube_voltage_kv == 100.0);
    for (setting, told) in settings.zip(json["phases"][0]["child_size"]["settings"].as_array().unwrap()) {
        assert_eq!(told["held"], setting.held.name());
        let expected = 2.0 / setting.ctdi_vol_mgy[1].mean;
        assert!((number(&told["ratio"]) / expected - 1.0).abs() < 1e-9, "{told}");
    }
    let saved = |value: &Value| number(&value["effective_msv"]["value"]);
    let (landmarks, overrange) = (saved(&json["to_landmarks"]), saved(&json["overrange"]));
    assert!(landmarks > 0.0 && overrange > 0.0 && landmarks + overrange < whole);
    // At the same noise mAs go down with the tube voltage, for iodine's contrast less.
    let at = |row: usize, key: &str| number(&json["tube_voltages"][row][key]);
    assert!(at(0, "mas_factor_at_equal_noise") > 1.0 && at(1, "mas_factor_at_equal_noise") < 1.0);
    let iodine = "mas_factor_at_equal_iodine_contrast_to_noise";
    assert!(
        at(0, iodine) < at(0, "mas_factor_at_equal_noise")
            && at(1, iodine) > at(1, "mas_factor_at_equal_noise")
    );
    let page = std::fs::read_to_string(path("r.html")).unwrap();
    assert!(!page.contains("<b>twice") && page.contains("image quality") && !page.contains("http://"));
    let Some(browsed) = browse(&path("r.html")) else { return };
    assert!(browsed.console.is_empty(), "{:?}", browsed.console);
}

#[test]
fn a_response_says_what_runs_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let protocol = protocol(folder.path());
    let mut respond = childsize();
    respond.arg("respond").arg(&protocol).arg("-o").arg(path("r.h5")).args([
        "--relative-error",
        "0.04",
        "--ctdi-error",
        "0.01",
    ]);
    respond.assert().success();
    let review = |name: &str, more: &[&str]| -> Value {
        let mut command = childsize();
        command.arg("review").arg(&protocol).arg("--json").arg(path(name)).args(["--kv", "80"]).args(more);
        command.assert().success();
        serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap()
    };
    let runs = review("runs.json", &["--histories", "100000"]);
    let sums = review("sums.json", &["--response", path("r.h5").to_str().unwrap()]);
    for place in [
        "/effective_msv",
        "/phases/0/costs/effective_msv",
        "/per_cm/head_end/effective_msv",
        "/per_cm/foot_end/effective_msv",
        "/to_landmarks/effective_msv",
        "/overrange/effective_msv",
        "/tube_voltages/0/effective_msv_at_equal_noise",
        "/tube_voltages/0/saved_msv_at_equal_noise",
    ] {
        let of = |json: &Value| {
            let found = json.pointer(place).unwrap_or_else(|| panic!("no {place}"));
            (number(&found["value"]), number(&found["standard_error"]))
        };
        let ((a, of_a), (b, of_b)) = (of(&runs), of(&sums));
        // Planes of the matrix and what is left of its interpolation: 2 % beside the errors.
        let most = 4.0 * of_a.hypot(of_b) + 0.02 * a.abs();
        assert!((a - b).abs() <= most, "{place}: {a} ± {of_a}, {b} ± {of_b}");
    }
}

#[test]
fn what_cannot_be_reviewed_is_refused_or_said() {
    let folder = tempfile::tempdir().unwrap();
    let protocol = protocol(folder.path());
    let run = |more: &[&str]| {
        let mut command = childsize();
        command.arg("review").arg(&protocol).args(more);
        command.assert()
    };
    run(&["--kv", "60"]).code(65).stderr(contains("--kv must be within 70..140 kV, found 60"));
    run(&["--age-y", "30"]).code(65).stderr(contains("--age-y must be within 0..20 years"));
    run(&["--region", "knee"]).code(65).stderr(contains("--region must be one of head, chest"));
    let there = folder.path().join("there.html");
    std::fs::write(&there, "").unwrap();
    run(&["-o", there.to_str().unwrap()]).code(73).stderr(contains("--force replaces it"));
    run(&["--response", "not_there.h5"]).code(66);
}
