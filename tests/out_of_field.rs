//! Splitting for organs that the beam does not reach: the mean stays, the error falls.

mod common;

use childsize::simulation::Exam;
use childsize::simulation::outcome::Outcome;
use childsize::simulation::settings::{Settings, Target, TargetOrgans};
use childsize::tally::estimate::Estimate;
use childsize::transport::batch::Estimator;
use common::{chest, newborn_chest, run, settings};

/// Far from a chest scan, on either side of it.
const FAR: [&str; 2] = ["testes", "brain"];

/// Settings that ask for organs out of the field, and play all histories.
fn outward(histories: u64) -> Settings {
    let organs = TargetOrgans::Named(FAR.map(str::to_owned).to_vec());
    let target = Target { relative_error: 1e-9, organs, min_mass_g: 0.0, max_wall_s: None };
    Settings { target: Some(target), ..settings(Estimator::Organ, histories) }
}

fn doses(outcome: &Outcome) -> &[Estimate] {
    &outcome.acquisitions[0].organ_dose_mgy
}

fn organ(exam: &Exam, id: &str) -> usize {
    exam.phantom.organs.iter().position(|organ| organ.id == id).expect("an organ of the phantom")
}

/// z-scores of the organs that both runs know to 20 %.
fn z_scores(a: &Outcome, b: &Outcome) -> Vec<f64> {
    let known = |dose: &Estimate| dose.relative_error() < 0.2;
    doses(a).iter().zip(doses(b)).filter(|(a, b)| known(a) && known(b)).map(|(a, b)| a.z_score(b)).collect()
}

fn assert_agree(z: &[f64], what: &str) {
    let worst = z.iter().fold(0.0, |worst: f64, z| worst.max(z.abs()));
    assert!(worst < 4.5, "{what}: worst z {worst:.2}");
    // Organs of a run are correlated, so that their chi² scatters more than that of independent ones.
    let chi_squared = z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64;
    assert!((0.3..2.5).contains(&chi_squared), "{what}: chi²/n {chi_squared:.2}");
}

#[test]
fn splitting_leaves_every_dose_and_the_energy_balance_as_they_are() {
    let exam = newborn_chest(0.3);
    let analog = run(&exam, &settings(Estimator::Analog, 2_000_000));
    let mut plain = settings(Estimator::Organ, 600_000);
    plain.seed += 1;
    let (plain, outward) = (run(&exam, &plain), run(&exam, &outward(300_000)));
    let z = z_scores(&analog, &outward);
    assert!(z.len() > 35, "{} organs compared", z.len());
    assert_agree(&z, "analog");
    assert_agree(&z_scores(&plain, &outward), "organ");
    let closure = outward.energy_balance().closure();
    assert!(closure.abs() < 1e-6, "energy balance off by {closure:e}");
}

#[test]
fn splitting_makes_far_organs_known_and_costs_near_ones_nothing_per_history() {
    let exam = chest("ce-05y-arms-raised", 0.4);
    // Without splitting, few of these reach the testes.
    let histories = 400_000;
    let (plain, outward) =
        (run(&exam, &settings(Estimator::Organ, histories)), run(&exam, &outward(histories)));
    for id in ["testes", "bladder_wall"] {
        let of = organ(&exam, id);
        let ratio = doses(&plain)[of].relative_error() / doses(&outward)[of].relative_error();
        println!("{id}: the error fell by {ratio:.2}");
        // The error of so few hits is known to 20 to 30 %.
        assert!(ratio > 2.0, "{id}: the error fell by {ratio:.2} only");
    }
    let lungs = organ(&exam, "lungs");
    let ratio = doses(&outward)[lungs].relative_error() / doses(&plain)[lungs].relative_error();
    println!("lungs: {ratio:.2}");
    assert!((0.6..1.6).contains(&ratio), "lungs: {ratio:.2}");
}

#[test]
fn errors_with_splitting_are_the_spread_of_thirty_seeds() {
    let exam = newborn_chest(0.5);
    let runs: Vec<Outcome> =
        (0..30).map(|seed| run(&exam, &Settings { seed: 2000 + seed, ..outward(20_000) })).collect();
    for id in ["testes", "brain", "bladder_wall", "kidneys", "lungs"] {
        let Some(of) = exam.phantom.organs.iter().position(|organ| organ.id == id) else { continue };
        let values: Vec<Estimate> = runs.iter().map(|run| doses(run)[of]).collect();
        let mean = values.iter().map(|v| v.mean).sum::<f64>() / 30.0;
        let spread = values.iter().map(|v| (v.mean - mean).powi(2)).sum::<f64>() / 29.0;
        let reported = values.iter().map(|v| v.standard_error.powi(2)).sum::<f64>() / 30.0;
        // chi² with 29 degrees of freedom over 29: 0.38..2.1 holds 99.95 %; more for the long tails of far organs.
        let ratio = spread / reported;
        assert!((0.35..2.4).contains(&ratio), "{id}: spread over reported variance {ratio:.2}");
    }
}

/// A prototype of this splitting showed +0.2 to 0.3 % in the liver. Here every organ in and near the field is held to its
/// plain dose at 0.1 % and less. Ignored every day, run when the splitting changes: so small an error takes 10⁸ histories.
#[test]
#[ignore = "slow, 10 CPU minutes: 0.1 % in every organ in the field"]
fn splitting_does_not_shift_organs_in_the_field_by_a_tenth_of_a_per_cent() {
    let exam = chest("ce-05y-arms-raised", 0.2);
    let mut plain = settings(Estimator::Organ, 50_000_000);
    plain.seed += 1;
    let (plain, outward) = (run(&exam, &plain), run(&exam, &outward(50_000_000)));
    assert_agree(&z_scores(&plain, &outward), "organ");
    for id in ["liver", "lungs", "heart", "stomach_wall", "kidneys", "spleen", "thyroid", "skin"] {
        let Some(of) = exam.phantom.organs.iter().position(|organ| organ.id == id) else { continue };
        let (a, b) = (&doses(&outward)[of], &doses(&plain)[of]);
        let (ratio, error) = (a.mean / b.mean - 1.0, a.relative_error().hypot(b.relative_error()));
        println!("{id}: {:+.3} % +- {:.3} %", 100.0 * ratio, 100.0 * error);
        if id == "liver" {
            assert!(error < 1e-3, "liver known to {error:e} only");
        }
        assert!(ratio.abs() < 4.0 * error, "{id}: {ratio:e} +- {error:e}");
    }
}
