//! Two thousand mutants of every format that is no phantom: a sentence, or what the file says; never a panic, and for sealed files
//! never another number. Phantoms of other programs are in `tests/hostile_imports.rs`.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use childsize::geometry::formula::Sex;
use childsize::io::dicom_record::{read_rdsr, slice_record};
use childsize::io::export::phantom_h5;
use childsize::io::import::import;
use childsize::io::library_scanner::LibraryScanner;
use childsize::io::protocol::Protocol;
use childsize::io::result::read::batches;
use childsize::io::scanner_fit::ScannerMeasurements;
use childsize::io::size_tables::{SizeTableFile, shipped};
use childsize::io::{phantom_file, response, risk_table};
use common::mutants::{mutant, survive};
use common::{childsize, newborn, quick_protocol};
use rayon::prelude::*;

const MUTANTS: u64 = 2000;
/// Mutants of an HDF5 file in the usual tests: each takes a process.
const OF_HDF5: u64 = 300;

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
    }
    let slice = folder.path().join("slice.dcm");
    std::fs::copy(root().join("tests/records/modulated/000.dcm"), &slice).unwrap();
    survive(&slice, MUTANTS, || slice_record(&std::fs::read(&slice).unwrap()), |_, _| {});
}

/// Tables have a digest: what is accepted is what was written. Every text of over a megabyte is parsed as a whole.
fn tables(mutants: u64) {
    let folder = tempfile::tempdir().unwrap();
    shipped().unwrap().write(folder.path()).unwrap();
    let file = folder.path().join("tables.json");
    let read = || {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        let tables = SizeTableFile::parse(&text)?;
        SizeTableFile::digest_of(&tables.tables)
    };
    survive(&file, mutants, read, |found, original| assert_eq!(found, original));
}

#[test]
fn size_tables_as_json() {
    tables(60);
}

#[test]
#[ignore = "slow, minutes: the usual tests take the first of these mutants; run after changes of the reader"]
fn size_tables_as_json_at_length() {
    tables(MUTANTS);
}

/// Whether the program comes through a mutant: `None` if it refuses it with a sentence, else what it prints of it.
fn printed(command: &[&str], file: &Path) -> Option<String> {
    let start = Instant::now();
    let output = childsize().args(command).arg(file).output().expect("the program starts");
    let [out, error] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let place = format!("{command:?} {}", file.display());
    // The process that tries has 10 s of CPU time; this is for one that would hang.
    assert!(start.elapsed().as_secs_f64() < 120.0, "{place}: {:?}", start.elapsed());
    match output.status.code() {
        Some(0) => Some(out),
        Some(65 | 66) => {
            // `verify` lists what differs.
            let said = if command[0] == "verify" && error.is_empty() { &out } else { &error };
            assert!(said.starts_with("error: ") || said.contains("NOT as it was written"), "{place}: {said}");
            assert!(error.lines().count() < 4, "{place}: {error}");
            None
        }
        other => panic!("{place}: exit code {other:?}, {error}"),
    }
}

/// Mutants of a sealed file, each read by the program: what comes through is printed as the whole file is.
fn survive_as_program(whole: &Path, mutants: u64, command: &[&str]) {
    let name = |text: String, file: &Path| {
        [file, whole].iter().fold(text, |text, file| text.replace(&file.display().to_string(), "FILE"))
    };
    let expected = name(printed(command, whole).expect("the whole file is read"), whole);
    let bytes = std::fs::read(whole).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = (0..mutants).into_par_iter().filter(|&seed| {
        let file: PathBuf = folder.path().join(format!("{seed}.h5"));
        std::fs::write(&file, mutant(&bytes, seed)).unwrap();
        let found = printed(command, &file);
        if let Some(found) = &found {
            assert!(name(found.clone(), &file) == expected, "seed {seed}: other numbers");
        }
        std::fs::remove_file(&file).unwrap();
        found.is_none()
    });
    let refused = refused.count() as u64;
    println!("{}: {refused} of {mutants} refused", whole.display());
    assert!(refused > mutants / 10, "{refused} of {mutants} refused");
}

/// `verify` compares every number of a file, `phantoms size` those of its voxels.
fn phantoms_as_hdf5(mutants: u64) {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.h5");
    let data = root().join("tests/data/import");
    phantom_h5::write(&import(&data.join("lps.nii.gz"), Some(&data.join("labels.csv"))).unwrap(), &whole)
        .unwrap();
    survive_as_program(&whole, mutants, &["phantoms", "size"]);
    phantom_h5::write(&newborn(1.0), &whole).unwrap();
    survive_as_program(&whole, mutants, &["verify", "--list"]);
}

fn results_as_hdf5(mutants: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (protocol, out) =
        (quick_protocol(folder.path(), "a.toml", 100.0, "native"), folder.path().join("out"));
    let run =
        childsize().arg("run").arg(&protocol).args(["--histories", "4000", "-o"]).arg(&out).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let whole = out.join("result.h5");
    assert!(!batches(&whole).unwrap().quantities.is_empty());
    survive_as_program(&whole, mutants, &["verify", "--list"]);
    let whole = whole.to_str().unwrap();
    survive_as_program(Path::new(whole), mutants, &["compare", whole]);
}

fn responses_as_hdf5(mutants: u64) {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("newborn.h5");
    let made = Command::new(env!("CARGO_BIN_EXE_childsize"))
        .args([
            "respond",
            "ce-00y-arms-raised",
            "--voxel-mm",
            "4",
            "--relative-error",
            "0.5",
            "--ctdi-error",
            "0.2",
        ])
        .args(["--angles", "4", "--plane-mm", "50", "--progress", "none", "-o"])
        .arg(&whole)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(response::read(&whole).is_ok());
    survive_as_program(&whole, mutants, &["verify", "--list"]);
}

#[test]
fn hdf5_phantoms() {
    phantoms_as_hdf5(OF_HDF5);
}

#[test]
fn hdf5_results() {
    results_as_hdf5(OF_HDF5);
}

#[test]
fn hdf5_responses() {
    responses_as_hdf5(OF_HDF5);
}

#[test]
#[ignore = "slow, minutes: 2,000 processes for each; run after changes of a reader, or with another libhdf5"]
fn hdf5_at_length() {
    phantoms_as_hdf5(MUTANTS);
    results_as_hdf5(MUTANTS);
    responses_as_hdf5(MUTANTS);
}
