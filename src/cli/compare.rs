//! `childsize compare`: two protocols or two results, organ by organ.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::console::{self, digits};
use super::interrupt;
use super::progress::{Show, Watch};
use crate::analysis::compare::{Comparison, PhaseBatches, RunBatches, compare};
use crate::analysis::console::calibrate;
use crate::analysis::run_batches::of_outcome;
use crate::error::{Error, Result};
use crate::io::ctdi_cache;
use crate::io::output_file;
use crate::io::protocol::{Prepared, Protocol};
use crate::io::result::{NOTICE, read};
use crate::simulation::simulate;
use crate::tally::estimate::Estimate;
use crate::transport::batch::Estimator;

const AFTER_HELP: &str = "\
Examples:
  childsize compare single-phase.toml two-phase.toml      plays both with the same random numbers
  childsize compare out-100kv/ out-80kv/                  two results: result.h5 in these folders
  childsize compare a.toml b.toml --json comparison.json

Both protocols are played with the first one's seed, histories and target, so that the same photons are drawn for
both; two results profit likewise where they have one seed. The errors of differences and ratios account for it.";

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
    /// Replace the JSON file if it is there
    #[arg(long)]
    force: bool,
    /// How progress is shown, on standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
    progress: Show,
}

/// Prints the comparison.
pub fn run(arguments: &CompareArguments) -> Result<()> {
    if let Some(path) = &arguments.json {
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
    let rows = compare(&a, &b);
    if rows.is_empty() {
        return Err(Error::invalid(format!("{} and {} have no organ in common", a.label, b.label)));
    }
    console::print(&text(&a, &b, &rows))?;
    match &arguments.json {
        Some(path) => output_file::replace(path, json_text(&a, &b, &rows).as_bytes()),
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
    if prepared.settings.estimator == Estimator::Map {
        prepared.settings.estimator = Estimator::Organ;
    }
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
    Ok(of_outcome(&label, prepared.settings.seed, &prepared.exam.phantom, &outcome))
}

fn text(a: &RunBatches, b: &RunBatches, rows: &[Comparison]) -> String {
    let header = ["", "unit", "A", "± %", "B", "± %", "B - A", "±", "B / A", "± %", "error / independent"];
    let line = |row: &Comparison| {
        vec![
            console::plain(&row.quantity.name),
            row.quantity.unit.clone(),
            digits(row.a.mean, 4),
            percent(&row.a),
            digits(row.b.mean, 4),
            percent(&row.b),
            digits(row.difference.mean, 3),
            digits(row.difference.standard_error, 2),
            format!("{:.4}", row.ratio.mean),
            percent(&row.ratio),
            format!("{:.2}", 1.0 / row.gain),
        ]
    };
    let table = console::table(&header.map(str::to_owned), 9, rows.iter().map(line));
    format!(
        " A  {}{}\n B  {}{}\n\n{table}\n{}\n {NOTICE}\n",
        console::plain(&a.label),
        phases(a),
        console::plain(&b.label),
        phases(b),
        common_numbers(a, b, rows)
    )
}

/// What each phase gives, where there are several: its effective dose.
fn phases(run: &RunBatches) -> String {
    let is_effective = run.quantities.first().is_some_and(|quantity| quantity.unit == "mSv");
    if run.phases.len() < 2 || !is_effective {
        return String::new();
    }
    let line = |(phase, dose): (&PhaseBatches, Estimate)| {
        let name = console::plain(&phase.phase);
        format!(
            "\n      {name}: {} {} mSv ± {} %",
            run.quantities[0].name,
            digits(dose.mean, 4),
            percent(&dose)
        )
    };
    run.phases.iter().zip(run.by_phase(0)).map(line).collect()
}

fn percent(estimate: &Estimate) -> String {
    digits(estimate.relative_error() * 100.0, 2)
}

/// How much the common random numbers brought.
fn common_numbers(a: &RunBatches, b: &RunBatches, rows: &[Comparison]) -> String {
    if a.seed != b.seed {
        return format!(
            " The seeds differ ({} and {}): errors are those of independent runs. Equal seeds make differences sharper.",
            a.seed, b.seed
        );
    }
    let finite = rows.iter().map(|row| row.gain.ln()).filter(|gain| gain.is_finite());
    let (sum, count) = finite.fold((0.0, 0), |(sum, count), gain| (sum + gain, count + 1));
    let gain = if count == 0 { 1.0 } else { f64::exp(sum / f64::from(count)) };
    format!(
        " Both runs share their random numbers (seed {}): errors of differences are {gain:.1} times smaller than those of\n \
         independent runs (geometric mean over the rows).",
        a.seed
    )
}

fn json_text(a: &RunBatches, b: &RunBatches, rows: &[Comparison]) -> String {
    let estimate = |e: &Estimate| json!({ "value": e.mean, "standard_error": e.standard_error });
    let row = |row: &Comparison| {
        json!({
            "id": row.quantity.id,
            "name": row.quantity.name,
            "unit": row.quantity.unit,
            "a": estimate(&row.a),
            "b": estimate(&row.b),
            "difference": estimate(&row.difference),
            "ratio": estimate(&row.ratio),
            "error_over_independent": 1.0 / row.gain,
        })
    };
    let value = json!({
        "schema": "childsize.comparison/1",
        "notice": NOTICE,
        "a": { "label": a.label, "seed": a.seed },
        "b": { "label": b.label, "seed": b.seed },
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}
