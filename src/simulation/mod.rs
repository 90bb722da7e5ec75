//! One run: an exam is simulated acquisition by acquisition, and an outcome comes back.

pub mod lost;
pub mod outcome;
pub mod outward;
pub mod replay;
pub mod response;
mod run;
mod schedule;
pub mod settings;
mod stage;

use std::time::Instant;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::beam::PhotonSource;
use crate::source::gantry::Placement;
use crate::source::scanner::Scanner;
use crate::tally::dose_map::{DoseMap, mgy_per_kev_g};
use crate::transport::world::World;

use outcome::{
    AcquisitionOutcome, Finish, Outcome, SourceOutcome, organ_doses_mgy, organ_energies_per_history,
};
use run::{Plan, Run};
use schedule::target_organs;
use settings::Settings;
use stage::Stage;

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
    let stage = Stage::new(exam, settings)?;
    let mut acquisitions = Vec::new();
    let mut dose_map: Option<DoseMap> = None;
    for index in 0..exam.acquisitions.len() {
        let Some((outcome, map)) = play_acquisition(exam, &stage, index, observer)? else {
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
        return Err(nothing_done());
    }
    Ok(Outcome {
        complete: acquisitions.len() == exam.acquisitions.len()
            && acquisitions.iter().all(|a| a.finish != Finish::Interrupted),
        acquisitions,
        dose_map,
        skin: stage.skin,
        wall_s: start.elapsed().as_secs_f64(),
        cpu_s: cpu.elapsed().as_secs_f64(),
        threads: rayon::current_num_threads(),
    })
}

/// Simulates any source of photons on a phantom: energy per history by organ. `world` is the phantom's own.
pub fn simulate_source<S: PhotonSource>(
    phantom: &Phantom,
    world: &World,
    source: &S,
    settings: &Settings,
    observer: &dyn Observer,
) -> Result<SourceOutcome> {
    settings.check()?;
    let target_organs = match settings.target {
        Some(_) => {
            let everywhere = vec![1.0; phantom.organs.len()];
            target_organs(settings, phantom, &everywhere, &phantom.organ_masses_g())?
        }
        None => Vec::new(),
    };
    let plan = Plan {
        phantom,
        world,
        settings,
        acquisition: 0,
        target_organs: &target_organs,
        importance: None,
        ends: None,
        skin: None,
    };
    let played = Run::new(plan, source).play(observer)?.ok_or_else(nothing_done)?;
    Ok(SourceOutcome {
        organ_kev: organ_energies_per_history(&played.records, played.histories_per_batch),
        histories: played.histories(),
        energy_balance: played.energy_balance,
        finish: played.finish,
        wall_s: played.wall_s,
    })
}

fn nothing_done() -> Error {
    Error::invalid("the run was stopped before its first batch was done: there is nothing to save")
}

/// One acquisition of an exam; `None` if it was stopped before its first batch.
fn play_acquisition(
    exam: &Exam,
    stage: &Stage,
    index: usize,
    observer: &dyn Observer,
) -> Result<Option<(AcquisitionOutcome, Option<DoseMap>)>> {
    let acquisition = &exam.acquisitions[index];
    let (phantom, scene) = (&exam.phantom, stage.scene(index)?);
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let played = Run::new(scene.plan(), &scene.beam).play(observer);
    let played = played.map_err(|error| error.within(&format!("acquisition `{}`", acquisition.phase)))?;
    let Some(mut played) = played else { return Ok(None) };
    let scale = mgy_per_kev_g(scene.beam.photons() / played.histories_per_batch as f64);
    let batches = played.records.len() as u64;
    let map = played.map_totals.take().map(|totals| totals.finish(phantom, batches, scale));
    let smoothing_bias = played.smoothing.take().zip(map.as_ref()).map(|(smoothing, map)| {
        let in_range = phantom.is_between_z(bottom_cm, top_cm);
        smoothing.relative_bias(phantom, map, (batches, scale), in_range)
    });
    let outcome = AcquisitionOutcome {
        mgy_per_batch_kev_g: scale,
        organ_dose_mgy: organ_doses_mgy(&played.records, &scene.masses_g, scale),
        acquisition: acquisition.clone(),
        coverage: scene.coverage.clone(),
        histories: played.histories(),
        histories_per_batch: played.histories_per_batch,
        photons: scene.beam.photons(),
        energy_balance: played.energy_balance,
        target_organs: scene.target_organs.clone(),
        records: played.records,
        ends: scene.ends,
        finish: played.finish,
        smoothing_bias,
        wall_s: played.wall_s,
    };
    Ok(Some((outcome, map)))
}

impl Exam {
    /// Refuses an exam that no scanner would run.
    pub fn check(&self) -> Result<()> {
        self.scanner.check()?;
        if self.acquisitions.is_empty() {
            return Err(Error::invalid("an exam must have at least 1 acquisition, found none"));
        }
        self.acquisitions.iter().try_for_each(|acquisition| {
            let scanner = self.scanner_of(acquisition).check();
            scanner
                .and_then(|()| acquisition.check())
                .map_err(|error| error.within(&format!("acquisition `{}`", acquisition.phase)))
        })
    }

    /// The tube of an acquisition: its own, or the exam's.
    pub fn scanner_of<'a>(&'a self, acquisition: &'a Acquisition) -> &'a Scanner {
        acquisition.scanner.as_deref().unwrap_or(&self.scanner)
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
