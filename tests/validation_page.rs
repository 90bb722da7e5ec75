//! `childsize validate --html`: the page says what the rows say.

mod common;

use assert_cmd::assert::OutputAssertExt;
use common::childsize;
use common::page::{browse, column, with_script};
use predicates::str::contains;
use serde_json::{Value, json};

#[test]
fn the_page_of_a_validation_has_every_row_and_no_markup_of_anyone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let earlier = json!([{
        "suite": "size", "case": "<img src=x onerror=alert(1)>", "quantity": "</title><script>alert(1)</script>", "unit": "mGy",
        "reference": 2.0, "reference_min": 2.0, "reference_max": 2.0, "value": 3.0, "standard_error": 0.25,
        "difference_percent": 50.0, "verdict": "fail", "note": "<b>",
    }]);
    std::fs::write(path("earlier.json"), earlier.to_string()).unwrap();
    let validate = || {
        let mut command = childsize();
        command.args(["validate", "--suite", "attenuation", "--add"]).arg(path("earlier.json"));
        command.arg("--html").arg(path("v.html")).arg("--json").arg(path("v.json")).assert()
    };
    validate().code(1);
    validate().code(73).stderr(contains("--force replaces it"));
    let rows: Vec<Value> = serde_json::from_slice(&std::fs::read(path("v.json")).unwrap()).unwrap();
    let page = std::fs::read_to_string(path("v.html")).unwrap();
    assert!(!page.contains("<img") && !page.contains("<script>alert") && !page.contains("<b>"));
    assert_eq!(page.matches("<script").count(), 1, "the page's own");
    assert!(page.contains("role=\"alert\">1 row fails"));
    let passed = rows.iter().filter(|row| row["verdict"] == "pass").count();
    assert!(page.contains(&format!("data-key=\"pass\">{passed}<")));
    let told = column(&page, "validation-rows", 6);
    assert_eq!(told.len(), rows.len());
    for (told, row) in told.iter().zip(&rows) {
        assert_eq!(told.parse::<f64>().unwrap(), row["value"].as_f64().unwrap());
    }
    // (3 - 2) / 0.25, and nothing where a value is computed.
    let z = column(&page, "validation-rows", 9);
    assert!(z.iter().filter(|z| z.parse() == Ok(4.0)).count() == 1, "{z:?}");
    assert_eq!(
        page.matches("<circle").count(),
        rows.iter().filter(|row| !row["reference"].is_null()).count()
    );
    let Some(browsed) = browse(&path("v.html")) else { return };
    assert!(browsed.console.is_empty(), "{:?}", browsed.console);
    let script = "document.querySelectorAll('#validation-rows th button')[8].click();";
    let sorted = browse(&with_script(&path("v.html"), "sorted.html", script)).unwrap().document;
    let differences = column(&sorted, "validation-rows", 8);
    assert_eq!(differences[0].parse(), Ok(50.0), "the largest difference is first");
}
