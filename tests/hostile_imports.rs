//! Damaged and hostile voxel files: a sentence or a phantom, never a panic, and never more than the file can hold.

mod common;

use std::path::{Path, PathBuf};
use std::time::Instant;

use childsize::io::export::{Distinguish, Format, export};
use childsize::io::import::{Options, import, import_with};
use common::mutants::{peak_bytes, survive as survive_mutants};

const MUTANTS: u64 = 2000;

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name)
}

/// Imports mutants of a file, which is put back afterwards.
fn survive(file: &Path, imported: &Path, table: Option<&Path>, mutants: u64) {
    let options = Options { labels: table.map(Path::to_owned), ..Options::default() };
    survive_with(file, imported, &options, mutants);
}

/// The same with all that may be said about an import.
fn survive_with(file: &Path, imported: &Path, options: &Options, mutants: u64) {
    let counts = survive_mutants(
        file,
        mutants,
        || import_with(imported, options),
        |imported, _| assert!(imported.phantom.labels.len() <= 1 << 20),
    );
    assert!(counts.refused > mutants / 10, "{}: {counts:?}", file.display());
    assert!(counts.slowest_s < 10.0, "{}: {counts:?}", file.display());
    if let Some(bytes) = peak_bytes() {
        assert!(bytes < 1 << 30, "{}: {bytes} bytes of memory", file.display());
    }
}

#[test]
fn two_thousand_mutants_of_every_label_map_are_read_or_refused() {
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
fn two_thousand_mutants_of_every_voxel_file_are_read_or_refused() {
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

fn dicom(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dicom").join(name)
}

/// A copy of a series of the samples, and its files by name.
fn series(name: &str, folder: &Path) -> Vec<PathBuf> {
    let folder = folder.join(name);
    std::fs::create_dir(&folder).unwrap();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dicom(name)).unwrap() {
        let path = entry.unwrap().path();
        files.push(folder.join(path.file_name().unwrap()));
        std::fs::copy(&path, files.last().unwrap()).unwrap();
    }
    files.sort();
    files
}

#[test]
fn two_thousand_mutants_of_ct_series_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["hfs", "hfp", "ffs", "ffp", "sagittal", "jpeg_lossless"] {
        let files = series(name, folder.path());
        survive_with(&files[1], files[0].parent().unwrap(), &Options::default(), MUTANTS);
    }
    let file = folder.path().join("enhanced.dcm");
    std::fs::copy(dicom("enhanced.dcm"), &file).unwrap();
    survive_with(&file, &file, &Options::default(), MUTANTS);
}

#[test]
fn two_thousand_mutants_of_segmentations_structure_sets_and_their_tables_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ct = dicom("enhanced.dcm");
    for name in ["binary.seg.dcm", "fractional.seg.dcm", "labelmap.seg.dcm", "rtstruct.dcm"] {
        let file = folder.path().join(name);
        std::fs::copy(dicom(name), &file).unwrap();
        survive_with(&file, &ct, &Options { organs: Some(file.clone()), ..Options::default() }, MUTANTS);
    }
    let masks = series("masks", folder.path());
    let options = Options { organs: masks[0].parent().map(Path::to_owned), ..Options::default() };
    survive_with(&masks[0], &ct, &options, MUTANTS);
    let table = folder.path().join("organs.csv");
    let rows: String = (1..10).map(|label| format!("{label},organ_{label}\n")).collect();
    std::fs::write(&table, format!("label,organ\n{rows}")).unwrap();
    let organs = folder.path().join("map.nii");
    std::fs::copy(data("ras.nii"), &organs).unwrap();
    let options = Options { organs: Some(organs.clone()), labels: Some(table.clone()), ..Options::default() };
    survive_with(&table, &ct, &options, MUTANTS);
    survive_with(&organs, &ct, &options, MUTANTS);
    let calibration = folder.path().join("calibration.csv");
    std::fs::write(&calibration, "hu,density_g_cm3,material\n-1000,0.001,air\n-500,0.5,water\n2000,3,\n")
        .unwrap();
    let options = Options { calibration: Some(calibration.clone()), ..Options::default() };
    survive_with(&calibration, &ct, &options, MUTANTS);
}

#[test]
fn two_thousand_mutants_of_a_folder_of_the_icrp_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("grid.txt", "3 2 2\n2.0 3.0 4.0\n");
    write(
        "XM_organs.dat",
        "Organs\n\n  1  Liver   2   1.050\n  2  Lung   3  0.382\n  59  Absent  n/a  n/a\n",
    );
    write(
        "XM_media.dat",
        "Media\n\n2  Soft 10.5 25.6 2.7 60.2 0.1 0.0 0.2 0.3 0.2 0.2 0.0 0.0 0.0\n\
         3  Lung 10.3 10.5 3.1 74.9 0.2 0.0 0.2 0.3 0.3 0.2 0.0 0.0 0.0\n",
    );
    write("XM.dat", "0 1 1 2\n 2 1 2 0\n1 1 1 1\n");
    for name in ["grid.txt", "XM_organs.dat", "XM_media.dat", "XM.dat"] {
        survive_with(&folder.path().join(name), folder.path(), &Options::default(), MUTANTS);
    }
}

/// The first slice of a series with some bytes in another's place.
fn with(bytes: &[u8], before: &[u8], after: &[u8]) -> Vec<u8> {
    let at = bytes.windows(before.len()).position(|window| window == before).expect("the bytes are there");
    [&bytes[..at], after, &bytes[at + before.len()..]].concat()
}

fn refused(bytes: &[u8], sentence: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostile.dcm");
    std::fs::write(&file, bytes).unwrap();
    let start = Instant::now();
    let error = import(&file, None).unwrap_err();
    assert!(error.to_string().contains(sentence), "{error}");
    assert!(start.elapsed().as_secs_f64() < 5.0 && error.exit_code() == 65);
}

#[test]
fn a_dicom_file_that_promises_more_than_it_holds_is_refused_before_memory_is_taken() {
    let slice = std::fs::read(dicom("hfs/0.dcm")).unwrap();
    // Rows (0028,0010) and Columns (0028,0011).
    let rows = with(
        &slice,
        &[0x28, 0, 0x10, 0, b'U', b'S', 2, 0, 6, 0],
        &[0x28, 0, 0x10, 0, b'U', b'S', 2, 0, 255, 255],
    );
    let both = with(
        &rows,
        &[0x28, 0, 0x11, 0, b'U', b'S', 2, 0, 7, 0],
        &[0x28, 0, 0x11, 0, b'U', b'S', 2, 0, 255, 255],
    );
    refused(
        &both,
        "65535 x 65535 x 1 pixels take 8589672450 bytes, the file's 84 bytes of pixels can hold 84 at most",
    );
    // Pixel data of 4 GB; a text of 4 GB.
    let pixels = with(
        &slice,
        &[0xE0, 0x7F, 0x10, 0, b'O', b'W', 0, 0, 84, 0, 0, 0],
        &[0xE0, 0x7F, 0x10, 0, b'O', b'W', 0, 0, 254, 255, 255, 255],
    );
    refused(&pixels, "has 4294967294 bytes, 84 are left");
    let text = with(&slice, &[0x08, 0, 0x70, 0, b'L', b'O'], &[0x08, 0, 0x70, 0, b'U', b'T']);
    refused(&text, "the file is cut off or damaged");
}

#[test]
fn sequences_nested_without_end_are_refused() {
    let slice = std::fs::read(dicom("hfs/0.dcm")).unwrap();
    let study = slice.windows(4).position(|window| window == [0x08, 0, 0x20, 0]).unwrap();
    let level = [
        &[0x08, 0, 0x15, 0x11, b'S', b'Q', 0, 0, 255, 255, 255, 255][..],
        &[0xFE, 0xFF, 0, 0xE0, 255, 255, 255, 255],
    ]
    .concat();
    let nested = [&slice[..study], &level.repeat(100_000), &slice[study..]].concat();
    refused(&nested, "a DICOM file may have 2000000 elements, nested 64 deep, found more");
}

#[test]
fn a_deflated_bomb_is_not_unpacked_beyond_bounds() {
    use std::io::Write;
    let slice = std::fs::read(dicom("sagittal/0.dcm")).unwrap();
    let start = slice.windows(8).position(|window| window == b"1.2.1.99").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bomb.dcm");
    // The meta elements end after the transfer syntax and the two names of the writer, if any: keep its length honest.
    let mut meta = slice[..start + 8].to_vec();
    let length = (meta.len() - 144) as u32;
    meta[140..144].copy_from_slice(&length.to_le_bytes());
    let mut packer = flate2::write::DeflateEncoder::new(meta, flate2::Compression::fast());
    // A private text without end.
    packer.write_all(&[0x09, 0, 0x10, 0, b'U', b'T', 0, 0, 0, 0, 0, 64]).unwrap();
    let zeros = vec![0_u8; 1 << 20];
    (0..600).for_each(|_| packer.write_all(&zeros).unwrap());
    std::fs::write(&file, packer.finish().unwrap()).unwrap();
    let error = import(&file, None).unwrap_err();
    assert!(error.to_string().contains("has 1073741824 bytes, 536870900 are left"), "{error}");
}
