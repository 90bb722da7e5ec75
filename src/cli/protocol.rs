//! `childsize protocol`: protocols drafted from what a scanner recorded.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::console;
use crate::error::{Error, Result};
use crate::io::dicom_record::{ExamRecord, read_rdsr, read_series};
use crate::io::output_file;
use crate::io::protocol_draft::{DraftOptions, REGIONS, Region, draft};

const AFTER_HELP: &str = "\
Examples:
  childsize protocol from-dicom series/ -o chest.toml                  from the headers of a CT series
  childsize protocol from-dicom series/ -o chest.toml --region chest   where no body part is recorded
  childsize protocol from-dicom series/ -o own.toml --patient-ct       the patient's own images are the phantom
  childsize protocol from-rdsr dose.dcm -o chest.toml                  from the dose report (X-Ray Radiation Dose SR)
  childsize check chest.toml                                           what it comes to

Comments in the protocol name the element behind every value; ASSUMED marks what was not recorded. A range on a shipped
phantom begins where scans of that part of the body usually do and has the recorded length: look at it. No name, number or
date of the patient is copied. See docs/records.md.";

/// Draft a protocol from a CT series or from a dose report.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ProtocolArguments {
    #[command(subcommand)]
    command: ProtocolCommand,
}

#[derive(Debug, Subcommand)]
enum ProtocolCommand {
    /// From the headers of the CT images in a folder
    FromDicom {
        /// Folder of CT images of one study, localizers included
        folder: PathBuf,
        /// The patient's own images are the phantom; ranges are in their frame
        #[arg(long)]
        patient_ct: bool,
        #[command(flatten)]
        draft: DraftArguments,
    },
    /// From a dose report (X-Ray Radiation Dose SR) of a CT exam
    FromRdsr {
        /// The report
        file: PathBuf,
        #[command(flatten)]
        draft: DraftArguments,
    },
}

#[derive(Debug, Args)]
struct DraftArguments {
    /// The protocol to write; tables of the tube current go beside it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Part of the body that was scanned: head, neck, chest, abdomen, pelvis, abdomen-pelvis or chest-abdomen-pelvis
    #[arg(long)]
    region: Option<String>,
    /// The phantom, else the nearest to the recorded age
    #[arg(long, value_name = "ID")]
    phantom: Option<String>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Writes the protocol and says what was assumed.
pub fn run(arguments: &ProtocolArguments) -> Result<ExitCode> {
    match &arguments.command {
        ProtocolCommand::FromDicom { folder, patient_ct, draft } => {
            write(&read_series(folder)?, draft, patient_ct.then(|| folder.clone()))
        }
        ProtocolCommand::FromRdsr { file, draft } => write(&read_rdsr(file)?, draft, None),
    }
}

fn write(record: &ExamRecord, arguments: &DraftArguments, patient_ct: Option<PathBuf>) -> Result<ExitCode> {
    let region = arguments.region.as_deref().map(region).transpose()?;
    let options = DraftOptions { region, phantom: arguments.phantom.clone(), patient_ct };
    let drafted = draft(record, &options, &arguments.output)?;
    let files = &drafted.files;
    files.iter().try_for_each(|(path, _)| output_file::refuse_existing(path, arguments.force))?;
    files.iter().try_for_each(|(path, text)| output_file::replace(path, text.as_bytes()))?;
    for assumption in &drafted.assumptions {
        console::note(&format!("assumed: {}", console::plain(assumption)));
    }
    console::print(&files.iter().map(|(path, _)| format!("wrote {}\n", path.display())).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

fn region(name: &str) -> Result<Region> {
    Region::named(name).ok_or_else(|| {
        let names = REGIONS.iter().map(|region| region.name).collect::<Vec<_>>().join(", ");
        Error::invalid(format!("--region must be one of {names}, found \"{name}\""))
    })
}
