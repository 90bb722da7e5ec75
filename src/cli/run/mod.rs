//! `childsize run`: from a protocol to organ doses and a dose map.

mod outputs;
pub(super) mod plan;
pub(super) mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::Timestamp;

use super::progress::{Show, Watch};
use super::{Done, EXIT_INTERRUPTED, console, interrupt};
use crate::analysis::console::{AcquisitionCtdi, calibrate};
use crate::analysis::organ_table::OrganTable;
use crate::analysis::size::{REFERENCE_KEV, SliceSize, slice_sizes};
use crate::error::{Error, Result};
use crate::io::ctdi_cache;
use crate::io::result::ResultFile;
use crate::simulation::outcome::Outcome;
use crate::simulation::simulate;
use outputs::Outputs;
use plan::Plan;

const AFTER_HELP: &str = "\
Examples:
  childsize run chest.toml -o out/                    all of the protocol's histories, or until its target
  childsize run chest.toml -o quick/ --histories 1e6  a quick look; the errors say how quick
  childsize run chest.toml -o out/ --force --no-map   organ doses only, faster; replaces what is there

Writes result.h5 (everything), organs.csv, summary.json and report.html (a page for people) into the folder. The same
protocol and seed give the same doses on any number of threads. Ctrl-C saves what is done.";

/// Simulate an exam: organ doses and a dose map, each with its standard error.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct RunArguments {
    /// The protocol file (TOML)
    protocol: PathBuf,
    /// Folder of the results; made if it is not there [default: the protocol's, else `out`]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Replace results that are already there
    #[arg(long)]
    force: bool,
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
    /// How progress is shown, on standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
    progress: Show,
}

/// Runs a protocol. Whatever can be refused is refused before the first history.
pub fn run(arguments: &RunArguments) -> Done {
    let mut plan = Plan::new(arguments)?;
    let outputs = Outputs::claim(&plan.directory, &plan.formats, arguments.force)?;
    let show = arguments.progress;
    interrupt::listen(move || {
        show.say("stopping", "running batches are finished and saved; once more to stop at once")
    })?;
    console::print(&report::header(&plan))?;
    let ctdi = plan.pool.install(|| calibrate(&mut plan.exam, &plan.console, ctdi_cache::measured))?;
    console::print(&report::ctdi(&plan, &ctdi))?;
    let phases = plan.exam.acquisitions.iter().map(|acquisition| &acquisition.phase);
    let warned = ctdi.iter().zip(phases).filter_map(|(ctdi, phase)| ctdi.as_ref()?.warning(phase));
    plan.warnings.extend(warned);
    let sizes = slice_sizes(&plan.exam.phantom, REFERENCE_KEV)?;
    console::print(&report::noise(&plan, &sizes)?)?;
    let watch = Watch::new(arguments.progress, &plan.exam, &plan.settings);
    plan.warnings.iter().for_each(|warning| watch.say("warning", warning));
    let outcome = plan.pool.install(|| simulate(&plan.exam, &plan.settings, &watch));
    watch.finish();
    match outcome {
        Ok(outcome) => conclude(&plan, &outputs, &watch, &outcome, (&ctdi, &sizes)),
        Err(error @ Error::Invalid { .. }) if interrupt::requested() => {
            console::complain(&error);
            Ok(ExitCode::from(EXIT_INTERRUPTED))
        }
        Err(error) => Err(error),
    }
}

/// Saves and prints what a run found out.
fn conclude(
    plan: &Plan,
    outputs: &Outputs,
    watch: &Watch,
    outcome: &Outcome,
    (ctdi, sizes): (&[Option<AcquisitionCtdi>], &[SliceSize]),
) -> Done {
    let table = OrganTable::new(&plan.exam.phantom, outcome);
    let mut warnings = plan.warnings.clone();
    let mut missed = report::missed_targets(plan, outcome);
    missed.extend(report::smoothed(outcome));
    missed.extend(report::lost(outcome));
    missed.iter().for_each(|warning| watch.say("warning", warning));
    warnings.extend(missed);
    let written = save(plan, outputs, outcome, (&table, ctdi, sizes), &warnings)?;
    console::print(&report::table(&table))?;
    console::print(&report::skin(outcome))?;
    console::print(&report::effective(plan, outcome))?;
    console::print(&report::footer(outcome, &written))?;
    if outcome.complete {
        return Ok(ExitCode::SUCCESS);
    }
    watch.say("interrupted", &report::rerun(outcome));
    Ok(ExitCode::from(EXIT_INTERRUPTED))
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
    outputs.write(&result, table)
}
