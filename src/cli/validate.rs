//! `childsize validate`: the engine beside published references.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{Done, console};
use crate::error::{Error, Result};
use crate::io::{output_file, report as page};
use crate::validation::row::{Row, Verdict, merged};
use crate::validation::{self, Plan, SUITES, report};

const AFTER_HELP: &str = "\
Examples:
  childsize validate --quick                          every suite, in a few minutes
  childsize validate --suite tg195 --case5 case5.tif  the TG-195 cases with the report's voxel volume
  childsize validate --json validation.json           every row as JSON
  childsize validate --quick --html validation.html   a page for a browser
  childsize validate --suite ctdi --add tg195.json --report validation.md    with the rows of an earlier run

The volume of TG-195's Case 5 is published with the report of AAPM Task Group 195 (Sechopoulos et al.,
Med. Phys. 42 (2015) 5679) and is not part of childsize. Exit code 1: a row failed.";

/// Compares the engine with published references: coefficients, spectra and the TG-195 cases.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ValidateArguments {
    /// A suite; may be repeated. Without it all are run
    #[arg(long = "suite", value_name = "NAME", num_args = 1..,
        value_parser = PossibleValuesParser::new(SUITES.map(|(name, _)| name)))]
    suites: Vec<String>,
    /// Write every row to a JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Few histories: within three minutes on two cores
    #[arg(long)]
    quick: bool,
    /// Errors may be so many times larger than those of a full run: 2 takes a quarter of the time
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, conflicts_with = "quick",
        value_parser = error_factor)]
    errors: f64,
    /// The voxel volume of TG-195's Case 5: the published TIFF, or raw labels, plain or gzipped
    #[arg(long, value_name = "PATH")]
    case5: Option<PathBuf>,
    /// Only this case of TG-195: 1, 2, 3, 4.1, 4.2 or 5; may be repeated
    #[arg(long = "case", value_name = "NAME",
        value_parser = PossibleValuesParser::new(["1", "2", "3", "4.1", "4.2", "5"]))]
    cases: Vec<String>,
    /// Add the rows that an earlier run wrote with --json; rows that are played anew replace them. May be repeated
    #[arg(long, value_name = "FILE")]
    add: Vec<PathBuf>,
    /// Write a report with a plot: a Markdown file, and an SVG file beside it
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the report as a page for a browser: summary, plot, every row, tables that sort
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// Seed of all chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn error_factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (1.0..=100.0).contains(&factor) => Ok(factor),
        _ => Err("it must be a number from 1 to 100".to_owned()),
    }
}

/// Runs the suites and prints the table.
pub fn run(arguments: &ValidateArguments) -> Done {
    let svg = arguments.report.as_ref().map(|path| path.with_extension("svg"));
    for path in [&arguments.json, &arguments.report, &svg, &arguments.html].into_iter().flatten() {
        output_file::refuse_existing(path, arguments.force)?;
    }
    let start = Instant::now();
    let listener = |what: &str| console::note(&format!("{:7.1} s  {what}", start.elapsed().as_secs_f64()));
    let plan = Plan {
        quick: arguments.quick,
        case5: arguments.case5.clone(),
        cases: arguments.cases.clone(),
        error_factor: arguments.errors,
        seed: arguments.seed,
        listener: &listener,
    };
    let mut rows = earlier(&arguments.add)?;
    for (name, suite) in SUITES {
        if arguments.suites.is_empty() || arguments.suites.iter().any(|wanted| wanted == name) {
            listener(name);
            rows = merged(rows, validation::run(suite, &plan)?);
        }
    }
    rows.sort_by_key(|row| SUITES.iter().position(|(name, _)| *name == row.suite));
    console::print(&table(&rows))?;
    if let Some(path) = &arguments.json {
        output_file::replace(path, &json(&rows)?)?;
    }
    if let (Some(path), Some(svg)) = (&arguments.report, &svg) {
        output_file::replace(svg, report::plot(&rows).as_bytes())?;
        let text = report::markdown(&rows, &circumstances(arguments, start), svg);
        output_file::replace(path, text.as_bytes())?;
    }
    if let Some(path) = &arguments.html {
        let page = page::validation(&report::value(&rows, &circumstances(arguments, start)))?;
        output_file::replace(path, page.as_bytes())?;
    }
    let failed = rows.iter().filter(|row| row.verdict == Verdict::Fail).count();
    console::note(&format!("{} rows, {failed} failed", rows.len()));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Rows of earlier runs.
fn earlier(paths: &[PathBuf]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in paths {
        let unreadable = |reason: String| Error::Unreadable { path: path.clone(), reason };
        let text = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let found = serde_json::from_slice(&text);
        let found = found.map_err(|error| unreadable(format!("not the rows of a validation: {error}")))?;
        rows = merged(rows, found);
    }
    Ok(rows)
}

fn json(rows: &[Row]) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(rows).map_err(|error| Error::Internal(error.to_string()))
}

fn table(rows: &[Row]) -> String {
    let header =
        ["case", "quantity", "unit", "reference", "low", "high", "value", "error %", "diff %", "verdict"];
    let lines = rows.iter().map(|row| {
        let number = |value: Option<f64>| value.map_or(String::new(), |value| console::digits(value, 5));
        vec![
            format!("{} {}", row.suite, row.case),
            row.quantity.clone(),
            row.unit.clone(),
            number(row.reference),
            number(row.reference_min),
            number(row.reference_max),
            console::digits(row.value, 5),
            format!("{:.2}", 100.0 * row.standard_error / row.value.abs()),
            row.difference_percent.map_or(String::new(), |percent| format!("{percent:+.2}")),
            row.verdict.name().to_owned(),
        ]
    });
    console::table(&header.map(str::to_owned), 8, lines)
}

/// Date, version, machine and run time.
fn circumstances(arguments: &ValidateArguments, start: Instant) -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let length = match (arguments.quick, arguments.errors) {
        (true, _) => "quick run".to_owned(),
        (false, 1.0) => "full run".to_owned(),
        (false, factor) => format!("run with {factor} times the errors of a full one"),
    };
    let added: Vec<_> = arguments.add.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    let added = match added.is_empty() {
        true => String::new(),
        false => format!(", added to the rows of {}", added.join(", ")),
    };
    let case5 = if arguments.case5.is_some() { "with" } else { "without" };
    format!(
        "childsize {} on {}, {} {} with {threads} threads; {length} {case5} the Case 5 volume, seed {}, {:.0} s{added}",
        env!("CARGO_PKG_VERSION"),
        jiff::Zoned::now().date(),
        std::env::consts::OS,
        processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        arguments.seed,
        start.elapsed().as_secs_f64()
    )
}

/// The processor's name, where the system tells it.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
