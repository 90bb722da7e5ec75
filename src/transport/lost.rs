//! Histories that are lost: what they score is no number, or a photon of theirs takes too many steps.
//!
//! Nobody looks for them while histories are played: the balance of a batch tells that one is lost, and the batch is played
//! once more to find it.

use crate::source::beam::PhotonSource;
use crate::transport::batch::{BatchAddress, Histories, Method, Selection, run_batch};
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::world::World;

/// Why a history is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An energy, a position or a direction is not a finite number.
    NoNumber,
    /// A photon took more than [`crate::transport::world::STEPS_MAX`] steps.
    Stuck,
}

impl Cause {
    /// Word for sentences and files.
    pub fn name(self) -> &'static str {
        match self {
            Cause::NoNumber => "no number",
            Cause::Stuck => "stuck",
        }
    }
}

/// A lost history, by the address under which it can be played again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostHistory {
    /// Index of its batch.
    pub batch: u64,
    /// Its number in the batch.
    pub history: u64,
    /// Why it is lost.
    pub cause: Cause,
}

impl LostHistory {
    /// As numbers, for states of runs: batch, history, cause.
    pub fn words(self) -> [u64; 3] {
        [self.batch, self.history, u64::from(self.cause == Cause::Stuck)]
    }

    /// From numbers.
    pub fn from_words([batch, history, stuck]: [u64; 3]) -> Self {
        let cause = if stuck == 0 { Cause::NoNumber } else { Cause::Stuck };
        LostHistory { batch, history, cause }
    }
}

/// Listens for lost histories.
struct Search<const BY_VOXEL: bool> {
    batch: u64,
    history: u64,
    sum_kev: f32,
    stuck: bool,
    found: Vec<LostHistory>,
}

impl<const BY_VOXEL: bool> Search<BY_VOXEL> {
    /// Another history has its turn, or none any more.
    fn close(&mut self) {
        if self.stuck || !self.sum_kev.is_finite() {
            let cause = if self.sum_kev.is_finite() { Cause::Stuck } else { Cause::NoNumber };
            self.found.push(LostHistory { batch: self.batch, history: self.history, cause });
        }
        (self.sum_kev, self.stuck) = (0.0, false);
    }

    /// What was found, by number. Of a history that was heard of in many turns, the first that was lost tells the cause.
    fn into_found(mut self) -> Vec<LostHistory> {
        self.close();
        self.found.sort_by_key(|lost| lost.history);
        self.found.dedup_by_key(|lost| lost.history);
        self.found
    }
}

impl<const BY_VOXEL: bool> Tally for Search<BY_VOXEL> {
    const BY_VOXEL: bool = BY_VOXEL;
    fn turn_to(&mut self, history: HistoryMark) {
        if history.number != self.history {
            self.close();
            self.history = history.number;
        }
    }
    fn emit(&mut self, energy_kev: f32) {
        self.sum_kev += energy_kev;
    }
    fn kerma(&mut self, _voxel: usize, _label: u8, energy_kev: f32, _marrow_over_medium: f32) {
        self.sum_kev += energy_kev;
    }
    fn deposit(&mut self, _voxel: usize, _label: u8, energy_kev: f32) {
        self.sum_kev += energy_kev;
    }
    fn escape(&mut self, energy_kev: f32) {
        self.sum_kev += energy_kev;
    }
    fn give_up(&mut self) {
        self.stuck = true;
    }
}

/// Finds the lost histories of a batch. `by_voxel` is what the batch's tally asked for ([`Tally::BY_VOXEL`]).
pub fn find_lost<S: PhotonSource>(
    world: &World,
    source: &S,
    method: Method,
    address: BatchAddress,
    (histories, by_voxel): (u64, bool),
) -> Vec<LostHistory> {
    match by_voxel {
        true => search::<true, S>(world, source, method, address, histories),
        false => search::<false, S>(world, source, method, address, histories),
    }
}

fn search<const BY_VOXEL: bool, S: PhotonSource>(
    world: &World,
    source: &S,
    method: Method,
    address: BatchAddress,
    histories: u64,
) -> Vec<LostHistory> {
    let batch = address.batch;
    let mut search = Search::<BY_VOXEL> { batch, history: 0, sum_kev: 0.0, stuck: false, found: Vec::new() };
    let all = Histories { count: histories, played: Selection::All };
    run_batch(world, source, method, address, all, &mut search);
    search.into_found()
}
