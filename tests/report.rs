//! The page of a result, as it is read: its numbers, its safety, and what a browser makes of it.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::str::FromStr;

use assert_cmd::assert::OutputAssertExt;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::{childsize, quick_protocol};
use hdf5::types::VarLenUnicode;
use predicates::str::contains;
use serde_json::Value;

/// A run of the newborn's abdomen, and the text of its page.
struct Run {
    folder: tempfile::TempDir,
}

impl Run {
    fn new(phase: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let protocol = quick_protocol(folder.path(), "p.toml", 100.0, phase);
        childsize().arg("run").arg(protocol).args(more).arg("-o").arg(folder.path()).assert().success();
        Run { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn page(&self) -> String {
        std::fs::read_to_string(self.path("report.html")).unwrap()
    }

    fn summary(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("summary.json")).unwrap()).unwrap()
    }

    /// Puts another text in the place of one of the result's.
    fn change(&self, change: impl Fn(&hdf5::File)) {
        change(&hdf5::File::open_rw(self.path("result.h5")).unwrap());
    }
}

/// What stands between two texts.
fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("no {before}")).1;
    rest.split_once(after).unwrap().0
}

#[test]
fn a_page_tells_the_numbers_of_the_summary_and_lets_no_text_become_markup() {
    let run = Run::new("<script>alert(1)</script>", &[]);
    let (page, summary) = (run.page(), run.summary());
    let told = |key: &str| between(&page, &format!("data-key=\"{key}\" data-exact=\""), "\"").to_owned();
    for scheme in 0..2 {
        let exact: f64 = told(&format!("effective-{scheme}")).parse().unwrap();
        assert_eq!(exact, summary["effective_dose"][scheme]["value_msv"].as_f64().unwrap());
    }
    assert_eq!(between(&page, "data-key=\"seed\">", "<"), summary["seed"].to_string());
    let link = between(&page, "download=\"organs.csv\" href=\"data:text/csv;charset=utf-8;base64,", "\"");
    let csv = BASE64_STANDARD.decode(link).unwrap();
    assert_eq!(csv, std::fs::read(run.path("organs.csv")).unwrap());
    assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert"));
    assert_eq!(page.matches("<script").count(), 2, "the data and the page's own script");
    assert!(!page.contains("http://") && !page.contains("https://") && page.len() < 8_000_000);
}

#[test]
fn a_page_made_later_is_the_page_of_the_run() {
    let run = Run::new("venous", &[]);
    let again = run.path("again.html");
    let report =
        |output: &Path| childsize().arg("report").arg(run.folder.path()).arg("-o").arg(output).assert();
    report(&again).success().stdout(contains("again.html"));
    assert_eq!(std::fs::read_to_string(&again).unwrap(), run.page());
    report(&again).code(73).stderr(contains("is already there"));
}

#[test]
fn a_page_without_a_map_has_pictures_of_the_anatomy() {
    let page = Run::new("venous", &["--no-map"]).page();
    assert!(page.contains("The run had no dose map"));
    assert_eq!(page.matches("image/png;base64,").count(), 3, "coronal, axial, and the one behind the range");
}

#[test]
fn an_incomplete_result_says_so_and_one_of_another_version_is_refused() {
    let run = Run::new("venous", &["--no-map"]);
    assert!(!run.page().contains("class=\"alarm\""));
    run.change(|file| {
        let group = file.group("summary").unwrap();
        let json = group.dataset("json").unwrap().read_scalar::<VarLenUnicode>().unwrap();
        let stopped = json.as_str().replace("\"complete\": true", "\"complete\": false");
        group.unlink("json").unwrap();
        let set = group.new_dataset::<VarLenUnicode>().create("json").unwrap();
        set.write_scalar(&VarLenUnicode::from_str(&stopped).unwrap()).unwrap();
    });
    let result = run.path("result.h5");
    childsize().arg("report").arg(&result).arg("--force").assert().success();
    assert!(run.page().contains("class=\"alarm\" role=\"alert\">This run was stopped"));
    run.change(|file| {
        file.delete_attr("format_version").unwrap();
        let attribute = file.new_attr::<VarLenUnicode>().create("format_version").unwrap();
        attribute.write_scalar(&VarLenUnicode::from_str("0.9").unwrap()).unwrap();
    });
    let refused = childsize().arg("report").arg(&result).arg("--force").assert();
    refused.code(65).stderr(contains("found childsize.result 0.9"));
}

/// Opens a page in Chromium without a window and hands back the document that its scripts left.
fn browse(page: &Path) -> Option<Output> {
    let profile = tempfile::tempdir().unwrap();
    let mut chromium = Command::new("chromium");
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]);
    chromium.args(["--disable-background-networking", "--disable-component-update"]);
    chromium.args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom"]);
    chromium.arg(format!("--user-data-dir={}", profile.path().display()));
    match chromium.arg(format!("file://{}", page.display())).output() {
        Ok(output) => Some(output),
        Err(_) => {
            eprintln!("skipped: there is no chromium on this machine");
            None
        }
    }
}

#[test]
fn a_browser_draws_the_viewer_and_sorts_the_table_without_a_complaint() {
    let run = Run::new("</script><script>alert(1)</script>", &[]);
    let Some(output) = browse(&run.path("report.html")) else { return };
    let (document, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains("CONSOLE"), "{said}");
    assert!(document.contains("data-drawn=\"yes\"") && !document.contains("data-error"));
    for plane in ["coronal", "sagittal", "axial"] {
        let canvas = between(&document, &format!("<canvas id=\"{plane}\""), ">");
        let coloured: u32 = between(canvas, "data-coloured=\"", "\"").parse().unwrap();
        assert!(coloured > 50, "{plane}: {coloured} voxels in colour");
    }
    let sorted = run.path("sorted.html");
    std::fs::write(&sorted, clicking(&run.page())).unwrap();
    let output = browse(&sorted).unwrap();
    let document = String::from_utf8_lossy(&output.stdout);
    assert_eq!(between(&document, "data-picked=\"", "\""), "#fcffa4", "the colour of the largest dose");
    let table = between(&document, "id=\"organ-table\"", "</table>");
    assert!(table.contains("aria-sort=\"descending\""));
    let masses: Vec<f64> = between(table, "<tbody>", "</tbody>")
        .split("<tr")
        .skip(1)
        .map(|row| between(row.split("<td").nth(3).unwrap(), "data-value=\"", "\"").parse().unwrap())
        .collect();
    assert!(masses.len() > 20 && masses.windows(2).all(|pair| pair[0] >= pair[1]), "{masses:?}");
}

/// The page with a script of the test, which sorts organs by mass and reads the end of the colour scale.
fn clicking(page: &str) -> String {
    let policy = between(page, "<meta http-equiv=\"Content-Security-Policy\"", ">");
    let policy = format!("<meta http-equiv=\"Content-Security-Policy\"{policy}>");
    let script = "<script>document.querySelectorAll('#organ-table th button')[2].click();
        const data = JSON.parse(document.getElementById('viewer-data').textContent);
        document.body.dataset.picked = '#' + data.colours.dose.slice(-6);</script></body>";
    page.replace(&policy, "").replace("</body>", script)
}
