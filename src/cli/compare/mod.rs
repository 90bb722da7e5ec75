//! `childsize compare`: two protocols or two results, organ by organ.

mod text;

use std::path::{Path, PathBuf};

use super::console;
use super::interrupt;
use super::progress::{Show, Watch};
use crate::analysis::compare::{PhaseBatches, RunBatches, compare};
use crate::analysis::console::calibrate;
use crate::analysis::run_batches::of_outcome;
use crate::error::{Error, Result};
use crate::io::comparison::ComparisonFile;
use crate::io::ctdi_cache;
use crate::io::output_file;
use crate::io::protocol::{Prepared, Protocol};
use crate::io::report;
use crate::io::result::read;
use crate::simulation::simulate;
use clap::Args;

const AFTER_HELP: &str = "\
Examples:
  childsize compare single-phase.toml two-phase.toml      plays both with the same random numbers
  childsize compare out-100kv/ out-80kv/                  two results: result.h5 in these folders
  childsize compare 120kv.toml 80kv.toml --equal-noise  the second at the mA that gives the first one's noise
  childsize compare a.toml b.toml --html comparison.html --json comparison.json

Both protocols are played with the first one's seed, histories and target, so that the same photons are drawn for
both; two results profit likewise where they have one seed. The errors of differences and ratios account for it.

The noise index is 1 behind 20 cm of water at 120 kV and 100 effective mAs; it goes with one over the square root of
the energy that the beam brings through as much water as the patient is worth. It knows nothing of contrast: iodine
stands out more at low kV. What a centimetre less saves is what the first and the last centimetre of the tube's path
give, with the current elsewhere as it is.";

/// Compare two protocols or two results: difference and ratio of every organ's dose, with their errors.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CompareArguments {
    /// The baseline: a protocol (.toml), a result (.h5) or a folder with result.h5
    a: PathBuf,
    /// What is compared with it
    b: PathBuf,
    /// Write every row to a JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a page with charts and tables: one HTML file that needs no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Give every acquisition of B the tube current at which its noise is that of A's; doses follow
    #[arg(long)]
    equal_noise: bool,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// How progress is shown, on standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
    progress: Show,
}

/// Prints the comparison.
pub fn run(arguments: &CompareArguments) -> Result<()> {
    for path in [&arguments.json, &arguments.html].into_iter().flatten() {
        output_file::refuse_existing(path, arguments.force)?;
    }
    let is_protocol = |path: &Path| path.extension().is_some_and(|extension| extension == "toml");
    let [a, b] = match (is_protocol(&arguments.a), is_protocol(&arguments.b)) {
        (true, true) => played(arguments)?,
        (false, false) => [read_result(&arguments.a)?, read_result(&arguments.b)?],
        _ => {
            return Err(Error::invalid("both must be protocols (.toml) or both results, found one of each"));
        }
    };
    let played_ma =
        arguments.equal_noise.then(|| b.phases.iter().map(|phase| phase.tube_current_ma).collect());
    let b = if arguments.equal_noise { b.at_noise_of(&a)? } else { b };
    let rows = compare(&a, &b);
    if rows.is_empty() {
        return Err(Error::invalid(format!("{} and {} have no organ in common", a.label, b.label)));
    }
    let file = ComparisonFile { a: &a, b: &b, played_ma, rows: &rows };
    console::print(&text::text(&file))?;
    let value = file.value();
    if let Some(path) = &arguments.json {
        output_file::replace(path, format!("{value:#}\n").as_bytes())?;
    }
    match &arguments.html {
        Some(path) => output_file::replace(path, report::comparison(&value)?.as_bytes()),
        None => Ok(()),
    }
}

fn read_result(path: &Path) -> Result<RunBatches> {
    if path.is_dir() { read::batches(&path.join("result.h5")) } else { read::batches(path) }
}

/// Plays both protocols; the second takes seed and number of histories of the first.
fn played(arguments: &CompareArguments) -> Result<[RunBatches; 2]> {
    interrupt::listen(|| Show::Plain.say("stopping", "the comparison ends without a result"))?;
    let (mut a, mut b) = (prepare(&arguments.a)?, prepare(&arguments.b)?);
    let first = play(&mut a, &arguments.a, arguments.progress)?;
    b.settings.seed = a.settings.seed;
    b.settings.target = None;
    let histories = |phase: &PhaseBatches| phase.histories_per_batch * phase.batches.len() as u64;
    b.settings.histories = first.phases.iter().map(histories).max().unwrap_or(a.settings.histories);
    let second = play(&mut b, &arguments.b, arguments.progress)?;
    Ok([first, second])
}

/// A protocol for organ doses only.
fn prepare(path: &Path) -> Result<Prepared> {
    let mut prepared = Protocol::read(path)?.prepare()?;
    prepared.settings.map_binning = None;
    prepared.settings.estimator = prepared.settings.estimator.without_map();
    Ok(prepared)
}

fn play(prepared: &mut Prepared, path: &Path, show: Show) -> Result<RunBatches> {
    let found = calibrate(&mut prepared.exam, &prepared.console, ctdi_cache::measured)?;
    let watch = Watch::new(show, &prepared.exam, &prepared.settings);
    let phases = prepared.exam.acquisitions.iter().map(|acquisition| acquisition.phase.as_str());
    let warned = found.iter().zip(phases).filter_map(|(ctdi, phase)| ctdi.as_ref()?.warning(phase));
    prepared.warnings.iter().cloned().chain(warned).for_each(|warning| watch.say("warning", &warning));
    let outcome = simulate(&prepared.exam, &prepared.settings, &watch);
    watch.finish();
    let outcome = outcome?;
    if !outcome.complete {
        return Err(Error::invalid("the comparison was stopped before both runs were done"));
    }
    let label = path.display().to_string();
    of_outcome(&label, prepared.settings.seed, &prepared.exam, &outcome)
}
