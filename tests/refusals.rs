//! Bad protocols are files that hold their own sentence; good ones and the examples are read, and no text panics.

use std::fs;
use std::path::{Path, PathBuf};

use childsize::error::Error;
use childsize::io::protocol::{Protocol, all_keys};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files of a folder that end in `.toml` and hold a protocol.
fn protocols(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| fs::read_to_string(path).unwrap().contains("[phantom]"))
        .collect();
    paths.sort();
    paths
}

/// What the command line would print.
fn sentence(error: &Error) -> String {
    format!("{error}\nhelp: {}", error.help().unwrap_or_default())
}

#[test]
fn every_bad_protocol_is_refused_with_the_sentence_it_holds() {
    // Samples of DICOM lie in a folder of their own; tests/verify.rs has the refusal of that.
    childsize::io::reference::allow_outside();
    let files = protocols("tests/protocols/bad");
    assert!(files.len() >= 60, "{} files", files.len());
    let mut failures = String::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let expected =
            text.split("# expect: ").nth(1).and_then(|rest| rest.lines().next()).expect("a sentence").trim();
        let found = match Protocol::read(&path) {
            Ok(_) => "nothing was refused".to_owned(),
            Err(error) => sentence(&error),
        };
        if expected.is_empty() || !found.contains(expected) {
            failures += &format!("{}\n  expected: {expected}\n  found: {found}\n", path.display());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn a_refusal_names_file_line_and_column_and_says_what_to_do() {
    let path = root().join("tests/protocols/bad/pitch_zero.toml");
    let error = Protocol::read(&path).unwrap_err();
    assert_eq!(error.exit_code(), 65);
    assert!(
        error.to_string().ends_with("pitch_zero.toml: line 15, column 9: pitch must be above 0, found 0")
    );
    assert_eq!(error.help(), Some("pitch = table feed per rotation / total collimation"));
    assert_eq!(Protocol::read(Path::new("not_there.toml")).unwrap_err().exit_code(), 66);
}

#[test]
fn good_protocols_are_read_and_prepared() {
    for path in protocols("tests/protocols/good") {
        let protocol = Protocol::read(&path).unwrap_or_else(|error| panic!("{}", sentence(&error)));
        let prepared = protocol.prepare().unwrap_or_else(|error| panic!("{}", sentence(&error)));
        assert_eq!(prepared.phantom_digest.len(), 64);
        prepared.settings.check().unwrap();
    }
}

#[test]
fn every_example_is_read_without_a_warning_and_prepared() {
    let files = protocols("examples");
    assert!(files.len() >= 6);
    for path in files {
        let protocol = Protocol::read(&path).unwrap_or_else(|error| panic!("{}", sentence(&error)));
        assert!(protocol.warnings().is_empty(), "{}: {:?}", path.display(), protocol.warnings());
        let coarse = with_coarse_voxels(protocol.text());
        let protocol =
            Protocol::parse(&coarse, root()).unwrap_or_else(|error| panic!("{}", sentence(&error)));
        protocol.prepare().unwrap_or_else(|error| panic!("{}", sentence(&error)));
    }
}

/// The same protocol at 8 mm, so that the test is fast.
fn with_coarse_voxels(text: &str) -> String {
    let kept = |line: &&str| !line.starts_with("voxel_mm") && !line.starts_with("map_voxel_mm");
    let text = text.lines().filter(kept).collect::<Vec<_>>().join("\n");
    text.replacen("[phantom]", "[phantom]\nvoxel_mm = 8", 1)
}

#[test]
fn a_mutated_protocol_never_panics() {
    let files = [protocols("examples"), protocols("tests/protocols/good")].concat();
    let texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let mut rng = SmallRng::seed_from_u64(2026);
    for _ in 0..2000 {
        let mut bytes = texts[rng.random_range(0..texts.len())].clone().into_bytes();
        for _ in 0..rng.random_range(1..6) {
            mutate(&mut bytes, &mut rng);
        }
        let _ = Protocol::parse(&String::from_utf8_lossy(&bytes), &root().join("tests/protocols/good"));
    }
}

/// Changes, drops or repeats a few bytes.
fn mutate(bytes: &mut Vec<u8>, rng: &mut impl Rng) {
    const LIKELY: &[u8] = b"0123456789.-+e_\"[]{}=,# \n";
    if bytes.is_empty() {
        return;
    }
    let at = rng.random_range(0..bytes.len());
    let end = (at + rng.random_range(1..20)).min(bytes.len());
    match rng.random_range(0..4) {
        0 => bytes[at] = rng.random(),
        1 => bytes[at] = LIKELY[rng.random_range(0..LIKELY.len())],
        2 => drop(bytes.drain(at..end)),
        _ => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

#[test]
fn every_key_is_on_the_page_that_documents_them() {
    let page = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    for (section, key) in all_keys() {
        assert!(page.contains(&format!("`{key}`")), "docs/protocol.md does not name `{key}` of {section}");
    }
}
