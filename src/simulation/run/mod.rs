//! Batches of histories of one source on one phantom, played until target, histories, time or observer end it.

mod among;
mod scoring;
mod state;

use std::ops::Range;
use std::slice::from_ref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Instant;

use cpu_time::ProcessTime;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::simulation::lost::check_lost;
use crate::simulation::outcome::{BatchRecord, Finish, organ_energy};
use crate::simulation::partial::{Keeper, Moment, without};
use crate::simulation::schedule::Schedule;
use crate::simulation::settings::Settings;
use crate::simulation::{Observer, Progress};
use crate::source::beam::PhotonSource;
use crate::source::range_ends::RangeEnds;
use crate::tally::dose_map::Binning;
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::map_totals::MapTotals;
use crate::tally::skin_patches::SkinPatches;
use crate::tally::smoothing::Smoothing;
use crate::transport::importance::Importance;
use crate::transport::world::World;

/// What is to be played.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// The phantom.
    pub phantom: &'a Phantom,
    /// The phantom, prepared for transport.
    pub world: &'a World<'a>,
    /// How.
    pub settings: &'a Settings,
    /// Index of the acquisition, part of every batch's address.
    pub acquisition: usize,
    /// Organs whose errors decide how long it takes.
    pub target_organs: &'a [usize],
    /// Importance for targets that the beam does not reach.
    pub importance: Option<&'a Importance>,
    /// Ends of the path that are scored apart, if there are any.
    pub ends: Option<RangeEnds>,
    /// Patches of skin, scored where a map is.
    pub skin: Option<&'a SkinPatches>,
}

/// What was played.
pub struct Played<'a> {
    /// The batches, by index.
    pub records: Vec<BatchRecord>,
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// Where the energy went.
    pub energy_balance: EnergyBalance,
    /// The map's totals, if one is wanted.
    pub map_totals: Option<MapTotals>,
    /// What smoothed the map's scatter, if anything did.
    pub smoothing: Option<Smoothing<'a>>,
    /// Why it ended.
    pub finish: Finish,
    /// Wall time, s, with that of states it went on from.
    pub wall_s: f64,
    /// CPU time, s, alike.
    pub cpu_s: f64,
}

impl Played<'_> {
    /// Histories played.
    pub fn histories(&self) -> u64 {
        self.histories_per_batch * self.records.len() as u64
    }
}

/// Whom a run tells, asks, and hands what is to be kept.
#[derive(Clone, Copy)]
pub struct Company<'a> {
    pub observer: &'a dyn Observer,
    pub keeper: &'a dyn Keeper,
}

/// Time spent, s.
#[derive(Clone, Copy, Default)]
struct Spent {
    wall_s: f64,
    cpu_s: f64,
}

/// A source on a phantom, under way.
pub struct Run<'a, S> {
    plan: Plan<'a>,
    source: &'a S,
    schedule: Schedule,
    map_totals: Option<MapTotals>,
    smoothing: Option<Smoothing<'a>>,
    /// Maps of batches, kept from batch to batch; always all zero in here.
    spare_maps: Mutex<Vec<Vec<f32>>>,
    records: Mutex<Vec<BatchRecord>>,
    /// Read by batches while they add, written by whoever takes a state.
    adding: RwLock<()>,
    /// Time that was spent on what was added.
    spent: Mutex<Spent>,
    finished: AtomicU64,
    stopped: AtomicBool,
    start: Instant,
    cpu: ProcessTime,
}

impl<'a, S: PhotonSource> Run<'a, S> {
    pub fn new(plan: Plan<'a>, source: &'a S) -> Self {
        let (start, cpu) = (Instant::now(), ProcessTime::now());
        let Phantom { grid, labels, .. } = plan.phantom;
        let totals = |factors| MapTotals::new(Binning::new(grid, factors), labels);
        Run {
            schedule: Schedule::new(plan.settings),
            map_totals: plan.settings.map_binning.map(totals),
            smoothing: plan.settings.smooths().then(|| Smoothing::new(plan.phantom)),
            plan,
            source,
            spare_maps: Mutex::default(),
            records: Mutex::default(),
            adding: RwLock::default(),
            spent: Mutex::default(),
            finished: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            start,
            cpu,
        }
    }

    /// The same with batches of so many histories.
    pub fn with_batches_of(mut self, histories: u64) -> Self {
        self.schedule.histories_per_batch = histories;
        self
    }

    /// Plays batches until the target, the histories, the wall time or the observer ends it.
    ///
    /// Decisions look at the batches up to the planned number only, so that a run that goes on from a state comes by the
    /// same decisions to the same end as one that was never broken off.
    pub fn play(&mut self, company: Company) -> Finish {
        loop {
            let planned = self.schedule.planned;
            self.play_all(&without(from_ref(&(0..planned)), &self.batches()), company);
            if self.stopped.load(Ordering::Relaxed) {
                return self.stop(company);
            }
            let worst = self.worst_organ(planned).map(|(_, error)| error);
            if let Some(finish) = self.schedule.advance(worst) {
                self.offer(Moment::End, company.keeper);
                return finish;
            }
        }
    }

    /// Plays those of some batches that are not done yet; whether all of them are then.
    pub fn play_share(&mut self, share: &[Range<u64>], company: Company) -> bool {
        self.schedule.planned = share.iter().map(|batches| batches.end - batches.start).sum();
        self.play_all(&without(share, &self.batches()), company);
        if self.stopped.load(Ordering::Relaxed) {
            self.stop(company);
            return false;
        }
        self.offer(Moment::End, company.keeper);
        true
    }

    fn play_all(&self, batches: &[Range<u64>], company: Company) {
        let batches: Vec<u64> = batches.iter().cloned().flatten().collect();
        batches.par_iter().with_max_len(1).for_each(|&batch| self.play_batch(batch, company));
    }

    fn stop(&self, company: Company) -> Finish {
        self.offer(Moment::Stop, company.keeper);
        if company.observer.stop_requested() { Finish::Interrupted } else { Finish::WallTime }
    }

    /// Hands the state to the keeper, if it wants one.
    fn offer(&self, moment: Moment, keeper: &dyn Keeper) {
        if keeper.wants(moment) {
            // A state takes as much memory as several of these, which are soon made again.
            self.spare_maps.lock().expect("no thread panics").clear();
            keeper.keep(self.plan.acquisition, self.partial());
        }
    }

    fn play_batch(&self, batch: u64, company: Company) {
        let out_of_time = || self.plan.settings.max_wall_s().is_some_and(|s| self.spent().wall_s > s);
        if self.stopped.load(Ordering::Relaxed)
            || company.observer.stop_requested()
            || out_of_time()
            || self.plan.world.is_hopeless()
        {
            self.stopped.store(true, Ordering::Relaxed);
            return;
        }
        let scored = self.score_batch(batch);
        let record = BatchRecord {
            batch,
            skin_kev: scored.skin_kev,
            lost: scored.lost,
            energies: self.by_organ(&scored.label_kev, &scored.marrow_kev),
            ends: self
                .plan
                .ends
                .map(|_| scored.ends.each_ref().map(|end| self.by_organ(&end.label_kev, &end.marrow_kev))),
            balance: scored.balance,
        };
        self.records.lock().expect("no thread panics").push(record);
        drop(scored.adding);
        self.finished.fetch_add(1, Ordering::Relaxed);
        self.report(company.observer);
        self.offer(Moment::Batch, company.keeper);
    }

    fn spent(&self) -> Spent {
        let before = *self.spent.lock().expect("no thread panics");
        Spent {
            wall_s: before.wall_s + self.start.elapsed().as_secs_f64(),
            cpu_s: before.cpu_s + self.cpu.elapsed().as_secs_f64(),
        }
    }

    fn report(&self, observer: &dyn Observer) {
        let worst = self.worst_organ(u64::MAX);
        observer.progress(&Progress {
            acquisition: self.plan.acquisition,
            histories: self.finished.load(Ordering::Relaxed) * self.schedule.histories_per_batch,
            histories_planned: self.schedule.planned * self.schedule.histories_per_batch,
            worst: worst.map(|(organ, error)| (self.plan.phantom.organs[organ].name.as_str(), error)),
            elapsed_s: self.spent().wall_s,
        });
    }

    /// The target organ with the largest relative error after the batches below `end`.
    fn worst_organ(&self, end: u64) -> Option<(usize, f64)> {
        let mut records = self.records.lock().expect("no thread panics");
        // Sums depend on the order; while batches run, it is for the progress line only.
        if end != u64::MAX {
            records.sort_by_key(|record| record.batch);
        }
        let count = if end == u64::MAX { records.len() } else { records.partition_point(|r| r.batch < end) };
        let records = &records[..count];
        let error = |&organ: &usize| (organ, organ_energy(records, organ).relative_error());
        self.plan.target_organs.iter().map(error).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// How a run of fixed batches ended, all of them being done: at its target, or with its histories.
    pub fn verdict(&self) -> Finish {
        let target = self.plan.settings.target.as_ref().map(|target| target.relative_error);
        let worst = self.worst_organ(u64::MAX - 1).map(|(_, error)| error);
        match target.zip(worst) {
            Some((target, worst)) if worst <= target => Finish::Target,
            _ => Finish::Histories,
        }
    }

    /// What the batches come to; `None` without any.
    pub fn finish(self, finish: Finish) -> Result<Option<Played<'a>>> {
        let spent = self.spent();
        let mut records = self.records.into_inner().expect("no thread panics");
        records.sort_by_key(|record| record.batch);
        let mut energy_balance = EnergyBalance::default();
        records.iter().for_each(|record| energy_balance.add(&record.balance));
        check_lost(self.plan.acquisition, &records, self.schedule.histories_per_batch)?;
        if !energy_balance.is_closed() {
            return Err(Error::Internal(format!(
                "the energy balance is off by {:.2e}",
                energy_balance.closure()
            )));
        }
        Ok((!records.is_empty()).then_some(Played {
            records,
            histories_per_batch: self.schedule.histories_per_batch,
            energy_balance,
            map_totals: self.map_totals,
            smoothing: self.smoothing,
            finish,
            wall_s: spent.wall_s,
            cpu_s: spent.cpu_s,
        }))
    }
}
