//! A dose map in other programs' files: the same point has the same dose and the same organ in every one.

mod common;

use std::path::{Path, PathBuf};

use assert_cmd::assert::OutputAssertExt;
use childsize::io::import::import;
use common::{childsize, quick_protocol};
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, open_file};
use hdf5::types::VarLenUnicode;
use ndarray::Array3;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

/// A newborn (liver to the right, spleen to the left) with maps of three different edges.
fn protocol(folder: &Path, output: &str) -> PathBuf {
    let path = quick_protocol(folder, "p.toml", 100.0, "Jane Doe");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}[output]\n{output}\n")).unwrap();
    path
}

fn run(output: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let protocol = protocol(folder.path(), output);
    childsize().arg("run").arg(protocol).arg("-o").arg(folder.path()).assert().success();
    folder
}

/// The maps as the result holds them.
struct Maps {
    dose_mgy: Array3<f32>,
    organs: Array3<u16>,
    /// Centres along z, y, x, mm.
    axes_mm: [Vec<f64>; 3],
    organ_ids: Vec<String>,
}

impl Maps {
    fn read(folder: &Path) -> Self {
        let file = hdf5::File::open(folder.join("result.h5")).unwrap();
        let maps = file.group("maps").unwrap();
        let ids = file.dataset("organs/id").unwrap().read_raw::<VarLenUnicode>().unwrap();
        Maps {
            dose_mgy: maps.dataset("absorbed_dose").unwrap().read().unwrap(),
            organs: maps.dataset("organ_id").unwrap().read().unwrap(),
            axes_mm: ["z", "y", "x"].map(|axis| maps.dataset(axis).unwrap().read_raw().unwrap()),
            organ_ids: ids.iter().map(|id| id.as_str().to_owned()).collect(),
        }
    }

    /// The voxel whose centre is nearest to a point, `[z, y, x]`; it must lie within a thousandth of a millimetre.
    fn at(&self, lps_mm: [f64; 3]) -> [usize; 3] {
        let nearest = |axis: usize| {
            let wanted_mm = lps_mm[2 - axis];
            let places = self.axes_mm[axis].iter().map(|mm| (mm - wanted_mm).abs());
            let (place, distance_mm) = places.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
            assert!(distance_mm < 1e-3, "no voxel at {lps_mm:?} mm, the nearest is {distance_mm} mm off");
            place
        };
        [nearest(0), nearest(1), nearest(2)]
    }
}

/// A NIfTI-1 file, read by its own description: counts, affine to RAS, the bytes of the voxels.
struct Nifti {
    counts: [usize; 3],
    rows: [[f64; 4]; 3],
    voxels: Vec<u8>,
}

impl Nifti {
    fn read(path: &Path) -> Self {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(file), &mut bytes).unwrap();
        let real = |at: usize| f64::from(f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
        let count =
            |axis: usize| usize::from(u16::from_le_bytes([bytes[42 + 2 * axis], bytes[43 + 2 * axis]]));
        Nifti {
            counts: [0, 1, 2].map(count),
            rows: [0, 1, 2].map(|row| [0, 1, 2, 3].map(|column| real(280 + 16 * row + 4 * column))),
            voxels: bytes[352..].to_vec(),
        }
    }

    fn lps_mm(&self, [i, j, k]: [usize; 3]) -> [f64; 3] {
        let index = [i as f64, j as f64, k as f64, 1.0];
        let ras = self.rows.map(|row| row.iter().zip(index).map(|(a, b)| a * b).sum::<f64>());
        [-ras[0], -ras[1], ras[2]]
    }
}

fn numbers(object: &DefaultDicomObject, tag: dicom_core::Tag) -> Vec<f64> {
    object.element(tag).unwrap().to_multi_float64().unwrap()
}

#[test]
fn the_same_point_has_the_same_dose_and_organ_in_every_file() {
    let folder =
        run("map_voxel_mm = [4.0, 8.0, 12.0]\nformats = [\"hdf5\", \"nifti\", \"metaimage\", \"rtdose\"]");
    let (folder, maps) = (folder.path(), Maps::read(folder.path()));
    let most_mgy = maps.dose_mgy.iter().copied().fold(0.0, f32::max);
    assert!(most_mgy > 0.0);

    let nifti = Nifti::read(&folder.join("dose.nii.gz"));
    let labels = Nifti::read(&folder.join("organ_labels.nii.gz"));
    let [nx, ny, nz] = nifti.counts;
    assert_eq!(maps.dose_mgy.dim(), (nz, ny, nx));
    for index in 0..nx * ny * nz {
        let voxel = [index % nx, index / nx % ny, index / nx / ny];
        let at = maps.at(nifti.lps_mm(voxel));
        let dose = f32::from_le_bytes(nifti.voxels[4 * index..4 * index + 4].try_into().unwrap());
        assert_eq!(dose, maps.dose_mgy[at], "dose of voxel {voxel:?}");
        let label = u16::from_le_bytes(labels.voxels[2 * index..2 * index + 2].try_into().unwrap());
        assert_eq!(label, maps.organs[at].wrapping_add(1), "organ of voxel {voxel:?}");
    }

    let object = open_file(folder.join("rtdose.dcm")).unwrap();
    let first_mm = numbers(&object, tags::IMAGE_POSITION_PATIENT);
    let [dy, dx] = numbers(&object, tags::PIXEL_SPACING)[..] else { panic!("two spacings") };
    let offsets = numbers(&object, tags::GRID_FRAME_OFFSET_VECTOR);
    let scaling = numbers(&object, tags::DOSE_GRID_SCALING)[0];
    assert_eq!(numbers(&object, tags::IMAGE_ORIENTATION_PATIENT), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!((offsets.len(), offsets[0]), (nz, 0.0));
    let pixels = object.element(tags::PIXEL_DATA).unwrap().to_bytes().unwrap();
    assert_eq!(pixels.len(), 4 * nx * ny * nz);
    for index in 0..nx * ny * nz {
        let [i, j, k] = [index % nx, index / nx % ny, index / nx / ny];
        let place = [first_mm[0] + i as f64 * dx, first_mm[1] + j as f64 * dy, first_mm[2] + offsets[k]];
        let stored = u32::from_le_bytes(pixels[4 * index..4 * index + 4].try_into().unwrap());
        let dose_mgy = 1e3 * scaling * f64::from(stored);
        let wanted_mgy = f64::from(maps.dose_mgy[maps.at(place)]);
        assert!(
            (dose_mgy - wanted_mgy).abs() <= 1e-6 * f64::from(most_mgy),
            "{dose_mgy} for {wanted_mgy} mGy"
        );
    }
}

#[test]
fn organs_come_back_through_the_importers_where_they_were() {
    let folder = run("map_voxel_mm = [4.0, 8.0, 12.0]\nformats = [\"hdf5\", \"nifti\", \"metaimage\"]");
    let (folder, maps) = (folder.path(), Maps::read(folder.path()));
    let mut reader = csv::Reader::from_path(folder.join("organ_labels.csv")).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["label", "organ", "name"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), maps.organ_ids.len());
    let line = |row: &csv::StringRecord| format!("{},{},water,1.0\n", &row[0], &row[1]);
    let table = folder.join("table.csv");
    let text: String = rows.iter().map(line).collect();
    std::fs::write(&table, format!("label,organ,material,density_g_cm3\n0,,air,0.0012\n{text}")).unwrap();
    for name in ["organ_labels.nii.gz", "organ_labels.mha"] {
        let phantom = import(&folder.join(name), Some(&table)).unwrap();
        let [nx, ny, nz] = phantom.grid.counts;
        assert_eq!(maps.organs.dim(), (nz, ny, nx), "{name}");
        for (index, &label) in phantom.labels.iter().enumerate() {
            let voxel = [index % nx, index / nx % ny, index / nx / ny];
            let grid = &phantom.grid;
            let place_mm: [f64; 3] = std::array::from_fn(|axis| {
                10.0 * (grid.corner_cm[axis] + (voxel[axis] as f64 + 0.5) * grid.spacing_cm[axis])
            });
            let organ =
                phantom.regions[usize::from(label)].organ.map(|organ| &phantom.organs[usize::from(organ)].id);
            let wanted = maps.organ_ids.get(usize::from(maps.organs[maps.at(place_mm)]));
            assert_eq!(organ, wanted, "{name}, voxel {voxel:?}");
        }
    }
}

#[test]
fn an_rt_dose_is_in_gray_and_knows_nobody() {
    let folder = run("formats = [\"rtdose\"]");
    let path = folder.path().join("rtdose.dcm");
    assert!(!folder.path().join("result.h5").exists(), "it was not asked for");
    let object = open_file(&path).unwrap();
    let text = |tag| object.element(tag).unwrap().to_str().unwrap().trim().to_owned();
    assert_eq!(text(tags::MODALITY), "RTDOSE");
    assert_eq!(
        [tags::DOSE_UNITS, tags::DOSE_TYPE, tags::DOSE_SUMMATION_TYPE].map(text),
        ["GY", "PHYSICAL", "PLAN"]
    );
    assert_eq!([tags::PATIENT_NAME, tags::PATIENT_ID].map(text), ["childsize^simulation", "childsize"]);
    assert_eq!([tags::PATIENT_BIRTH_DATE, tags::PATIENT_SEX].map(text), ["", ""]);
    assert!(text(tags::DOSE_GRID_SCALING).len() <= 16);
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(4).any(|part| part == b"Jane"), "the phase's name is the user's");
    let frames: usize = text(tags::NUMBER_OF_FRAMES).parse().unwrap();
    let pointer = object.element(tags::FRAME_INCREMENT_POINTER).unwrap().value().primitive().unwrap().clone();
    assert_eq!(
        pointer,
        dicom_core::PrimitiveValue::Tags([tags::GRID_FRAME_OFFSET_VECTOR].into_iter().collect())
    );
    assert!(frames > 10);
}

#[test]
fn an_export_made_later_is_that_of_the_run_and_replaces_nothing_unasked() {
    let folder = run("formats = [\"hdf5\", \"nifti\", \"rtdose\"]");
    let again = folder.path().join("again");
    let export = |more: &[&str]| {
        let mut command = childsize();
        command.arg("export").arg(folder.path()).args(["--format", "nifti", "rtdose", "-o"]).arg(&again);
        command.args(more).assert()
    };
    export(&[]).success().stdout(contains("rtdose.dcm").and(contains("organ_labels.csv")));
    for name in
        ["dose.nii.gz", "relative_error.nii.gz", "organ_labels.nii.gz", "organ_labels.csv", "rtdose.dcm"]
    {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert!(read(folder.path()) == read(&again), "{name}");
    }
    export(&[]).code(73).stderr(contains("--force replaces it"));
    export(&["--force"]).success();
}

#[test]
fn maps_are_refused_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let told = protocol(folder.path(), "dose_map = false\nformats = [\"rtdose\"]");
    let run = |protocol: &Path, more: &[&str]| {
        childsize().arg("run").arg(protocol).args(more).arg("-o").arg(folder.path().join("out")).assert()
    };
    run(&told, &[]).code(65).stderr(contains("found it with dose_map = false"));
    let told = protocol(folder.path(), "formats = [\"nifti\", \"hdf5\"]");
    run(&told, &["--no-map"]).code(65).stderr(contains("found --no-map"));
    let told = protocol(folder.path(), "formats = [\"hdf5\"]");
    run(&told, &["--no-map"]).success();
    let refused =
        childsize().arg("export").arg(folder.path().join("out")).args(["--format", "nifti"]).assert();
    refused.code(65).stderr(contains("holds no dose map"));
    let missing =
        childsize().arg("export").arg(folder.path().join("none.h5")).args(["--format", "nifti"]).assert();
    missing.code(66);
}

#[test]
fn a_file_that_promises_more_than_it_holds_is_refused() {
    let folder = run("formats = [\"hdf5\"]");
    let path = folder.path().join("result.h5");
    {
        let file = hdf5::File::open_rw(&path).unwrap();
        let maps = file.group("maps").unwrap();
        for name in ["absorbed_dose", "organ_id"] {
            maps.unlink(name).unwrap();
            maps.new_dataset::<f32>().chunk((16, 16, 16)).shape((1000, 1000, 1000)).create(name).unwrap();
        }
    }
    let mut export = childsize();
    // Programs that other tests start may hold the lock of the file that was just written.
    export.env("HDF5_USE_FILE_LOCKING", "FALSE");
    let refused = export.arg("export").arg(&path).args(["--format", "nifti"]).assert();
    refused.code(65).stderr(contains("it promises more values than the file can hold"));
}
