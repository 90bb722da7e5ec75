//! The result file, read back with the HDF5 library alone.

use std::path::Path;

use childsize::data::material::Material;
use childsize::geometry::phantom::Phantom;
use childsize::geometry::standard::elliptic_cylinder;
use childsize::geometry::voxelize::{Voxelization, voxelize};
use childsize::io::phantom_file::load_shipped;
use childsize::io::result::{self, ProtocolText, ResultFile};
use childsize::simulation::outcome::Outcome;
use childsize::simulation::settings::Settings;
use childsize::simulation::{Exam, Unobserved, simulate};
use childsize::source::acquisition::{Acquisition, Mode, Overrange};
use childsize::source::gantry::{PatientPosition, Placement, StartAngle};
use childsize::source::scanner::{FlatFilter, Scanner, SpectrumSource};
use childsize::transport::batch::Estimator;
use hdf5::types::{FixedAscii, VarLenArray, VarLenUnicode};
use hdf5::{File, Group, Location, ObjectReference1, ReferencedObject};

const PHASES: [&str; 2] = ["arterial", "porto-veineuse é 門脈"];

fn phantom() -> Phantom {
    elliptic_cylinder(12.0, 9.0, 16.0, Material::named("water").unwrap(), [0.5, 0.5, 1.0]).unwrap()
}

fn exam() -> Exam {
    let scan = |phase: &str, tube_current_ma| Acquisition {
        phase: phase.to_owned(),
        mode: Mode::Helical { pitch: 1.0 },
        tube_voltage_kv: 100.0,
        tube_current_ma,
        rotation_time_s: 0.5,
        collimation_cm: 4.0,
        top_z_cm: 4.0,
        bottom_z_cm: -4.0,
        overrange: Overrange::Auto,
        start_angle: StartAngle::Random,
        modulation: None,
        dynamic_collimation: false,
        scanner: None,
        output_factor: 1.0,
    };
    Exam {
        phantom: phantom(),
        scanner: Scanner {
            name: "test".to_owned(),
            source_to_isocentre_cm: 60.0,
            fan_angle_rad: 50_f64.to_radians(),
            spectrum: SpectrumSource::Model { anode_angle_rad: 7_f64.to_radians() },
            filtration: vec![FlatFilter { material: Material::named("Al").unwrap(), thickness_cm: 0.3 }],
            bowtie: None,
        },
        placement: Placement { position: PatientPosition::Hfs, isocentre_cm: [0.0, 0.0] },
        acquisitions: vec![scan(PHASES[0], 100.0), scan(PHASES[1], 50.0)],
    }
}

fn settings() -> Settings {
    Settings {
        seed: 7,
        histories: 4000,
        estimator: Estimator::Map,
        map_binning: Some([1, 1, 1]),
        target: None,
    }
}

fn write(path: &Path) -> (Exam, Outcome) {
    let exam = exam();
    let outcome = simulate(&exam, &settings(), &Unobserved).unwrap();
    write_outcome(path, &exam, &outcome);
    (exam, outcome)
}

fn write_outcome(path: &Path, exam: &Exam, outcome: &Outcome) {
    let protocol = ProtocolText {
        name: "Test".to_owned(),
        toml: "schema = \"childsize.protocol/1\"\n# é\n".to_owned(),
        resolved_json: "{}".to_owned(),
        sha256: "00".repeat(32),
        command_line: String::new(),
    };
    let file = ResultFile {
        exam,
        settings: &settings(),
        outcome,
        protocol: &protocol,
        phantom_digest: "ab",
        ctdi: &[],
        sizes: &[],
        warnings: &["one".to_owned()],
        created: jiff::Timestamp::UNIX_EPOCH,
    };
    result::write(path, &file).unwrap();
}

/// A result in a folder of its own, opened.
fn written() -> (tempfile::TempDir, File, Exam, Outcome) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.h5");
    let (exam, outcome) = write(&path);
    let file = File::open(&path).unwrap();
    (folder, file, exam, outcome)
}

fn text(place: &Location, name: &str) -> String {
    place.attr(name).unwrap().read_scalar::<VarLenUnicode>().unwrap().to_string()
}

fn number(place: &Location, name: &str) -> f64 {
    place.attr(name).unwrap().read_scalar().unwrap()
}

#[test]
fn the_root_says_what_the_file_is() {
    let (folder, file, ..) = written();
    assert_eq!(text(&file, "format"), "childsize.result");
    assert_eq!(text(&file, "created"), "1970-01-01T00:00:00Z");
    assert_eq!(text(&file, "notice"), "research use, not for clinical decisions");
    assert!(file.attr("complete").unwrap().read_scalar::<bool>().unwrap());
    let toml: VarLenUnicode = file.dataset("protocol/toml").unwrap().read_scalar().unwrap();
    assert!(toml.ends_with("# é\n"));
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["result.h5"], "the temporary file is gone");
}

#[test]
fn every_dataset_says_its_unit() {
    fn visit(group: &Group, seen: &mut usize) {
        for dataset in group.datasets().unwrap() {
            assert!(!text(&dataset, "units").is_empty(), "{}", dataset.name());
            *seen += 1;
        }
        group.groups().unwrap().iter().for_each(|group| visit(group, seen));
    }
    let (_folder, file, ..) = written();
    let mut seen = 0;
    visit(&file, &mut seen);
    assert!(seen > 25, "{seen}");
}

#[test]
fn maps_hold_the_dose_map_and_its_coordinates_in_mm() {
    let (_folder, file, exam, outcome) = written();
    let maps = file.group("maps").unwrap();
    let map = outcome.dose_map.unwrap();
    let [nx, ny, nz] = map.binning.grid.counts;
    let dose = maps.dataset("absorbed_dose").unwrap();
    assert_eq!((dose.shape(), text(&dose, "units")), (vec![nz, ny, nx], "mGy".to_owned()));
    assert_eq!(dose.read_raw::<f32>().unwrap(), map.dose_mgy);
    let relative = maps.dataset("relative_error").unwrap().read_raw::<f32>().unwrap();
    for (voxel, &error) in relative.iter().enumerate() {
        let expected = map.relative_error(voxel);
        assert!((error.is_nan() && expected.is_nan()) || (error / expected - 1.0).abs() < 1e-3);
    }
    let x: Vec<f64> = maps.dataset("x").unwrap().read_raw().unwrap();
    assert!((x[1] - 10.0 * map.binning.grid.centre_cm(1, 0, 0).x).abs() < 1e-9);
    let organ = maps.dataset("organ_id").unwrap().read_raw::<u16>().unwrap();
    let outside =
        exam.phantom.labels.iter().zip(&organ).all(|(&label, &organ)| (label == 0) == (organ == 65535));
    assert!(outside);
    let affine = maps.dataset("affine_lps").unwrap().read_2d::<f64>().unwrap();
    assert_eq!((affine[[0, 0]], affine[[2, 2]], affine[[0, 3]]), (5.0, 10.0, x[0]));
}

#[test]
fn maps_are_packed_and_checked() {
    let (_folder, file, ..) = written();
    let dose = file.dataset("maps/absorbed_dose").unwrap();
    let filters: Vec<String> = dose.filters().iter().map(|filter| format!("{filter:?}")).collect();
    assert_eq!(filters.len(), 3, "{filters:?}");
    assert!(dose.chunk().unwrap().iter().all(|&edge| edge <= 32));
}

#[test]
fn axes_are_dimension_scales() {
    let (_folder, file, ..) = written();
    let maps = file.group("maps").unwrap();
    let class: FixedAscii<16> = maps.dataset("x").unwrap().attr("CLASS").unwrap().read_scalar().unwrap();
    assert_eq!(class.as_str(), "DIMENSION_SCALE");
    let list = maps.dataset("density").unwrap().attr("DIMENSION_LIST").unwrap();
    let list: Vec<VarLenArray<ObjectReference1>> = list.read_raw().unwrap();
    let names: Vec<String> = list.iter().map(|axis| name_of(&maps, &axis[0])).collect();
    assert_eq!(names, ["/maps/z", "/maps/y", "/maps/x"]);
}

fn name_of(group: &Group, reference: &ObjectReference1) -> String {
    match group.dereference(reference).unwrap() {
        ReferencedObject::Dataset(dataset) => dataset.name(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn vtk_finds_the_maps_through_soft_links() {
    let (_folder, file, exam, _) = written();
    let vtk = file.group("VTKHDF").unwrap();
    let kind: FixedAscii<9> = vtk.attr("Type").unwrap().read_scalar().unwrap();
    assert_eq!(kind.as_str(), "ImageData");
    let extent: Vec<i64> = vtk.attr("WholeExtent").unwrap().read_raw().unwrap();
    let [nx, ny, nz] = exam.phantom.grid.counts.map(|n| n as i64);
    assert_eq!(extent, [0, nx, 0, ny, 0, nz]);
    let linked = vtk.dataset("CellData/absorbed_dose").unwrap().read_raw::<f32>().unwrap();
    assert_eq!(linked, file.dataset("maps/absorbed_dose").unwrap().read_raw::<f32>().unwrap());
}

#[test]
fn acquisitions_keep_the_console_and_the_run() {
    let (_folder, file, _, outcome) = written();
    for (index, phase) in PHASES.iter().enumerate() {
        let group = file.group(&format!("acquisitions/{index:03}")).unwrap();
        assert_eq!((text(&group, "phase").as_str(), text(&group, "mode").as_str()), (*phase, "helical"));
        assert_eq!(number(&group, "photons"), outcome.acquisitions[index].photons);
        assert!((number(&group, "range_top_mm") - 40.0).abs() < 1e-9);
        assert!(number(&group, "energy_closure").abs() < 1e-5);
    }
}

#[test]
fn batches_give_the_organ_doses_back() {
    let (_folder, file, _, outcome) = written();
    let mass_g = file.dataset("organs/mass").unwrap().read_1d::<f64>().unwrap()[0];
    let dose = file.dataset("organs/dose").unwrap().read_2d::<f64>().unwrap();
    let error = file.dataset("organs/standard_error").unwrap().read_2d::<f64>().unwrap();
    for acquisition in 0..2 {
        let group = file.group(&format!("batches/{acquisition:03}")).unwrap();
        let energy_kev = group.dataset("organ_energy").unwrap().read_2d::<f64>().unwrap();
        let batches = energy_kev.nrows() as f64;
        let mean = energy_kev.column(0).sum() / batches;
        let spread: f64 = energy_kev.column(0).iter().map(|e| (e - mean).powi(2)).sum();
        let scale = number(&group, "mgy_g_per_kev") / mass_g;
        assert!((mean * scale / dose[[acquisition, 0]] - 1.0).abs() < 1e-12);
        let expected = (spread / (batches - 1.0) / batches).sqrt() * scale;
        assert!((expected / error[[acquisition, 0]] - 1.0).abs() < 1e-9);
    }
    let total = file.dataset("organs/total").unwrap().read_1d::<f64>().unwrap()[0];
    assert!((total / (dose[[0, 0]] + dose[[1, 0]]) - 1.0).abs() < 1e-12);
    assert!(total > 0.0 && outcome.complete);
    let covariance: ndarray::Array3<f64> = file.dataset("organs/covariance").unwrap().read().unwrap();
    assert_eq!((covariance[[0, 1, 0]], covariance[[1, 1, 0]]), (0.0, error[[1, 0]].powi(2)));
}

#[test]
fn a_folder_that_is_not_there_is_refused_with_the_file_s_name() {
    let (exam, settings) = (exam(), settings());
    let outcome = simulate(&exam, &settings, &Unobserved).unwrap();
    let file = ResultFile {
        exam: &exam,
        settings: &settings,
        outcome: &outcome,
        protocol: &ProtocolText::default(),
        phantom_digest: "",
        ctdi: &[],
        sizes: &[],
        warnings: &[],
        created: jiff::Timestamp::UNIX_EPOCH,
    };
    let error = result::write(Path::new("no/such/folder/result.h5"), &file).unwrap_err();
    assert_eq!(error.exit_code(), 73);
    assert!(error.to_string().starts_with("cannot write no/such/folder/result.h5: "), "{error}");
}

/// Run with `cargo test --release --test result_file -- --ignored --nocapture`.
#[test]
#[ignore = "slow: voxelizes, simulates and writes 8 million voxels to time the writing"]
fn eight_million_voxels_are_written_in_about_a_second() {
    let mut exam = exam();
    exam.acquisitions.truncate(1);
    exam.phantom = voxelize(&load_shipped("ce-05y").unwrap(), &Voxelization::cubes(0.2)).unwrap();
    let mut outcome = simulate(&exam, &settings(), &Unobserved).unwrap();
    let map = outcome.dose_map.as_mut().unwrap();
    // Noise of 3 % on every voxel of the body: the worst that compression meets.
    for (voxel, &label) in exam.phantom.labels.iter().enumerate().filter(|(_, label)| **label != 0) {
        let noise = (voxel as f32 * 12.9898).sin() * 43758.547;
        map.dose_mgy[voxel] = (1.0 + f32::from(label)) * (1.0 + 0.03 * noise.fract());
        map.standard_error_mgy[voxel] = 0.03 * (1.0 + 0.1 * (noise * 7.0).fract());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.h5");
    let start = std::time::Instant::now();
    write_outcome(&path, &exam, &outcome);
    let bytes = path.metadata().unwrap().len();
    println!(
        "{} voxels: {:.2} s, {:.1} MB",
        map_len(&outcome),
        start.elapsed().as_secs_f64(),
        bytes as f64 / 1e6
    );
    assert!(start.elapsed().as_secs() < 10);
}

fn map_len(outcome: &Outcome) -> usize {
    outcome.dose_map.as_ref().unwrap().dose_mgy.len()
}
