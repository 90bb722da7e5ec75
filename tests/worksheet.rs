//! The paediatric worksheet: its numbers are those of the size tables, computed here once more in another way; what lies
//! outside is refused; the shipped protocols are what it makes; its page is read by a browser.

mod common;

use std::path::Path;
use std::time::Instant;

use assert_cmd::assert::OutputAssertExt;
use childsize::analysis::size_tables::table::{EFFECTIVE, SizeTables};
use childsize::analysis::worksheet::{Held, Line};
use childsize::io::protocol::Protocol;
use childsize::io::size_tables::shipped;
use childsize::io::worksheet::site_file::Site;
use childsize::io::worksheet::{WorksheetFile, all_keys};
use common::childsize;
use common::page::browse;
use predicates::str::contains;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A chest technique whose CTDIvol is not that of the tables' scanner.
const CHEST: &str = r#"
schema = "childsize.site/1"
[[technique]]
region = "chest"
tube_voltage_kv = 120
effective_mas = 80
ctdi_vol_mgy = 6.4
ctdi_phantom = "body32"
"#;

fn lines(site: &str) -> (SizeTables, Vec<Line>) {
    let tables = shipped().unwrap();
    let site = Site::parse(site, &tables.tables).unwrap();
    let lines = WorksheetFile::of(&site, &tables).unwrap().sheets.remove(0).lines;
    (tables.tables, lines)
}

fn close(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found}, expected {expected}");
}

#[test]
fn mas_hold_the_dose_of_the_slice_the_effective_dose_or_the_noise() {
    let (tables, lines) = lines(CHEST);
    let adult = tables.entry("adult", "chest", 120.0).unwrap();
    for (line, age) in lines.iter().zip(["00y", "01y", "05y", "10y", "15y", "adult"]) {
        for kv in [70.0, 80.0, 100.0, 120.0, 140.0] {
            let child = tables.entry(age, "chest", kv).unwrap();
            // mGy per mAs of the site at this tube voltage: its own at 120 kV, the tables' change from there.
            let per_mas =
                6.4 / 80.0 * child.ctdi_vol_mgy_per_mas[1].mean / adult.ctdi_vol_mgy_per_mas[1].mean;
            let factor = |kv, dw_cm: f64| {
                let fit = &tables.size_fit("body32", "trunk", kv, 10.0).unwrap().fit;
                fit.a * (-fit.b_per_cm * dw_cm).exp()
            };
            let [adult_cm, child_cm] = [adult, child].map(|entry| entry.water_equivalent_diameter_cm);
            let dose = line.setting(kv, Held::Dose).unwrap();
            close(dose.effective_mas.mean, 6.4 * factor(120.0, adult_cm) / (per_mas * factor(kv, child_cm)));
            close(dose.slice_mgy.mean, 6.4 * factor(120.0, adult_cm));
            let lungs = dose.organs.iter().find(|organ| organ.id == "lungs").unwrap();
            let of_child = child.organ("lungs").unwrap().dose_per_ctdi_vol;
            close(lungs.dose.mean, dose.effective_mas.mean * per_mas * of_child.mean);
            let held = line.setting(kv, Held::EffectiveDose).unwrap();
            let [of_adult, of_child] = [adult, child].map(|entry| entry.effective_per_ctdi_vol[0].mean);
            close(held.effective_mas.mean * per_mas * of_child, 6.4 * of_adult);
            close(held.effective_msv.mean, 6.4 * of_adult);
            let noise = line.setting(kv, Held::Noise).unwrap();
            close(noise.effective_mas.mean * child.signal_per_mas, 80.0 * adult.signal_per_mas);
            close(noise.relative_noise, 1.0);
            close(noise.ctdi_vol_mgy[1].mean, noise.effective_mas.mean * per_mas);
        }
    }
}

#[test]
fn the_adult_of_the_tables_keeps_its_technique_without_an_error() {
    let (_, lines) = lines(CHEST);
    for held in Held::ALL {
        let same = lines[5].setting(120.0, held).unwrap();
        close(same.effective_mas.mean, 80.0);
        close(same.ctdi_vol_mgy[1].mean, 6.4);
        assert_eq!(same.mas_factor.standard_error, 0.0);
        let child = lines[2].setting(120.0, held).unwrap();
        assert!(
            child.mas_factor.mean < 1.0 && (child.mas_factor.standard_error > 0.0) == (held != Held::Noise)
        );
    }
}

#[test]
fn a_patient_between_ages_and_of_another_size_follows_the_tables() {
    let patients =
        "[[patient]]\nage_y = 7\n[[patient]]\nage_y = 5\nwater_equivalent_diameter_cm = { chest = 19 }\n";
    let (tables, found) = lines(&format!("{CHEST}{patients}"));
    let [five, ten] = ["05y", "10y"].map(|age| tables.entry(age, "chest", 100.0).unwrap());
    close(
        found[0].water_equivalent_diameter_cm,
        0.6 * five.water_equivalent_diameter_cm + 0.4 * ten.water_equivalent_diameter_cm,
    );
    close(found[0].weight_kg, 0.6 * 19.0 + 0.4 * 32.0);
    // A 5-year-old of 19 cm: the effective dose per CTDIvol follows its fit.
    let fit = &tables.organ_fit(EFFECTIVE, "chest", 100.0).unwrap().fit;
    let change_cm = 19.0 - five.water_equivalent_diameter_cm;
    let per_mgy = five.effective_per_ctdi_vol[0].mean * (-fit.b_per_cm * change_cm).exp();
    let dose = found[1].setting(100.0, Held::Dose).unwrap();
    close(dose.effective_msv.mean, dose.ctdi_vol_mgy[1].mean * per_mgy);
    assert!(found[1].image_gently == Some((14.0, 0.57)) && found[0].image_gently.is_none());
}

#[test]
fn ctdi_vol_of_the_small_phantom_comes_to_the_same_mas() {
    let (tables, lines_32) = lines(CHEST);
    let entry = tables.entry("adult", "chest", 120.0).unwrap();
    let of_16 = 6.4 * entry.ctdi_vol_mgy_per_mas[0].mean / entry.ctdi_vol_mgy_per_mas[1].mean;
    let site = CHEST.replace("6.4", &format!("{of_16}")).replace("body32", "head16");
    let (_, lines_16) = lines(&site);
    for (a, b) in lines_32.iter().zip(&lines_16) {
        let mas = |line: &Line| line.setting(80.0, Held::Dose).unwrap().effective_mas.mean;
        close(mas(a), mas(b));
    }
}

#[test]
fn a_site_that_cannot_be_is_refused_with_a_sentence() {
    let tables = shipped().unwrap().tables;
    let with = |from: &str, to: &str| CHEST.replace(from, to);
    for (text, words) in [
        (with("effective_mas", "efective_mas"), "did you mean `effective_mas`"),
        (with("kv = 120", "kv = 60"), "tube_voltage_kv must be within 70..140, found 60"),
        (with("\"chest\"", "\"chst\""), "did you mean \"chest\"?"),
        (with("6.4", "nan"), "line 7"),
        (with("ctdi_phantom = \"body32\"\n", ""), "needs the key `ctdi_phantom`"),
        (with("site/1", "site/2"), "schema must be \"childsize.site/1\""),
        (
            format!("{CHEST}adult_water_equivalent_diameter_cm = 31\n"),
            "must be within 10.28..26.63, found 31",
        ),
        (format!("{CHEST}[[patient]]\nage_y = 21\n"), "age_y must be within 0..20, found 21"),
        (
            format!("{CHEST}[[patient]]\nage_y = 5\nwater_equivalent_diameter_cm = {{ chest = 9 }}\n"),
            "chest must be within 10.28..26.63, found 9",
        ),
        (format!("{CHEST}{}", &CHEST[CHEST.find("[[").unwrap()..]), "found chest on `the scanner` twice"),
        (
            with("[[technique]]", "tube_voltages_kv = [85]\n[[technique]]"),
            "must be one of the tables' 70, 80",
        ),
        (with("[[technique]]", "[technique]"), "sections that begin with [[technique]]"),
    ] {
        let error = Site::parse(&text, &tables).expect_err(words);
        let said = format!("{error} {}", error.help().unwrap_or_default());
        assert!(said.contains(words) && error.exit_code() == 65, "{said}");
    }
    assert!(Site::parse(CHEST, &tables).unwrap().warnings.is_empty());
    let wrong_phantom = Site::parse(&with("body32", "head16").replace("6.4", "5.6"), &tables).unwrap();
    assert!(wrong_phantom.warnings[0].contains("is ctdi_phantom right?"), "{:?}", wrong_phantom.warnings);
}

#[test]
fn a_mutated_site_never_panics() {
    let tables = shipped().unwrap();
    let text = std::fs::read_to_string(root().join("examples/site.toml")).unwrap();
    let mut rng = SmallRng::seed_from_u64(2026);
    const LIKELY: &[u8] = b"0123456789.-e\"[]{}=,# \n";
    let mut read = Vec::new();
    for _ in 0..400 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = LIKELY[rng.random_range(0..LIKELY.len())];
        }
        read.extend(Site::parse(&String::from_utf8_lossy(&bytes), &tables.tables));
    }
    assert!(read.len() > 10, "{} of 400 are still sites", read.len());
    // What is read can be made into a worksheet.
    for site in &read[..3] {
        assert_eq!(WorksheetFile::of(site, &tables).unwrap().sheets.len(), site.techniques.len());
    }
}

#[test]
fn the_shipped_protocols_are_what_the_worksheet_makes_of_the_shipped_site() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("protocols");
    let worksheet = || {
        let mut command = childsize();
        command.arg("worksheet").arg("--adult-baseline").arg(root().join("examples/site.toml"));
        command.arg("--protocols").arg(&made);
        command.assert()
    };
    worksheet().success();
    worksheet().code(73).stderr(contains("--force replaces it"));
    let mut names: Vec<_> =
        std::fs::read_dir(&made).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 18);
    for name in &names {
        let (own, kept) = (made.join(name), root().join("examples/protocols").join(name));
        let text = std::fs::read_to_string(&own).unwrap();
        let is_same = std::fs::read_to_string(&kept).is_ok_and(|kept| kept == text);
        assert!(
            is_same,
            "{name:?}: childsize worksheet --adult-baseline examples/site.toml --protocols examples/protocols --force"
        );
        let protocol = Protocol::read(&own).unwrap();
        assert!(protocol.warnings().is_empty() && text.contains("CTDIvol") && text.contains("research use"));
    }
    assert_eq!(std::fs::read_dir(root().join("examples/protocols")).unwrap().count(), names.len());
}

#[test]
fn the_page_the_csv_and_the_json_say_the_same_and_a_browser_reads_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let site = std::fs::read_to_string(root().join("examples/site.toml")).unwrap();
    std::fs::write(path("site.toml"), site.replace("Example hospital", "<script>alert(1)</script>")).unwrap();
    let start = Instant::now();
    let mut command = childsize();
    command.arg("worksheet").arg("--adult-baseline").arg(path("site.toml"));
    command.arg("-o").arg(path("w.html")).arg("--csv").arg(path("w.csv")).arg("--json").arg(path("w.json"));
    command.assert().success().stdout(contains("Noise alone is not image"));
    assert!(start.elapsed().as_secs_f64() < 20.0, "tables only: nothing is simulated");
    let json: Value = serde_json::from_slice(&std::fs::read(path("w.json")).unwrap()).unwrap();
    let mut reader = csv::Reader::from_path(path("w.csv")).unwrap();
    let column = |name: &str, reader: &mut csv::Reader<std::fs::File>| {
        reader
            .headers()
            .unwrap()
            .iter()
            .position(|header| header == name)
            .unwrap_or_else(|| panic!("no column {name}"))
    };
    let [mas, lungs] = ["effective_mas", "lungs_mgy"].map(|name| column(name, &mut reader));
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    let sheets = json["sheets"].as_array().unwrap();
    let settings: Vec<&Value> = sheets
        .iter()
        .flat_map(|sheet| sheet["lines"].as_array().unwrap())
        .flat_map(|line| line["settings"].as_array().unwrap())
        .collect();
    // 4 techniques, 6 patients, 9 tube voltages, 3 quantities.
    assert_eq!((rows.len(), settings.len()), (648, 648));
    for (row, setting) in rows.iter().zip(&settings) {
        let near = |cell: &str, value: &Value| {
            (cell.parse::<f64>().unwrap() / value.as_f64().unwrap() - 1.0).abs() < 1e-5
        };
        assert!(near(&row[mas], &setting["effective_mas"]["value"]));
        let organs = setting["organs"].as_array().unwrap();
        if let Some(organ) = organs.iter().find(|organ| organ["id"] == "lungs") {
            assert!(near(&row[lungs], &organ["dose_mgy"]["value"]));
        }
    }
    let page = std::fs::read_to_string(path("w.html")).unwrap();
    assert!(!page.contains("<script>alert") && page.matches("<script").count() == 1, "the page's own");
    assert!(page.contains("RECALLED") && page.contains("image quality") && !page.contains("http://"));
    let Some(browsed) = browse(&path("w.html")) else { return };
    assert!(browsed.console.is_empty(), "{:?}", browsed.console);
    assert_eq!(browsed.document.matches("class=\"worksheet\"").count(), 4);
}

#[test]
fn every_key_of_a_site_is_documented() {
    let page = std::fs::read_to_string(root().join("docs/worksheet.md")).unwrap();
    for (section, key) in all_keys() {
        assert!(page.contains(&format!("`{key}`")), "{section}: {key}");
    }
}
