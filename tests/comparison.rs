//! `childsize compare`, as a physicist meets it.

mod common;

use std::path::PathBuf;

use assert_cmd::assert::OutputAssertExt;
use common::page::{browse, column, with_script};
use common::{childsize, quick_protocol};
use predicates::str::contains;
use serde_json::Value;

#[test]
fn compare_holds_the_noise_and_writes_a_page_and_json() {
    let folder = tempfile::tempdir().unwrap();
    let a = quick_protocol(folder.path(), "a.toml", 120.0, "<script>alert(1)</script>");
    let b = quick_protocol(folder.path(), "b.toml", 80.0, "portal");
    let (html, json) = (folder.path().join("c.html"), folder.path().join("c.json"));
    let compare = |more: &[&str]| {
        let mut command = childsize();
        command.arg("compare").args([&a, &b]).arg("--html").arg(&html).arg("--json").arg(&json).args(more);
        command.assert()
    };
    compare(&["--equal-noise"]).success().stdout(contains("a centimetre less saves"));
    let value: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let [first, second] = ["a", "b"].map(|run| &value[run]["phases"][0]);
    let noise = |phase: &Value| phase["noise_index"].as_f64().unwrap();
    assert!((noise(first) / noise(second) - 1.0).abs() < 1e-9);
    assert_eq!(second["played_tube_current_ma"], 100.0);
    assert!(second["tube_current_ma"].as_f64().unwrap() > 150.0, "80 kV needs more mA than 120 kV");
    let liver = value["rows"].as_array().unwrap().iter().find(|row| row["id"] == "liver").unwrap();
    assert!(liver["error_over_independent"].as_f64().unwrap() < 0.95);
    assert!(liver["a"]["saved_per_cm"]["head_end"]["value"].as_f64().unwrap() > 0.0);
    // What is there is kept.
    compare(&[]).code(73).stderr(contains("is already there"));
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;"));
    assert!(!page.contains("Dose maps on one scale"), "protocols are played without maps");
    let Some(browsed) = browse(&html) else { return };
    assert!(browsed.console.is_empty(), "{:?}", browsed.console);
    let script = "document.querySelectorAll('#dose-table th button')[6].click();";
    let sorted = browse(&with_script(&html, "sorted.html", script)).unwrap().document;
    let differences: Vec<f64> =
        column(&sorted, "dose-table", 6).iter().map(|text| text.parse().unwrap()).collect();
    assert!(
        differences.len() > 20 && differences.windows(2).all(|pair| pair[0] >= pair[1]),
        "{differences:?}"
    );
}

#[test]
fn results_are_compared_as_their_protocols_are() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("c.json");
    let protocols = [("a.toml", 120.0), ("b.toml", 100.0)]
        .map(|(name, kv)| quick_protocol(folder.path(), name, kv, "one"));
    let results = ["a", "b"].map(|name| folder.path().join(name));
    for (protocol, result) in protocols.iter().zip(&results) {
        childsize().arg("run").arg(protocol).arg("--no-map").arg("-o").arg(result).assert().success();
    }
    let rows = |pair: &[PathBuf; 2]| {
        childsize().arg("compare").args(pair).arg("--force").arg("--json").arg(&json).assert().success();
        let value: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        value["rows"].clone()
    };
    let (played, read) = (rows(&protocols), rows(&results));
    assert!(same(&played, &read), "a row of the protocols differs from that of the results");
}

#[test]
fn the_maps_of_two_results_stand_side_by_side_on_one_scale() {
    let folder = tempfile::tempdir().unwrap();
    let results = [("a", 120.0), ("b", 80.0)].map(|(name, kv)| {
        let protocol = quick_protocol(folder.path(), &format!("{name}.toml"), kv, name);
        let result = folder.path().join(name);
        childsize().arg("run").arg(protocol).arg("-o").arg(&result).assert().success();
        result
    });
    let html = folder.path().join("c.html");
    childsize().arg("compare").args(&results).arg("--html").arg(&html).assert().success();
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(page.contains("Dose maps on one scale"));
    assert!(page.contains("Where the dose differs"));
    assert_eq!(
        page.matches("image/png;base64,").count(),
        6,
        "coronal and axial of both and of their difference"
    );
    assert!(page.len() < 1_000_000);
}

/// Equal but for rounding.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-9 * a.abs().max(1e-6)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}
