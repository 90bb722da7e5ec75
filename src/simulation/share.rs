//! A run shared by several processes: each plays some batches of every acquisition, and their states are put together.

use std::ops::Range;

use crate::error::Result;
use crate::simulation::outcome::{Finish, Outcome};
use crate::simulation::partial::{Keeper, Partial, without};
use crate::simulation::peers::Peers;
use crate::simulation::run::{Company, Run};
use crate::simulation::settings::Settings;
use crate::simulation::stage::{Gathered, Stage};
use crate::simulation::{Exam, Observer};

/// Some batches of every acquisition of an exam.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// Batches by acquisition, ascending and disjoint.
    pub batches: Vec<Vec<Range<u64>>>,
}

/// Plays those of a share's batches that the keeper does not know; whether all of them are done then.
///
/// A target ends nothing here: the share says what is played. It still says which organs photons are split towards.
pub fn play_share(
    exam: &Exam,
    settings: &Settings,
    share: &Share,
    observer: &dyn Observer,
    keeper: &dyn Keeper,
) -> Result<bool> {
    let stage = Stage::new(exam, settings)?;
    for (index, batches) in share.batches.iter().enumerate() {
        let scene = stage.scene(index)?;
        let mut run = Run::new(scene.plan(), &scene.beam).with_batches_of(share.histories_per_batch);
        if let Some(known) = keeper.known(index)? {
            run.add(known).map_err(|error| scene.place(error))?;
        }
        if !run.play_share(batches, Company { observer, keeper }) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Simulates an exam together with other processes that call this too. The outcome is with the first of them, and is that of
/// one process to the bit, but for its times.
pub fn simulate_among(
    exam: &Exam,
    settings: &Settings,
    observer: &dyn Observer,
    peers: &dyn Peers,
) -> Result<Option<Outcome>> {
    let (stage, mut gathered) = (Stage::new(exam, settings)?, Gathered::default());
    let is_first = peers.place().0 == 0;
    for index in 0..exam.acquisitions.len() {
        let scene = stage.scene(index)?;
        let mut run = Run::new(scene.plan(), &scene.beam);
        let finish = run.play_among(peers, observer)?;
        if is_first && let Some((outcome, map)) = scene.conclude(run, finish)? {
            gathered.add(outcome, map);
        }
        if finish == Finish::Interrupted {
            break;
        }
    }
    is_first.then(|| gathered.outcome(stage)).transpose()
}

/// Puts together what others have played. `whole` says which batches there have to be; an acquisition that lacks some is
/// interrupted, and its doses are those of the batches that are there.
///
/// `states` is called once for every acquisition with its index and what takes its states, from any thread.
pub fn gather(
    exam: &Exam,
    settings: &Settings,
    whole: &Share,
    states: &dyn Fn(usize, &(dyn Fn(Partial) -> Result<()> + Sync)) -> Result<()>,
) -> Result<Outcome> {
    let stage = Stage::new(exam, settings)?;
    let mut gathered = Gathered::default();
    for (index, batches) in whole.batches.iter().enumerate() {
        let scene = stage.scene(index)?;
        let run = Run::new(scene.plan(), &scene.beam).with_batches_of(whole.histories_per_batch);
        states(index, &|state| run.add(state).map_err(|error| scene.place(error)))?;
        let finish = match without(batches, &run.batches()).is_empty() {
            true => run.verdict(),
            false => Finish::Interrupted,
        };
        let Some((outcome, map)) = scene.conclude(run, finish)? else { break };
        gathered.add(outcome, map);
    }
    gathered.outcome(stage)
}
