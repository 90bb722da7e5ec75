//! What a protocol becomes: units, defaults, inheritance, placement, and the text that explains it.

use std::path::Path;

use childsize::io::protocol::{DEFAULT_HISTORIES, DEFAULT_SEED, Format, Prepared, Protocol};
use childsize::simulation::settings::TargetOrgans;
use childsize::source::acquisition::{Mode, Overrange};
use childsize::source::gantry::{PatientPosition, StartAngle};
use childsize::source::scanner::SpectrumSource;
use childsize::transport::batch::Estimator;

fn prepared(text: &str) -> Prepared {
    Protocol::parse(text, Path::new("")).unwrap().prepare().unwrap()
}

const SHORT: &str = r#"
[phantom]
id = "ce-05y-arms-raised"
voxel_mm = 8

[scanner]
model = "generic-64"

[[acquisition]]
mode = "helical"
tube_voltage_kv = 100
tube_current_ma = 80
rotation_time_s = 0.5
total_collimation_mm = 40
pitch = 0.984
range = { top = "lung_apex+10mm", bottom = "diaphragm-20mm" }
"#;

fn good(name: &str) -> Protocol {
    Protocol::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/protocols/good").join(name)).unwrap()
}

#[test]
fn millimetres_and_degrees_become_centimetres_and_radians() {
    let exam = good("all_keys.toml").prepare().unwrap().exam;
    assert!((exam.scanner.source_to_isocentre_cm - 60.0).abs() < 1e-12);
    assert!((exam.scanner.fan_angle_rad - 40_f64.to_radians()).abs() < 1e-12);
    assert!((exam.scanner.filtration[1].thickness_cm - 0.01).abs() < 1e-12);
    assert!(matches!(exam.scanner.spectrum, SpectrumSource::Table(_)));
    let bowtie = exam.scanner.bowtie.unwrap();
    assert!(
        bowtie.material.name == "teflon" && (bowtie.thickness_cm(10_f64.to_radians()) - 0.85).abs() < 1e-9
    );
    let helix = &exam.acquisitions[0];
    assert_eq!((helix.collimation_cm, helix.top_z_cm, helix.bottom_z_cm), (2.0, 8.0, 0.0));
    assert_eq!(helix.overrange, Overrange::Lengths { top_cm: 1.0, bottom_cm: 1.5 });
    assert_eq!(helix.start_angle, StartAngle::Fixed(90_f64.to_radians()));
}

#[test]
fn an_inherited_key_of_another_mode_is_left_aside() {
    let exam = good("all_keys.toml").prepare().unwrap().exam;
    let [helix, rotations, projection] = &exam.acquisitions[..] else { panic!("three acquisitions") };
    assert_eq!(rotations.mode, Mode::Axial { table_increment_cm: 2.0 });
    assert_eq!((rotations.overrange, rotations.start_angle), (Overrange::None, helix.start_angle));
    assert_eq!((rotations.tube_current_ma, rotations.top_z_cm), (helix.tube_current_ma, helix.top_z_cm));
    assert_eq!(projection.mode, Mode::Stationary { angle_rad: -90_f64.to_radians() });
    assert_eq!((projection.rotation_time_s, projection.top_z_cm), (0.1, 6.0));
}

#[test]
fn a_patient_moved_to_their_left_sees_the_isocentre_move_to_their_right() {
    let exam = good("all_keys.toml").prepare().unwrap().exam;
    assert_eq!(exam.placement.position, PatientPosition::Ffp);
    assert_eq!(exam.placement.isocentre_cm, [-0.5, 1.0]);
    let child = prepared(&SHORT.replace("voxel_mm = 8", "voxel_mm = 8\noffset_mm = [10, -20]"));
    let (axis_cm, isocentre_cm) = (child.exam.phantom.axis_cm, child.exam.placement.isocentre_cm);
    assert!(
        (isocentre_cm[0] - axis_cm[0] + 1.0).abs() < 1e-12
            && (isocentre_cm[1] - axis_cm[1] - 2.0).abs() < 1e-12
    );
}

#[test]
fn what_a_protocol_leaves_out_has_the_documented_defaults() {
    let run = prepared(SHORT);
    assert_eq!((run.settings.seed, run.settings.histories), (DEFAULT_SEED, DEFAULT_HISTORIES));
    assert_eq!((run.settings.estimator, run.settings.map_binning), (Estimator::Map, Some([1; 3])));
    assert_eq!((run.settings.target, run.threads, run.output.directory), (None, None, None));
    assert_eq!(run.output.formats, [Format::Hdf5, Format::Csv, Format::Json, Format::Html]);
    let acquisition = &run.exam.acquisitions[0];
    assert_eq!(acquisition.phase, "acquisition 1");
    assert_eq!((acquisition.overrange, acquisition.start_angle), (Overrange::Auto, StartAngle::Random));
    assert_eq!(run.exam.scanner.bowtie.unwrap().name, "body");
    let organs_only =
        prepared(&format!("{SHORT}[run]\ntarget = {{ relative_error = 0.01 }}\n[output]\ndose_map = false"));
    assert_eq!((organs_only.settings.estimator, organs_only.settings.map_binning), (Estimator::Organ, None));
    let target = organs_only.settings.target.unwrap();
    assert_eq!((target.organs, target.min_mass_g, target.max_wall_s), (TargetOrgans::InField, 10.0, None));
}

#[test]
fn a_range_by_landmarks_lies_at_the_phantoms_own_heights() {
    let run = prepared(SHORT);
    let (landmarks, scan) = (&run.exam.phantom.landmarks_z_cm, &run.exam.acquisitions[0]);
    assert!((scan.top_z_cm - landmarks["lung_apex"] - 1.0).abs() < 1e-9);
    assert!((scan.bottom_z_cm - landmarks["diaphragm"] + 2.0).abs() < 1e-9);
}

#[test]
fn the_resolved_protocol_has_every_default_filled_in() {
    let run = prepared(SHORT);
    let resolved = &run.resolved_json;
    assert_eq!(resolved["run"]["histories"], 100_000_000);
    assert_eq!(resolved["phantom"]["position"], "HFS");
    assert_eq!(resolved["scanner"]["filtration"][0]["thickness_mm"], 5.0);
    assert_eq!(resolved["acquisition"][0]["overrange"]["kind"], "auto");
    assert!((resolved["acquisition"][0]["overrange"]["before_mm"].as_f64().unwrap() - 29.52).abs() < 1e-9);
    assert!((resolved["acquisition"][0]["range"]["z_mm"][0].as_f64().unwrap() - 403.4).abs() < 1e-9);
    assert_eq!(run.protocol_text, SHORT);
    assert_eq!(run.protocol_sha256.len(), 64);
}

#[test]
fn a_seed_keeps_its_64_bits() {
    assert_eq!(good("all_keys.toml").prepare().unwrap().settings.seed, u64::MAX);
}

#[test]
fn the_digest_names_the_voxels() {
    let digest = |text: &str| prepared(text).phantom_digest;
    assert_eq!(digest(SHORT), digest(&SHORT.replace("pitch = 0.984", "pitch = 0.5")));
    assert_ne!(digest(SHORT), digest(&SHORT.replace("voxel_mm = 8", "voxel_mm = 9")));
    assert_ne!(digest(SHORT), digest(&SHORT.replace("voxel_mm = 8", "voxel_mm = 8\nsex = \"male\"")));
}

#[test]
fn what_a_physicist_should_look_at_is_a_warning() {
    let warnings = |text: &str| Protocol::parse(text, Path::new("")).unwrap().warnings().join("\n");
    assert_eq!(warnings(SHORT), "");
    let outside = SHORT.replace("lung_apex+10mm", "vertex+100mm");
    assert!(
        warnings(&outside).contains("% of the range lies outside the phantom: z 711..234 mm"),
        "{}",
        warnings(&outside)
    );
    assert!(warnings(&SHORT.replace("pitch = 0.984", "pitch = 3.2")).contains("two tubes"));
    assert!(warnings(&SHORT.replace("= 80", "= 0.8")).contains("0.4 mAs per rotation is unusual"));
    assert!(good("all_keys.toml").warnings()[0].contains("the spectrum is a table"));
}
