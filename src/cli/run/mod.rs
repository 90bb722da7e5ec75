//! `childsize run`: from a protocol to organ doses and a dose map.

pub(super) mod keep;
pub(super) mod outputs;
pub(super) mod plan;
pub(super) mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::campaign::shard;
use super::progress::{Show, Watch};
use super::{Done, EXIT_INTERRUPTED, console, interrupt};
use crate::analysis::console::{AcquisitionCtdi, calibrate};
use crate::analysis::organ_table::OrganTable;
use crate::analysis::size::{REFERENCE_KEV, SliceSize, slice_sizes};
use crate::error::{Error, Result};
use crate::io::checkpoint::{self, Checkpoint};
use crate::io::ctdi_cache;
use crate::io::folder_lock::FolderLock;
use crate::io::output_file::{self, unwritable};
use crate::io::result::ResultFile;
use crate::io::state_folder::Found;
use crate::simulation::outcome::Outcome;
use crate::simulation::partial::Partial;
use crate::simulation::simulate_kept;
use keep::{Checkpoints, Place};
use outputs::Outputs;
use plan::Plan;

const AFTER_HELP: &str = "\
Examples:
  childsize run chest.toml -o out/                    all of the protocol's histories, or until its target
  childsize run chest.toml -o quick/ --histories 1e6  a quick look; the errors say how quick
  childsize run chest.toml -o out/ --force --no-map   organ doses only, faster; replaces what is there
  childsize run --plan campaign/ --shard 3            one of the shards that childsize plan has made

Writes result.h5 (everything), organs.csv, summary.json and report.html (a page for people) into the folder. The same
protocol and seed give the same doses on any number of threads.

Every minute a checkpoint is written to out/checkpoint/, and removed when the results are there. Ctrl-C saves what is done.
After it, or after a crash, childsize resume out/ goes on, to the same bits.";

/// Simulate an exam: organ doses and a dose map, each with its standard error.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct RunArguments {
    /// The protocol file (TOML)
    #[arg(required_unless_present = "plan")]
    protocol: Option<PathBuf>,
    /// Folder of the results; made if it is not there [default: the protocol's, else `out`]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Replace results that are already there
    #[arg(long)]
    pub(super) force: bool,
    /// Play a shard of the campaign in this folder instead (see childsize plan)
    #[arg(long, value_name = "DIR",
        conflicts_with_all = ["protocol", "output", "force", "histories", "seed", "no_map"])]
    plan: Option<PathBuf>,
    /// Index of the shard, from 0 [default: CHILDSIZE_SHARD, or the array index of Slurm, Kubernetes or AWS Batch]
    #[arg(long, value_name = "K", requires = "plan")]
    shard: Option<usize>,
    /// Histories per acquisition, for example 1e8 (with a target: the most it may take)
    #[arg(long, value_name = "N", value_parser = plan::whole_number)]
    histories: Option<u64>,
    /// Seed of all chance
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Threads [default: the protocol's, else one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    /// No dose map: organ doses only, with the estimator that is fastest for them
    #[arg(long)]
    no_map: bool,
    /// Share the batches with the other processes of this MPI job (mpirun); without checkpoints
    #[cfg(feature = "mpi")]
    #[arg(long, conflicts_with = "plan")]
    mpi: bool,
    #[command(flatten)]
    pub(super) manner: Manner,
}

impl RunArguments {
    /// The protocol file.
    pub(super) fn protocol(&self) -> Result<&Path> {
        self.protocol.as_deref().ok_or_else(|| Error::Internal("a run without a protocol".to_owned()))
    }
}

/// How a run goes about it, whatever it plays.
#[derive(Clone, Copy, Debug, Args)]
pub struct Manner {
    /// Seconds between two checkpoints; 0 for none
    #[arg(long, value_name = "S", default_value = "60", value_parser = keep::seconds)]
    pub checkpoint_seconds: Duration,
    /// How progress is shown, on standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
    pub progress: Show,
}

/// Runs a protocol. Whatever can be refused is refused before the first history.
pub fn run(arguments: &RunArguments) -> Done {
    if let Some(folder) = &arguments.plan {
        return shard::run(folder, arguments.shard, arguments.threads, arguments.manner);
    }
    #[cfg(feature = "mpi")]
    if arguments.mpi {
        return super::mpi::run(arguments);
    }
    let plan = Plan::new(arguments, arguments.protocol()?)?;
    let outputs = Outputs::claim(&plan.directory, &plan.formats, arguments.force)?;
    let lock = FolderLock::claim(&plan.directory)?;
    let checkpoint = checkpoint_of(&plan);
    if checkpoint.exists() && !arguments.force {
        return Err(unwritable(
            &plan.directory,
            &"a run that was broken off lies in it; childsize resume goes on with it, --force begins anew",
        ));
    }
    checkpoint.forget();
    play(plan, (&outputs, &lock), checkpoint, arguments.manner)
}

/// Goes on with the run that was broken off in a folder.
pub fn resume(directory: &Path, threads: Option<u16>, manner: Manner) -> Done {
    let (protocol, mut request) = checkpoint::broken_off(directory)?;
    request.threads = threads.or(request.threads);
    let plan = Plan::of(&protocol, &request, Some(directory))?;
    let outputs = Outputs::claim(directory, &plan.formats, true)?;
    let lock = FolderLock::claim(directory)?;
    let checkpoint = checkpoint_of(&plan);
    // What a killed process left takes room that may be wanted.
    output_file::sweep(directory);
    output_file::sweep(&checkpoint.states.folder);
    play(plan, (&outputs, &lock), checkpoint, manner)
}

fn checkpoint_of(plan: &Plan) -> Checkpoint {
    Checkpoint::new(&plan.directory, plan.states(Path::new("")), &plan.protocol.toml, &plan.request)
}

impl Place for Checkpoint {
    fn keep(&self, acquisition: usize, partial: &Partial) -> Result<()> {
        Checkpoint::keep(self, acquisition, partial)
    }

    fn found(&self, acquisition: usize) -> Result<Found> {
        self.states.found(acquisition)
    }
}

fn play(
    mut plan: Plan,
    (outputs, _lock): (&Outputs, &FolderLock),
    checkpoint: Checkpoint,
    manner: Manner,
) -> Done {
    listen(manner.progress)?;
    let (ctdi, sizes) = prepare(&mut plan)?;
    let watch = Watch::new(manner.progress, &plan.exam, &plan.settings);
    plan.warnings.iter().for_each(|warning| watch.say("warning", warning));
    let keeper = Checkpoints::new(&watch, &checkpoint, manner.checkpoint_seconds);
    let outcome = plan.pool.install(|| simulate_kept(&plan.exam, &plan.settings, &watch, &keeper));
    watch.finish();
    let outcome = match outcome {
        Err(error @ Error::Invalid { .. }) if interrupt::requested() => {
            console::complain(&error);
            return Ok(ExitCode::from(EXIT_INTERRUPTED));
        }
        outcome => outcome?,
    };
    let resume = keeper.any().then(|| format!("childsize resume {}", shell_word(&plan.directory)));
    if let Err(error) = conclude(&plan, outputs, manner.progress, &outcome, (&ctdi, &sizes)) {
        if let Some(resume) = &resume {
            watch.say("kept", &format!("the last checkpoint stays; `{resume}` goes on from it"));
        }
        return Err(error);
    }
    if outcome.complete {
        checkpoint.forget();
        return Ok(ExitCode::SUCCESS);
    }
    watch.say("interrupted", &report::rerun(&outcome, resume.as_deref()));
    Ok(ExitCode::from(EXIT_INTERRUPTED))
}

/// Says at the first signal what becomes of it.
pub(super) fn listen(show: Show) -> Result<()> {
    interrupt::listen(move || {
        show.say("stopping", "running batches are finished and saved; once more to stop at once")
    })
}

/// Tells what is simulated, and finds out what has to be known of it beside the batches: CTDI and sizes.
pub(super) fn prepare(plan: &mut Plan) -> Result<(Vec<Option<AcquisitionCtdi>>, Vec<SliceSize>)> {
    console::print(&report::header(plan))?;
    let ctdi = plan.pool.install(|| calibrate(&mut plan.exam, &plan.console, ctdi_cache::measured))?;
    console::print(&report::ctdi(plan, &ctdi))?;
    let phases = plan.exam.acquisitions.iter().map(|acquisition| &acquisition.phase);
    let warned = ctdi.iter().zip(phases).filter_map(|(ctdi, phase)| ctdi.as_ref()?.warning(phase));
    plan.warnings.extend(warned);
    let sizes = slice_sizes(&plan.exam.phantom, REFERENCE_KEV)?;
    console::print(&report::noise(plan, &sizes)?)?;
    Ok((ctdi, sizes))
}

/// A path as a shell would read it.
pub(super) fn shell_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    shlex::try_quote(&text).map_or_else(|_| text.to_string(), |word| word.into_owned())
}

/// Saves and prints what a run found out.
pub(super) fn conclude(
    plan: &Plan,
    outputs: &Outputs,
    show: Show,
    outcome: &Outcome,
    (ctdi, sizes): (&[Option<AcquisitionCtdi>], &[SliceSize]),
) -> Result<()> {
    let table = OrganTable::new(&plan.exam.phantom, outcome);
    let mut warnings = plan.warnings.clone();
    let mut missed = report::missed_targets(plan, outcome);
    missed.extend(report::smoothed(outcome));
    missed.extend(report::lost(outcome));
    missed.iter().for_each(|warning| show.say("warning", warning));
    warnings.extend(missed);
    let written = save(plan, outputs, outcome, (&table, ctdi, sizes), &warnings)?;
    console::print(&report::table(&table))?;
    console::print(&report::skin(outcome))?;
    console::print(&report::effective(plan, outcome))?;
    console::print(&report::footer(outcome, &written))
}

fn save(
    plan: &Plan,
    outputs: &Outputs,
    outcome: &Outcome,
    (table, ctdi, sizes): (&OrganTable, &[Option<AcquisitionCtdi>], &[SliceSize]),
    warnings: &[String],
) -> Result<Vec<PathBuf>> {
    let result = ResultFile {
        exam: &plan.exam,
        settings: &plan.settings,
        outcome,
        protocol: &plan.protocol,
        phantom_digest: &plan.phantom_digest,
        ctdi,
        sizes,
        warnings,
        created: Timestamp::now(),
    };
    // Maps are packed by as many threads as the run was given.
    plan.pool.install(|| outputs.write(&result, table))
}
