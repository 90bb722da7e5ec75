//! States of some batches: gone on from, and added up, they come to what one undisturbed run comes to, to the bit.

mod common;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use childsize::simulation::outcome::{Finish, Outcome};
use childsize::simulation::partial::{Keeper, Moment, Partial};
use childsize::simulation::settings::{Settings, Target, TargetOrgans};
use childsize::simulation::share::{Share, gather, play_share};
use childsize::simulation::{Exam, Observer, Progress, Unobserved, simulate, simulate_kept};
use childsize::transport::batch::Estimator;
use common::{newborn_chest, settings};

/// Keeps the last state of every acquisition in memory.
#[derive(Default)]
struct Memory {
    states: Mutex<Vec<Option<Partial>>>,
}

impl Keeper for Memory {
    fn known(&self, acquisition: usize) -> childsize::error::Result<Option<Partial>> {
        Ok(self.states.lock().unwrap().get(acquisition).cloned().flatten())
    }

    fn wants(&self, moment: Moment) -> bool {
        moment != Moment::Batch
    }

    fn keep(&self, acquisition: usize, partial: Partial) {
        let mut states = self.states.lock().unwrap();
        let count = states.len().max(acquisition + 1);
        states.resize(count, None);
        states[acquisition] = Some(partial);
    }
}

/// Stops after so many batches.
struct Stopper(AtomicUsize);

impl Observer for Stopper {
    fn progress(&self, _progress: &Progress) {
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    }

    fn stop_requested(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

fn two_phases() -> Exam {
    let mut exam = newborn_chest(0.4);
    let mut second = exam.acquisitions[0].clone();
    second.phase = "second".to_owned();
    second.tube_voltage_kv = 80.0;
    exam.acquisitions.push(second);
    exam
}

fn assert_same(one: &Outcome, other: &Outcome) {
    assert!(one.complete && other.complete);
    assert!(one.dose_map == other.dose_map, "the maps differ");
    assert_eq!(one.acquisitions.len(), other.acquisitions.len());
    for (one, other) in one.acquisitions.iter().zip(&other.acquisitions) {
        assert!(one.records == other.records, "the batches differ");
        assert_eq!(one.organ_dose_mgy.len(), other.organ_dose_mgy.len());
        let bits = |of: &[childsize::tally::estimate::Estimate]| -> Vec<[u64; 2]> {
            of.iter().map(|e| [e.mean.to_bits(), e.standard_error.to_bits()]).collect()
        };
        assert!(bits(&one.organ_dose_mgy) == bits(&other.organ_dose_mgy), "the doses differ");
        assert_eq!(one.energy_balance, other.energy_balance);
        assert_eq!(one.smoothing_bias.map(f64::to_bits), other.smoothing_bias.map(f64::to_bits));
        assert_eq!((one.finish, one.histories), (other.finish, other.histories));
    }
}

/// Runs with a stop after every seven batches, on two threads.
fn in_pieces(exam: &Exam, settings: &Settings) -> (Outcome, usize) {
    let (memory, mut stops) = (Memory::default(), 0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    loop {
        let stopper = Stopper(AtomicUsize::new(7));
        let outcome = pool.install(|| simulate_kept(exam, settings, &stopper, &memory)).unwrap();
        if outcome.complete {
            return (outcome, stops);
        }
        stops += 1;
        assert!(stops < 100, "no end in sight");
    }
}

fn map_smoothed() -> (Exam, Settings) {
    // Voxels of 2 mm at most, so that scatter has neighbours within 6 mm.
    let mut exam = newborn_chest(0.2);
    exam.acquisitions.truncate(1);
    (exam, Settings { map_binning: Some([1; 3]), ..settings(Estimator::MapSmoothed, 20_000) })
}

#[test]
fn a_run_in_pieces_is_the_run_in_one_piece() {
    let mut cases = vec![map_smoothed()];
    for estimator in [Estimator::Analog, Estimator::Map] {
        cases.push((two_phases(), Settings { map_binning: Some([1, 1, 2]), ..settings(estimator, 30_000) }));
    }
    for (exam, settings) in cases {
        let whole = simulate(&exam, &settings, &Unobserved).unwrap();
        let (pieces, stops) = in_pieces(&exam, &settings);
        assert!(stops >= 2, "{stops}");
        assert_same(&pieces, &whole);
    }
}

#[test]
fn a_target_is_reached_at_the_same_batch_in_pieces() {
    let exam = newborn_chest(0.4);
    let organs = TargetOrgans::Named(vec!["lungs".to_owned()]);
    let target = Target { relative_error: 0.0005, organs, min_mass_g: 0.0, max_wall_s: None };
    let settings = Settings { target: Some(target), ..settings(Estimator::Organ, 100_000_000) };
    let whole = simulate(&exam, &settings, &Unobserved).unwrap();
    assert!(whole.acquisitions[0].records.len() > 20, "the target must need more than the first batches");
    let (pieces, stops) = in_pieces(&exam, &settings);
    assert!(stops > 2);
    assert_same(&pieces, &whole);
}

fn shares(settings: &Settings, cuts: &[Range<u64>]) -> Vec<Share> {
    let histories_per_batch = settings.histories_per_batch();
    let share = |cut: &Range<u64>| Share { histories_per_batch, batches: vec![vec![cut.clone()]; 2] };
    cuts.iter().map(share).collect()
}

fn play(exam: &Exam, settings: &Settings, share: &Share) -> Vec<Partial> {
    let memory = Memory::default();
    assert!(play_share(exam, settings, share, &Unobserved, &memory).unwrap());
    memory.states.into_inner().unwrap().into_iter().map(Option::unwrap).collect()
}

#[test]
fn shares_add_up_to_one_run_and_each_batch_counts_once() {
    let exam = two_phases();
    let settings = Settings { map_binning: Some([1; 3]), ..settings(Estimator::Map, 30_000) };
    let whole = simulate(&exam, &settings, &Unobserved).unwrap();
    let parts: Vec<Vec<Partial>> =
        shares(&settings, &[12..20, 0..5, 5..12]).iter().map(|share| play(&exam, &settings, share)).collect();
    let all = &shares(&settings, &[0..20])[0];
    let of = |parts: &[&Vec<Partial>]| {
        gather(&exam, &settings, all, &|index, add| {
            parts.iter().try_for_each(|part| add(part[index].clone()))
        })
    };
    assert_same(&of(&[&parts[0], &parts[1], &parts[2]]).unwrap(), &whole);
    let twice = of(&[&parts[0], &parts[1], &parts[0]]).unwrap_err().to_string();
    assert!(twice.contains("batch 12 must be there once, found it twice"), "{twice}");
    let lacking = of(&[&parts[0], &parts[1]]).unwrap();
    assert!(!lacking.complete);
    assert_eq!(lacking.acquisitions[0].finish, Finish::Interrupted);
    assert_eq!(lacking.acquisitions[0].records.len(), 13);
    // Doses are those of the batches that are there, not smaller for those that are not.
    let lungs = common::organ(&exam.phantom, "lungs");
    let [part, all] = [&lacking, &whole].map(|of| of.acquisitions[0].organ_dose_mgy[lungs]);
    assert!(part.agrees_with(&all, 4.0), "{part:?} {all:?}");
}

#[test]
fn a_state_of_another_exam_is_refused() {
    let exam = two_phases();
    let with_map = Settings { map_binning: Some([1; 3]), ..settings(Estimator::Map, 30_000) };
    let without = Settings { map_binning: None, ..with_map.clone() };
    let states = play(&exam, &without, &shares(&without, &[0..2])[0]);
    let all = &shares(&with_map, &[0..20])[0];
    let refused = gather(&exam, &with_map, all, &|index, add| add(states[index].clone())).unwrap_err();
    assert!(refused.to_string().contains("patches of skin"), "{refused}");
}
