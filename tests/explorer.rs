//! The explorer: what its page says is what the program says of the page's own protocol.

mod common;

use std::path::{Path, PathBuf};

use childsize::analysis::console::calibrate;
use childsize::analysis::effective_dose::SCHEMES;
use childsize::analysis::response::table::evaluate;
use childsize::io::protocol::Protocol;
use childsize::io::response::{Response, read};
use childsize::tally::estimate::Estimate;
use common::childsize;
use common::page::{between, browse, with_script};
use serde_json::Value;

/// A page of a coarse and rough 1-year-old behind both bowties, and its responses.
fn explorer(folder: &Path) -> PathBuf {
    let page = folder.join("explorer.html");
    let quick = ["--ages", "01y", "--voxel-mm", "4", "--relative-error", "0.1", "--ctdi-error", "0.03"];
    let mut command = childsize();
    command
        .arg("explore")
        .args(quick)
        .args(["--progress", "none", "--keep"])
        .arg(folder)
        .arg("-o")
        .arg(&page);
    let made = command.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    page
}

/// Moves the page's controls as a user does, and writes down what it says after each protocol.
const MOVES: &str = r##"
(async () => {
  const $ = id => document.getElementById(id), pause = ms => new Promise(done => setTimeout(done, ms));
  const settled = async before => {
    while (document.body.dataset.shown === before) await pause(20);
    for (let last; last !== document.body.dataset.shown;) { last = document.body.dataset.shown; await pause(200); }
  };
  const set = changes => {
    for (const [id, value] of Object.entries(changes)) { $(id).value = value; $(id).dispatchEvent(new Event("input")); }
  };
  const exact = key => { const at = document.querySelector(`[data-key="${key}"]`); return at ? [at.dataset.value, at.dataset.error] : null; };
  const told = [];
  const tell = () => told.push({
    toml: $("toml").textContent, refusal: $("refusal").hidden ? "" : $("refusal").textContent,
    effective: ["ICRP 103", "ICRP 60"].map(scheme => exact(`effective ${scheme}`)),
    ctdi: [0, 1].map(at => exact(`ctdi-vol-${at}`)), ssde: [0, 1].map(at => exact(`ssde-${at}`)), dlp: exact("dlp"),
    doses: [...$("doses").tBodies[0].rows].map(row => [row.dataset.kind, ...[...row.cells].map(cell => cell.dataset.value ?? "")]),
  });
  const act = async change => { const before = document.body.dataset.shown; change(); await settled(before); tell(); };
  await settled(undefined);
  tell();
  await act(() => set({ kv: 1, tube_current_ma: 37.5, pitch: 1.375, top_mm: 271, bottom_mm: 198.5 }));
  await act(() => $("set-baseline").click());
  await act(() => set({ tube_current_ma: 75 }));
  await act(() => { document.querySelector("#phases button:nth-child(2)").click(); });
  await act(() => set({ kv: 7, collimation_mm: 20, overrange: "none", top_mm: 240, bottom_mm: 120, rotation_time_s: 0.33 }));
  await act(() => { document.querySelector("#phases button:nth-child(4)").click(); });
  await act(() => set({ region: "head", kv: 3, collimation_mm: 10 }));
  const drag = (id, pixels) => {
    const { x, y, width, height } = $(id).getBoundingClientRect();
    const scale = ($("top_mm").value - $("bottom_mm").value) / $("range").getBoundingClientRect().height;
    const send = (type, down) => $(id).dispatchEvent(new PointerEvent(type, {
      bubbles: true, cancelable: true, pointerId: 1, clientX: x + width / 2, clientY: y + height / 2 + down,
    }));
    for (const [type, down] of [["pointerdown", 0], ["pointermove", pixels / 2], ["pointermove", pixels], ["pointerup", pixels]]) send(type, down);
    return scale;
  };
  let scale;
  await act(() => { scale = drag("handle-bottom", 40); });
  told[told.length - 1].mm_per_pixel = scale;
  const before = document.body.dataset.shown;
  set({ pitch: 0 });
  await pause(500);
  told.push({ refusal: $("refusal").textContent, hidden: $("below").hidden, shown: before === document.body.dataset.shown });
  document.body.append(Object.assign(document.createElement("pre"), { id: "told", textContent: JSON.stringify(told) }));
})();
"##;

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// What the page says of a quantity, beside the program: values to a twentieth of a per cent, errors to `errors`.
fn assert_same(what: &str, page: [&Value; 2], program: &Estimate, errors: f64) {
    let (value, error) = (number(page[0]), number(page[1]));
    let scale = program.mean.abs().max(1e-4 * program.standard_error);
    assert!((value - program.mean).abs() <= 5e-4 * scale, "{what}: {value}, program {}", program.mean);
    // Of what nothing touched an upper limit is told: to a factor of two.
    let errors = if program.mean == 0.0 { 1.0 } else { errors };
    let of_errors = (error / program.standard_error - 1.0).abs();
    assert!(of_errors <= errors, "{what}: ± {error}, program ± {}", program.standard_error);
}

/// Holds what the page said of a protocol against the program's answer to the same text; returns the doses compared.
fn compare(told: &Value, response: &Response, folder: &Path, errors: f64) -> usize {
    let path = folder.join("page.toml");
    std::fs::write(&path, told["toml"].as_str().unwrap()).unwrap();
    let mut prepared = Protocol::read(&path).unwrap().prepare().unwrap();
    response.about.check(&prepared).unwrap();
    let ctdi = calibrate(&mut prepared.exam, &prepared.console, |beam, _| response.ctdi(beam)).unwrap();
    let found = evaluate(&prepared.exam, &response.rows, &response.matrix).unwrap();
    let close = |page: &Value, value: f64| (number(page) / value - 1.0).abs() < 1e-9;
    for (at, ctdi) in ctdi.iter().flatten().enumerate() {
        assert!(close(&told["ctdi"][at][0], ctdi.volume_mgy.mean), "CTDIvol of phase {at}");
        match ctdi.head_ssde_mgy.or(ctdi.ssde_mgy) {
            Some(ssde) => assert!(close(&told["ssde"][at][0], ssde.mean), "SSDE of phase {at}"),
            None => assert_eq!(told["ssde"][at][0], ""),
        }
    }
    let dlp: f64 = ctdi.iter().flatten().map(|ctdi| ctdi.dlp_mgy_cm.mean).sum();
    assert!(close(&told["dlp"][0], dlp));
    for (at, (scheme, total, _)) in found.effective_msv(&response.rows).iter().enumerate() {
        let page = &told["effective"][at];
        assert_same(SCHEMES[at].name(), [&page[0], &page[1]], total, errors);
        assert_eq!(*scheme, SCHEMES[at]);
    }
    let mut compared = 0;
    for row in told["doses"].as_array().unwrap() {
        let (kind, id) = (row[0].as_str().unwrap(), row[1].as_str().unwrap());
        let at = response.rows.rows.iter().position(|row| row.id == id && kind_of(row.kind) == kind).unwrap();
        assert_same(id, [&row[3], &row[4]], &found.total[at], errors);
        if kind == "organ" {
            let covered = found.table.rows[at].largest_coverage();
            assert!(
                (number(&row[2]) - covered).abs() < 1e-3,
                "{id} is covered to {covered}, page {}",
                row[2]
            );
        }
        compared += 1;
    }
    compared
}

fn kind_of(kind: childsize::analysis::response::rows::RowKind) -> String {
    serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn the_page_says_what_the_program_says_of_its_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let page = explorer(folder.path());
    let [body, head] = ["01y-body.h5", "01y-head.h5"].map(|name| read(&folder.path().join(name)).unwrap());
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(text.len() < 2_000_000 && text.contains("script-src 'sha256-") && text.contains("Research use"));
    assert!(!text.contains("http://") && !text.contains("https://"));

    // The page as it is: its own policy lets its scripts run, and nothing is complained of.
    let Some(plain) = browse(&page) else { return };
    assert!(plain.console.is_empty(), "{:?}", plain.console);
    assert!(plain.document.contains("data-key=\"effective ICRP 103\" data-value="));

    let moved = browse(&with_script(&page, "moved.html", MOVES)).unwrap();
    assert!(moved.console.is_empty(), "{:?}", moved.console);
    let told: Value = serde_json::from_str(between(&moved.document, "<pre id=\"told\">", "</pre>")).unwrap();
    let phases = |at: usize| told[at]["toml"].as_str().unwrap().matches("[[acquisition]]").count();
    assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8].map(phases), [1, 1, 1, 1, 2, 2, 1, 1, 1]);
    for at in 0..7 {
        // Errors are told to 2.5 % each; over two tube voltages by their mean correlation along the body.
        let errors = if at == 5 { 0.10 } else { 0.03 };
        assert!(compare(&told[at], &body, folder.path(), errors) > 40, "protocol {at}");
    }
    assert!(compare(&told[7], &head, folder.path(), 0.03) > 40);
    assert!(compare(&told[8], &head, folder.path(), 0.03) > 40);
    // Dragged by 40 pixels, the lower end of the range lies as much lower in the body.
    let bottom_mm = |at: usize| -> f64 {
        let toml: toml::Table = told[at]["toml"].as_str().unwrap().parse().unwrap();
        let ends = toml["acquisition"][0]["range"]["z_mm"].as_array().unwrap();
        ends[1].as_float().or(ends[1].as_integer().map(|mm| mm as f64)).unwrap()
    };
    let mm_per_pixel = told[8]["mm_per_pixel"].as_f64().unwrap();
    let moved_mm = bottom_mm(7) - bottom_mm(8);
    assert!((moved_mm - 40.0 * mm_per_pixel).abs() <= 2.0, "{moved_mm} mm, {mm_per_pixel} mm per pixel");
    let toml = told[5]["toml"].as_str().unwrap();
    assert!(toml.contains("tube_voltage_kv = 80.0") && toml.contains("tube_voltage_kv = 135.0"), "{toml}");

    // Twice the current of the baseline is twice its dose, without an error of its own.
    for row in told[3]["doses"].as_array().unwrap().iter().filter(|row| number(&row[3]) > 0.0) {
        assert!((number(&row[7]) - 2.0).abs() < 1e-9 && number(&row[8]) < 1e-6, "{row}");
    }
    let last = &told[9];
    assert_eq!(last["refusal"], "Phase 1: pitch must be within 0.1..3.5, found 0");
    assert_eq!((&last["hidden"], &last["shown"]), (&Value::Bool(true), &Value::Bool(true)));
}

#[test]
fn explore_takes_responses_and_refuses_what_it_cannot_show() {
    let folder = tempfile::tempdir().unwrap();
    let page = explorer(folder.path());
    let again = folder.path().join("again.html");
    let explore = |more: &[&str], output: &Path| {
        childsize().arg("explore").args(more).arg("-o").arg(output).output().unwrap()
    };
    let [body, head] =
        ["01y-body.h5", "01y-head.h5"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    let done = explore(&["--responses", &body, &head], &again);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // From its own responses the page is the same, byte by byte.
    assert!(std::fs::read(&again).unwrap() == std::fs::read(&page).unwrap());
    for (more, code, words) in [
        (vec!["--responses", body.as_str()], 73, "already there"),
        (vec!["--force", "--ages", "07y"], 65, "--ages must be all or some of 00y"),
        (vec!["--force", "--relative-error", "0"], 65, "--relative-error must be above 0"),
        (vec!["--force", "--bowties", "body"], 65, "--bowties must name two"),
        (vec!["--force", "--responses", "none.h5"], 66, "none.h5"),
        (vec!["--force", "--responses", body.as_str(), "--ages", "00y"], 2, "cannot be used with"),
    ] {
        let refused = explore(&more, &again);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(code) && said.contains(words), "{more:?}: {said}");
    }
}
