//! One asymmetric phantom in every format: the same point has the same organ, whoever wrote the file.

use std::path::{Path, PathBuf};

use childsize::geometry::phantom::Phantom;
use childsize::geometry::voxelize::{Voxelization, voxelize};
use childsize::io::digest::phantom_digest;
use childsize::io::export::{Distinguish, Format, export, phantom_h5};
use childsize::io::import::import;
use childsize::io::protocol::Protocol;
use childsize::io::{import as importers, phantom_file::load_shipped};

const COUNTS: [usize; 3] = [7, 6, 5];
const EDGES_CM: [f64; 3] = [0.2, 0.3, 0.4];
const CORNER_CM: [f64; 3] = [-1.1, 1.85, -3.2];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name)
}

fn table() -> PathBuf {
    data("labels.csv")
}

/// The organ of a voxel as `scripts/make_import_samples.py` defines it.
fn truth([x, y, z]: [usize; 3]) -> Option<String> {
    let side = |i: usize, count: usize| if i < 2 { Some(0) } else { (i >= count - 2).then_some(1) };
    if [x, y, z] == [3, 3, 2] {
        return None;
    }
    // In z the middle slice alone belongs to no corner.
    match (side(x, 7), side(y, 6), side(z, 5)) {
        (Some(a), Some(b), Some(c)) => Some(format!("corner_{}", 1 + a + 2 * b + 4 * c)),
        _ => Some("body".to_owned()),
    }
}

fn organ_at(phantom: &Phantom, point_cm: [f64; 3]) -> Option<String> {
    let grid = &phantom.grid;
    let voxel: [usize; 3] =
        std::array::from_fn(|i| ((point_cm[i] - grid.corner_cm[i]) / grid.spacing_cm[i]).floor() as usize);
    let region = &phantom.regions[usize::from(phantom.labels[grid.index(voxel[0], voxel[1], voxel[2])])];
    region.organ.map(|organ| phantom.organs[usize::from(organ)].id.clone())
}

/// Checks grid and organ of every voxel; the grid's corner is moved by `shift_cm`.
fn check(phantom: &Phantom, shift_cm: [f64; 3], what: &str) {
    assert_eq!(phantom.grid.counts, COUNTS, "{what}");
    for axis in 0..3 {
        assert!((phantom.grid.spacing_cm[axis] - EDGES_CM[axis]).abs() < 1e-6, "{what}: {:?}", phantom.grid);
        let corner_cm = CORNER_CM[axis] + shift_cm[axis];
        assert!((phantom.grid.corner_cm[axis] - corner_cm).abs() < 1e-5, "{what}: {:?}", phantom.grid);
    }
    for z in 0..5 {
        for y in 0..6 {
            for x in 0..7 {
                let voxel = [x, y, z];
                let point = std::array::from_fn(|i| {
                    CORNER_CM[i] + shift_cm[i] + (voxel[i] as f64 + 0.5) * EDGES_CM[i]
                });
                assert_eq!(organ_at(phantom, point), truth(voxel), "{what}: voxel {voxel:?}");
            }
        }
    }
}

#[test]
fn the_same_point_has_the_same_organ_in_files_of_nibabel_simpleitk_and_pynrrd() {
    for name in [
        "ras.nii",
        "lps.nii.gz",
        "left_handed.nii.gz",
        "permuted.nii.gz",
        "qform_only.nii.gz",
        "qform_left_handed.nii.gz",
        "big_endian.nii",
        "nifti2.nii.gz",
        "zlib.mha",
        "left_handed.mha",
        "two_files.mhd",
        "itk_gzip.nrrd",
        "ras_raw.nrrd",
        "lps_gzip.nrrd",
        "headerless.raw.toml",
    ] {
        let phantom = import(&data(name), Some(&table())).unwrap_or_else(|error| panic!("{error}"));
        check(&phantom, [0.0; 3], name);
    }
}

#[test]
fn an_oblique_grid_is_refused_not_mirrored() {
    let error = import(&data("oblique.nii.gz"), Some(&table())).unwrap_err();
    assert!(error.to_string().ends_with("found axis 1 off by 10.00 degrees"), "{error}");
    assert_eq!(error.exit_code(), 65);
}

#[test]
fn a_label_without_a_row_and_a_map_without_a_table_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short.csv");
    std::fs::write(&short, "label,organ,material,density_g_cm3\n9,body,water,1\n3,c,water,1\n").unwrap();
    let error = import(&data("zlib.mha"), Some(&short)).unwrap_err().to_string();
    assert!(
        error.ends_with("every label must be in the table, found 1, 2, 4, 5, 6, 7, 8 without a row"),
        "{error}"
    );
    let error = import(&data("zlib.mha"), None).unwrap_err();
    assert!(error.help().unwrap().contains("--labels"));
}

fn sample() -> Phantom {
    import(&data("lps.nii.gz"), Some(&table())).unwrap()
}

#[test]
fn what_is_exported_comes_back_as_the_same_phantom() {
    let folder = tempfile::tempdir().unwrap();
    let phantom = sample();
    for (name, format) in [
        ("a.nii", Format::Nifti),
        ("b.nii.gz", Format::Nifti),
        ("c.mha", Format::MetaImage),
        ("d.mhd", Format::MetaImage),
        ("e.egsphant", Format::Egsphant),
        ("f.egsphant.gz", Format::Egsphant),
        ("g.vox", Format::Vox),
        ("h.vox.gz", Format::Vox),
    ] {
        let path = folder.path().join(name);
        let labels = export(&phantom, format, Distinguish::Regions, &path).unwrap();
        let back = import(&path, Some(&labels)).unwrap_or_else(|error| panic!("{error}"));
        let shift = if format == Format::Vox { CORNER_CM.map(|cm| -cm) } else { [0.0; 3] };
        check(&back, shift, name);
        for (a, b) in phantom.organ_masses_g().iter().zip(back.organ_masses_g()) {
            assert!((a / b - 1.0).abs() < 1e-6, "{name}");
        }
    }
    let path = folder.path().join("own.h5");
    phantom_h5::write(&phantom, &path).unwrap();
    assert_eq!(import(&path, None).unwrap(), phantom);
}

#[test]
fn densities_of_their_own_survive_and_weigh_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let model = load_shipped("ce-00y").unwrap();
    let phantom = voxelize(&model, &Voxelization::cubes(0.4)).unwrap();
    let path = folder.path().join("child.vox.gz");
    let labels = export(&phantom, Format::Vox, Distinguish::Materials, &path).unwrap();
    let back = import(&path, Some(&labels)).unwrap();
    assert!(back.voxel_media.is_some());
    let mass = |phantom: &Phantom| (0..phantom.labels.len()).map(|v| phantom.density_g_cm3(v)).sum::<f64>();
    assert!((mass(&phantom) / mass(&back) - 1.0).abs() < 1e-6);
    let own = folder.path().join("child.h5");
    phantom_h5::write(&back, &own).unwrap();
    let again = import(&own, None).unwrap();
    assert!(
        again.labels == back.labels && again.voxel_media == back.voxel_media && again.organs == back.organs
    );
    assert!((mass(&again) / mass(&back) - 1.0).abs() < 1e-12);
}

#[test]
fn a_phantom_read_back_from_its_file_has_the_digest_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let model = load_shipped("ce-01y").unwrap();
    let phantom = voxelize(&model, &Voxelization::cubes(0.37)).unwrap();
    let vox = folder.path().join("child.vox.gz");
    let labels = export(&phantom, Format::Vox, Distinguish::Materials, &vox).unwrap();
    // With a medium of its own in every voxel, and densities that no short decimal holds.
    for phantom in [phantom, import(&vox, Some(&labels)).unwrap()] {
        phantom_h5::write(&phantom, &folder.path().join("child.h5")).unwrap();
        let text = format!("[phantom]\nfile = \"child.h5\"\n{REST}");
        let run = Protocol::parse(&text, folder.path()).unwrap().prepare().unwrap();
        assert_eq!(run.phantom_digest, phantom_digest(&phantom));
    }
}

const REST: &str = r#"
[scanner]
model = "generic-64"

[[acquisition]]
mode = "stationary"
tube_voltage_kv = 100
tube_current_ma = 80
rotation_time_s = 0.5
total_collimation_mm = 40
range = { z_mm = [100, 60] }
"#;

#[test]
fn an_egsphant_without_a_table_has_its_media_as_organs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("water.egsphant");
    let text = "2\nAIR521ICRU\nICRPBONE521ICRU\n0.25 0.25\n2 1 2\n0 1 2\n-1 0\n0 1 2\n12\n\n20\n\n0.0012 1.8\n\n1.9 0\n\n";
    std::fs::write(&path, text).unwrap();
    let phantom = import(&path, None).unwrap();
    assert_eq!(phantom.labels, [0, 1, 1, 0]);
    assert_eq!(phantom.organs[0].id, "icrpbone521icru");
    let densities: Vec<f64> =
        (0..4).map(|voxel| (phantom.density_g_cm3(voxel) * 1e6).round() / 1e6).collect();
    assert_eq!((densities[1], densities[2]), (1.8, 1.9));
}

/// A folder laid out like those of the ICRP; the names, media and voxels are made up.
fn icrp_folder(folder: &Path) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("grid.txt", "3 2 2\n2.0 3.0 4.0\n");
    write(
        "XM_organs.dat",
        "Organ identification\nID  Organ/tissue   Tissue  Density\n\n  1  Liver, left lobe   2   1.050\n  2  Lung   3  0.382\n  \
         59  Absent organ  n/a  n/a\n140  Air inside body  4  0.001\n",
    );
    write(
        "XM_media.dat",
        "Media\nID  name  H C N O Na Mg P S Cl K Ca Fe I\n\n\
         2  Soft tissue  10.5 25.6 2.7 60.2 0.1 0.0 0.2 0.3 0.2 0.2 0.0 0.0 0.0\n\
         3  Lung tissue 10.3 10.5 3.1 74.9 0.2 0.0 0.2 0.3 0.3 0.2 0.0 0.0 0.0\n\
         4  Air 0.0 0.0 80.0 20.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0 0.0\n",
    );
    write("XM.dat", "0 1 1 2\n 2 140 141 0\n1 1 1 1\n");
}

#[test]
fn an_icrp_folder_keeps_columns_to_the_left_and_slices_to_the_head() {
    let folder = tempfile::tempdir().unwrap();
    icrp_folder(folder.path());
    let phantom = import(folder.path(), None).unwrap();
    assert_eq!(phantom.labels, [0, 1, 1, 2, 2, 3, 0, 0, 1, 1, 1, 1]);
    assert_eq!(phantom.organs[0].id, "liver_left_lobe");
    assert!((phantom.organ_masses_g()[0] - 6.0 * 0.024 * 1.05).abs() < 1e-9);
    std::fs::remove_file(folder.path().join("grid.txt")).unwrap();
    assert!(import(folder.path(), None).unwrap_err().to_string().contains("found `XM`"));
}

/// A folder with two bones, each of one voxel of 24 mm³, and a liver; names after ICRP 110.
fn icrp_bones(folder: &Path) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("grid.txt", "4 1 1\n2.0 3.0 4.0\n");
    write(
        "XM_organs.dat",
        "Organ identification\n 1  Cranium, spongiosa  5  1.2\n 2  Humeri, upper half, spongiosa  6  1.1\n 3  Liver  2  1.05\n \
         4  Kidney, left, cortex  2  1.05\n",
    );
    let medium = "10.5 25.6 2.7 60.2 0.1 0.0 0.2 0.3 0.2 0.2 0.0 0.0 0.0";
    write(
        "XM_media.dat",
        &format!("Media\n2  Soft tissue  {medium}\n5  Spongiosa 1 {medium}\n6  Spongiosa 2 {medium}\n"),
    );
    write("XM.dat", "1 2 3 4\n");
}

#[test]
fn marrow_of_icrp_110_goes_by_the_mass_of_spongiosa_and_its_red_share() {
    let folder = tempfile::tempdir().unwrap();
    icrp_bones(folder.path());
    assert!(import(folder.path(), None).unwrap().bone_sites.is_empty());
    std::fs::write(
        folder.path().join("XM_spongiosa.dat"),
        "Med RBM YBM Bone\n5 0.3 0.3 0.4\n6 0.2 0.4 0.4\n",
    )
    .unwrap();
    let phantom = import(folder.path(), None).unwrap();
    let marrow = [0.3 * 1.2, 0.2 * 1.1];
    let sites: Vec<(Vec<u16>, f64)> =
        phantom.bone_sites.iter().map(|site| (site.organs.clone(), site.active_marrow_share)).collect();
    assert_eq!((&sites[0].0, &sites[1].0), (&vec![0], &vec![1]));
    for (site, marrow_g) in sites.iter().zip(marrow) {
        assert!((site.1 - marrow_g / (marrow[0] + marrow[1])).abs() < 1e-9, "{sites:?}");
    }
    assert_eq!(phantom.bone_sites[0].endosteum_share, None);
}

#[test]
fn marrow_of_icrp_143_goes_by_its_sites_and_none_is_given_where_one_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    icrp_bones(folder.path());
    let write = |sites: &str| {
        let text = format!(
            "Site\tAM\tIM\tTBV\tCBV\tAM\tIM\tTM50\tTBV\tCBV\n{sites}TOTAL\t4\t0\t5\t6\t5\t0\t4\t5\t6\n"
        );
        std::fs::write(folder.path().join("XM_skeleton.dat"), text).unwrap();
    };
    let known =
        "Craniofacial Bones\t3\t0\t9\t9\t4\t0\t3\t9\t9\nHumeri, Upper Half\t1\t0\t9\t9\t1\t0\t1\t9\t9\n";
    write(known);
    let phantom = import(folder.path(), None).unwrap();
    assert_eq!((&phantom.bone_sites[0].organs, &phantom.bone_sites[1].organs), (&vec![0], &vec![1]));
    assert_eq!(
        (phantom.bone_sites[0].active_marrow_share, phantom.bone_sites[1].active_marrow_share),
        (0.8, 0.2)
    );
    assert_eq!(phantom.bone_sites[0].endosteum_share, Some(0.75));
    write(&format!("{known}Sternum\t1\t0\t9\t9\t1\t0\t1\t9\t9\n"));
    assert!(import(folder.path(), None).unwrap().bone_sites.is_empty());
}

const PROTOCOL: &str = r#"
[phantom]
file = "FILE"
LABELS
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
fn a_protocol_takes_voxel_files_with_their_tables() {
    let protocol = PROTOCOL.replace("FILE", "zlib.mha");
    let with = protocol.replace("LABELS", "labels = \"labels.csv\"");
    let prepared = Protocol::parse(&with, &data("")).unwrap().prepare().unwrap();
    check(&prepared.exam.phantom, [0.0; 3], "protocol");
    let without = Protocol::parse(&protocol.replace("LABELS", ""), &data("")).unwrap_err();
    assert!(without.to_string().contains("it needs a table"), "{without}");
    let sized = with.replace("labels =", "voxel_mm = 2\nlabels =");
    let error = Protocol::parse(&sized, &data("")).unwrap_err().to_string();
    assert!(error.contains("voxel_mm belongs to phantoms without voxels of their own"), "{error}");
    assert!(importers::endings().contains(".nii.gz"));
}

#[test]
fn numbers_between_labels_are_refused_as_those_of_attenuation_files() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["headerless.raw.toml", "headerless.bin", "labels.csv"] {
        std::fs::copy(data(name), folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("headerless.bin");
    let mut values = std::fs::read(&path).unwrap();
    // A linear attenuation coefficient of XCAT's `*_atn_N.bin` in the place of an organ's number.
    values[..4].copy_from_slice(&0.0625_f32.to_le_bytes());
    std::fs::write(&path, values).unwrap();
    let error = import(&folder.path().join("headerless.raw.toml"), None).unwrap_err();
    assert!(
        error.to_string().ends_with("labels must be whole numbers of 0 or more, found 0.0625"),
        "{error}"
    );
}

#[test]
fn a_nifti_extension_such_as_that_of_the_nci_phantoms_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let plain = std::fs::read(data("ras.nii")).unwrap();
    let about = br#"{"schema": "nci-phantom/1", "labels": {"background_tag": 0}}"#;
    let size = (8 + about.len()).next_multiple_of(16);
    let mut extension = [&(size as i32).to_le_bytes()[..], &0_i32.to_le_bytes(), about].concat();
    extension.resize(size, 0);
    let mut file = [&plain[..348], &[1, 0, 0, 0], &extension[..], &plain[352..]].concat();
    file[108..112].copy_from_slice(&((352 + size) as f32).to_le_bytes());
    let path = folder.path().join("extended.nii");
    std::fs::write(&path, file).unwrap();
    check(&import(&path, Some(&table())).unwrap(), [0.0; 3], "extended");
}
