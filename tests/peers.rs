//! A run that several processes play together: here threads with the same interface as MPI processes.

mod common;

use std::sync::{Arc, Barrier, Mutex};

use childsize::error::Result;
use childsize::simulation::outcome::Outcome;
use childsize::simulation::peers::Peers;
use childsize::simulation::settings::{Settings, Target, TargetOrgans};
use childsize::simulation::share::simulate_among;
use childsize::simulation::{Exam, Unobserved, simulate};
use childsize::transport::batch::Estimator;
use common::{newborn_chest, settings};

/// One of some threads that exchange bytes at a board.
struct Thread {
    index: usize,
    board: Arc<Mutex<Vec<Vec<u8>>>>,
    barrier: Arc<Barrier>,
}

impl Peers for Thread {
    fn place(&self) -> (usize, usize) {
        (self.index, self.board.lock().unwrap().len())
    }

    fn exchange(&self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        self.board.lock().unwrap()[self.index] = own.to_vec();
        self.barrier.wait();
        let all = self.board.lock().unwrap().clone();
        self.barrier.wait();
        Ok(all)
    }

    fn collect(&self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        let all = self.exchange(own)?;
        Ok(if self.index == 0 { all } else { Vec::new() })
    }
}

fn among(count: usize, exam: &Exam, settings: &Settings) -> Outcome {
    let (board, barrier) = (Arc::new(Mutex::new(vec![Vec::new(); count])), Arc::new(Barrier::new(count)));
    let mut outcomes: Vec<Option<Outcome>> = std::thread::scope(|scope| {
        let play = |index| {
            let thread = Thread { index, board: board.clone(), barrier: barrier.clone() };
            scope.spawn(move || simulate_among(exam, settings, &Unobserved, &thread).unwrap())
        };
        let threads: Vec<_> = (0..count).map(play).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(outcomes[1..].iter().all(Option::is_none), "the first has the outcome");
    outcomes.remove(0).unwrap()
}

fn assert_same(one: &Outcome, other: &Outcome) {
    assert!(one.complete && other.complete);
    assert!(one.dose_map == other.dose_map, "the maps differ");
    let (one, other) = (&one.acquisitions[0], &other.acquisitions[0]);
    assert!(one.records == other.records, "the batches differ");
    assert_eq!(one.finish, other.finish);
    assert_eq!(one.smoothing_bias.map(f64::to_bits), other.smoothing_bias.map(f64::to_bits));
}

#[test]
fn one_two_and_three_processes_give_the_bits_of_one_run() {
    let (map, smoothed) = (settings(Estimator::Map, 20_000), settings(Estimator::MapSmoothed, 10_000));
    let cases = [
        (newborn_chest(0.4), Settings { map_binning: Some([1, 1, 2]), ..map }),
        (newborn_chest(0.2), Settings { map_binning: Some([1; 3]), ..smoothed }),
    ];
    for (exam, settings) in cases {
        let whole = simulate(&exam, &settings, &Unobserved).unwrap();
        for count in [1, 2, 3] {
            assert_same(&among(count, &exam, &settings), &whole);
        }
    }
}

#[test]
fn a_target_ends_all_processes_at_the_batch_of_one_run() {
    let exam = newborn_chest(0.4);
    let organs = TargetOrgans::Named(vec!["lungs".to_owned()]);
    let target = Target { relative_error: 0.0005, organs, min_mass_g: 0.0, max_wall_s: None };
    let settings = Settings { target: Some(target), ..settings(Estimator::Organ, 100_000_000) };
    let whole = simulate(&exam, &settings, &Unobserved).unwrap();
    assert!(whole.acquisitions[0].records.len() > 20, "the target must need more than the first batches");
    assert_same(&among(3, &exam, &settings), &whole);
}
