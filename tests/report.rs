//! The page of a result, as it is read: its numbers, its safety, and what a browser makes of it.

mod common;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use assert_cmd::assert::OutputAssertExt;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use childsize::io::seal::seal;
use common::page::{between, browse, column, with_script};
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
    assert_eq!(page.matches("<script").count(), 3, "the data and the page's own two scripts");
    assert!(page.contains("<code>childsize run "), "the command that made it");
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
    run.change(|file| {
        file.unlink("digests").unwrap();
        seal(file).unwrap();
    });
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

#[test]
fn a_browser_draws_the_viewer_and_sorts_the_table_without_a_complaint() {
    let run = Run::new("</script><script>alert(1)</script>", &[]);
    let Some(browsed) = browse(&run.path("report.html")) else { return };
    let document = browsed.document;
    assert!(browsed.console.is_empty(), "{:?}", browsed.console);
    assert!(document.contains("data-drawn=\"yes\"") && !document.contains("data-error"));
    for plane in ["coronal", "sagittal", "axial"] {
        let canvas = between(&document, &format!("<canvas id=\"{plane}\""), ">");
        let coloured: u32 = between(canvas, "data-coloured=\"", "\"").parse().unwrap();
        assert!(coloured > 50, "{plane}: {coloured} voxels in colour");
    }
    let summary = run.summary();
    let told: Vec<f64> =
        column(&document, "organ-table", 4).iter().map(|text| text.parse().unwrap()).collect();
    let organs = summary["organs"].as_array().unwrap();
    for (name, told) in column(&document, "organ-table", 0).iter().zip(&told) {
        let organ = organs.iter().find(|organ| organ["name"].as_str() == Some(name)).unwrap();
        assert_eq!(*told, organ["dose_mgy"].as_f64().unwrap_or(0.0), "{name}");
    }
    let script = "document.querySelectorAll('#organ-table th button')[2].click();
        const data = JSON.parse(document.getElementById('viewer-data').textContent);
        document.body.dataset.picked = '#' + data.colours.dose.slice(-6);";
    let document = browse(&with_script(&run.path("report.html"), "sorted.html", script)).unwrap().document;
    assert_eq!(between(&document, "data-picked=\"", "\""), "#fcffa4", "the colour of the largest dose");
    assert!(between(&document, "id=\"organ-table\"", "</thead>").contains("aria-sort=\"descending\""));
    let masses: Vec<f64> =
        column(&document, "organ-table", 2).iter().map(|text| text.parse().unwrap()).collect();
    assert!(masses.len() > 20 && masses.windows(2).all(|pair| pair[0] >= pair[1]), "{masses:?}");
}

/// A turn of the wheel, once the viewer is there, then every choice of it, one after the other; what was seen is kept.
const PLAY: &str = "
    // A browser whose time is virtual has no frames.
    window.requestAnimationFrame = draw => setTimeout(() => draw(performance.now()), 5);
    const get = id => document.getElementById(id), seen = {};
    const picture = () => get('axial').toDataURL().length + ':' + get('axial').dataset.coloured;
    const choose = (id, value) => {
      get(id)[typeof value === 'boolean' ? 'checked' : 'value'] = value;
      get(id).dispatchEvent(new Event('input'));
    };
    const steps = [
      ['first', () => {}],
      ['wheel', () => get('axial').dispatchEvent(new WheelEvent('wheel', { deltaY: -100, cancelable: true }))],
      ['keys', () => get('axial').dispatchEvent(new KeyboardEvent('keydown', { key: 'PageDown' }))],
      ['log', () => choose('scale', 'log')],
      ['isodose', () => choose('isodose', true)],
      ['error', () => choose('what', 'error')],
      ['anatomy', () => choose('what', 'anatomy')],
    ];
    const step = () => {
      if (get('viewer').dataset.drawn !== 'yes') return setTimeout(step, 20);
      const next = steps.shift();
      if (!next) { document.body.dataset.seen = JSON.stringify(seen); return; }
      next[1]();
      setTimeout(() => {
        seen[next[0]] = { at: get('at-axial').textContent, picture: picture(), organ: get('organ-here').textContent };
        step();
      }, 50);
    };
    step();";

#[test]
fn the_viewer_scrolls_and_shows_what_is_chosen() {
    let run = Run::new("venous", &[]);
    let Some(browsed) = browse(&with_script(&run.path("report.html"), "played.html", PLAY)) else { return };
    assert!(browsed.console.is_empty() && !browsed.document.contains("data-error"), "{:?}", browsed.console);
    let seen = between(&browsed.document, "data-seen=\"", "\"").replace("&quot;", "\"");
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let z_mm =
        |step: &str| -> f64 { between(seen[step]["at"].as_str().unwrap(), "z = ", " mm").parse().unwrap() };
    // Voxels of the newborn are 4 mm high: up by one, then down by ten.
    assert_eq!(z_mm("wheel") - z_mm("first"), 4.0);
    assert_eq!(z_mm("keys") - z_mm("wheel"), -40.0);
    let steps = ["first", "wheel", "keys", "log", "isodose", "error", "anatomy"];
    for pair in steps.windows(2) {
        assert_ne!(seen[pair[0]]["picture"], seen[pair[1]]["picture"], "{pair:?} look the same");
    }
    assert!(seen["anatomy"]["picture"].as_str().unwrap().ends_with(":0"), "anatomy has no colour");
    assert!(!seen["first"]["organ"].as_str().unwrap().is_empty());
}
