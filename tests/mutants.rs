//! Two thousand mutants of every format that is no phantom: a sentence, or what the file says; never a panic, and for sealed files
//! never another number. Phantoms of other programs are in `tests/hostile_imports.rs`, HDF5 in `tests/hdf5_mutants.rs`.

mod common;

use std::path::Path;

use childsize::geometry::formula::Sex;
use childsize::io::dicom_record::{read_rdsr, slice_record};
use childsize::io::library_scanner::LibraryScanner;
use childsize::io::protocol::Protocol;
use childsize::io::scanner_fit::ScannerMeasurements;
use childsize::io::size_tables::{SizeTableFile, shipped};
use childsize::io::{phantom_file, risk_table};
use common::mutants::{mutant, survive};
use common::trials::printed;

const MUTANTS: u64 = 2000;
/// Mutants that the program itself reads, each with a process of its own.
const OF_PROGRAM: u64 = 50;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of a folder's files.
fn copy_of(folder: &str, into: &Path) {
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, into.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Refuses numbers that are none: what a file without a digest says is taken at its word, but for those.
fn finite(text: &str) {
    assert!(
        !text.contains("NaN") && !text.contains("inf,") && !text.contains("inf]"),
        "{}",
        &text[..text.len().min(500)]
    );
}

#[test]
fn protocols_and_the_files_they_name() {
    let folder = tempfile::tempdir().unwrap();
    copy_of("tests/protocols/good", folder.path());
    let all_keys = std::fs::read_to_string(folder.path().join("all_keys.toml")).unwrap();
    let modulation = all_keys.lines().find(|line| line.starts_with("modulation")).unwrap();
    let profile = "modulation = { kind = \"profile\", file = \"current.csv\" }";
    std::fs::write(folder.path().join("with_profile.toml"), all_keys.replace(modulation, profile)).unwrap();
    let current = "z_mm,tube_current_ma\n-600,40\n0,160\n600,80\n";
    std::fs::write(folder.path().join("current.csv"), current).unwrap();
    for (file, protocol) in [
        ("all_keys.toml", "all_keys.toml"),
        ("child_between_ages.toml", "child_between_ages.toml"),
        ("scanner.toml", "all_keys.toml"),
        ("bowtie.csv", "all_keys.toml"),
        ("spectrum.csv", "all_keys.toml"),
        ("current.csv", "with_profile.toml"),
    ] {
        let protocol = folder.path().join(protocol);
        let read = || Protocol::read(&protocol);
        let counts = survive(&folder.path().join(file), MUTANTS, read, |found, _| {
            assert!(found.memory_bytes().is_finite());
            finite(&format!("{:?}", found.resolved_json()));
        });
        assert!(counts.refused > MUTANTS / 20, "{file}: {counts:?}");
    }
}

#[test]
fn declarative_phantoms_scanners_measurements_and_tables_of_risk() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let phantom = at("phantom.toml");
    std::fs::copy(root().join("phantoms/ce-05y.toml"), &phantom).unwrap();
    survive(
        &phantom,
        MUTANTS,
        || phantom_file::load_file(&phantom),
        |found, _| finite(&format!("{found:?}")),
    );
    copy_of("tests/protocols/good", folder.path());
    let scanner = at("scanner.toml");
    survive(&scanner, MUTANTS, || LibraryScanner::read(&scanner), |_, _| {});
    let risks = at("risk.csv");
    let rows: String = (0..20).map(|age| format!("liver,F,{age},{}\n", 60 - age)).collect();
    std::fs::write(&risks, format!("site,sex,age_at_exposure_y,cases_per_1e5_per_0p1_gy\n{rows}")).unwrap();
    survive(
        &risks,
        MUTANTS,
        || risk_table::read(&risks, Sex::Female),
        |found, _| finite(&format!("{found:?}")),
    );
    let (measurements, fan) = (at("measured.toml"), at("fan.csv"));
    std::fs::write(&fan, "lateral_mm,output_ratio\n0,1\n50,0.8\n100,0.55\n150,0.3\n").unwrap();
    std::fs::write(&measurements, MEASURED).unwrap();
    for file in [&measurements, &fan] {
        survive(file, MUTANTS, || ScannerMeasurements::read(&measurements), |_, _| {});
    }
}

const MEASURED: &str = "id = \"room-3\"\nname = \"Room 3\"\nsource_to_isocentre_mm = 595.0\nfan_angle_deg = 28.0\n\
anode = { material = \"W\", angle_deg = 7.0 }\n[bowties.body]\n\
hvl = [{ tube_voltage_kv = 80, hvl_mm_al = 4.5 }, { tube_voltage_kv = 120, hvl_mm_al = 7.0 }]\n\
fan = [{ file = \"fan.csv\", tube_voltage_kv = 120, measured_along = \"isocentre-plane\" }]\n";

#[test]
fn records_of_scanners() {
    let folder = tempfile::tempdir().unwrap();
    copy_of("tests/records", folder.path());
    for name in ["dual.dcm", "mixed.dcm"] {
        let file = folder.path().join(name);
        survive(&file, MUTANTS, || read_rdsr(&file), |_, _| {});
        let bytes = std::fs::read(&file).unwrap();
        let refused = (0..OF_PROGRAM).filter(|&seed| {
            let file = folder.path().join(format!("{seed}.dcm"));
            std::fs::write(&file, mutant(&bytes, seed)).unwrap();
            let draft = folder.path().join(format!("{name}.{seed}.toml")).display().to_string();
            printed(&["protocol", "from-rdsr", "--phantom", "ce-05y", "-o", &draft], &file).is_none()
        });
        let refused = refused.count() as u64;
        assert!(refused > OF_PROGRAM / 10, "{name}: {refused} of {OF_PROGRAM} refused");
    }
    let slice = folder.path().join("slice.dcm");
    std::fs::copy(root().join("tests/records/modulated/000.dcm"), &slice).unwrap();
    survive(&slice, MUTANTS, || slice_record(&std::fs::read(&slice).unwrap()), |_, _| {});
}

/// Tables have a digest: what is accepted is what was written.
fn tables(whole: &SizeTableFile, mutants: u64) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tables.json");
    std::fs::write(&file, serde_json::to_vec(whole).unwrap()).unwrap();
    let read = || {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let tables = SizeTableFile::parse(&text)?;
        SizeTableFile::digest_of(&tables.tables)
    };
    survive(&file, mutants, read, |found, original| assert_eq!(found, original));
}

/// One row of each of the tables that ship, with a digest of its own: of the whole, every text of over a megabyte is parsed.
fn one_row_of_each() -> SizeTableFile {
    let mut small = shipped().unwrap();
    small.phantoms.truncate(1);
    small.reductions.truncate(1);
    small.checks.truncate(1);
    small.tables.entries.truncate(1);
    small.tables.entries[0].organs.truncate(3);
    small.tables.slices.truncate(1);
    small.tables.size_fits.truncate(1);
    small.tables.organ_fits.truncate(1);
    small.digest = SizeTableFile::digest_of(&small.tables).unwrap();
    small
}

#[test]
fn size_tables_as_json() {
    tables(&one_row_of_each(), MUTANTS);
    tables(&shipped().unwrap(), 40);
}

#[test]
#[ignore = "slow, minutes: the usual tests take mutants of smaller tables; run after changes of the reader"]
fn size_tables_as_json_at_length() {
    tables(&shipped().unwrap(), MUTANTS);
}
