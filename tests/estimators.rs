//! Four estimators of one dose.

mod common;

use childsize::simulation::outcome::Outcome;
use childsize::transport::batch::Estimator;
use common::{newborn_chest, run, settings};

/// z-scores of all organs between two runs; organs that a run scarcely touched are left out.
fn z_scores(a: &Outcome, b: &Outcome) -> Vec<f64> {
    let doses = |outcome: &Outcome| outcome.acquisitions[0].organ_dose_mgy.clone();
    let known = |error: f64| error < 0.2;
    doses(a)
        .iter()
        .zip(&doses(b))
        .filter(|(a, b)| known(a.relative_error()) && known(b.relative_error()))
        .map(|(a, b)| a.z_score(b))
        .collect()
}

#[test]
fn all_estimators_agree_with_analog_in_every_organ_of_a_newborn() {
    let exam = newborn_chest(0.3);
    let analog = run(&exam, &settings(Estimator::Analog, 2_000_000));
    for estimator in [Estimator::TrackLength, Estimator::Organ, Estimator::Map] {
        let other = run(&exam, &settings(estimator, 400_000));
        let z = z_scores(&analog, &other);
        assert!(z.len() > 35, "{} organs compared", z.len());
        let worst = z.iter().fold(0.0, |worst: f64, z| worst.max(z.abs()));
        assert!(worst < 4.5, "{}: worst z {worst:.2}", estimator.name());
        // Organs of a run are correlated, so that their chi² scatters more than that of independent ones.
        let chi_squared = z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64;
        assert!((0.3..2.5).contains(&chi_squared), "{}: chi²/n {chi_squared:.2}", estimator.name());
    }
}

#[test]
fn energy_is_neither_lost_nor_made() {
    let exam = newborn_chest(0.4);
    for estimator in [Estimator::Analog, Estimator::TrackLength, Estimator::Organ, Estimator::Map] {
        let balance = run(&exam, &settings(estimator, 100_000)).energy_balance();
        assert!(balance.emitted_kev > 0.0 && balance.escaped_kev > 0.0 && balance.deposited_kev > 0.0);
        assert!(balance.closure().abs() < 1e-6, "{}: {:e}", estimator.name(), balance.closure());
        if estimator.scores_kerma() {
            let ratio = balance.kerma_kev / balance.deposited_kev;
            assert!((ratio - 1.0).abs() < 0.01, "{}: kerma/deposits {ratio}", estimator.name());
        }
    }
}

#[test]
fn dose_is_linear_in_mas() {
    let exam = newborn_chest(0.5);
    let mut doubled = exam.clone();
    doubled.acquisitions[0].tube_current_ma *= 2.0;
    let settings = settings(Estimator::Organ, 20_000);
    let (once, twice) = (run(&exam, &settings), run(&doubled, &settings));
    for (one, two) in once.acquisitions[0].organ_dose_mgy.iter().zip(&twice.acquisitions[0].organ_dose_mgy) {
        assert!(one.mean.is_nan() || (two.mean - 2.0 * one.mean).abs() <= 1e-12 * two.mean);
    }
}

#[test]
fn a_map_holds_the_dose_of_its_organs() {
    let exam = newborn_chest(0.4);
    let mut with_map = settings(Estimator::Map, 100_000);
    with_map.map_binning = Some([1, 1, 1]);
    let outcome = run(&exam, &with_map);
    let map = outcome.dose_map.as_ref().unwrap();
    let phantom = &exam.phantom;
    let mut energy = vec![0.0; phantom.organs.len()];
    for (voxel, &label) in phantom.labels.iter().enumerate() {
        let region = &phantom.regions[usize::from(label)];
        if let Some(organ) = region.organ {
            energy[usize::from(organ)] += f64::from(map.dose_mgy[voxel])
                * phantom.density_g_cm3(voxel)
                * phantom.grid.voxel_volume_cm3();
        }
    }
    let masses_g = phantom.organ_masses_g();
    for (organ, dose) in outcome.acquisitions[0].organ_dose_mgy.iter().enumerate() {
        if masses_g[organ] > 0.0 {
            let from_map = energy[organ] / masses_g[organ];
            assert!((from_map - dose.mean).abs() <= 1e-5 * dose.mean + 1e-9, "{}", phantom.organs[organ].id);
        }
    }
}

#[test]
fn a_coarser_map_holds_the_same_energy() {
    let exam = newborn_chest(0.4);
    let energy = |factors: [usize; 3]| {
        let mut settings = settings(Estimator::Map, 40_000);
        settings.map_binning = Some(factors);
        let outcome = run(&exam, &settings);
        let map = outcome.dose_map.unwrap();
        let volume = map.binning.grid.voxel_volume_cm3();
        let (density, _) = map.anatomy(&exam.phantom);
        // Body voxels only: a bin at the surface also holds air, whose mass is a thousandth.
        map.dose_mgy
            .iter()
            .zip(&density)
            .map(|(d, rho)| f64::from(*d) * f64::from(*rho) * volume)
            .sum::<f64>()
    };
    let (fine, coarse) = (energy([1, 1, 1]), energy([2, 3, 2]));
    assert!((coarse / fine - 1.0).abs() < 1e-3, "{coarse} {fine}");
}
