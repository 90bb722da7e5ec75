//! One run: an exam is simulated acquisition by acquisition, and an outcome comes back.

pub mod lost;
pub mod outcome;
pub mod outward;
pub mod partial;
pub mod peers;
pub mod replay;
pub mod response;
mod run;
mod schedule;
pub mod settings;
pub mod share;
mod stage;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::beam::PhotonSource;
use crate::source::gantry::Placement;
use crate::source::scanner::Scanner;
use crate::transport::world::World;

use outcome::{Finish, Outcome, SourceOutcome, organ_energies_per_history};
use partial::{Keeper, Unkept};
use run::{Company, Plan, Run};
use schedule::target_organs;
use settings::Settings;
use stage::{Gathered, Stage};

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
    simulate_kept(exam, settings, observer, &Unkept)
}

/// The same, going on from what a keeper knows and handing it states to keep. The outcome is that of a run that was never
/// broken off, but for its times.
pub fn simulate_kept(
    exam: &Exam,
    settings: &Settings,
    observer: &dyn Observer,
    keeper: &dyn Keeper,
) -> Result<Outcome> {
    let stage = Stage::new(exam, settings)?;
    let mut gathered = Gathered::default();
    for index in 0..exam.acquisitions.len() {
        let scene = stage.scene(index)?;
        let mut run = Run::new(scene.plan(), &scene.beam);
        if let Some(known) = keeper.known(index)? {
            run.add(known).map_err(|error| scene.place(error))?;
        }
        let finish = run.play(Company { observer, keeper });
        let Some((outcome, map)) = scene.conclude(run, finish)? else { break };
        gathered.add(outcome, map);
        if finish == Finish::Interrupted {
            break;
        }
    }
    gathered.outcome(stage)
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
    let mut run = Run::new(plan, source);
    let finish = run.play(Company { observer, keeper: &Unkept });
    let played = run.finish(finish)?.ok_or_else(nothing_done)?;
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
