//! `childsize ctdi`: CTDI of a protocol's scanner and acquisitions.

use std::path::PathBuf;

use clap::Args;

use super::console::{self, digits};
use crate::analysis::ctdi::{Beam, CTDI_PHANTOMS, Ctdi, CtdiPhantom};
use crate::error::Result;
use crate::io::ctdi_cache;
use crate::io::protocol::Protocol;
use crate::simulation::Exam;
use crate::source::acquisition::Acquisition;
use crate::source::exposure::ExposureShares;
use crate::tally::estimate::Estimate;

const AFTER_HELP: &str = "\
Examples:
  childsize ctdi chest.toml                    CTDIw, CTDIvol and DLP in the 16 and the 32 cm phantom
  childsize ctdi chest.toml --error-percent 0.2

CTDI100 is the air kerma of a 100 mm chamber in a PMMA phantom over the collimation, CTDIw a third of it at the
centre and two thirds at the periphery, CTDIvol CTDIw per pitch (IEC 60601-2-44). Beams wider than 40 mm are measured
at 20 mm. What a console shows may differ by the tube's output: ctdi_vol_mgy in a protocol scales doses to it.";

/// Measure the CTDI of a protocol's acquisitions in the phantoms of 16 and 32 cm.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CtdiArguments {
    /// The protocol file (TOML)
    protocol: PathBuf,
    /// Relative standard error of CTDIw, percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0.5)]
    error_percent: f64,
}

/// Prints a row for every acquisition and phantom.
pub fn run(arguments: &CtdiArguments) -> Result<()> {
    let exam = Protocol::read(&arguments.protocol)?.prepare()?.exam;
    let header = [
        "acquisition",
        "phantom",
        "kV",
        "mm",
        "centre mGy",
        "periphery mGy",
        "CTDIw mGy",
        "± %",
        "free in air mGy",
        "CTDIvol mGy",
        "DLP mGy cm",
    ];
    let mut rows = Vec::new();
    for acquisition in &exam.acquisitions {
        for (name, phantom) in CTDI_PHANTOMS {
            let ctdi = ctdi_of(&exam, acquisition, phantom, arguments.error_percent / 100.0)?;
            let scanner = exam.scanner_of(acquisition);
            let free_in_air_mgy = scanner.ctdi_free_in_air_mgy_per_mas(acquisition.tube_voltage_kv)?
                * acquisition.mas_per_rotation();
            let open = ExposureShares::of(acquisition, scanner.source_to_isocentre_cm).open;
            rows.push(row(acquisition, name, &ctdi, [free_in_air_mgy, open]));
        }
    }
    let text = console::table(&header.map(str::to_owned), header.len() - 2, rows);
    console::print(&format!(
        "{text}\n CTDI100, CTDIw and CTDI free in air are for the mAs of one rotation.\n"
    ))
}

fn ctdi_of(exam: &Exam, acquisition: &Acquisition, phantom: CtdiPhantom, error: f64) -> Result<Ctdi> {
    let beam = Beam {
        scanner: exam.scanner_of(acquisition).clone(),
        tube_voltage_kv: acquisition.tube_voltage_kv,
        collimation_cm: acquisition.collimation_cm,
        phantom,
    };
    ctdi_cache::measured(&beam, error)
}

fn row(
    acquisition: &Acquisition,
    phantom: &str,
    ctdi: &Ctdi,
    [free_in_air_mgy, open]: [f64; 2],
) -> Vec<String> {
    let mas = acquisition.mas_per_rotation();
    let per_rotation = |value: Estimate| digits(value.scaled(mas).mean, 4);
    let volume = ctdi.volume_mgy(acquisition);
    let dlp = volume.map(|volume| volume.scaled(acquisition.exposed_length_cm() * open));
    let or_none = |value: Option<Estimate>| value.map_or("-".to_owned(), |v| digits(v.mean, 4));
    vec![
        console::plain(&acquisition.phase),
        phantom.to_owned(),
        acquisition.tube_voltage_kv.to_string(),
        digits(acquisition.collimation_cm * 10.0, 4),
        per_rotation(ctdi.centre_mgy_per_mas),
        per_rotation(ctdi.periphery_mgy_per_mas),
        per_rotation(ctdi.weighted_mgy_per_mas),
        digits(ctdi.weighted_mgy_per_mas.relative_error() * 100.0, 2),
        digits(free_in_air_mgy, 4),
        or_none(volume),
        or_none(dlp),
    ]
}
