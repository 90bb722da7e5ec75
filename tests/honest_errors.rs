//! Standard errors that are honest: the spread of independent seeds is what one run reports.

mod common;

use childsize::simulation::outcome::Outcome;
use childsize::transport::batch::Estimator;
use common::{newborn_chest, run, settings};

const SEEDS: u64 = 30;

fn runs(estimator: Estimator, map: bool, voxel_cm: f64, histories: u64) -> Vec<Outcome> {
    let exam = newborn_chest(voxel_cm);
    (0..SEEDS)
        .map(|seed| {
            let mut settings = settings(estimator, histories);
            settings.seed = 1000 + seed;
            settings.map_binning = map.then_some([1, 1, 1]);
            run(&exam, &settings)
        })
        .collect()
}

/// Variance of the values over the mean of the reported variances: 1 if errors are honest.
fn variance_ratio(values: &[(f64, f64)]) -> f64 {
    let mean = values.iter().map(|v| v.0).sum::<f64>() / values.len() as f64;
    let spread = values.iter().map(|v| (v.0 - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    spread / (values.iter().map(|v| v.1.powi(2)).sum::<f64>() / values.len() as f64)
}

/// Per organ (n − 1)·ratio follows chi² with 29 degrees of freedom: 0.42..1.94 holds 99.8 %. The mean over
/// some 40 correlated organs lies well within 0.7..1.4.
fn assert_honest(ratios: &[f64], what: &str) {
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    assert!((0.7..1.4).contains(&mean), "{what}: mean variance ratio {mean:.3}");
    let outside = ratios.iter().filter(|ratio| !(0.42..1.94).contains(*ratio)).count();
    assert!(outside * 50 <= ratios.len() + 50, "{what}: {outside} of {} outside 0.42..1.94", ratios.len());
}

#[test]
fn organ_errors_are_the_spread_of_thirty_seeds() {
    for estimator in [Estimator::Analog, Estimator::TrackLength, Estimator::Organ, Estimator::Map] {
        let histories = if estimator == Estimator::Analog { 100_000 } else { 20_000 };
        let runs = runs(estimator, false, 0.5, histories);
        let ratios: Vec<f64> = (0..runs[0].acquisitions[0].organ_dose_mgy.len())
            .map(|organ| {
                let estimate = |run: &Outcome| run.acquisitions[0].organ_dose_mgy[organ];
                runs.iter().map(|run| (estimate(run).mean, estimate(run).standard_error)).collect::<Vec<_>>()
            })
            // Organs with a relative error above 20 % are far from Gaussian; chi² says nothing of them.
            .filter(|values| values.iter().all(|(mean, error)| *mean > 0.0 && error / mean < 0.2))
            .map(|values| variance_ratio(&values))
            .collect();
        assert!(ratios.len() > 15, "{} organs", ratios.len());
        assert_honest(&ratios, estimator.name());
    }
}

#[test]
fn voxel_errors_are_the_spread_of_thirty_seeds() {
    for (estimator, voxel_cm, histories) in [
        (Estimator::Map, 0.5, 40_000),
        (Estimator::MapSmoothed, 0.2, 150_000),
        (Estimator::TrackLength, 0.5, 40_000),
    ] {
        let runs = runs(estimator, true, voxel_cm, histories);
        let maps: Vec<_> = runs.iter().map(|run| run.dose_map.as_ref().unwrap()).collect();
        let ratios: Vec<f64> = (0..maps[0].dose_mgy.len())
            .filter(|&voxel| maps.iter().all(|map| map.relative_error(voxel) < 0.15))
            .step_by(7)
            .map(|voxel| {
                let values: Vec<(f64, f64)> = maps
                    .iter()
                    .map(|map| (f64::from(map.dose_mgy[voxel]), f64::from(map.standard_error_mgy[voxel])))
                    .collect();
                variance_ratio(&values)
            })
            .collect();
        assert!(ratios.len() > 100, "{} voxels", ratios.len());
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!((0.93..1.07).contains(&mean), "{}: mean variance ratio {mean:.3}", estimator.name());
        assert_honest(&ratios, estimator.name());
    }
}
