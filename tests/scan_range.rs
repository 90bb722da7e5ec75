//! Claims about ranges: doses add over z and over phases, and the ends of a path give what a shorter range saves.

mod common;

use childsize::simulation::Exam;
use childsize::simulation::outcome::Outcome;
use childsize::simulation::settings::Settings;
use childsize::source::acquisition::{Acquisition, Mode};
use childsize::tally::estimate::Estimate;
use childsize::transport::batch::Estimator;
use common::{exam, helical, newborn, organ, run, scanner, settings};

const HISTORIES: u64 = 400_000;

/// Liver, lungs and brain: below, in and above the scans of these tests.
const ORGANS: [&str; 3] = ["liver", "lungs", "brain"];

/// A newborn's scan between two heights below the top of the lungs, cm.
fn scan(from_cm: f64, to_cm: f64) -> Exam {
    let phantom = newborn(0.4);
    let top = phantom.landmarks_z_cm["lung_apex"];
    exam(phantom, scanner(), helical(top - from_cm, top - to_cm))
}

fn dose_mgy(exam: &Exam, outcome: &Outcome, id: &str) -> Estimate {
    outcome.total_organ_dose_mgy()[organ(&exam.phantom, id)]
}

/// Agreement within three joint standard errors and a per cent, or the errors alone where they are larger.
fn agree(a: &Estimate, b: &Estimate, what: &str) {
    let joint = a.standard_error.hypot(b.standard_error);
    let difference = (a.mean - b.mean).abs();
    assert!(
        difference <= 3.0 * joint && difference <= (0.01 * b.mean).max(3.0 * joint),
        "{what}: {a:?} {b:?}"
    );
    assert!(joint < 0.05 * b.mean, "{what} is too coarse to tell: {a:?} {b:?}");
}

#[test]
fn doses_of_two_ranges_add_to_that_of_both() {
    let settings = settings(Estimator::Organ, HISTORIES);
    let parts = [scan(0.0, 3.0), scan(3.0, 7.0), scan(0.0, 7.0)];
    let outcomes = parts.each_ref().map(|exam| run(exam, &settings));
    for id in ORGANS {
        let [upper, lower, both] = [0, 1, 2].map(|k| dose_mgy(&parts[k], &outcomes[k], id));
        agree(&upper.plus(&lower), &both, id);
    }
}

#[test]
fn two_phases_give_twice_the_dose_of_one_with_random_numbers_of_their_own() {
    let settings = settings(Estimator::Organ, HISTORIES);
    let one = scan(0.0, 6.0);
    let mut two = one.clone();
    two.acquisitions.push(Acquisition { phase: "second".to_owned(), ..one.acquisitions[0].clone() });
    let (single, double) = (run(&one, &settings), run(&two, &settings));
    for id in ORGANS {
        agree(&dose_mgy(&two, &double, id).scaled(0.5), &dose_mgy(&one, &single, id), id);
    }
    let liver = organ(&one.phantom, "liver");
    assert_ne!(double.acquisitions[0].organ_dose_mgy[liver], double.acquisitions[1].organ_dose_mgy[liver]);
}

/// Dose per centimetre that an end leaves in an organ, mGy/cm, as the batches hold it.
fn end_mgy_per_cm(exam: &Exam, outcome: &Outcome, id: &str, end: usize) -> Estimate {
    let acquisition = &outcome.acquisitions[0];
    let organ = organ(&exam.phantom, id);
    let mass_g = exam.phantom.organ_masses_g()[organ];
    let scale = acquisition.mgy_per_batch_kev_g / mass_g / acquisition.ends.unwrap().length_cm;
    let energies =
        acquisition.records.iter().map(|record| record.ends.as_ref().unwrap()[end].organ_kev[organ]);
    Estimate::from_replicates(energies.map(|kev| scale * kev).collect::<Vec<_>>().into_iter())
}

#[test]
fn the_ends_of_a_helix_give_what_a_centimetre_less_saves_with_every_estimator() {
    let (long, top, bottom) = (scan(0.0, 6.0), scan(0.0, 1.0), scan(5.0, 6.0));
    let organ_settings = settings(Estimator::Organ, HISTORIES);
    let [top_outcome, bottom_outcome] = [&top, &bottom].map(|exam| run(exam, &organ_settings));
    let mapped = Settings { map_binning: Some([1; 3]), ..settings(Estimator::Map, 3 * HISTORIES) };
    let analog = settings(Estimator::Analog, 3 * HISTORIES);
    for settings in [organ_settings.clone(), mapped, analog] {
        let outcome = run(&long, &settings);
        for id in ["lungs", "thymus"] {
            let what = format!("{id}, {}", settings.estimator.name());
            agree(&end_mgy_per_cm(&long, &outcome, id, 0), &dose_mgy(&top, &top_outcome, id), &what);
        }
        for id in ["lungs", "liver"] {
            let what = format!("{id}, {}", settings.estimator.name());
            agree(&end_mgy_per_cm(&long, &outcome, id, 1), &dose_mgy(&bottom, &bottom_outcome, id), &what);
        }
    }
}

#[test]
fn the_ends_of_axial_scans_are_their_first_and_last_rotations() {
    let axial = |exam: Exam| {
        let mode = Mode::Axial { table_increment_cm: 1.0 };
        let acquisition = Acquisition { mode, collimation_cm: 1.0, ..exam.acquisitions[0].clone() };
        Exam { acquisitions: vec![acquisition], ..exam }
    };
    let settings = settings(Estimator::Organ, HISTORIES);
    let (long, first) = (axial(scan(0.0, 5.0)), axial(scan(0.0, 1.0)));
    let (of_long, of_first) = (run(&long, &settings), run(&first, &settings));
    agree(&end_mgy_per_cm(&long, &of_long, "lungs", 0), &dose_mgy(&first, &of_first, "lungs"), "lungs");
}
