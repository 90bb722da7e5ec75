//! What an acquisition has come to after some of its batches: to be kept, gone on from, or added to others.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::{BatchRecord, OrganEnergies};
use crate::source::range_ends::RangeEnds;
use crate::tally::partial_sums::{MapCells, SmoothedRows};
use crate::tally::skin_patches::SkinPatches;

/// State of an acquisition after some of its batches, whichever they are.
///
/// It holds all that its outcome is made of. Everything in it is kept by batch or adds in fixed point, so that states of
/// disjoint batches add up, in any order, to the state that one process would have come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// What is kept by batch, in the order of the batches.
    pub records: Vec<BatchRecord>,
    /// Sums of the map, if there is one.
    pub map: Option<MapCells>,
    /// What smoothing took from it in the even and in the odd batches, if it is smoothed.
    pub smoothed: Option<[SmoothedRows; 2]>,
    /// Wall time spent on it, s.
    pub wall_s: f64,
    /// CPU time spent on it, s.
    pub cpu_s: f64,
}

impl Partial {
    /// Its batches.
    pub fn batches(&self) -> Vec<Range<u64>> {
        intervals(self.records.iter().map(|record| record.batch))
    }

    /// Refuses a state of other organs, ends or patches of skin.
    pub(super) fn check(
        &self,
        phantom: &Phantom,
        (kerma, ends): (bool, Option<RangeEnds>),
        skin: Option<&SkinPatches>,
    ) -> Result<()> {
        let organs = phantom.organs.len();
        let fits = |energies: &OrganEnergies| {
            energies.organ_kev.len() == organs && energies.marrow_kev.len() == if kerma { organs } else { 0 }
        };
        let patches = skin.map_or(0, |skin| skin.masses_g.len());
        let fits = |record: &BatchRecord| {
            fits(&record.energies)
                && record.ends.is_some() == ends.is_some()
                && record.ends.iter().flatten().all(fits)
                && record.skin_kev.len() == patches
        };
        match self.records.iter().all(fits) {
            true => Ok(()),
            false => Err(Error::invalid(
                "the batches of a state must have the phantom's organs, ends and patches of skin, found others",
            )),
        }
    }
}

/// The intervals that ascending, distinct batches make.
pub fn intervals(batches: impl IntoIterator<Item = u64>) -> Vec<Range<u64>> {
    let mut intervals: Vec<Range<u64>> = Vec::new();
    for batch in batches {
        match intervals.last_mut() {
            Some(last) if last.end == batch => last.end = batch + 1,
            _ => intervals.push(batch..batch + 1),
        }
    }
    intervals
}

/// Batches of `wanted` that are not in `found`; both ascending and disjoint.
pub fn without(wanted: &[Range<u64>], found: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = Vec::new();
    for wanted in wanted {
        let mut next = wanted.start;
        for found in found.iter().filter(|found| found.start < wanted.end && found.end > wanted.start) {
            if found.start > next {
                left.push(next..found.start);
            }
            next = next.max(found.end);
        }
        if next < wanted.end {
            left.push(next..wanted.end);
        }
    }
    left
}

/// When a state may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After one of the batches.
    Batch,
    /// After the last batch of an acquisition.
    End,
    /// After a stop from outside.
    Stop,
}

/// Someone who keeps states, so that what was played need not be played again.
pub trait Keeper: Sync {
    /// State to go on from.
    fn known(&self, _acquisition: usize) -> Result<Option<Partial>> {
        Ok(None)
    }
    /// Asked from any thread; `true` if a state is to be kept now. It takes a while to make one.
    fn wants(&self, _moment: Moment) -> bool {
        false
    }
    /// Keeps a state. That it cannot is for the keeper to tell: the run goes on.
    fn keep(&self, _acquisition: usize, _partial: Partial) {}
}

/// Keeps nothing.
pub struct Unkept;
impl Keeper for Unkept {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_make_intervals() {
        assert_eq!(intervals([0, 1, 2, 5, 7, 8]), [0..3, 5..6, 7..9]);
        assert_eq!(intervals([]), []);
    }

    #[test]
    fn what_is_missing_is_what_was_wanted_and_not_found() {
        assert_eq!(without(&[0..10], &[2..4, 6..7]), [0..2, 4..6, 7..10]);
        assert_eq!(without(&[0..3, 5..9], &[2..6, 8..9]), [0..2, 6..8]);
        assert_eq!(without(&[0..3], &[0..3]), []);
        assert_eq!(without(&[4..6], &[0..2, 9..12]), [4..6]);
    }
}
