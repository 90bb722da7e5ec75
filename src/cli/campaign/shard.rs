//! `childsize run --plan`: one shard of a campaign.

use std::path::Path;
use std::process::ExitCode;

use crate::cli::progress::Watch;
use crate::cli::run::keep::{Checkpoints, Place};
use crate::cli::run::plan::Plan;
use crate::cli::run::{Manner, listen, report};
use crate::cli::{Done, EXIT_INTERRUPTED, console};
use crate::error::{Error, Result};
use crate::io::campaign::Campaign;
use crate::io::folder_lock::FolderLock;
use crate::io::output_file;
use crate::io::state_folder::Found;
use crate::simulation::partial::Partial;
use crate::simulation::share::play_share;

/// Environment variables that hold the index of a shard, in this order: our own, and those of schedulers.
pub const INDEX_VARIABLES: [&str; 4] =
    ["CHILDSIZE_SHARD", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX"];

/// A shard and its campaign.
struct Shard {
    campaign: Campaign,
    index: usize,
}

/// Plays a shard, or what is left of it.
pub fn run(folder: &Path, index: Option<usize>, threads: Option<u16>, manner: Manner) -> Done {
    let campaign = Campaign::read(folder)?;
    let shard = Shard { index: index.map_or_else(index_of_environment, Ok)?, campaign };
    shard.campaign.check_shard(shard.index)?;
    let name = format!("shard {} of {}", shard.index, shard.campaign.plan.shards.len());
    let states = shard.campaign.states(shard.index);
    output_file::make_folder(&states.folder)?;
    let _lock = FolderLock::claim(&states.folder)?;
    output_file::sweep(&states.folder);
    if shard.campaign.lacks(shard.index, true)?.is_empty() {
        console::print(&format!(" {name} is done: nothing to do\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut request = shard.campaign.plan.request.clone();
    request.threads = threads.or(request.threads);
    let mut plan = Plan::of(&shard.campaign.protocol()?, &request, None)?;
    plan.identity.check(&shard.campaign.plan.identity)?;
    // What bounds the time of a shard is the scheduler's.
    plan.settings.target.iter_mut().for_each(|target| target.max_wall_s = None);
    listen(manner.progress)?;
    console::print(&report::header(&plan))?;
    let watch = Watch::new(manner.progress, &plan.exam, &plan.settings);
    let keeper = Checkpoints::new(&watch, &shard, manner.checkpoint_seconds).and_every_end();
    let share = shard.campaign.plan.share_of(shard.index);
    let done = plan.pool.install(|| play_share(&plan.exam, &plan.settings, &share, &watch, &keeper));
    watch.finish();
    let done = done?;
    if let Some(error) = keeper.failure() {
        return Err(error);
    }
    if !done {
        watch.say("interrupted", &format!("{name}: its state is kept; the same command goes on from there"));
        return Ok(ExitCode::from(EXIT_INTERRUPTED));
    }
    states.forget_previous();
    let [first, end] = shard.campaign.plan.shards[shard.index];
    console::print(&format!(" {name} is done: batches {first} to {}\n", end - 1))?;
    Ok(ExitCode::SUCCESS)
}

impl Place for Shard {
    fn keep(&self, acquisition: usize, partial: &Partial) -> Result<()> {
        self.campaign.states(self.index).keep(acquisition, partial)
    }

    fn found(&self, acquisition: usize) -> Result<Found> {
        self.campaign.found(self.index, acquisition)
    }
}

/// The index that a scheduler hands to its task.
fn index_of_environment() -> Result<usize> {
    let set = INDEX_VARIABLES.iter().find_map(|&name| std::env::var_os(name).map(|value| (name, value)));
    let Some((name, value)) = set else {
        return Err(Error::invalid(format!(
            "--shard must be given, or its index in one of {}, found none",
            INDEX_VARIABLES.join(", ")
        )));
    };
    let value = value.to_string_lossy();
    value.parse().map_err(|_| Error::invalid(format!("{name} must be the index of a shard, found `{value}`")))
}
