//! `childsize plot`: the figures of a result, as files and as pictures.

mod common;

use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use common::{childsize, quick_protocol};
use predicates::str::contains;

fn run(phase: &str, more: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let protocol = quick_protocol(folder.path(), "p.toml", 100.0, phase);
    childsize().arg("run").arg(protocol).args(more).arg("-o").arg(folder.path()).assert().success();
    folder
}

fn plot(folder: &Path, more: &[&str]) -> assert_cmd::assert::Assert {
    childsize().arg("plot").arg(folder).args(more).assert()
}

/// Columns, rows and pixels, red, green and blue.
fn picture(path: &Path) -> (usize, usize, Vec<[u8; 3]>) {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    let pixels = bytes.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    (info.width as usize, info.height as usize, pixels)
}

#[test]
fn every_figure_is_written_as_svg_and_png_and_nothing_is_replaced_unasked() {
    let folder = run("<script>alert(1)</script>", &[]);
    plot(folder.path(), &[]).success();
    for name in ["dose", "organs", "profile", "convergence"] {
        let svg = std::fs::read_to_string(folder.path().join(format!("plot_{name}.svg"))).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("research use"), "{name}");
        assert!(!svg.contains("<script") && svg.contains("&lt;script"), "{name}: the phase's name is text");
        let (columns, rows, pixels) = picture(&folder.path().join(format!("plot_{name}.png")));
        assert!(columns >= 1200 && rows >= 700 && pixels[0] == [255; 3], "{name}: {columns} x {rows}");
        let ink = pixels.iter().filter(|pixel| **pixel != [255; 3]).count();
        assert!(ink > pixels.len() / 200, "{name} is empty");
    }
    plot(folder.path(), &[]).code(73).stderr(contains("--force replaces it"));
    plot(folder.path(), &["--force", "--figure", "organs", "--format", "png"]).success();
}

#[test]
fn slices_have_the_colours_of_dose_and_lines_of_it() {
    let folder = run("one", &[]);
    plot(folder.path(), &["--figure", "dose"]).success();
    let (.., linear) = picture(&folder.path().join("plot_dose.png"));
    // Red of inferno: far from grey.
    let coloured = |pixels: &[[u8; 3]]| pixels.iter().filter(|[r, _, b]| r.abs_diff(*b) > 40).count();
    assert!(coloured(&linear) > 20_000, "{}", coloured(&linear));
    let svg = std::fs::read_to_string(folder.path().join("plot_dose.svg")).unwrap();
    // Three planes and the colour bar are pictures; isodose lines are lines.
    assert_eq!(svg.matches("<image").count(), 4);
    assert!(svg.matches("stroke=\"#FFFFFF\"").count() > 10);
    assert!(svg.contains("50 mm") && svg.contains("absorbed dose, mGy"));
    plot(folder.path(), &["--figure", "dose", "--log", "--force"]).success();
    let (.., logarithmic) = picture(&folder.path().join("plot_dose.png"));
    assert!(linear != logarithmic);
    let off = plot(folder.path(), &["--figure", "dose", "--force", "--at", "-500,0,0"]);
    off.code(65).stderr(contains("must lie in what is shown, x from"));
    plot(folder.path(), &["--at", "1,2"]).code(2).stderr(contains("three numbers in mm"));
}

#[test]
fn a_result_without_a_map_has_the_other_figures() {
    let folder = run("one", &["--no-map"]);
    plot(folder.path(), &["--format", "svg"]).success().stderr(contains("left out: dose"));
    assert!(folder.path().join("plot_organs.svg").exists() && !folder.path().join("plot_dose.svg").exists());
    let asked = plot(folder.path(), &["--figure", "dose"]);
    asked.code(65).stderr(contains("holds no dose map"));
}

#[test]
fn the_python_example_draws_the_same_result() {
    let modules = Command::new("python3").args(["-c", "import h5py, matplotlib"]).output();
    if !modules.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: python3 has no h5py or matplotlib");
        return;
    }
    let folder = run("one", &[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/plot_result.py");
    let output = folder.path().join("p.png");
    let mut python = Command::new("python3");
    python.arg(script).arg(folder.path().join("result.h5")).arg("-o").arg(&output).assert().success();
    assert!(std::fs::metadata(&output).unwrap().len() > 20_000);
}
