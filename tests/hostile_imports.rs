//! Damaged and hostile voxel files: a sentence or a phantom, never a panic, and never more than the file can hold.

use std::path::Path;

use childsize::error::Error;
use childsize::io::export::{Distinguish, Format, export};
use childsize::io::import::import;
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

const MUTANTS: u64 = 1000;

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name)
}

/// Changes some bytes, cuts, doubles a piece, or puts a large number in.
fn mutate(bytes: &[u8], random: &mut SmallRng) -> Vec<u8> {
    let mut mutant = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..mutant.len().max(1));
        match random.random_range(0..5) {
            0 => mutant.truncate(at),
            1 if at < mutant.len() => mutant[at] = random.next_u32() as u8,
            2 if at < mutant.len() => mutant[at] ^= 1 << random.random_range(0..8),
            3 => {
                let end = (at + random.random_range(1..40)).min(mutant.len());
                let piece = mutant[at.min(end)..end].to_vec();
                mutant.splice(at..at, piece);
            }
            _ => {
                let number: &[u8] = [&b"2147483648"[..], b"-1", b"1e308", b"nan", &[255; 8], &[0; 8]]
                    [random.random_range(0..6)];
                let end = (at + number.len()).min(mutant.len());
                mutant.splice(at.min(end)..end, number.iter().copied());
            }
        }
        if mutant.is_empty() {
            break;
        }
    }
    mutant
}

/// Imports a thousand mutants of a file, which is put back afterwards.
fn survive(file: &Path, imported: &Path, table: Option<&Path>, mutants: u64) {
    let whole = std::fs::read(file).unwrap();
    import(imported, table).unwrap_or_else(|error| panic!("the whole file: {error}"));
    let mut refused = 0;
    for seed in 0..mutants {
        let mut random = SmallRng::seed_from_u64(seed);
        std::fs::write(file, mutate(&whole, &mut random)).unwrap();
        match import(imported, table) {
            Ok(phantom) => assert!(phantom.labels.len() <= 1 << 20),
            Err(Error::Invalid { message, .. }) => {
                refused += 1;
                assert!(!message.is_empty() && message.len() < 2000 && !message.contains('\n'), "{message}");
            }
            Err(Error::Unreadable { .. }) => refused += 1,
            Err(other) => panic!("{}, seed {seed}: {other}", file.display()),
        }
    }
    assert!(refused > mutants / 10, "{}: {refused} refused", file.display());
    std::fs::write(file, whole).unwrap();
}

#[test]
fn a_thousand_mutants_of_every_label_map_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["ras.nii", "nifti2.nii.gz", "left_handed.mha", "zlib.mha", "ras_raw.nrrd", "itk_gzip.nrrd"] {
        let file = folder.path().join(name);
        std::fs::copy(data(name), &file).unwrap();
        survive(&file, &file, Some(&data("labels.csv")), MUTANTS);
    }
    for name in ["two_files.mhd", "two_files.raw", "headerless.raw.toml", "headerless.bin", "labels.csv"] {
        std::fs::copy(data(name), folder.path().join(name)).unwrap();
    }
    let [mhd, raw] = ["two_files.mhd", "headerless.raw.toml"].map(|name| folder.path().join(name));
    survive(&mhd, &mhd, Some(&data("labels.csv")), MUTANTS);
    survive(&raw, &raw, None, MUTANTS);
    let table = folder.path().join("labels.csv");
    survive(&table, &mhd, Some(&table), MUTANTS);
}

#[test]
fn a_thousand_mutants_of_every_voxel_file_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let phantom = import(&data("lps.nii.gz"), Some(&data("labels.csv"))).unwrap();
    for (name, format) in
        [("a.egsphant", Format::Egsphant), ("b.egsphant.gz", Format::Egsphant), ("c.vox", Format::Vox)]
    {
        let file = folder.path().join(name);
        let table = export(&phantom, format, Distinguish::Regions, &file).unwrap();
        survive(&file, &file, Some(&table), MUTANTS);
    }
}

#[test]
fn a_header_that_promises_more_than_the_file_holds_is_refused_before_memory_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("huge.mha");
    let header = |size: &str| {
        format!(
            "NDims = 3\nDimSize = {size}\nElementType = MET_UCHAR\nElementSpacing = 1 1 1\nElementDataFile = LOCAL\n"
        )
    };
    for (size, sentence) in [
        ("2147483648 2147483648 2147483648", "a phantom must have from 1 to 1073741824 voxels"),
        (
            "1000 1000 1000",
            "the header promises 1000000000 bytes of voxels, the 106 bytes stored can hold 106 at most",
        ),
        ("0 5 5", "found 0 x 5 x 5"),
    ] {
        std::fs::write(&file, header(size)).unwrap();
        let error = import(&file, Some(&data("labels.csv"))).unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}");
        assert_eq!(error.exit_code(), 65);
    }
}

#[test]
fn a_gzip_bomb_is_not_unpacked_beyond_what_its_header_promises() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bomb.nii.gz");
    let mut header = std::fs::read(data("ras.nii")).unwrap();
    header.truncate(352);
    let mut packer =
        flate2::write::GzEncoder::new(std::fs::File::create(&file).unwrap(), flate2::Compression::fast());
    packer.write_all(&header).unwrap();
    let nines = [9_u8; 1 << 16];
    (0..4096).for_each(|_| packer.write_all(&nines).unwrap());
    packer.finish().unwrap();
    let start = std::time::Instant::now();
    let phantom = import(&file, Some(&data("labels.csv"))).unwrap();
    assert_eq!(phantom.labels.len(), 210);
    assert!(start.elapsed().as_secs_f64() < 1.0);
}
