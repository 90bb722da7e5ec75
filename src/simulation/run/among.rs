//! A run that several processes play together.

use std::sync::atomic::Ordering;

use rayon::prelude::*;

use super::{Company, Run};
use crate::error::Result;
use crate::simulation::Observer;
use crate::simulation::outcome::{BatchRecord, Finish};
use crate::simulation::partial::{Unkept, without};
use crate::simulation::peers::{Peers, Told, collect_cells, collect_rows};
use crate::source::beam::PhotonSource;
use crate::tally::partial_sums::{MapCells, SmoothedRows};

impl<S: PhotonSource> Run<'_, S> {
    /// Plays every so-many-th batch of each round, until the same decisions as those of one process end it. The first of the
    /// processes has the sums of the map then.
    pub fn play_among(&mut self, peers: &dyn Peers, observer: &dyn Observer) -> Result<Finish> {
        let ((index, count), company) = (peers.place(), Company { observer, keeper: &Unkept });
        let finish = loop {
            let planned = self.schedule.planned;
            let missing = without(&[0..planned], &self.batches());
            let own: Vec<u64> = missing.into_iter().flatten().skip(index).step_by(count).collect();
            let cpu_s = self.cpu.elapsed().as_secs_f64();
            own.par_iter().with_max_len(1).for_each(|&batch| self.play_batch(batch, company));
            let cpu_s = self.cpu.elapsed().as_secs_f64() - cpu_s;
            if let Some(finish) = self.tell(peers, &own, (cpu_s, observer.stop_requested()))? {
                break finish;
            }
            let worst = self.worst_organ(planned).map(|(_, error)| error);
            if let Some(finish) = self.schedule.advance(worst) {
                break finish;
            }
        };
        if let Some(totals) = &self.map_totals {
            collect_cells(peers, &MapCells::of(totals), |cells| cells.add_to(totals))?;
        }
        if let Some(smoothing) = &self.smoothing {
            collect_rows(peers, &SmoothedRows::of(smoothing), |rows| SmoothedRows::add_to(rows, smoothing))?;
        }
        Ok(finish)
    }

    /// Tells the others of a round and takes in what they tell; an end if any of them has stopped.
    fn tell(
        &self,
        peers: &dyn Peers,
        own: &[u64],
        (cpu_s, interrupted): (f64, bool),
    ) -> Result<Option<Finish>> {
        let is_own = |record: &&BatchRecord| own.binary_search(&record.batch).is_ok();
        let records = self.records.lock().expect("no thread panics").iter().filter(is_own).cloned().collect();
        let told = Told { interrupted, stopped: self.stopped.load(Ordering::Relaxed), cpu_s, records };
        let all = peers.exchange(&told.bytes())?;
        let all = all.iter().map(|bytes| Told::from_bytes(bytes)).collect::<Result<Vec<_>>>()?;
        let [stopped, interrupted] =
            [all.iter().any(|told| told.stopped), all.iter().any(|told| told.stopped && told.interrupted)];
        for (_, told) in all.into_iter().enumerate().filter(|(index, _)| *index != peers.place().0) {
            self.finished.fetch_add(told.records.len() as u64, Ordering::Relaxed);
            self.spent.lock().expect("no thread panics").cpu_s += told.cpu_s;
            self.records.lock().expect("no thread panics").extend(told.records);
        }
        Ok(match (stopped, interrupted) {
            (false, _) => None,
            (true, true) => Some(Finish::Interrupted),
            (true, false) => Some(Finish::WallTime),
        })
    }
}
