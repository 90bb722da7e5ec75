//! `childsize bench`: how fast the engine is on this machine.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::console::{self, digits};
use crate::benchmark::figure::Figure;
use crate::benchmark::{case5, chest, peak_memory};
use crate::error::{Error, Result};
use crate::io::{case5_volume, output_file};

const AFTER_HELP: &str = "\
Examples:
  childsize bench                            the 5-year-old's chest, about a minute of one core
  childsize bench --json bench.json          a list of { name, unit, value, range, extra } for benchmark trackers
  childsize bench --case5 case5.tif          TG-195's Case 5 too, organ by organ

All kernels take turns in one process on one thread and are timed by its CPU time, so that a busy machine slows them
alike. A figure of merit is 1 / (relative variance x CPU time). The range is that of the two halves of the rounds.";

/// Measure how fast the engine is: histories per second, and figures of merit over plain analog transport.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct BenchArguments {
    /// Write the figures to a JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The voxel volume of TG-195's Case 5: the published TIFF, or raw labels, plain or gzipped
    #[arg(long, value_name = "PATH")]
    case5: Option<PathBuf>,
    /// Replace the JSON file if it is there
    #[arg(long)]
    force: bool,
}

/// Plays the benchmark and prints its figures.
pub fn run(arguments: &BenchArguments) -> Result<()> {
    if let Some(path) = &arguments.json {
        output_file::refuse_existing(path, arguments.force)?;
    }
    let labels = arguments.case5.as_deref().map(case5_volume::read).transpose()?;
    let start = Instant::now();
    let tell = |what: &str| console::note(&format!("{:7.1} s  {what}", start.elapsed().as_secs_f64()));
    let mut figures = chest::run(&tell)?;
    figures.extend(peak_memory());
    if let Some(labels) = labels {
        figures.extend(case5::run(labels, &tell)?);
    }
    console::print(&table(&figures))?;
    let Some(path) = &arguments.json else { return Ok(()) };
    let text = serde_json::to_vec_pretty(&figures).map_err(|error| Error::Internal(error.to_string()))?;
    output_file::replace(path, &text)
}

fn table(figures: &[Figure]) -> String {
    let header = ["figure", "value", "halves", "unit", "of"].map(str::to_owned);
    let rows = figures.iter().map(|figure| {
        vec![
            figure.name.clone(),
            digits(figure.value, 4),
            figure.range.clone(),
            figure.unit.clone(),
            figure.extra.clone(),
        ]
    });
    console::table(&header, 2, rows)
}
