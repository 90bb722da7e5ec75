//! Patients in DICOM: files of pydicom, highdicom and GDCM, the same point with the same organ and the same matter however the
//! series is stored; and what is refused. `scripts/make_dicom_samples.py` writes the files.

use std::path::{Path, PathBuf};

use childsize::data::schneider2000::density_g_cm3;
use childsize::geometry::phantom::Phantom;
use childsize::io::export::phantom_h5;
use childsize::io::import::{Couch, Imported, Options, import, import_with};
use childsize::io::protocol::Protocol;

const COUNTS: [usize; 3] = [7, 6, 5];
const EDGES_CM: [f64; 3] = [0.2, 0.3, 0.4];
const CORNER_CM: [f64; 3] = [-1.1, 1.85, -3.2];
const SERIES: [&str; 9] =
    ["hfs", "jpeg_lossless", "hfp", "ffs", "ffp", "sagittal", "coronal", "flipped", "enhanced.dcm"];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dicom").join(name)
}

/// CT number of a voxel as the samples have it.
fn hu([x, y, z]: [usize; 3]) -> f64 {
    -200.0 + 7.0 * (x + 7 * y + 42 * z) as f64
}

/// Label of a voxel: 1 to 8 in the corners, 9 between, 0 in one voxel.
fn label([x, y, z]: [usize; 3]) -> usize {
    let side = |i: usize, count: usize| if i < 2 { Some(0) } else { (i >= count - 2).then_some(1) };
    match (side(x, 7), side(y, 6), side(z, 5)) {
        _ if [x, y, z] == [3, 3, 2] => 0,
        (Some(a), Some(b), Some(c)) => 1 + a + 2 * b + 4 * c,
        _ => 9,
    }
}

fn voxels() -> impl Iterator<Item = [usize; 3]> {
    (0..5).flat_map(|z| (0..6).flat_map(move |y| (0..7).map(move |x| [x, y, z])))
}

/// Index of the voxel around the point that a voxel of the truth has in its middle.
fn index(phantom: &Phantom, voxel: [usize; 3]) -> usize {
    let grid = &phantom.grid;
    let at: [usize; 3] = std::array::from_fn(|i| {
        let point_cm = CORNER_CM[i] + (voxel[i] as f64 + 0.5) * EDGES_CM[i];
        ((point_cm - grid.corner_cm[i]) / grid.spacing_cm[i]).floor() as usize
    });
    grid.index(at[0], at[1], at[2])
}

fn organ_at(phantom: &Phantom, voxel: [usize; 3]) -> String {
    let region = &phantom.regions[usize::from(phantom.labels[index(phantom, voxel)])];
    region.organ.map_or_else(|| "none".to_owned(), |organ| phantom.organs[usize::from(organ)].id.clone())
}

fn check_grid(phantom: &Phantom, what: &str) {
    assert_eq!(phantom.grid.counts, COUNTS, "{what}");
    for axis in 0..3 {
        assert!((phantom.grid.spacing_cm[axis] - EDGES_CM[axis]).abs() < 1e-6, "{what}: {:?}", phantom.grid);
        assert!((phantom.grid.corner_cm[axis] - CORNER_CM[axis]).abs() < 1e-5, "{what}: {:?}", phantom.grid);
    }
}

/// Checks the density of every voxel against Schneider's formula.
fn check_matter(phantom: &Phantom, what: &str) {
    check_grid(phantom, what);
    for voxel in voxels() {
        let density = phantom.density_g_cm3(index(phantom, voxel));
        let expected = density_g_cm3(hu(voxel));
        assert!((density / expected - 1.0).abs() < 1e-6, "{what}: voxel {voxel:?}: {density} for {expected}");
    }
}

/// Organs of the samples: corner by corner, and the body.
fn truth(voxel: [usize; 3]) -> String {
    match label(voxel) {
        0 if hu(voxel) >= 200.0 => "skeleton".to_owned(),
        0 => "residual_soft_tissue".to_owned(),
        9 => "body".to_owned(),
        corner => format!("corner_{corner}"),
    }
}

fn check_organs(phantom: &Phantom, what: &str) {
    check_matter(phantom, what);
    for voxel in voxels() {
        assert_eq!(organ_at(phantom, voxel), truth(voxel), "{what}: voxel {voxel:?}");
    }
}

fn with_organs(series: &str, organs: &Path, labels: Option<&Path>) -> Imported {
    let options =
        Options { organs: Some(organs.to_owned()), labels: labels.map(Path::to_owned), ..Options::default() };
    import_with(&data(series), &options).unwrap_or_else(|error| panic!("{series}: {error}"))
}

fn refusal(path: &Path, options: &Options) -> String {
    let error = import_with(path, options).unwrap_err();
    assert_eq!(error.exit_code(), 65, "{error}");
    error.to_string()
}

/// A copy of a series in a folder of its own.
fn copy_of(series: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    add(series, folder.path());
    folder
}

fn add(series: &str, folder: &Path) {
    for entry in std::fs::read_dir(data(series)).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{series}-{}", path.file_name().unwrap().to_string_lossy());
        std::fs::copy(&path, folder.join(name)).unwrap();
    }
}

#[test]
fn the_same_point_has_the_same_matter_however_a_series_is_stored() {
    for series in SERIES {
        let phantom = import(&data(series), None).unwrap_or_else(|error| panic!("{series}: {error}"));
        check_matter(&phantom, series);
        for voxel in voxels() {
            let expected = if hu(voxel) >= 200.0 { "skeleton" } else { "residual_soft_tissue" };
            assert_eq!(organ_at(&phantom, voxel), expected, "{series}: {voxel:?}");
        }
    }
}

#[test]
fn the_same_point_has_the_same_organ_in_segmentations_and_structure_sets() {
    for series in SERIES {
        for organs in ["binary.seg.dcm", "fractional.seg.dcm", "labelmap.seg.dcm", "rtstruct.dcm"] {
            let imported = with_organs(series, &data(organs), None);
            check_organs(&imported.phantom, &format!("{series} with {organs}"));
        }
    }
}

#[test]
fn the_same_point_has_the_same_organ_in_label_maps_of_any_orientation() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("organs.csv");
    let rows: String = (1..9).map(|corner| format!("{corner},corner_{corner}\n")).collect();
    std::fs::write(&table, format!("label,organ\n{rows}9,body\n")).unwrap();
    for series in ["hfs", "coronal", "flipped"] {
        for map in ["lps.nii.gz", "permuted.nii.gz", "left_handed.mha", "ras_raw.nrrd", "nifti2.nii.gz"] {
            let map = data("../import").join(map);
            let imported = with_organs(series, &map, Some(&table));
            check_organs(&imported.phantom, &format!("{series} with {}", map.display()));
        }
    }
}

#[test]
fn overlaps_go_to_the_smallest_structure_and_are_counted() {
    let imported = with_organs("hfs", &data("binary.seg.dcm"), None);
    let corners = voxels().filter(|&voxel| (1..9).contains(&label(voxel))).count();
    let expected = format!("{corners} voxels are claimed by several structures: the smallest has them");
    assert!(imported.warnings.contains(&expected), "{:?}", imported.warnings);
    let alone = with_organs("hfs", &data("labelmap.seg.dcm"), None);
    assert!(alone.warnings.is_empty(), "{:?}", alone.warnings);
}

#[test]
fn what_is_no_organ_in_a_structure_set_is_left_out_and_said() {
    let imported = with_organs("hfs", &data("rtstruct.dcm"), None);
    let said = "structures that are no organs are left out: `Skin` (EXTERNAL), `PTV 1` (PTV)";
    assert!(imported.warnings.iter().any(|warning| warning == said), "{:?}", imported.warnings);
}

#[test]
fn totalsegmentators_numbers_and_masks_find_the_organs_effective_dose_asks_for() {
    let map = data("../import/lps.nii.gz");
    let phantom = with_organs("hfs", &map, None).phantom;
    let names = [
        "spleen",
        "kidneys",
        "kidneys",
        "gallbladder",
        "liver",
        "stomach",
        "pancreas",
        "adrenals",
        "adrenals",
    ];
    for voxel in voxels().filter(|&voxel| label(voxel) > 0) {
        assert_eq!(organ_at(&phantom, voxel), names[label(voxel) - 1]);
    }
    assert!(phantom.regions.iter().any(|region| region.id == "kidney_left"));
    let phantom = with_organs("hfs", &data("masks"), None).phantom;
    for (number, organ) in [(1, "kidneys"), (2, "kidneys"), (3, "lungs"), (9, "liver")] {
        assert!(voxels().filter(|&v| label(v) == number).all(|voxel| organ_at(&phantom, voxel) == organ));
    }
}

#[test]
fn a_label_map_on_another_grid_is_refused_with_both() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = std::fs::read(data("../import/ras.nii")).unwrap();
    // The sform's offset along z, mm.
    let at = 280 + 4 * 11;
    let z_mm = f32::from_le_bytes(map[at..at + 4].try_into().unwrap());
    map[at..at + 4].copy_from_slice(&(z_mm + 4.0).to_le_bytes());
    let path = folder.path().join("moved.nii");
    std::fs::write(&path, map).unwrap();
    let options = Options { organs: Some(path), ..Options::default() };
    let found = refusal(&data("hfs"), &options);
    assert!(
        found.ends_with(
            "the organs must have the CT's grid; the CT has 7 x 6 x 5 voxels of (2.0000, 3.0000, 4.0000) mm from \
             (-10.00, 20.00, -30.00) mm; found 7 x 6 x 5 voxels of (2.0000, 3.0000, 4.0000) mm from \
             (-10.00, 20.00, -26.00) mm"
        ),
        "{found}"
    );
}

#[test]
fn oblique_and_tilted_series_are_refused() {
    let found = refusal(&data("oblique"), &Options::default());
    assert!(found.ends_with("found axis 1 off by 10.00 degrees"), "{found}");
    let found = refusal(&data("tilted"), &Options::default());
    // 1 mm sideways every 4 mm.
    assert!(
        found
            .ends_with("slices must be stacked at right angles to their plane, found them 14.04 degrees off")
    );
}

#[test]
fn gaps_and_doubles_are_listed() {
    let folder = copy_of("hfs");
    // Slice k has the name (3 k + 2) mod 5: slice 2 is 3.
    std::fs::remove_file(folder.path().join("hfs-3.dcm")).unwrap();
    let found = refusal(folder.path(), &Options::default());
    let expected = "slices must lie 4.000 mm apart as most do, found 8.00 mm after (-10.0, 20.0, -26.0) mm";
    assert!(found.ends_with(expected), "{found}");
    let folder = copy_of("hfs");
    std::fs::copy(data("hfs/3.dcm"), folder.path().join("again.dcm")).unwrap();
    let found = refusal(folder.path(), &Options::default());
    assert!(found.contains("found 1 that lie on another, the first at (-10.0, 20.0, -22.0) mm"), "{found}");
}

#[test]
fn mixed_series_are_listed_and_one_may_be_chosen() {
    let folder = copy_of("hfs");
    add("coronal", folder.path());
    let found = refusal(folder.path(), &Options::default());
    let uid = "1.2.826.0.1.3680043.8.498.1.4";
    let list = format!("found 2: {uid}.1 (`sample hfs`, 5 slices), {uid}.6 (`sample coronal`, 6 slices)");
    assert!(found.ends_with(&list), "{found}");
    let options = Options { series: Some(format!("{uid}.6")), ..Options::default() };
    check_matter(&import_with(folder.path(), &options).unwrap().phantom, "chosen");
    let options = Options { series: Some("1.2.3".to_owned()), ..Options::default() };
    assert!(refusal(folder.path(), &options).contains("series must be one that is there, found 1.2.3"));
}

#[test]
fn files_of_other_modalities_are_left_out_and_said_or_refused_alone() {
    let folder = copy_of("hfs");
    std::fs::copy(data("rtstruct.dcm"), folder.path().join("rtstruct.dcm")).unwrap();
    std::fs::write(folder.path().join("readme.txt"), "no DICOM").unwrap();
    let imported = import_with(folder.path(), &Options::default()).unwrap();
    assert_eq!(imported.warnings, ["files that are no CT slices are left out: 1 RTSTRUCT"]);
    let found = refusal(&data("rtstruct.dcm"), &Options::default());
    assert!(found.ends_with("the modality must be CT, found 1 RTSTRUCT"), "{found}");
}

#[test]
fn what_cannot_be_decoded_is_named() {
    let found = refusal(&data("jpeg2000.dcm"), &Options::default());
    assert!(found.contains("found JPEG 2000 (1.2.840.10008.1.2.4.90)"), "{found}");
}

#[test]
fn files_that_are_cut_off_or_lack_attributes_are_refused() {
    let folder = copy_of("hfs");
    let path = folder.path().join("hfs-1.dcm");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let found = refusal(folder.path(), &Options::default());
    assert!(found.contains("hfs-1.dcm: the file is cut off or damaged: an element at byte"), "{found}");
    // (0020,0032) becomes (0020,0031).
    let mut without = whole.clone();
    let at = without.windows(6).position(|bytes| bytes == [0x20, 0, 0x32, 0, b'D', b'S']).unwrap();
    without[at + 2] = 0x31;
    std::fs::write(&path, without).unwrap();
    let found = refusal(folder.path(), &Options::default());
    assert!(found.ends_with("hfs-1.dcm: the file needs ImagePositionPatient, found none"), "{found}");
}

#[test]
fn nothing_that_names_the_patient_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let imported = with_organs("hfs", &data("rtstruct.dcm"), None);
    let path = folder.path().join("patient.h5");
    phantom_h5::write(&imported.phantom, &path).unwrap();
    let [mut written, shown] = [std::fs::read(&path).unwrap(), format!("{imported:?}").into_bytes()];
    written.extend(shown);
    for secret in ["Secret", "SECRET", "19991231", "20200101", "1.2.826.0.1"] {
        assert!(!written.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret}");
    }
    // The original does hold them.
    let original = std::fs::read(data("hfs/0.dcm")).unwrap();
    assert!(original.windows(6).any(|bytes| bytes == b"Secret"));
}

#[test]
fn a_calibration_of_ones_own_replaces_schneiders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calibration.csv");
    std::fs::write(
        &path,
        "hu,density_g_cm3,material\n-1000,0.001,air\n-500,0.5,water\n1500,2.5,bone_cortical\n",
    )
    .unwrap();
    let options = Options { calibration: Some(path.clone()), ..Options::default() };
    let phantom = import_with(&data("hfs"), &options).unwrap().phantom;
    for voxel in voxels() {
        let density = phantom.density_g_cm3(index(&phantom, voxel));
        assert!((density / (1.0 + 0.001 * hu(voxel)) - 1.0).abs() < 1e-6);
        let medium = phantom.medium_index(index(&phantom, voxel));
        assert_eq!(phantom.media[usize::from(medium)].material.name, "water");
    }
    std::fs::write(&path, "hu,density_g_cm3\n-1000,0.001\n1200,2\n").unwrap();
    let above = voxels().filter(|&voxel| hu(voxel) > 1200.0).count();
    let found = refusal(&data("hfs"), &options);
    let sentence = format!(
        "at most 0.1 % of a body may lie above the table of CT numbers, found {above} of 210 voxels of the body"
    );
    assert!(found.contains(&sentence), "{found}");
}

#[test]
fn a_clinical_slice_of_pydicom_is_read() {
    let phantom = import(&data("CT_small.dcm"), None).unwrap();
    assert_eq!(phantom.grid.counts, [128, 128, 1]);
    // As pydicom reads them: PixelSpacing, SliceThickness, and CT numbers by row and column.
    assert!(
        (phantom.grid.spacing_cm[0] - 0.0661468).abs() < 1e-9
            && (phantom.grid.spacing_cm[2] - 0.5).abs() < 1e-9
    );
    for (row, column, hu) in [(64, 64, 904.0), (40, 90, -28.0), (100, 30, 65.0), (64, 20, 196.0)] {
        let density = phantom.density_g_cm3(phantom.grid.index(column, row, 0));
        // 255 media for some 1200 CT numbers: steps of density of about half a percent.
        assert!((density / density_g_cm3(hu) - 1.0).abs() < 0.01, "{row} {column}: {density}");
    }
}

const REST: &str = r#"
[scanner]
model = "generic-64"
bowtie = "none"
[[acquisition]]
phase = "a"
mode = "helical"
tube_voltage_kv = 100
tube_current_ma = 100
rotation_time_s = 0.5
total_collimation_mm = 20
pitch = 1.0
range = { top = "top", bottom = "corner_1_bottom" }
[run]
histories = 2000
"#;

#[test]
fn a_protocol_takes_a_series_by_dicom_and_by_file() {
    for key in ["dicom", "file"] {
        let text = format!("[phantom]\n{key} = \"hfs\"\norgans = \"rtstruct.dcm\"\ncouch = \"kept\"\n{REST}");
        let protocol = Protocol::parse(&text, &data("")).unwrap_or_else(|error| panic!("{error}"));
        assert!(
            protocol.warnings().iter().any(|warning| warning.starts_with("phantom: structures that are"))
        );
        check_organs(&protocol.prepare().unwrap().exam.phantom, key);
    }
    childsize::io::reference::allow_outside();
    let refused = |text: &str| Protocol::parse(&format!("[phantom]\n{text}\n{REST}"), &data("")).unwrap_err();
    let found = refused("file = \"../import/zlib.mha\"\nlabels = \"../import/labels.csv\"\ncouch = \"kept\"");
    assert!(found.to_string().ends_with("couch belongs to CT series (dicom)"), "{found}");
    assert_eq!(refused("dicom = \"not_there\"").exit_code(), 66);
}

#[test]
fn the_couch_of_a_series_without_one_changes_nothing() {
    let options = Options { couch: Some(Couch::Kept), ..Options::default() };
    let kept = import_with(&data("hfs"), &options).unwrap().phantom;
    assert_eq!(kept, import(&data("hfs"), None).unwrap());
}

#[test]
fn the_command_line_imports_a_series_and_says_what_was_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("patient.h5");
    let run = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_childsize"))
            .arg("phantoms")
            .args(arguments)
            .output()
            .unwrap()
    };
    let [series, organs] = ["hfs", "rtstruct.dcm"].map(|name| data(name).display().to_string());
    let target = output.display().to_string();
    let done = run(&["import", &series, "--organs", &organs, "--couch", "kept", "-o", &target]);
    let [said, shown] = [done.stderr, done.stdout].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(done.status.success(), "{said}");
    assert!(
        said.starts_with("warning: structures that are no organs are left out: `Skin` (EXTERNAL)"),
        "{said}"
    );
    assert!(shown.contains("corner_8"), "{shown}");
    check_organs(&import(&output, None).unwrap(), "written");
    let refused = run(&["masses", "ce-05y", "--couch", "kept"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(65));
    assert!(said.contains("--couch is for CT series in DICOM, found another phantom"), "{said}");
}

/// Puts bytes in place of others of the same length, wherever they are.
fn replaced(bytes: &[u8], before: &[u8], after: &[u8]) -> Vec<u8> {
    assert_eq!(before.len(), after.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> =
        (0..=bytes.len() - before.len()).filter(|&at| bytes[at..].starts_with(before)).collect();
    assert!(!places.is_empty());
    places.iter().for_each(|&at| bytes[at..at + after.len()].copy_from_slice(after));
    bytes
}

#[test]
fn organs_of_another_frame_of_reference_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.dcm");
    let other = replaced(&std::fs::read(data("rtstruct.dcm")).unwrap(), b".8.498.1.2", b".8.498.1.9");
    std::fs::write(&path, other).unwrap();
    let options = Options { organs: Some(path), ..Options::default() };
    let found = refusal(&data("hfs"), &options);
    assert!(found.ends_with("the organs must have the CT's frame of reference, found another"), "{found}");
}

#[test]
fn dose_sheets_and_broken_slices_of_other_series_do_not_stand_in_the_way() {
    let folder = copy_of("hfs");
    let whole = std::fs::read(data("hfs/1.dcm")).unwrap();
    // CT Image Storage becomes Secondary Capture.
    let sheet = replaced(&whole, b".5.1.4.1.1.2\0", b".5.1.4.1.1.7\0");
    std::fs::write(folder.path().join("sheet.dcm"), sheet).unwrap();
    let imported = import_with(folder.path(), &Options::default()).unwrap();
    check_matter(&imported.phantom, "with a sheet");
    let said = "files that are no CT slices are left out: 1 CT of another kind (a dose sheet, a picture)";
    assert_eq!(imported.warnings, [said]);
    let other = replaced(&replaced(&whole, b".8.498.1.4.1", b".8.498.1.4.7"), b"LO\x02\0HU", b"LO\x02\0US");
    std::fs::write(folder.path().join("other.dcm"), other).unwrap();
    assert!(refusal(folder.path(), &Options::default()).contains("RescaleType must be HU"));
    let options =
        Options { series: Some("1.2.826.0.1.3680043.8.498.1.4.1".to_owned()), ..Options::default() };
    let imported = import_with(folder.path(), &options).unwrap();
    assert!(imported.warnings[0].contains("1 CT of another series that cannot be read"));
}

#[test]
fn slices_of_unlike_spacing_unit_or_size_are_refused() {
    let folder = copy_of("hfs");
    let path = folder.path().join("hfs-1.dcm");
    let whole = std::fs::read(&path).unwrap();
    let rows = |count: u8| [0x28, 0, 0x10, 0, b'U', b'S', 2, 0, count, 0];
    for (changed, sentence) in [
        (replaced(&whole, b"3.0\\2.0", b"3.0\\2.5"), "one PixelSpacing, found [2.0, 3.0] and [2.5, 3.0] mm"),
        (replaced(&whole, b"LO\x02\0HU", b"LO\x02\0US"), "hfs-1.dcm: RescaleType must be HU, found US"),
        (replaced(&whole, &rows(6), &rows(5)), "the same size, found 7 x 6 and 7 x 5"),
    ] {
        std::fs::write(&path, changed).unwrap();
        let found = refusal(folder.path(), &Options::default());
        assert!(found.contains(sentence), "{found}");
    }
}
