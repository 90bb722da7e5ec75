//! Two thousand mutants of results, phantoms and responses. libhdf5 is not proof against all of them: as in the program, another
//! process reads a mutant first, and what it ends is refused. What comes through has the numbers of the whole file.

mod common;

use std::path::{Path, PathBuf};

use childsize::analysis::compare::RunBatches;
use childsize::error::Result;
use childsize::io::digest::phantom_digest;
use childsize::io::export::phantom_h5;
use childsize::io::import::import;
use childsize::io::response::{self, Response};
use childsize::io::result::read::batches;
use childsize::simulation::response::ResponseMatrix;
use common::mutants::mutant;
use common::trials::{Verdict, printed, verified};
use common::{QUICK_RESPONSE, childsize, newborn, quick_protocol};
use rayon::prelude::*;

const MUTANTS: u64 = 2000;
/// Mutants that a process tries, one after the other, as long as it lives.
const OF_ONE_PROCESS: usize = 100;
/// Mutants that the program itself reads, each with a process of its own.
const OF_PROGRAM: u64 = 50;

/// Writes mutants of seeds into a folder.
fn written(bytes: &[u8], seeds: &[u64], folder: &Path) -> Vec<PathBuf> {
    let write = |&seed: &u64| {
        let file = folder.join(format!("{seed}.h5"));
        std::fs::write(&file, mutant(bytes, seed)).unwrap();
        file
    };
    seeds.iter().map(write).collect()
}

/// Whether what was accepted has the digests of the whole file: all of them, or, where the seal is not found any more, that over all
/// of the file, which phantoms and responses have beside it.
fn is_of(accepted: &Verdict, whole: &Verdict) -> bool {
    let (Verdict::Accepted(found), Verdict::Accepted(expected)) = (accepted, whole) else { return false };
    let [found, expected] =
        [found, expected].map(|told| told["Answer"]["verified"]["rows"].as_array().unwrap());
    let overall = expected.last().filter(|row| row["path"].as_str().unwrap().starts_with("all of it"));
    found == expected || overall.is_some_and(|overall| found.as_slice() == std::slice::from_ref(overall))
}

/// Mutants of a sealed file, tried by other processes: what is accepted has every number of the whole file, also as `read`
/// reads it, which is done here.
fn survive_in_processes(whole: &Path, read: impl Fn(&Path) -> Result<String> + Sync) {
    let expected = verified(&[whole.to_owned()]).remove(0);
    assert!(matches!(expected, Verdict::Accepted(_)), "the whole file: {expected:?}");
    let bytes = std::fs::read(whole).unwrap();
    // A copy: a process started while HDF5 wrote the file may still hold its lock.
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.h5");
    std::fs::write(&copy, &bytes).unwrap();
    let expected_read = read(&copy).unwrap();
    let seeds: Vec<u64> = (0..MUTANTS).collect();
    let counts = seeds.par_chunks(OF_ONE_PROCESS).map(|seeds| {
        let folder = tempfile::tempdir().unwrap();
        let files = written(&bytes, seeds, folder.path());
        let (mut refused, mut ended) = (0, 0);
        for (file, verdict) in files.iter().zip(verified(&files)) {
            match verdict {
                Verdict::Refused(_) => refused += 1,
                Verdict::Ended => ended += 1,
                accepted => {
                    assert!(
                        is_of(&accepted, &expected),
                        "{}: accepted with other numbers: {accepted:?}",
                        file.display()
                    );
                    let found = read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                    assert!(found == expected_read, "{}: read with other numbers", file.display());
                }
            }
        }
        (refused, ended)
    });
    let (refused, ended) = counts.reduce(|| (0, 0), |a: (u64, u64), b| (a.0 + b.0, a.1 + b.1));
    println!("{}: of {MUTANTS}, {refused} refused, {ended} ended the process", whole.display());
    assert!(refused + ended > MUTANTS / 10 && refused + ended < MUTANTS, "{refused} refused, {ended} ended");
}

/// Mutants that the program reads as a user has it read: what comes through is printed as the whole file is.
fn survive_as_program(whole: &Path, command: &[&str]) {
    let name = |text: String, file: &Path| {
        [file, whole].iter().fold(text, |text, file| text.replace(&file.display().to_string(), "FILE"))
    };
    let expected = name(printed(command, whole).expect("the whole file is read"), whole);
    let bytes = std::fs::read(whole).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let seeds: Vec<u64> = (0..OF_PROGRAM).collect();
    let files = written(&bytes, &seeds, folder.path());
    let refused = files.par_iter().filter(|file| {
        let found = printed(command, file);
        if let Some(found) = &found {
            assert!(name(found.clone(), file) == expected, "{}: other numbers", file.display());
        }
        // One process for many says what one for each says.
        if command[0] == "verify" {
            let together = verified(std::slice::from_ref(*file)).remove(0);
            assert_eq!(found.is_some(), matches!(together, Verdict::Accepted(_)), "{}", file.display());
        }
        found.is_none()
    });
    let refused = refused.count() as u64;
    assert!(refused > OF_PROGRAM / 10, "{}: {refused} of {OF_PROGRAM} refused", whole.display());
}

/// `verify` compares every number of a file, `phantoms size` those of its voxels.
#[test]
fn phantoms() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.h5");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import");
    let read = |file: &Path| import(file, None).map(|phantom| phantom_digest(&phantom));
    let phantom = import(&data.join("lps.nii.gz"), Some(&data.join("labels.csv"))).unwrap();
    phantom_h5::write(&phantom, &whole).unwrap();
    survive_in_processes(&whole, read);
    survive_as_program(&whole, &["phantoms", "size"]);
    phantom_h5::write(&newborn(1.0), &whole).unwrap();
    survive_in_processes(&whole, read);
    survive_as_program(&whole, &["verify", "--list"]);
}

#[test]
fn results() {
    let folder = tempfile::tempdir().unwrap();
    let (protocol, out) =
        (quick_protocol(folder.path(), "a.toml", 100.0, "native"), folder.path().join("out"));
    let run =
        childsize().arg("run").arg(&protocol).args(["--histories", "4000", "-o"]).arg(&out).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let whole = out.join("result.h5");
    assert!(!batches(&whole).unwrap().quantities.is_empty());
    let nameless = |run: RunBatches| format!("{:?}", RunBatches { label: String::new(), ..run });
    survive_in_processes(&whole, |file| batches(file).map(nameless));
    survive_as_program(&whole, &["verify", "--list"]);
    let whole = whole.to_str().unwrap();
    survive_as_program(Path::new(whole), &["compare", whole]);
}

/// All that a response holds, in few bytes; its reading compares it with its own digest.
fn told(response: Response) -> String {
    let sums = response.ctdi.iter().map(|(phantom, matrix)| format!("{} {}", phantom.name(), sum_of(matrix)));
    let sums: Vec<String> = sums.collect();
    format!("{:?} {:?} {} {sums:?}", response.about, response.rows, sum_of(&response.matrix))
}

fn sum_of(matrix: &ResponseMatrix) -> String {
    let sum = |values: &[f32]| values.iter().map(|&value| f64::from(value)).sum::<f64>().to_bits();
    format!("{} {} {:?}", sum(&matrix.mean), sum(&matrix.standard_error), matrix.grid)
}

#[test]
fn responses() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("newborn.h5");
    let made = childsize()
        .args(QUICK_RESPONSE.as_flattened())
        .args(["--progress", "none", "-o"])
        .arg(&whole)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    survive_in_processes(&whole, |file| response::read(file).map(told));
    survive_as_program(&whole, &["verify", "--list"]);
}
