//! Same seed, same bits.

mod common;

use childsize::simulation::settings::{Target, TargetOrgans};
use childsize::transport::batch::Estimator;
use common::{newborn_chest, run_on, settings};

#[test]
fn a_result_is_the_same_to_the_bit_on_1_2_and_8_threads() {
    let exam = newborn_chest(0.4);
    for estimator in [Estimator::Analog, Estimator::TrackLength, Estimator::Organ, Estimator::Map] {
        let mut settings = settings(estimator, 60_000);
        settings.map_binning = Some([1, 1, 2]);
        let reference = run_on(1, &exam, &settings);
        for threads in [2, 8] {
            let other = run_on(threads, &exam, &settings);
            assert_eq!(other.dose_map, reference.dose_map);
            assert_eq!(other.acquisitions[0].records, reference.acquisitions[0].records);
            assert_eq!(other.energy_balance(), reference.energy_balance());
        }
    }
}

#[test]
fn a_target_ends_the_run_at_the_same_batch_on_any_number_of_threads() {
    let exam = newborn_chest(0.4);
    let mut settings = settings(Estimator::Organ, 100_000_000);
    let organs = TargetOrgans::Named(vec!["lungs".to_owned()]);
    settings.target = Some(Target { relative_error: 0.0005, organs, min_mass_g: 0.0, max_wall_s: None });
    let (one, three) = (run_on(1, &exam, &settings), run_on(3, &exam, &settings));
    assert!(one.acquisitions[0].records.len() > 20, "the target must need more than the first batches");
    assert_eq!(one.acquisitions[0].records, three.acquisitions[0].records);
    let lungs = common::organ(&exam.phantom, "lungs");
    assert!(one.acquisitions[0].organ_dose_mgy[lungs].relative_error() <= 0.0005);
}

#[test]
fn another_seed_gives_other_numbers() {
    let exam = newborn_chest(0.5);
    let first = settings(Estimator::Organ, 20_000);
    let mut second = first.clone();
    second.seed += 1;
    let energies = |s| run_on(2, &exam, s).acquisitions[0].records[0].energies.organ_kev.clone();
    assert_ne!(energies(&first), energies(&second));
}
