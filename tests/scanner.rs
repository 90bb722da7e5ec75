//! Scanners of the library, and scanners made of measurements.

use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use childsize::analysis::equivalent_source::output_ratio;
use childsize::data::material::Material;
use childsize::io::library_scanner::LibraryScanner;
use childsize::io::protocol::Protocol;
use childsize::io::scanner_fit::{ScannerMeasurements, keys, scanner_files};
use childsize::io::scanner_library::scanner_ids;
use childsize::source::bowtie::Bowtie;
use childsize::source::scanner::{FlatFilter, Scanner, SpectrumSource};
use predicates::str::contains;

const SOURCE_TO_ISOCENTRE_MM: f64 = 595.0;

/// A scanner of 6 mm of aluminium and a bowtie of `middle_mm` in its middle and 37 mm more at 27 degrees.
fn truth(middle_mm: f64) -> Scanner {
    let aluminium = Material::named("aluminium").unwrap();
    let angles: Vec<f64> = (0..=54).map(|half| 0.5 * f64::from(half)).map(f64::to_radians).collect();
    let thicknesses: Vec<f64> = angles.iter().map(|a| 0.1 * middle_mm + 16.6 * a * a).collect();
    Scanner {
        name: "truth".to_owned(),
        source_to_isocentre_cm: 0.1 * SOURCE_TO_ISOCENTRE_MM,
        fan_angle_rad: 54_f64.to_radians(),
        spectrum: SpectrumSource::Model { anode_angle_rad: 7_f64.to_radians() },
        filtration: vec![FlatFilter { material: aluminium.clone(), thickness_cm: 0.6 }],
        bowtie: Some(Bowtie::new("body", aluminium, &angles, &thicknesses).unwrap()),
    }
}

fn ratio(scanner: &Scanner, kv: f64, deg: f64) -> f64 {
    let beam = scanner.spectrum_before_bowtie(kv).unwrap();
    output_ratio(&beam, scanner.bowtie.as_ref().unwrap(), deg.to_radians())
}

/// Rows of a table at one distance.
fn arc_table(scanner: &Scanner, kv: f64) -> String {
    let rows = (0..=54).map(|half| 0.5 * f64::from(half));
    let rows: String = rows.map(|deg| format!("{deg},{}\n", ratio(scanner, kv, deg))).collect();
    format!("# synthetic\nfan_angle_deg,output_ratio\n{rows}")
}

/// Rows of a table along the lateral axis through the isocentre, as a chamber there would read.
fn lateral_table(scanner: &Scanner, kv: f64) -> String {
    let rows = (-31..=31).map(|cm| 10.0 * f64::from(cm)).map(|mm| {
        let angle = (mm / SOURCE_TO_ISOCENTRE_MM).atan();
        format!("{mm},{}\n", ratio(scanner, kv, angle.to_degrees()) * angle.cos().powi(2))
    });
    format!("lateral_mm,output_ratio\n{}", rows.collect::<String>())
}

fn hvl_rows(scanner: &Scanner, kvs: &[f64]) -> String {
    let row = |&kv: &f64| {
        let hvl = scanner.spectrum_on_axis(kv).unwrap().hvl_mm_al();
        let air = 100.0 * scanner.ctdi_free_in_air_mgy_per_mas(kv).unwrap();
        format!(
            "{{ tube_voltage_kv = {kv}, hvl_mm_al = {hvl}, ctdi_free_in_air_mgy_100mas = {} }}",
            1.1 * air
        )
    };
    kvs.iter().map(row).collect::<Vec<_>>().join(", ")
}

const HEAD: &str = "id = \"room-3\"\nname = \"Room 3\"\nsource_to_isocentre_mm = 595.0\nfan_angle_deg = 54.0\n\
                    anode = { material = \"W\", angle_deg = 7.0 }\n";

fn bowtie_section(name: &str, layers: &str, file: &str, along: &str) -> String {
    format!(
        "[bowties.{name}]\nhvl = [{layers}]\nfan = [{{ file = \"{file}\", tube_voltage_kv = 120, measured_along = \
         \"{along}\" }}]\n"
    )
}

/// A folder with the file of measurements on a scanner.
fn measured(middle_mm: f64) -> tempfile::TempDir {
    let (folder, scanner) = (tempfile::tempdir().unwrap(), truth(middle_mm));
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("body.csv", &arc_table(&scanner, 120.0));
    let section = bowtie_section("body", &hvl_rows(&scanner, &[80.0, 120.0]), "body.csv", "arc");
    put("room3.toml", &format!("{HEAD}{section}"));
    folder
}

fn fit_into(folder: &Path) -> LibraryScanner {
    let measurements = ScannerMeasurements::read(&folder.join("room3.toml")).unwrap();
    let found = measurements.measured.fit().unwrap();
    let path = folder.join("scanner.toml");
    for (path, text) in scanner_files(&path, &measurements, &found) {
        std::fs::write(path, text).unwrap();
    }
    LibraryScanner::read(&path).unwrap()
}

#[test]
fn a_fit_on_measurements_of_a_known_scanner_returns_it() {
    let (folder, truth) = (measured(0.0), truth(0.0));
    let found = fit_into(folder.path());
    assert!((found.scanner.filtration[0].thickness_cm - 0.6).abs() < 1e-4);
    for half in 0..=54 {
        let rad = (0.5 * f64::from(half)).to_radians();
        let [is, was] =
            [&found.bowties[0], truth.bowtie.as_ref().unwrap()].map(|b| 10.0 * b.thickness_cm(rad));
        assert!((is - was).abs() < 1e-3, "{half}: {is} mm for {was} mm");
    }
}

#[test]
fn the_middle_of_a_bowtie_may_go_into_the_flat_filter_and_other_tube_voltages_still_agree() {
    let (folder, truth) = (measured(2.5), truth(2.5));
    let found = fit_into(folder.path());
    assert!((found.scanner.filtration[0].thickness_cm - 0.85).abs() < 1e-4);
    for kv in [80.0, 100.0, 120.0, 140.0] {
        for deg in [3.0, 11.0, 19.0, 27.0] {
            let off = ratio(&found.scanner, kv, deg) / ratio(&truth, kv, deg) - 1.0;
            assert!(off.abs() < 0.002, "{kv} kV, {deg} deg: {off}");
        }
    }
}

#[test]
fn outputs_along_the_lateral_axis_are_brought_to_one_distance() {
    let (folder, truth) = (measured(0.0), truth(0.0));
    std::fs::write(folder.path().join("body.csv"), lateral_table(&truth, 120.0)).unwrap();
    let section = bowtie_section("body", &hvl_rows(&truth, &[120.0]), "body.csv", "isocentre-plane");
    std::fs::write(folder.path().join("room3.toml"), format!("{HEAD}{section}")).unwrap();
    let found = fit_into(folder.path());
    for deg in [-20.0, 0.0, 5.0, 26.0] {
        let off = ratio(&found.scanner, 100.0, deg) / ratio(&truth, 100.0, deg) - 1.0;
        assert!(off.abs() < 0.005, "{deg} deg: {off}");
    }
}

#[test]
fn two_bowties_share_the_flat_filter_of_the_softer_beam() {
    let folder = measured(0.0);
    let scanners = [("body", truth(2.5)), ("head", truth(0.5))];
    let mut text = format!("default_bowtie = \"head\"\n{HEAD}");
    for (name, scanner) in &scanners {
        let file = format!("{name}.csv");
        std::fs::write(folder.path().join(&file), arc_table(scanner, 120.0)).unwrap();
        text += &bowtie_section(name, &hvl_rows(scanner, &[100.0]), &file, "arc");
    }
    std::fs::write(folder.path().join("room3.toml"), text).unwrap();
    let found = fit_into(folder.path());
    assert_eq!(found.bowties[0].name, "head");
    assert!((found.scanner.filtration[0].thickness_cm - 0.65).abs() < 1e-4);
    assert!((found.bowties[1].thickness_cm(0.0) - 0.2).abs() < 1e-4);
    for (bowtie, (_, truth)) in found.bowties.iter().rev().zip(&scanners) {
        let scanner = Scanner { bowtie: Some(bowtie.clone()), ..found.scanner.clone() };
        let [is, was] = [&scanner, truth].map(|s| s.spectrum_on_axis(140.0).unwrap().hvl_mm_al());
        assert!((is / was - 1.0).abs() < 1e-3, "{}: {is} {was}", bowtie.name);
    }
}

#[test]
fn the_scanner_that_was_written_runs_in_a_protocol() {
    let folder = measured(2.5);
    fit_into(folder.path());
    let text = "[phantom]\ncylinder = { width_mm = 100, length_mm = 100, material = \"water\" }\nvoxel_mm = 10\n\
                [scanner]\nfile = \"scanner.toml\"\nbowtie = \"body\"\n[[acquisition]]\nmode = \"axial\"\n\
                tube_voltage_kv = 100\ntube_current_ma = 100\nrotation_time_s = 1\ntotal_collimation_mm = 20\n\
                range = { z_mm = [20, -20] }\n";
    let prepared = Protocol::parse(text, folder.path()).unwrap().prepare().unwrap();
    assert_eq!(prepared.resolved_json["scanner"]["model"], "room-3");
    assert_eq!(prepared.exam.scanner.bowtie.as_ref().unwrap().name, "body");
}

#[test]
fn the_command_writes_prints_residuals_draws_and_does_not_overwrite() {
    let folder = measured(2.5);
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
        command.current_dir(folder.path()).args(["scanner", "fit", "room3.toml", "-o", "s.toml"]).args(more);
        command
    };
    run(&["--png", "fit.png", "--svg", "fit.svg"])
        .assert()
        .success()
        .stdout(contains("flat filter   8.5000 mm aluminium"))
        .stdout(contains("-9.09"))
        .stdout(contains("wrote room-3-body.csv"))
        .stderr(predicates::str::is_empty());
    assert!(std::fs::read(folder.path().join("fit.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(std::fs::read_to_string(folder.path().join("fit.svg")).unwrap().contains("body, 120 kV"));
    run(&[]).assert().code(73).stderr(contains("--force replaces it"));
    run(&["--force"]).assert().success();
}

#[test]
fn a_residual_above_2_percent_is_a_warning() {
    let folder = measured(0.0);
    let path = folder.path().join("room3.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    // No filter gives these two at once.
    let layers =
        "hvl = [{ tube_voltage_kv = 80, hvl_mm_al = 4.0 }, { tube_voltage_kv = 120, hvl_mm_al = 8.0 }]";
    let start = text.find("hvl = ").unwrap();
    let end = start + text[start..].find('\n').unwrap();
    std::fs::write(&path, format!("{}{layers}{}", &text[..start], &text[end..])).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
    command.current_dir(folder.path()).args(["scanner", "fit", "room3.toml", "-o", "s.toml"]);
    command.assert().success().stderr(contains("warning: 2 of 57 residuals exceed 2 %"));
}

#[test]
fn bad_measurements_are_refused_with_a_sentence() {
    let cases: [(&str, &str, &str); 9] = [
        (
            "body.csv",
            "fan_angle_deg,output_ratio\n0,1\n10,0.8\n5,0.9\n27,0.1\n",
            "fan_angle_deg must ascend, found 5 after 10",
        ),
        (
            "body.csv",
            "fan_angle_deg,output_ratio\n0,1\n10,1.2\n27,0.1\n",
            "output_ratio must be above 0 and at most 1, found 1.2000 at 10.00 deg",
        ),
        (
            "body.csv",
            "fan_angle_deg,output_ratio\n0,1\n10,0.8\n20,0.1\n",
            "the fan must be covered to 27 deg on either side, found 0.00 to 20.00 deg",
        ),
        (
            "body.csv",
            "fan_angle_deg,ratio\n0,1\n",
            "the columns must be fan_angle_deg, output_ratio, found `ratio`",
        ),
        (
            "body.csv",
            "angle,output_ratio\n0,1\n",
            "the column fan_angle_deg or lateral_mm is missing, found the columns `angle,output_ratio`",
        ),
        (
            "body.csv",
            "fan_angle_deg,output_ratio\n0,1\n10,NaN\n27,0.1\n",
            "line 3: output_ratio must be a finite number, found `NaN`",
        ),
        (
            "body.csv",
            "fan_angle_deg,output_ratio\n0,0.9\n10,0.5\n27,0.1\n",
            "output_ratio must be 1 at fan_angle_deg = 0, found 0.9",
        ),
        (
            "body.csv",
            "lateral_mm,output_ratio\n0,1\n10,0.5\n400,0.1\n",
            "lateral_mm goes with measured_along = \"isocentre-plane\", found \"arc\"",
        ),
        ("room3.toml", "SOFT", "the half-value layer at 120 kV must lie between"),
    ];
    for (file, text, sentence) in cases {
        let folder = measured(0.0);
        let text = match text {
            "SOFT" => {
                let layer = "{ tube_voltage_kv = 120, hvl_mm_al = 0.005 }";
                format!("{HEAD}{}", bowtie_section("body", layer, "body.csv", "arc"))
            }
            text => text.to_owned(),
        };
        std::fs::write(folder.path().join(file), text).unwrap();
        let read = ScannerMeasurements::read(&folder.path().join("room3.toml"));
        let error = read.and_then(|m| m.measured.fit()).unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}\n  for {sentence}");
        assert_eq!(error.exit_code(), 65);
    }
}

#[test]
fn the_library_is_listed_shown_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
        command.current_dir(folder.path()).arg("scanner").args(arguments);
        command
    };
    let mut list = run(&[]).assert().success();
    for id in scanner_ids() {
        list = list.stdout(contains(id));
        let scanner = LibraryScanner::shipped(id).unwrap();
        assert_eq!(scanner.id, id);
        assert!(!scanner.assumed.is_empty(), "{id} must say what is assumed");
    }
    run(&["show", "ge-vct"]).assert().success().stdout(contains("# GE LightSpeed VCT as sampled in XCIST"));
    run(&["show", "ge-vct", "--svg", "b.svg"]).assert().success().stdout(contains("b.svg"));
    assert!(std::fs::read_to_string(folder.path().join("b.svg")).unwrap().contains("large (aluminium)"));
    run(&["show", "ge-vtc"]).assert().code(65).stderr(contains("did you mean \"ge-vct\"?"));
}

#[test]
fn every_key_of_a_file_of_measurements_is_documented() {
    let page = include_str!("../docs/scanners.md");
    for (section, key) in keys() {
        assert!(page.contains(&format!("`{key}`")), "{section}: {key}");
    }
}
