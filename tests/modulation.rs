//! Tube current modulation and dynamic collimation: what they do to the beam and to dose.

mod common;

use std::f64::consts::{PI, TAU};
use std::path::Path;
use std::sync::Arc;

use childsize::analysis::exposure_control::{ExposureControl, Sector, Shape, Transmission, modulate};
use childsize::analysis::size::{REFERENCE_KEV, slice_sizes};
use childsize::geometry::standard::ctdi_cylinder;
use childsize::io::protocol::Protocol;
use childsize::simulation::Exam;
use childsize::source::acquisition::{Acquisition, Mode, Overrange};
use childsize::source::beam::{Beam, PhotonSource, SourceDeviates};
use childsize::source::current::CurrentProfile;
use childsize::source::exposure::ExposureShares;
use childsize::source::gantry::StartAngle;
use childsize::tally::estimate::Estimate;
use childsize::transport::batch::Estimator;

use common::{exam, helical, newborn_chest, organ, run, scanner, settings, water_cylinder};

fn doses(exam: &Exam, histories: u64) -> Vec<Estimate> {
    run(exam, &settings(Estimator::Organ, histories)).total_organ_dose_mgy()
}

fn automatic(along_z: bool, angular: bool, strength: f64) -> ExposureControl {
    let shape = Shape::Automatic { along_z, angular, strength };
    ExposureControl { shape, sector: None, limits_ma: [0.0, 2000.0] }
}

fn modulated(mut exam: Exam, control: ExposureControl) -> Exam {
    modulate(&mut exam, &[Some(control)]).unwrap();
    exam
}

#[test]
fn rotations_of_other_currents_add_up_as_single_ones_do() {
    let axial = |top: f64, bottom: f64| Acquisition {
        mode: Mode::Axial { table_increment_cm: 4.0 },
        ..helical(top, bottom)
    };
    let phantom = || water_cylinder(16.0, 20.0, 0.4);
    let single = |z: f64| doses(&exam(phantom(), scanner(), axial(z + 2.0, z - 2.0)), 200_000)[0];
    let mut both = exam(phantom(), scanner(), axial(4.0, -4.0));
    // 100 mA on average: 40 at -2 cm, 160 at 2 cm. The cylinder's ends make one rotation differ from the other.
    both.phantom = phantom();
    let profile = CurrentProfile::new(vec![-2.0, 2.0], 1, vec![1.0, 4.0]).unwrap();
    both.acquisitions[0].modulation = Some(Arc::new(profile));
    let found = doses(&both, 200_000)[0];
    let expected = single(-2.0).scaled(0.4).plus(&single(2.0).scaled(1.6));
    assert!(found.agrees_with(&expected, 4.0), "{found:?} {expected:?}");
    assert!(found.relative_error() < 0.005, "{found:?}");
}

#[test]
fn a_random_and_a_fixed_start_give_the_same_dose_under_the_same_sector() {
    // 20 rotations of 4 mm: the mean over start angles is that over rotations.
    let dose = |start_angle: StartAngle, rod: &str| {
        let phantom = ctdi_cylinder(16.0, 12.0, 1.0, [0.25; 3]).unwrap();
        let rod = organ(&phantom, rod);
        let scan = Acquisition { collimation_cm: 0.4, start_angle, ..helical(4.0, -4.0) };
        let sector = Sector { centre_rad: 0.0, width_rad: PI, factor: 0.2, compensate: true };
        let control =
            ExposureControl { shape: Shape::Constant, sector: Some(sector), limits_ma: [0.0, 2000.0] };
        doses(&modulated(exam(phantom, scanner(), scan), control), 200_000)[rod]
    };
    for rod in ["ctdi_periphery_000", "ctdi_periphery_180"] {
        let (random, fixed) = (dose(StartAngle::Random, rod), dose(StartAngle::Fixed(0.4), rod));
        assert!(random.agrees_with(&fixed, 4.0), "{rod} {random:?} {fixed:?}");
    }
    // The tube above the table is shaded: the rod in front gets less than the one behind.
    let (front, back) =
        (dose(StartAngle::Random, "ctdi_periphery_000"), dose(StartAngle::Random, "ctdi_periphery_180"));
    assert!(front.mean < 0.6 * back.mean, "{front:?} {back:?}");
}

#[test]
fn strength_1_holds_the_noise_along_z_and_the_mean_current() {
    let exam = modulated(newborn_chest(0.4), automatic(true, false, 1.0));
    let scan = &exam.acquisitions[0];
    let transmission = Transmission::new(&exam.scanner, scan.tube_voltage_kv).unwrap();
    let sizes = slice_sizes(&exam.phantom, REFERENCE_KEV).unwrap();
    let current = scan.modulated_current_ma().unwrap();
    let signal = |z: f64| {
        let near: Vec<f64> = (sizes.iter().filter(|size| (size.z_cm - z).abs() <= 2.0))
            .map(|size| size.water_equivalent_diameter_cm)
            .collect();
        let diameter_cm = near.iter().sum::<f64>() / near.len() as f64;
        current.mean_at(z) * transmission.of(diameter_cm)
    };
    let middle = signal(0.5 * (scan.top_z_cm + scan.bottom_z_cm));
    for k in 0..=10 {
        let z = scan.bottom_z_cm + (scan.top_z_cm - scan.bottom_z_cm) * f64::from(k) / 10.0;
        assert!((signal(z) / middle - 1.0).abs() < 0.1, "{z} cm: {}", signal(z) / middle);
    }
    assert!((current.mean_along(&scan.trajectory()) / 100.0 - 1.0).abs() < 1e-6);
    let [low, high] = scan.tube_current_range_ma().unwrap();
    assert!(low < 0.95 * high, "{low} {high}");
}

#[test]
fn an_oval_body_gets_more_from_the_side() {
    let mut exam = newborn_chest(0.4);
    exam.phantom = childsize::geometry::standard::elliptic_cylinder(
        30.0,
        15.0,
        20.0,
        childsize::data::material::Material::named("water").unwrap(),
        [0.3; 3],
    )
    .unwrap();
    exam.placement.isocentre_cm = [0.0, 0.0];
    exam.acquisitions[0] = helical(4.0, -4.0);
    let exam = modulated(exam, automatic(false, true, 1.0));
    let current = exam.acquisitions[0].modulated_current_ma().unwrap();
    let transmission = Transmission::new(&exam.scanner, 120.0).unwrap();
    let ratio = current.at(0.0, PI / 2.0) / current.at(0.0, 0.0);
    let expected = (transmission.of(15.0) / transmission.of(30.0)).sqrt();
    assert!((ratio / expected - 1.0).abs() < 0.1, "{ratio} {expected}");
}

#[test]
fn limits_cap_the_current_and_keep_its_mean() {
    let mut control = automatic(true, true, 2.0);
    let free = modulated(newborn_chest(0.4), control.clone());
    let [_, highest] = free.acquisitions[0].tube_current_range_ma().unwrap();
    control.limits_ma = [60.0, 120.0];
    assert!(highest > 120.0, "the cap must matter: {highest}");
    let capped = modulated(newborn_chest(0.4), control);
    let current = capped.acquisitions[0].modulated_current_ma().unwrap();
    let mean = current.mean_along(&capped.acquisitions[0].trajectory());
    assert!((mean / 100.0 - 1.0).abs() < 1e-3, "{mean}");
    assert!(current.values().iter().all(|ma| (59.9..120.1).contains(ma)));
}

#[test]
fn what_dynamic_blades_let_through_is_the_mean_weight_of_the_beam() {
    let mut scan = Acquisition { overrange: Overrange::Auto, ..helical(6.0, -6.0) };
    scan.dynamic_collimation = true;
    let shares = ExposureShares::of(&scan, 59.5);
    let exam = exam(water_cylinder(16.0, 30.0, 0.5), scanner(), scan);
    let beam = Beam::new(&exam.scanner, &exam.acquisitions[0], exam.placement).unwrap();
    let n = 200_000;
    let mut emitted = 0.0;
    for k in 0..n {
        let part = |step: f64| ((k as f64 + 0.5) * step).fract();
        let deviates = SourceDeviates {
            time: (k as f64 + 0.5) / n as f64,
            turn: part(0.618_034) as f32,
            fan: part(0.754_878) as f32,
            cone: part(0.569_840) as f32,
            energy: part(0.430_160) as f32,
        };
        if let Some(photon) = beam.emit(deviates) {
            emitted += f64::from(photon.weight);
            // Nothing crosses the scanner's axis beyond the nominal range.
            let axial = photon.direction.z / photon.direction.xy().norm();
            let z = f64::from(photon.position_cm.z + axial * 59.5);
            assert!((-6.001..=6.001).contains(&z), "{z}");
        }
    }
    assert!((emitted / n as f64 / shares.open - 1.0).abs() < 2e-3, "{} {}", emitted / n as f64, shares.open);
}

#[test]
fn dynamic_collimation_spares_what_lies_beyond_the_range() {
    let dose = |dynamic_collimation: bool, name: &str| {
        let mut exam = newborn_chest(0.4);
        let organ = organ(&exam.phantom, name);
        exam.acquisitions[0].overrange = Overrange::Auto;
        exam.acquisitions[0].dynamic_collimation = dynamic_collimation;
        doses(&exam, 100_000)[organ].mean
    };
    assert!(dose(true, "liver") < 0.9 * dose(false, "liver"));
    assert!(dose(true, "thymus") > 0.85 * dose(false, "thymus"));
}

fn protocol(lines: &str) -> childsize::error::Result<Protocol> {
    let text = format!(
        r#"
[phantom]
cylinder = {{ width_mm = 160, length_mm = 200, material = "water" }}
voxel_mm = 10
[scanner]
model = "generic-64"
[[acquisition]]
mode = "helical"
tube_voltage_kv = 100
rotation_time_s = 0.5
total_collimation_mm = 40
pitch = 1.0
overrange = "none"
range = {{ z_mm = [50, -50] }}
{lines}
"#
    );
    Protocol::parse(&text, Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/protocols/good")))
}

#[test]
fn a_profile_of_the_users_own_sets_the_current_or_its_shape() {
    let current = |lines: &str| {
        let exam = protocol(lines).unwrap().prepare().unwrap().exam;
        let scan = exam.acquisitions[0].clone();
        (scan.tube_current_ma, scan.modulated_current_ma().unwrap())
    };
    // The file runs from 40 mA at -60 mm to 160 mA at 60 mm.
    let profile = "modulation = { kind = \"profile\", file = \"current.csv\" }";
    let (mean, own) = current(profile);
    assert!((mean - 100.0).abs() < 0.1 && (own.at(3.0, 0.0) - 130.0).abs() < 0.2, "{mean} {own:?}");
    let (mean, scaled) = current(&format!("tube_current_ma = 50\n{profile}"));
    assert!(mean == 50.0 && (scaled.at(3.0, 0.0) - 65.0).abs() < 0.1);
    let short = protocol(&format!("{}\n", profile).replace("current.csv", "current_short.csv")).unwrap_err();
    let sentence = short.to_string();
    assert!(
        sentence.contains("must cover the range -50.0 to 50.0 mm, found a profile from -40.0 to 60.0 mm"),
        "{sentence}"
    );
}

#[test]
fn what_cannot_be_modulated_is_refused_with_a_sentence() {
    for (lines, part) in [
        ("tube_current_ma = 100\nmodulation = \"xy\"", "modulation must be \"none\" or \"z\" or \"angular\""),
        ("tube_current_ma = 100\nmodulation = \"profile\"", "needs its file"),
        ("tube_current_ma = 100\nmodulation = { kind = \"z\", strength = 0 }", "strength must be above 0"),
        (
            "tube_current_ma = 100\nmodulation = { kind = \"none\", strength = 1 }",
            "strength belongs to kind z",
        ),
        (
            "tube_current_ma = 100\nmodulation = { kind = \"z\", max_ma = 80 }",
            "must allow the mean current of 100 mA",
        ),
        (
            "tube_current_ma = 100\nmodulation = { kind = \"z\", min_ma = 90, max_ma = 80 }",
            "must be above min_ma",
        ),
        (
            "tube_current_ma = 100\nmodulation = { kind = \"none\", max_ma = 300 }",
            "has no use where the tube current is constant",
        ),
        ("modulation = \"z\"", "needs the key `tube_current_ma`"),
        (
            "tube_current_ma = 100\nmodulation = { kind = \"none\", sector = { width_deg = 300, factor = 2 } }",
            "leaves nothing for the rest of the rotation",
        ),
    ] {
        let error = protocol(lines).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(part), "{lines}: {error}");
    }
}

#[test]
fn a_compensated_sector_keeps_the_mas_of_a_rotation() {
    let sector = |compensate| Sector { centre_rad: 0.3, width_rad: TAU / 3.0, factor: 0.2, compensate };
    let relative = |compensate| {
        let control = ExposureControl {
            shape: Shape::Constant,
            sector: Some(sector(compensate)),
            limits_ma: [0.0, 2000.0],
        };
        let exam = modulated(newborn_chest(0.5), control);
        exam.acquisitions[0].modulated_current_ma().unwrap()
    };
    let current = relative(true);
    // Inside a fifth of the former 100 mA; outside what the third lost: 1 + 0.8 (1/3) / (2/3).
    assert!((current.at(0.0, 0.3) - 20.0).abs() < 0.1, "{}", current.at(0.0, 0.3));
    assert!((current.at(0.0, 0.3 + PI) - 140.0).abs() < 0.1, "{}", current.at(0.0, 0.3 + PI));
    // Without compensation the quotient is the factor, and the mean is still the protocol's.
    let current = relative(false);
    assert!((current.at(0.0, 0.3) / current.at(0.0, 0.3 + PI) - 0.2).abs() < 1e-6);
}
