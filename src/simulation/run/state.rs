//! The state of a run: taken out of it, and added to it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::Ordering;

use super::Run;
use crate::error::{Error, Result};
use crate::simulation::partial::{Partial, intervals};
use crate::source::beam::PhotonSource;
use crate::tally::partial_sums::{MapCells, SmoothedRows};

impl<S: PhotonSource> Run<'_, S> {
    /// Adds what was played before, or elsewhere. Refuses a state that does not fit, and a batch that is there already.
    pub fn add(&self, partial: Partial) -> Result<()> {
        let kerma = self.plan.settings.estimator.scores_kerma();
        partial.check(self.plan.phantom, (kerma, self.plan.ends), self.plan.skin)?;
        if partial.histories_per_batch != self.schedule.histories_per_batch {
            return Err(Error::invalid(format!(
                "the batches of a state must have {} histories, found {}",
                self.schedule.histories_per_batch, partial.histories_per_batch
            )));
        }
        match (&self.map_totals, &partial.map, &self.smoothing, &partial.smoothed) {
            (None, None, None, None) => {}
            (Some(totals), Some(cells), None, None) => cells.add_to(totals)?,
            (Some(totals), Some(cells), Some(smoothing), Some(halves)) => {
                cells.add_to(totals)?;
                SmoothedRows::add_to(halves, smoothing)?;
            }
            _ => return Err(Error::invalid("a state must have a map where the run has one, and only there")),
        }
        let mut records = self.records.lock().expect("no thread panics");
        let known: HashSet<u64> = records.iter().map(|record| record.batch).collect();
        if let Some(twice) = partial.records.iter().find(|record| known.contains(&record.batch)) {
            return Err(Error::invalid(format!("batch {} must be there once, found it twice", twice.batch)));
        }
        self.finished.fetch_add(partial.records.len() as u64, Ordering::Relaxed);
        records.extend(partial.records);
        let mut spent = self.spent.lock().expect("no thread panics");
        spent.wall_s += partial.wall_s;
        spent.cpu_s += partial.cpu_s;
        Ok(())
    }

    /// The state after the batches that are done now.
    pub fn partial(&self) -> Partial {
        let _nobody_adds = self.adding.write().expect("no thread panics");
        let mut records = self.records.lock().expect("no thread panics").clone();
        records.sort_by_key(|record| record.batch);
        let spent = self.spent();
        Partial {
            histories_per_batch: self.schedule.histories_per_batch,
            records,
            map: self.map_totals.as_ref().map(MapCells::of),
            smoothed: self.smoothing.as_ref().map(SmoothedRows::of),
            wall_s: spent.wall_s,
            cpu_s: spent.cpu_s,
        }
    }

    /// Batches that are done.
    pub fn batches(&self) -> Vec<Range<u64>> {
        let records = self.records.lock().expect("no thread panics");
        let mut batches: Vec<u64> = records.iter().map(|record| record.batch).collect();
        batches.sort_unstable();
        intervals(batches)
    }
}
