//! `childsize risk`: doses of a result times coefficients of the user's own.

mod common;

use assert_cmd::assert::OutputAssertExt;
use common::{childsize, quick_protocol};
use predicates::str::contains;
use serde_json::Value;

/// Made-up coefficients.
const TABLE: &str = "# made up for this test\n\
site,sex,age_at_exposure_y,cases_per_1e5_per_0p1_gy\n\
liver,F,0,60\nliver,F,10,40\nlung,F,0,700\nlung,F,10,500\nleukemia,F,0,180\nleukemia,F,10,90\n\
other,F,0,1000\nother,F,10,600\nall solid,F,0,9999\nall solid,F,10,9999\nprostate,M,0,90\nprostate,M,10,80\n";

#[test]
fn a_risk_is_the_sum_over_sites_of_dose_times_coefficient() {
    let folder = tempfile::tempdir().unwrap();
    let protocol = quick_protocol(folder.path(), "a.toml", 120.0, "one");
    let [out, table, json] = ["out", "table.csv", "risk.json"].map(|name| folder.path().join(name));
    std::fs::write(&table, TABLE).unwrap();
    childsize().arg("run").arg(&protocol).arg("--no-map").arg("-o").arg(&out).assert().success();
    let risk = |age: &str, sex: &str| {
        let mut command = childsize();
        command.arg("risk").arg(&out).args(["--age-y", age, "--sex", sex, "--force"]);
        command.arg("--coefficients").arg(&table).arg("--json").arg(&json).assert()
    };
    risk("5", "female")
        .success()
        .stdout(contains("not the risk of this patient"))
        .stdout(contains("research use, not for clinical decisions"));
    let value: Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let sites = value["sites"].as_array().unwrap();
    let names: Vec<&str> = sites.iter().map(|site| site["site"].as_str().unwrap()).collect();
    assert_eq!(names, ["liver", "lung", "leukemia", "other"]);
    let number = |value: &Value| value.as_f64().unwrap();
    let expected = |site: &Value, coefficient: f64| number(&site["dose_mgy"]) * coefficient / 100.0;
    let sum: f64 = [50.0, 600.0, 135.0, 800.0].iter().zip(sites).map(|(c, site)| expected(site, *c)).sum();
    assert!((number(&value["total_cases_per_1e5"]) / sum - 1.0).abs() < 1e-9, "{value}");
    // The liver's dose is the organ table's.
    let summary: Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    let organs = summary["organs"].as_array().unwrap();
    let liver = organs.iter().find(|organ| organ["id"] == "liver").unwrap();
    assert!((number(&sites[0]["dose_mgy"]) / number(&liver["dose_mgy"]) - 1.0).abs() < 1e-9);
    risk("11", "female").code(65).stderr(contains("age must be within the table's 0..10 years"));
    risk("5", "male").success().stdout(contains("prostate"));
}
