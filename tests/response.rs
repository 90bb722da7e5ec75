//! Response matrices: what they answer is what the simulation says, with errors that are honest.

mod common;

use std::sync::Arc;

use childsize::analysis::effective_dose::{SCHEMES, effective_dose};
use childsize::analysis::response::answer::{answer, effective_msv};
use childsize::analysis::response::rows::{Rows, rows_of};
use childsize::geometry::phantom::Phantom;
use childsize::simulation::Exam;
use childsize::simulation::Unobserved;
use childsize::simulation::response::{AwaitedScan, Effort, Making, ResponseMatrix, respond};
use childsize::source::acquisition::{Acquisition, Mode, Overrange};
use childsize::source::cell_weights::CellWeights;
use childsize::source::current::CurrentProfile;
use childsize::source::gantry::StartAngle;
use childsize::source::scanner::Scanner;
use childsize::tally::estimate::Estimate;
use childsize::transport::batch::Estimator;
use common::{bowtie, exam, helical, newborn, run, scanner, settings};

/// A matrix of the whole newborn; `relative_error` of the organs above 10 g.
fn made(
    phantom: &Phantom,
    scanner: &Scanner,
    angles: usize,
    seed: u64,
    relative_error: f64,
) -> (Rows, ResponseMatrix) {
    let (rows, combinations) = rows_of(phantom);
    let making = Making {
        phantom,
        scanner,
        placement: exam(phantom.clone(), scanner.clone(), helical(1.0, 0.0)).placement,
        collimation_cm: 4.0,
        z_cm: None,
        // Thin planes for comparisons; the statistics do not depend on them.
        plane_cm: if angles < 12 { 1.0 } else { 0.5 },
        angles,
        tilt: true,
    };
    let effort = Effort {
        seed,
        awaited: vec![AwaitedScan::whole(rows.organs_of_at_least(10.0), relative_error)],
        most_histories: u64::MAX,
    };
    let matrix = respond(&making, &combinations, &effort, &Unobserved).unwrap();
    (rows, matrix)
}

fn with_bowtie() -> Scanner {
    Scanner { bowtie: Some(bowtie()), ..scanner() }
}

fn chest(phantom: &Phantom) -> Acquisition {
    helical(phantom.landmarks_z_cm["lung_apex"] + 1.0, phantom.landmarks_z_cm["diaphragm"] - 1.0)
}

fn answers(exam: &Exam, matrix: &ResponseMatrix) -> Vec<Estimate> {
    let weights = |a: &Acquisition| CellWeights::of(a, exam.scanner_of(a), &matrix.grid).unwrap();
    answer(matrix, &exam.acquisitions.iter().map(weights).collect::<Vec<_>>())
}

/// Differences of the matrix from the simulation over all organs and effective doses whose joint error is below
/// `known`, in joint errors and relative.
fn differences(
    exam: &Exam,
    rows: &Rows,
    matrix: &ResponseMatrix,
    histories: u64,
    known: f64,
) -> Vec<(String, f64, f64)> {
    let found = answers(exam, matrix);
    let outcome = run(exam, &settings(Estimator::Organ, histories));
    let mut pairs: Vec<(String, Estimate, Estimate)> =
        (outcome.total_organ_dose_mgy().into_iter().enumerate())
            .map(|(organ, dose)| (exam.phantom.organs[organ].id.clone(), found[organ], dose))
            .collect();
    for scheme in SCHEMES {
        let direct = effective_dose(&exam.phantom, &outcome.acquisitions, scheme).unwrap().total_msv;
        pairs.push((scheme.name().to_owned(), effective_msv(rows, &found, scheme).unwrap(), direct));
    }
    let is_known =
        |(_, a, b): &&(String, Estimate, Estimate)| a.relative_error().hypot(b.relative_error()) < known;
    let difference =
        |(name, a, b): &(String, Estimate, Estimate)| (name.clone(), a.z_score(b), a.mean / b.mean - 1.0);
    pairs.iter().filter(is_known).map(difference).collect()
}

fn assert_agree(found: &[(String, f64, f64)], least: usize, what: &str) {
    assert!(found.len() >= least, "{what}: {} quantities are known well enough", found.len());
    let count = found.len() as f64;
    let square = found.iter().map(|(_, z, _)| z * z).sum::<f64>() / count;
    let worst = found.iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap();
    // Organs are correlated: a mean square of 2 is rare, one of 4 means that something differs.
    assert!(square < 2.5 && worst.1.abs() < 4.5, "{what}: mean square of z {square:.2}, worst {worst:?}");
}

#[test]
fn a_matrix_answers_protocols_it_was_not_made_for() {
    let phantom = newborn(0.4);
    let scanner = with_bowtie();
    let (rows, matrix) = made(&phantom, &scanner, 12, 1, 0.01);
    let base = chest(&phantom);
    let from_the_left =
        CurrentProfile::new(vec![0.0, 40.0], 4, vec![1.0, 3.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0]).unwrap();
    let protocols = [
        ("80 kV", Acquisition { tube_voltage_kv: 80.0, ..base.clone() }),
        (
            "20 mm, pitch 1.5, overrange",
            Acquisition {
                collimation_cm: 2.0,
                mode: Mode::Helical { pitch: 1.5 },
                overrange: Overrange::Auto,
                tube_voltage_kv: 100.0,
                ..base.clone()
            },
        ),
        (
            "axial, 20 mm",
            Acquisition {
                mode: Mode::Axial { table_increment_cm: 2.0 },
                collimation_cm: 2.0,
                ..base.clone()
            },
        ),
        ("modulated", Acquisition { modulation: Some(Arc::new(from_the_left)), ..base.clone() }),
        (
            "dynamic blades",
            Acquisition { dynamic_collimation: true, overrange: Overrange::Auto, ..base.clone() },
        ),
        ("fixed start", Acquisition { start_angle: StartAngle::Fixed(1.0), ..base.clone() }),
    ];
    for (what, acquisition) in protocols {
        let exam = exam(phantom.clone(), scanner.clone(), acquisition);
        assert_agree(&differences(&exam, &rows, &matrix, 400_000, 0.03), 15, what);
    }
}

#[test]
fn errors_of_answers_are_the_spread_of_twenty_four_seeds() {
    let phantom = newborn(0.5);
    let scanner = with_bowtie();
    let exam =
        exam(phantom.clone(), scanner.clone(), Acquisition { tube_voltage_kv: 80.0, ..chest(&phantom) });
    let runs: Vec<Vec<Estimate>> =
        (0..24).map(|seed| answers(&exam, &made(&phantom, &scanner, 4, 100 + seed, 0.5).1)).collect();
    let mut ratios = Vec::new();
    for row in 0..runs[0].len() {
        let values: Vec<Estimate> = runs.iter().map(|run| run[row]).collect();
        if values.iter().any(|value| value.relative_error() > 0.2) {
            continue;
        }
        let spread = Estimate::from_replicates(values.iter().map(|value| value.mean));
        let reported = values.iter().map(|value| value.standard_error.powi(2)).sum::<f64>() / 24.0;
        ratios.push(spread.standard_error.powi(2) * 24.0 / reported);
    }
    // Per row 23 · ratio follows chi² with 23 degrees of freedom: 0.36..2.1 holds 99.8 %.
    let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
    let outside = ratios.iter().filter(|ratio| !(0.36..2.1).contains(*ratio)).count();
    assert!(ratios.len() > 30, "{} rows", ratios.len());
    assert!((0.75..1.3).contains(&mean) && outside <= 2, "mean variance ratio {mean:.3}, {outside} outside");
}

#[test]
fn a_matrix_does_not_depend_on_the_number_of_threads() {
    let phantom = newborn(0.8);
    let scanner = with_bowtie();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| made(&phantom, &scanner, 2, 7, 0.5).1)
    };
    let (one, three) = (on(1), on(3));
    assert!(one.mean == three.mean && one.standard_error == three.standard_error);
    assert!(one.energy_balance.is_closed() && one.mean.iter().any(|&value| value > 0.0));
}

#[test]
fn two_phases_add_up_and_twice_the_mas_is_twice_the_dose() {
    let phantom = newborn(0.8);
    let scanner = with_bowtie();
    let (_, matrix) = made(&phantom, &scanner, 2, 7, 0.5);
    let with = |acquisitions: Vec<Acquisition>| {
        let mut exam = exam(phantom.clone(), scanner.clone(), acquisitions[0].clone());
        exam.acquisitions = acquisitions;
        answers(&exam, &matrix)
    };
    let (a, b) = (chest(&phantom), Acquisition { tube_voltage_kv: 80.0, ..chest(&phantom) });
    let double = Acquisition { tube_current_ma: 2.0 * a.tube_current_ma, ..a.clone() };
    let ([first, second], both) = ([&a, &b].map(|one| with(vec![one.clone()])), with(vec![a, b]));
    for (row, twice) in with(vec![double]).iter().enumerate().filter(|(_, twice)| twice.mean > 0.0) {
        let sum = first[row].mean + second[row].mean;
        assert!((both[row].mean / sum - 1.0).abs() < 1e-9);
        assert!((twice.mean / first[row].mean / 2.0 - 1.0).abs() < 1e-9);
        // One matrix: errors of the phases go the same way, where more than a few cells tell.
        let apart = first[row].standard_error.hypot(second[row].standard_error);
        let is_known = both[row].relative_error() < 0.2;
        assert!(!is_known || both[row].standard_error > 1.1 * apart, "row {row}");
    }
}

/// What the response answers of a protocol is compared with 12 million histories of it.
struct Comparison {
    what: &'static str,
    found: Vec<(String, f64, f64)>,
    /// Quantities that are off by more than 0.5 % beyond three joint errors.
    beyond: Vec<String>,
}

/// Compares a matrix of the newborn that is known to 0.3 % with runs of protocols that it was not made for.
fn comparisons(protocols: &[(&'static str, Acquisition)], phantom: &Phantom) -> Vec<Comparison> {
    let scanner = with_bowtie();
    let (rows, matrix) = made(phantom, &scanner, 12, 3, 0.003);
    let compare = |&(what, ref acquisition): &(&'static str, Acquisition)| {
        let exam = exam(phantom.clone(), scanner.clone(), acquisition.clone());
        let (bottom_cm, top_cm) = Exam::nominal_range_cm(&exam.acquisitions[0]);
        let coverage = childsize::geometry::mass::coverage(phantom, bottom_cm, top_cm);
        let in_field = |id: &str| {
            let organ = phantom.organs.iter().position(|organ| organ.id == id);
            organ.is_some_and(|organ| coverage[organ] > 0.95 && rows.rows[organ].mass_g > 10.0)
        };
        let found = differences(&exam, &rows, &matrix, 12_000_000, 0.02);
        let square = found.iter().map(|(_, z, _)| z * z).sum::<f64>() / found.len() as f64;
        eprintln!("{what}: {} quantities, mean square of z {square:.2}", found.len());
        let inside = found.iter().filter(|(id, ..)| in_field(id)).count();
        assert!(inside >= 3, "{what}: {inside} organs in the field");
        let mut beyond = Vec::new();
        for (id, z, relative) in &found {
            let of_chance = 3.0 * (relative / z).abs();
            if in_field(id) || z.abs() > 2.5 {
                let place = if in_field(id) { "in the field" } else { "out of it or partly" };
                eprintln!("    {id}: {:+.2} % ± {:.2}, {place}", 100.0 * relative, 100.0 * of_chance / 3.0);
            }
            if relative.abs() > 0.005 + of_chance {
                beyond.push(format!("{what}: {id} is off by {:.2} %", 100.0 * relative));
            }
        }
        Comparison { what, found, beyond }
    };
    protocols.iter().map(compare).collect()
}

/// Every quantity within 0.5 % beyond chance, and all of them within statistics.
fn assert_all_agree(comparisons: &[Comparison]) {
    let beyond: Vec<&str> = comparisons.iter().flat_map(|one| &one.beyond).map(String::as_str).collect();
    assert!(beyond.is_empty(), "{}", beyond.join("\n"));
    comparisons.iter().for_each(|one| assert_agree(&one.found, 30, one.what));
}

fn axial(width_cm: f64, base: &Acquisition) -> Acquisition {
    Acquisition {
        mode: Mode::Axial { table_increment_cm: width_cm },
        collimation_cm: width_cm,
        tube_voltage_kv: 100.0,
        ..base.clone()
    }
}

/// Organs in the field, out of it and at its ends. Ignored every day, run when the response changes: matrix and runs have to be
/// known to a tenth of a per cent.
#[test]
#[ignore = "slow, eight minutes of CPU: matrix and runs known to a tenth of a per cent"]
fn organs_agree_to_half_a_per_cent() {
    let phantom = newborn(0.2);
    let base = chest(&phantom);
    let from_the_left =
        CurrentProfile::new(vec![0.0, 40.0], 4, vec![1.0, 3.0, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0]).unwrap();
    let modulation = Some(Arc::new(from_the_left));
    let protocols = [
        ("70 kV", Acquisition { tube_voltage_kv: 70.0, ..base.clone() }),
        ("140 kV, 20 mm", Acquisition { tube_voltage_kv: 140.0, collimation_cm: 2.0, ..base.clone() }),
        ("modulated, 100 kV", Acquisition { modulation, tube_voltage_kv: 100.0, ..base.clone() }),
        ("axial, 20 mm", axial(2.0, &base)),
    ];
    assert_all_agree(&comparisons(&protocols, &phantom));
}

/// The same of narrow axial rotations, whose field ends sharply within a plane that holds much of the clavicles: they are off by
/// 3.6 %, while organs in the field agree. It passes once planes are cut where fields end.
#[test]
#[ignore = "slow, three minutes of CPU, and known to fail: a sharp end of the field within a plane"]
fn organs_agree_to_half_a_per_cent_in_narrow_axial_rotations() {
    let phantom = newborn(0.2);
    assert_all_agree(&comparisons(&[("axial, 10 mm", axial(1.0, &chest(&phantom)))], &phantom));
}
