//! `childsize evaluate`: doses of a protocol from a response, without a simulation.

use std::path::PathBuf;

use clap::Args;
use cpu_time::ThreadTime;

use super::console::{self, digits};
use super::run::report;
use crate::analysis::console::calibrate;
use crate::analysis::response::table::{Evaluation, evaluate};
use crate::error::Result;
use crate::io::protocol::Protocol;
use crate::io::response::{Response, read};
use crate::io::result::NOTICE;
use crate::io::{evaluation, organ_csv, output_file};

const AFTER_HELP: &str = "\
Examples:
  childsize respond ce-05y-arms-raised -o 5y.h5
  childsize evaluate 5y.h5 chest.toml                       organ doses and effective dose with their errors
  childsize evaluate 5y.h5 chest.toml --csv organs.csv --json chest.json

The protocol's phantom, placement, distance, fan and bowtie must be those of the response; tube voltage (70 to 140 kV), flat
filters, tube current, pitch, collimation, range and phases are free. Errors are those of the response: two protocols
evaluated from one response share them, so that differences are known better than they say.";

/// Organ doses of a protocol from a response file, at once.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct EvaluateArguments {
    /// The response file (childsize respond)
    response: PathBuf,
    /// The protocol file (TOML)
    protocol: PathBuf,
    /// Write organ doses to a CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write everything to a JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Prints the doses.
pub fn run(arguments: &EvaluateArguments) -> Result<()> {
    for path in [&arguments.csv, &arguments.json].into_iter().flatten() {
        output_file::refuse_existing(path, arguments.force)?;
    }
    let protocol = Protocol::read(&arguments.protocol)?;
    let response = read(&arguments.response)?;
    let mut prepared = protocol.prepare()?;
    response.about.check(&prepared)?;
    let ctdi = calibrate(&mut prepared.exam, &prepared.console, |beam, _| response.ctdi(beam))?;
    let phases = prepared.exam.acquisitions.iter().map(|acquisition| acquisition.phase.as_str());
    let warned: Vec<String> =
        ctdi.iter().zip(phases).filter_map(|(ctdi, phase)| ctdi.as_ref()?.warning(phase)).collect();
    prepared.warnings.extend(warned);
    prepared.warnings.extend(response.about.warnings(&prepared));
    for warning in &prepared.warnings {
        console::note(&format!("warning: {}", console::plain(warning)));
    }
    let start = ThreadTime::now();
    let found = evaluate(&prepared.exam, &response.rows, &response.matrix)?;
    let seconds = start.elapsed().as_secs_f64();
    console::print(&report::header_of(&prepared.exam))?;
    console::print(&report::ctdi_lines(&prepared.exam, &ctdi))?;
    console::print(&report::table(&found.table))?;
    console::print(&effective(&response, &found))?;
    console::print(&format!(
        " source   {}, {} histories; evaluated in {} ms of CPU time\n notice   {NOTICE}\n",
        arguments.response.display(),
        digits(response.matrix.histories as f64, 3),
        digits(seconds * 1e3, 2)
    ))?;
    if let Some(path) = &arguments.csv {
        let ctdi_vol_mgy: Vec<Option<f64>> =
            ctdi.iter().map(|ctdi| ctdi.as_ref().map(|ctdi| ctdi.volume_mgy.mean)).collect();
        organ_csv::write(path, &found.table, &ctdi_vol_mgy)?;
    }
    match &arguments.json {
        Some(path) => {
            let value = evaluation::value(&prepared, &response, &found, &ctdi);
            output_file::replace(path, format!("{value:#}\n").as_bytes())
        }
        None => Ok(()),
    }
}

/// ` ICRP 103  effective dose 1.234 mSv ± 0.21 %   active marrow 0.512 mGy ± 0.4 %`
fn effective(response: &Response, found: &Evaluation) -> String {
    let mut text = String::new();
    for (scheme, total, _) in found.effective_msv(&response.rows) {
        text += &format!(
            " {:8} effective dose {} mSv ± {} %",
            scheme.name(),
            digits(total.mean, 4),
            digits(total.relative_error() * 100.0, 2)
        );
        for tissue in ["active marrow", "bone surface"] {
            if let Some(row) = response.rows.tissue(tissue) {
                let dose = found.total[row];
                let error = digits(dose.relative_error() * 100.0, 2);
                text += &format!("   {tissue} {} mGy ± {error} %", digits(dose.mean, 4));
            }
        }
        text += "\n";
    }
    text + " (compares examinations of a reference person; it is not the risk of a patient)\n\n"
}
