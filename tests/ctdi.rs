//! CTDI of a scanner, and what a console's figure does to doses.

mod common;

use childsize::analysis::console::{ConsoleCtdi, calibrate};
use childsize::analysis::ctdi::{Beam, CtdiPhantom, measure};
use childsize::source::acquisition::{Acquisition, Mode};
use childsize::source::scanner::Scanner;
use childsize::transport::batch::Estimator;
use common::{bowtie, helical, newborn_chest, run, scanner, settings};

fn with_bowtie() -> Scanner {
    Scanner { bowtie: Some(bowtie()), ..scanner() }
}

fn beam(scanner: Scanner, tube_voltage_kv: f64, collimation_cm: f64, phantom: CtdiPhantom) -> Beam {
    Beam { scanner, tube_voltage_kv, collimation_cm, phantom }
}

#[test]
fn a_head_phantom_shows_more_ctdi_than_a_body_phantom_and_both_weight_thirds() {
    let ctdi = |phantom| measure(&beam(with_bowtie(), 120.0, 1.0, phantom), 0.01).unwrap();
    let (head, body) = (ctdi(CtdiPhantom::Head16), ctdi(CtdiPhantom::Body32));
    let ratio = head.weighted_mgy_per_mas.mean / body.weighted_mgy_per_mas.mean;
    // 2.0 to 2.1 behind a body bowtie, less behind this weak one.
    assert!((1.5..2.4).contains(&ratio), "{ratio}");
    for found in [head, body] {
        let [centre, periphery, weighted] =
            [found.centre_mgy_per_mas, found.periphery_mgy_per_mas, found.weighted_mgy_per_mas];
        assert!((weighted.mean - (centre.mean + 2.0 * periphery.mean) / 3.0).abs() < 1e-12 * weighted.mean);
        assert!(weighted.relative_error() <= 0.01, "{weighted:?}");
    }
}

#[test]
fn a_beam_wider_than_40_mm_has_the_ctdi_of_20_mm() {
    let ctdi = |collimation_cm| {
        measure(&beam(with_bowtie(), 100.0, collimation_cm, CtdiPhantom::Head16), 0.02).unwrap()
    };
    assert_eq!(ctdi(8.0), ctdi(2.0));
    // The chamber of 100 mm loses more of the scatter of a wider beam.
    assert!(ctdi(4.0).weighted_mgy_per_mas.mean < ctdi(1.0).weighted_mgy_per_mas.mean);
}

#[test]
fn ctdi_vol_is_ctdi_w_per_pitch_and_per_table_increment() {
    let ctdi = measure(&beam(scanner(), 100.0, 4.0, CtdiPhantom::Head16), 0.05).unwrap();
    let volume = |mode| {
        let acquisition = Acquisition { mode, ..helical(5.0, -5.0) };
        ctdi.volume_mgy(&acquisition).map(|volume| volume.mean / ctdi.weighted_mgy_per_mas.mean)
    };
    // 100 mAs per rotation, 4 cm wide.
    assert!((volume(Mode::Helical { pitch: 0.5 }).unwrap() - 200.0).abs() < 1e-9);
    assert!((volume(Mode::Axial { table_increment_cm: 8.0 }).unwrap() - 50.0).abs() < 1e-9);
    assert!(volume(Mode::Stationary { angle_rad: 0.0 }).is_none());
}

#[test]
fn the_consoles_ctdi_vol_sets_the_scale_of_every_dose() {
    let dose = |ctdi_vol_mgy| {
        let mut exam = newborn_chest(0.5);
        let console = ConsoleCtdi { phantom: CtdiPhantom::Head16, ctdi_vol_mgy };
        let found = calibrate(&mut exam, &[Some(console)], measure).unwrap()[0].clone().unwrap();
        let doses = run(&exam, &settings(Estimator::Organ, 20_000)).total_organ_dose_mgy();
        (found, doses)
    };
    let ((model, by_model), (once, at_1), (twice, at_2)) = (dose(None), dose(Some(1.0)), dose(Some(2.0)));
    assert_eq!(model.output_factor, 1.0);
    assert!((once.volume_mgy.mean - 1.0).abs() < 1e-12);
    assert!((once.output_factor * model.model_mgy.mean - 1.0).abs() < 1e-12);
    assert!((twice.ssde_mgy.unwrap().mean / once.ssde_mgy.unwrap().mean - 2.0).abs() < 1e-12);
    for ((model, one), two) in by_model.iter().zip(&at_1).zip(&at_2) {
        assert!(one.mean.is_nan() || (two.mean - 2.0 * one.mean).abs() <= 1e-12 * two.mean);
        assert!(one.mean.is_nan() || (one.mean - once.output_factor * model.mean).abs() <= 1e-12 * one.mean);
    }
    let sentence = dose(Some(10.0 * model.model_mgy.mean)).0.warning("chest").unwrap();
    assert!(sentence.contains("ctdi_vol_mgy is") && sentence.contains("32 cm phantom"), "{sentence}");
    assert!(dose(Some(1.1 * model.model_mgy.mean)).0.warning("chest").is_none());
}

#[test]
fn ctdi_free_in_air_is_the_kerma_the_engine_gives_a_thin_rod_of_air() {
    // A rod of dense air alone on the axis: 1 cm wide, it absorbs and scatters little at these densities.
    use childsize::data::material::Material;
    use childsize::geometry::standard::elliptic_cylinder;
    let air = Material::named("air").unwrap().with_density(0.01).unwrap();
    let phantom = elliptic_cylinder(1.0, 1.0, 10.0, air, [0.1; 3]).unwrap();
    let scan = Acquisition {
        mode: Mode::Axial { table_increment_cm: 2.0 },
        collimation_cm: 2.0,
        tube_current_ma: 1.0,
        ..helical(1.0, -1.0)
    };
    let exam = common::exam(phantom, with_bowtie(), scan);
    let dose = run(&exam, &settings(Estimator::Organ, 100_000)).total_organ_dose_mgy()[0];
    // The mean over 10 cm of rod times its length, over the collimation.
    let found = dose.scaled(10.0 / 2.0);
    let expected = exam.scanner.ctdi_free_in_air_mgy_per_mas(120.0).unwrap();
    let difference = (found.mean / expected - 1.0).abs();
    // 0.5 %: argon's x rays (+0.1 %), scatter in the rod, the inverse square over its width.
    assert!(difference < 0.005 + 3.0 * found.relative_error(), "{found:?} {expected}");
}

#[test]
fn a_second_tube_is_an_acquisition_with_a_scanner_of_its_own() {
    use childsize::io::protocol::Protocol;
    let text = r#"
[phantom]
cylinder = { width_mm = 200, length_mm = 200, material = "water" }
voxel_mm = 4
[scanner]
model = "generic-64"
[[acquisition]]
phase = "tube A"
mode = "helical"
tube_voltage_kv = 100
tube_current_ma = 100
rotation_time_s = 0.5
total_collimation_mm = 40
pitch = 0.7
range = { z_mm = [50, -50] }
[[acquisition]]
phase = "tube B"
same_as = "tube A"
tube_voltage_kv = 140
scanner = { fan_angle_deg = 30, filtration = [{ material = "aluminium", thickness_mm = 5.0 }, { material = "tin", thickness_mm = 0.4 }] }
"#;
    let prepared = Protocol::parse(text, std::path::Path::new("")).unwrap().prepare().unwrap();
    let [a, b] = &prepared.exam.acquisitions[..] else { panic!("two tubes") };
    let (tube_a, tube_b) = (prepared.exam.scanner_of(a), prepared.exam.scanner_of(b));
    assert_eq!(tube_a, &prepared.exam.scanner);
    assert!((tube_b.fan_angle_rad.to_degrees() - 30.0).abs() < 1e-9);
    assert_eq!((tube_b.filtration.len(), &tube_b.bowtie), (2, &tube_a.bowtie));
    // Tin takes away what is soft: a harder beam, and less of it.
    let hvl = |tube: &Scanner| tube.spectrum_on_axis(140.0).unwrap().hvl_mm_al();
    assert!(hvl(tube_b) > hvl(tube_a) + 2.0);
    let outcome = run(&prepared.exam, &settings(Estimator::Organ, 50_000));
    let [a, b] = [0, 1].map(|index| outcome.acquisitions[index].organ_dose_mgy[0].mean);
    assert!(b < 0.8 * a && b > 0.5 * a, "{a} {b}");
}
