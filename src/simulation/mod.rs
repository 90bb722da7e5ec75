//! One run: an exam is simulated acquisition by acquisition, and an outcome comes back.

pub mod outcome;
mod schedule;
pub mod settings;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::geometry::mass::coverage;
use crate::geometry::outline::Outline;
use crate::geometry::phantom::Phantom;
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::beam::{Beam, PhotonSource};
use crate::source::gantry::Placement;
use crate::source::scanner::Scanner;
use crate::tally::batch_score::{RegionScore, VoxelScore, label_energies_kev};
use crate::tally::dose_map::{Binning, DoseMap, MapTotals, mgy_per_kev_g};
use crate::tally::energy_balance::EnergyBalance;
use crate::transport::aim::fan_windows;
use crate::transport::batch::{BatchAddress, run_batch};
use crate::transport::world::World;

use outcome::{AcquisitionOutcome, BatchRecord, Finish, Outcome, organ_energies_kev};
use schedule::{Schedule, target_organs};
use settings::Settings;

/// What is to be simulated: a patient on a scanner, and what the console was set to.
#[derive(Clone, Debug)]
pub struct Exam {
    /// The patient.
    pub phantom: Phantom,
    /// The scanner.
    pub scanner: Scanner,
    /// How the patient lies in it.
    pub placement: Placement,
    /// The acquisitions, in order.
    pub acquisitions: Vec<Acquisition>,
}

/// State of a run, for whoever watches it.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// Index of the acquisition under way.
    pub acquisition: usize,
    /// Histories finished in it.
    pub histories: u64,
    /// Histories it will take, as far as is known now.
    pub histories_planned: u64,
    /// The target organ with the largest relative error so far (name, error), once there are batches.
    pub worst: Option<(&'a str, f64)>,
    /// Wall time of this acquisition so far, s.
    pub elapsed_s: f64,
}

/// Someone who watches a run and may end it early.
pub trait Observer: Sync {
    /// Told after every batch, from any thread.
    fn progress(&self, _progress: &Progress) {}
    /// Asked before every batch; `true` ends the run with the batches that are done.
    fn stop_requested(&self) -> bool {
        false
    }
}

/// Nobody watches.
pub struct Unobserved;
impl Observer for Unobserved {}

/// Simulates an exam. Batches run on the current rayon pool; the outcome does not depend on its size.
pub fn simulate(exam: &Exam, settings: &Settings, observer: &dyn Observer) -> Result<Outcome> {
    let (start, cpu) = (Instant::now(), cpu_time::ProcessTime::now());
    exam.check()?;
    settings.check()?;
    let outline = Outline::of(&exam.phantom);
    let world = World::new(&exam.phantom, &outline)?;
    let mut acquisitions = Vec::new();
    let mut dose_map: Option<DoseMap> = None;
    for index in 0..exam.acquisitions.len() {
        let Some((outcome, map)) = Run::new(exam, settings, &world, &outline, index)?.play(observer)? else {
            break;
        };
        dose_map = match (dose_map, map) {
            (Some(mut total), Some(map)) => {
                total.add(&map);
                Some(total)
            }
            (total, map) => total.or(map),
        };
        let interrupted = outcome.finish == Finish::Interrupted;
        acquisitions.push(outcome);
        if interrupted {
            break;
        }
    }
    if acquisitions.is_empty() {
        return Err(Error::invalid(
            "the run was stopped before its first batch was done: there is nothing to save",
        ));
    }
    Ok(Outcome {
        complete: acquisitions.len() == exam.acquisitions.len()
            && acquisitions.iter().all(|a| a.finish != Finish::Interrupted),
        acquisitions,
        dose_map,
        wall_s: start.elapsed().as_secs_f64(),
        cpu_s: cpu.elapsed().as_secs_f64(),
        threads: rayon::current_num_threads(),
    })
}

impl Exam {
    /// Refuses an exam that no scanner would run.
    pub fn check(&self) -> Result<()> {
        self.scanner.check()?;
        if self.acquisitions.is_empty() {
            return Err(Error::invalid("an exam must have at least 1 acquisition, found none"));
        }
        self.acquisitions.iter().try_for_each(|acquisition| {
            acquisition.check().map_err(|error| error.within(&format!("acquisition `{}`", acquisition.phase)))
        })
    }

    /// Nominal z interval (bottom, top) an acquisition scans: the range, or the beam of a tube at rest, cm.
    pub fn nominal_range_cm(acquisition: &Acquisition) -> (f64, f64) {
        match acquisition.mode {
            Mode::Stationary { .. } => {
                let middle = 0.5 * (acquisition.top_z_cm + acquisition.bottom_z_cm);
                (middle - acquisition.collimation_cm / 2.0, middle + acquisition.collimation_cm / 2.0)
            }
            _ => (acquisition.bottom_z_cm, acquisition.top_z_cm),
        }
    }
}

/// One acquisition under way.
struct Run<'a> {
    exam: &'a Exam,
    settings: &'a Settings,
    world: &'a World<'a>,
    beam: Beam,
    index: usize,
    coverage: Vec<f64>,
    masses_g: Vec<f64>,
    target_organs: Vec<usize>,
    schedule: Schedule,
    map_totals: Option<MapTotals>,
    /// Maps of batches, kept from batch to batch; always all zero in here.
    spare_maps: Mutex<Vec<Vec<f32>>>,
    records: Mutex<Vec<BatchRecord>>,
    balance: Mutex<Vec<(u64, EnergyBalance)>>,
    finished: AtomicU64,
    stopped: AtomicBool,
    start: Instant,
}

impl<'a> Run<'a> {
    fn new(
        exam: &'a Exam,
        settings: &'a Settings,
        world: &'a World<'a>,
        outline: &Outline,
        index: usize,
    ) -> Result<Self> {
        let acquisition = &exam.acquisitions[index];
        let beam = Beam::new(&exam.scanner, acquisition, exam.placement)?;
        let windows = fan_windows(&beam, outline);
        let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
        let coverage = coverage(&exam.phantom, bottom_cm, top_cm);
        let masses_g = exam.phantom.organ_masses_g();
        let target_organs = target_organs(settings, &exam.phantom, &coverage, &masses_g)?;
        let map_totals =
            settings.map_binning.map(|factors| MapTotals::new(Binning::new(&exam.phantom.grid, factors)));
        Ok(Run {
            beam: beam.with_windows(windows),
            schedule: Schedule::new(settings),
            exam,
            settings,
            world,
            index,
            coverage,
            masses_g,
            target_organs,
            map_totals,
            spare_maps: Mutex::default(),
            records: Mutex::default(),
            balance: Mutex::default(),
            finished: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
            start: Instant::now(),
        })
    }

    /// Plays batches until the target, the histories, the wall time or the observer ends it.
    /// `None` if it was stopped before its first batch.
    fn play(mut self, observer: &dyn Observer) -> Result<Option<(AcquisitionOutcome, Option<DoseMap>)>> {
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
        let out_of_time =
            || self.settings.max_wall_s().is_some_and(|s| self.start.elapsed().as_secs_f64() > s);
        if self.stopped.load(Ordering::Relaxed) || observer.stop_requested() || out_of_time() {
            self.stopped.store(true, Ordering::Relaxed);
            return;
        }
        let (label_kev, balance) = self.score_batch(batch);
        let organ_kev = organ_energies_kev(&self.exam.phantom, &label_kev);
        self.balance.lock().expect("no thread panics").push((batch, balance));
        self.records.lock().expect("no thread panics").push(BatchRecord { batch, organ_kev });
        self.finished.fetch_add(1, Ordering::Relaxed);
        self.report(observer);
    }

    /// Energy by label and energy balance of one batch; its map, if one is wanted, goes to the totals.
    fn score_batch(&self, batch: u64) -> (Box<[f64; 256]>, EnergyBalance) {
        match (&self.map_totals, self.settings.estimator.scores_kerma()) {
            (None, true) => self.score_regions::<true>(batch),
            (None, false) => self.score_regions::<false>(batch),
            (Some(totals), true) => self.score_voxels::<true>(batch, totals),
            (Some(totals), false) => self.score_voxels::<false>(batch, totals),
        }
    }

    fn score_regions<const KERMA: bool>(&self, batch: u64) -> (Box<[f64; 256]>, EnergyBalance) {
        let mut score = RegionScore::<KERMA>::new();
        let (address, histories) = self.address(batch);
        run_batch(self.world, &self.beam, self.settings.estimator, address, histories, &mut score);
        score.balance.kerma_kev = if KERMA { score.label_kev.iter().sum() } else { 0.0 };
        (score.label_kev, score.balance)
    }

    fn score_voxels<const KERMA: bool>(
        &self,
        batch: u64,
        totals: &MapTotals,
    ) -> (Box<[f64; 256]>, EnergyBalance) {
        let spare = self.spare_maps.lock().expect("no thread panics").pop();
        let mut voxel_kev = spare.unwrap_or_else(|| vec![0.0; self.world.labels.len()]);
        let (address, histories) = self.address(batch);
        let mut score = VoxelScore::<KERMA> { voxel_kev: &mut voxel_kev, balance: EnergyBalance::default() };
        run_batch(self.world, &self.beam, self.settings.estimator, address, histories, &mut score);
        let mut balance = score.balance;
        let label_kev = label_energies_kev(&voxel_kev, self.world.labels);
        balance.kerma_kev = if KERMA { label_kev.iter().sum() } else { 0.0 };
        totals.add(&voxel_kev, batch);
        voxel_kev.fill(0.0);
        self.spare_maps.lock().expect("no thread panics").push(voxel_kev);
        (label_kev, balance)
    }

    fn address(&self, batch: u64) -> (BatchAddress, u64) {
        let address = BatchAddress { seed: self.settings.seed, acquisition: self.index as u64, batch };
        (address, self.schedule.histories_per_batch)
    }

    fn report(&self, observer: &dyn Observer) {
        let worst = self.worst_organ();
        observer.progress(&Progress {
            acquisition: self.index,
            histories: self.finished.load(Ordering::Relaxed) * self.schedule.histories_per_batch,
            histories_planned: self.schedule.planned * self.schedule.histories_per_batch,
            worst: worst.map(|(organ, error)| (self.exam.phantom.organs[organ].name.as_str(), error)),
            elapsed_s: self.start.elapsed().as_secs_f64(),
        });
    }

    /// The target organ with the largest relative error.
    fn worst_organ(&self) -> Option<(usize, f64)> {
        let records = self.records.lock().expect("no thread panics");
        let error = |&organ: &usize| (organ, outcome::organ_energy(&records, organ).relative_error());
        self.target_organs.iter().map(error).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn finish(self, finish: Finish) -> Result<(AcquisitionOutcome, Option<DoseMap>)> {
        let acquisition = self.exam.acquisitions[self.index].clone();
        let records = self.records.into_inner().expect("no thread panics");
        let mut balances = self.balance.into_inner().expect("no thread panics");
        balances.sort_by_key(|(batch, _)| *batch);
        let mut balance = EnergyBalance::default();
        balances.iter().for_each(|(_, batch)| balance.add(batch));
        if !balance.is_closed() {
            return Err(Error::Internal(format!(
                "energy balance of acquisition `{}` is off by {:.2e}",
                acquisition.phase,
                balance.closure()
            )));
        }
        let per_batch = self.schedule.histories_per_batch;
        let scale = mgy_per_kev_g(self.beam.photons() / per_batch as f64);
        let map =
            self.map_totals.map(|totals| totals.finish(&self.exam.phantom, records.len() as u64, scale));
        let outcome = AcquisitionOutcome {
            organ_dose_mgy: outcome::organ_doses_mgy(&records, &self.masses_g, scale),
            acquisition,
            coverage: self.coverage,
            histories: per_batch * records.len() as u64,
            histories_per_batch: per_batch,
            photons: self.beam.photons(),
            energy_balance: balance,
            target_organs: self.target_organs,
            records,
            finish,
            wall_s: self.start.elapsed().as_secs_f64(),
        };
        Ok((outcome, map))
    }
}
