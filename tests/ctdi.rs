//! CTDI of a scanner, and what a console's figure does to doses.

mod common;

use childsize::analysis::console::{ConsoleCtdi, calibrate};
use childsize::analysis::ctdi::{CtdiPhantom, measure};
use childsize::source::acquisition::{Acquisition, Mode};
use childsize::source::scanner::Scanner;
use childsize::transport::batch::Estimator;
use common::{bowtie, helical, newborn_chest, run, scanner, settings};

fn with_bowtie() -> Scanner {
    Scanner { bowtie: Some(bowtie()), ..scanner() }
}

#[test]
fn a_head_phantom_shows_more_ctdi_than_a_body_phantom_and_both_weight_thirds() {
    let ctdi = |phantom| measure(&with_bowtie(), 120.0, 1.0, phantom, 0.01).unwrap();
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
    let ctdi =
        |collimation_cm| measure(&with_bowtie(), 100.0, collimation_cm, CtdiPhantom::Head16, 0.02).unwrap();
    assert_eq!(ctdi(8.0), ctdi(2.0));
    // The chamber of 100 mm loses more of the scatter of a wider beam.
    assert!(ctdi(4.0).weighted_mgy_per_mas.mean < ctdi(1.0).weighted_mgy_per_mas.mean);
}

#[test]
fn ctdi_vol_is_ctdi_w_per_pitch_and_per_table_increment() {
    let ctdi = measure(&scanner(), 100.0, 4.0, CtdiPhantom::Head16, 0.05).unwrap();
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
        let found = calibrate(&mut exam, &[Some(console)]).unwrap()[0].clone().unwrap();
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
