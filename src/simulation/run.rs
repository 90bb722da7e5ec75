//! Batches of histories of one source on one phantom, played until target, histories, time or observer end it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::simulation::lost::check_lost;
use crate::simulation::outcome::{BatchRecord, Finish, OrganEnergies, organ_energies_kev, organ_energy};
use crate::simulation::schedule::Schedule;
use crate::simulation::settings::Settings;
use crate::simulation::{Observer, Progress};
use crate::source::beam::PhotonSource;
use crate::source::range_ends::RangeEnds;
use crate::tally::batch_score::{EndEnergies, RegionScore, SplitScore, VoxelScore};
use crate::tally::dose_map::{Binning, MapTotals};
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::skin_patches::SkinPatches;
use crate::tally::smoothing::Smoothing;
use crate::transport::batch::{BatchAddress, Histories, Method, Selection, run_batch};
use crate::transport::importance::Importance;
use crate::transport::lost::{LostHistory, find_lost};
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
    /// Wall time, s.
    pub wall_s: f64,
}

impl Played<'_> {
    /// Histories played.
    pub fn histories(&self) -> u64 {
        self.histories_per_batch * self.records.len() as u64
    }
}

/// What one batch scored.
struct Scored {
    /// Energy by label, keV.
    label_kev: Box<[f64; 256]>,
    /// That of active marrow in bones, keV.
    marrow_kev: Box<[f64; 256]>,
    /// Both, of the ends of the path.
    ends: Box<[EndEnergies; 2]>,
    /// Energy of every patch of skin, keV; empty without a map.
    skin_kev: Vec<f32>,
    /// Where all energy went.
    balance: EnergyBalance,
    /// Histories that are lost.
    lost: Vec<LostHistory>,
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
    balance: Mutex<Vec<(u64, EnergyBalance)>>,
    finished: AtomicU64,
    stopped: AtomicBool,
    start: Instant,
}

impl<'a, S: PhotonSource> Run<'a, S> {
    pub fn new(plan: Plan<'a>, source: &'a S) -> Self {
        let binning = |factors| MapTotals::new(Binning::new(&plan.phantom.grid, factors));
        Run {
            schedule: Schedule::new(plan.settings),
            map_totals: plan.settings.map_binning.map(binning),
            smoothing: plan.settings.smooths().then(|| Smoothing::new(plan.phantom)),
            plan,
            source,
            spare_maps: Mutex::default(),
            records: Mutex::default(),
            balance: Mutex::default(),
            finished: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            start: Instant::now(),
        }
    }

    /// Plays batches until the target, the histories, the wall time or the observer ends it.
    /// `None` if it was stopped before its first batch.
    pub fn play(mut self, observer: &dyn Observer) -> Result<Option<Played<'a>>> {
        let mut done = 0;
        let finish = loop {
            let planned = self.schedule.planned;
            let batches: Vec<u64> = (done..planned).collect();
            batches.par_iter().with_max_len(1).for_each(|&batch| self.play_batch(batch, observer));
            done = planned;
            self.records.get_mut().expect("no thread panics").sort_by_key(|record| record.batch);
            if self.stopped.load(Ordering::Relaxed) {
                break if observer.stop_requested() { Finish::Interrupted } else { Finish::WallTime };
            }
            let worst = self.worst_organ().map(|(_, error)| error);
            if let Some(finish) = self.schedule.advance(worst) {
                break finish;
            }
        };
        if self.records.lock().expect("no thread panics").is_empty() {
            return Ok(None);
        }
        self.finish(finish).map(Some)
    }

    fn play_batch(&self, batch: u64, observer: &dyn Observer) {
        if self.plan.world.is_hopeless() {
            return self.stopped.store(true, Ordering::Relaxed);
        }
        let out_of_time =
            || self.plan.settings.max_wall_s().is_some_and(|s| self.start.elapsed().as_secs_f64() > s);
        if self.stopped.load(Ordering::Relaxed) || observer.stop_requested() || out_of_time() {
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
        };
        self.balance.lock().expect("no thread panics").push((batch, scored.balance));
        self.records.lock().expect("no thread panics").push(record);
        self.finished.fetch_add(1, Ordering::Relaxed);
        self.report(observer);
    }

    fn by_organ(&self, label_kev: &[f64; 256], marrow_kev: &[f64; 256]) -> OrganEnergies {
        OrganEnergies {
            organ_kev: organ_energies_kev(self.plan.phantom, label_kev),
            marrow_kev: match self.plan.settings.estimator.scores_kerma() {
                true => organ_energies_kev(self.plan.phantom, marrow_kev),
                false => Vec::new(),
            },
        }
    }

    fn end_shares(&self) -> [f64; 2] {
        self.plan.ends.map_or(RangeEnds::NONE, |ends| ends.mas_shares)
    }

    /// Plays one batch; its map, if one is wanted, goes to the totals.
    fn score_batch(&self, batch: u64) -> Scored {
        if let (Some(totals), Some(smoothing)) = (&self.map_totals, &self.smoothing) {
            return self.score_smoothed(batch, totals, smoothing);
        }
        match (&self.map_totals, self.plan.settings.estimator.scores_kerma()) {
            (None, true) => self.score_regions::<true>(batch),
            (None, false) => self.score_regions::<false>(batch),
            (Some(totals), true) => self.score_voxels::<true>(batch, totals),
            (Some(totals), false) => self.score_voxels::<false>(batch, totals),
        }
    }

    fn score_regions<const KERMA: bool>(&self, batch: u64) -> Scored {
        let (score, lost) = self.play_whole(batch, |address, histories| {
            let mut score = RegionScore::<KERMA>::new(self.end_shares());
            run_batch(self.plan.world, self.source, self.method(), address, histories, &mut score);
            score.balance.kerma_kev = if KERMA { score.label_kev.iter().sum() } else { 0.0 };
            (score.balance, score)
        });
        let RegionScore { label_kev, marrow_kev, balance, ends } = score;
        Scored { label_kev, marrow_kev, ends: ends.energies, skin_kev: Vec::new(), balance, lost }
    }

    fn score_voxels<const KERMA: bool>(&self, batch: u64, totals: &MapTotals) -> Scored {
        let mut voxel_kev = self.spare_map();
        let ((marrow_kev, ends, mut balance), lost) = self.play_whole(batch, |address, histories| {
            clear_for(&histories, &mut [&mut voxel_kev]);
            let mut score = VoxelScore::<KERMA>::new(&mut voxel_kev, self.end_shares());
            run_batch(self.plan.world, self.source, self.method(), address, histories, &mut score);
            (score.balance, (score.marrow_kev, score.ends.energies, score.balance))
        });
        let skin_kev = self.plan.skin.map_or(Vec::new(), |skin| skin.energies_kev(&voxel_kev));
        let label_kev = totals.take(&mut voxel_kev, self.plan.world.labels, batch);
        balance.kerma_kev = if KERMA { label_kev.iter().sum() } else { 0.0 };
        self.spare_maps.lock().expect("no thread panics").push(voxel_kev);
        Scored { label_kev, marrow_kev, ends, skin_kev, balance, lost }
    }

    /// Plays one batch whose scatter is smoothed on its way to the totals.
    fn score_smoothed(&self, batch: u64, totals: &MapTotals, smoothing: &Smoothing) -> Scored {
        let [mut primary_kev, mut scatter_kev, mut room] = [(); 3].map(|()| self.spare_map());
        let ((marrow_kev, ends, mut balance), lost) = self.play_whole(batch, |address, histories| {
            clear_for(&histories, &mut [&mut primary_kev, &mut scatter_kev]);
            let mut score = SplitScore::new([&mut primary_kev, &mut scatter_kev], self.end_shares());
            run_batch(self.plan.world, self.source, self.method(), address, histories, &mut score);
            let SplitScore { primary, scatter, .. } = score;
            let (mut marrow_kev, mut ends) = (primary.marrow_kev, primary.ends);
            marrow_kev.iter_mut().zip(scatter.marrow_kev.iter()).for_each(|(sum, kev)| *sum += kev);
            ends.add_all(&scatter.ends);
            (primary.balance, (marrow_kev, ends, primary.balance))
        });
        let skin_kev = self.plan.skin.map_or(Vec::new(), |skin| {
            let parts = [&primary_kev, &scatter_kev].map(|voxel_kev| skin.energies_kev(voxel_kev));
            parts[0].iter().zip(&parts[1]).map(|(primary, scatter)| primary + scatter).collect()
        });
        smoothing.join(&mut primary_kev, &mut scatter_kev, &mut room, batch);
        let label_kev = totals.take(&mut primary_kev, self.plan.world.labels, batch);
        balance.kerma_kev = label_kev.iter().sum();
        self.spare_maps.lock().expect("no thread panics").extend([primary_kev, scatter_kev, room]);
        Scored { label_kev, marrow_kev, ends: ends.energies, skin_kev, balance, lost }
    }

    /// Plays a batch. Where its balance is no number, histories of it are lost: finds them, and plays it again without.
    fn play_whole<R>(
        &self,
        batch: u64,
        mut play: impl FnMut(BatchAddress, Histories) -> (EnergyBalance, R),
    ) -> (R, Vec<LostHistory>) {
        let (address, count) = self.address(batch);
        let (balance, played) = play(address, count.into());
        if balance.is_finite() {
            return (played, Vec::new());
        }
        drop(played);
        let by_voxel = self.map_totals.is_some();
        let lost = find_lost(self.plan.world, self.source, self.method(), address, (count, by_voxel));
        let numbers: Vec<u64> = lost.iter().map(|lost| lost.history).collect();
        let (_, played) = play(address, Histories { count, played: Selection::Without(&numbers) });
        (played, lost)
    }

    /// An empty map of a batch.
    fn spare_map(&self) -> Vec<f32> {
        let spare = self.spare_maps.lock().expect("no thread panics").pop();
        spare.unwrap_or_else(|| vec![0.0; self.plan.world.labels.len()])
    }

    fn method(&self) -> Method<'_> {
        Method { estimator: self.plan.settings.estimator, importance: self.plan.importance }
    }

    fn address(&self, batch: u64) -> (BatchAddress, u64) {
        let address =
            BatchAddress { seed: self.plan.settings.seed, acquisition: self.plan.acquisition as u64, batch };
        (address, self.schedule.histories_per_batch)
    }

    fn report(&self, observer: &dyn Observer) {
        let worst = self.worst_organ();
        observer.progress(&Progress {
            acquisition: self.plan.acquisition,
            histories: self.finished.load(Ordering::Relaxed) * self.schedule.histories_per_batch,
            histories_planned: self.schedule.planned * self.schedule.histories_per_batch,
            worst: worst.map(|(organ, error)| (self.plan.phantom.organs[organ].name.as_str(), error)),
            elapsed_s: self.start.elapsed().as_secs_f64(),
        });
    }

    /// The target organ with the largest relative error.
    fn worst_organ(&self) -> Option<(usize, f64)> {
        let records = self.records.lock().expect("no thread panics");
        let error = |&organ: &usize| (organ, organ_energy(&records, organ).relative_error());
        self.plan.target_organs.iter().map(error).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn finish(self, finish: Finish) -> Result<Played<'a>> {
        let mut balances = self.balance.into_inner().expect("no thread panics");
        balances.sort_by_key(|(batch, _)| *batch);
        let mut energy_balance = EnergyBalance::default();
        balances.iter().for_each(|(_, batch)| energy_balance.add(batch));
        let records = self.records.into_inner().expect("no thread panics");
        check_lost(self.plan.acquisition, &records, self.schedule.histories_per_batch)?;
        if !energy_balance.is_closed() {
            return Err(Error::Internal(format!(
                "the energy balance is off by {:.2e}",
                energy_balance.closure()
            )));
        }
        Ok(Played {
            records,
            histories_per_batch: self.schedule.histories_per_batch,
            energy_balance,
            map_totals: self.map_totals,
            smoothing: self.smoothing,
            finish,
            wall_s: self.start.elapsed().as_secs_f64(),
        })
    }
}

/// Empties maps before a batch is played again; those of a first time are empty.
fn clear_for(histories: &Histories, maps: &mut [&mut Vec<f32>]) {
    if histories.played != Selection::All {
        maps.iter_mut().for_each(|map| map.fill(0.0));
    }
}
