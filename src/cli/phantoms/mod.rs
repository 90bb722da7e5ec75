//! `childsize phantoms`: which children there are, how they look, what they weigh and measure.

mod choice;
mod ct;
mod show;
mod size;
mod tables;
mod transfer;

use clap::{Args, Subcommand};

use self::choice::PhantomChoice;
use self::show::ShowArguments;
use self::size::SizeArguments;
use self::transfer::{ExportArguments, ImportArguments};
use super::console;
use crate::error::Result;
use crate::io::phantom_file::figures_csv;

const AFTER_HELP: &str = "\
Examples:
  childsize phantoms                              the shipped phantoms, their height, weight and size
  childsize phantoms show ce-05y --png pictures   coronal, sagittal and axial slices
  childsize phantoms landmarks ce-05y             heights that scan ranges are named by
  childsize phantoms masses ce-05y --voxel-mm 2   organ masses as voxels, against the stated ones
  childsize phantoms masses ce-05y --height-mm 1150 --weight-kg 21 --sex female
  childsize phantoms size ce-05y                  widths and water-equivalent diameter along z, as CSV
  childsize phantoms size ce-05y --svg size.svg   the same, drawn
  childsize phantoms import child.nii.gz --labels organs.csv -o child.h5
  childsize phantoms import series/ --organs organs.nii.gz -o patient.h5
  childsize phantoms export ce-05y --format vox --by region -o child.vox

A child between the ages: --height-mm scales z, --weight-kg scales x and y alike so that the body has that
mass. All organs scale with the body.";

/// List the shipped phantoms, show one, or exchange phantoms with other programs.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PhantomsArguments {
    #[command(subcommand)]
    command: Option<PhantomsCommand>,
}

#[derive(Debug, Subcommand)]
enum PhantomsCommand {
    /// Pictures of slices: organs in colours, with scales, letters of orientation and landmarks
    Show(ShowArguments),
    /// Heights that scan ranges are named by, from head to foot
    Landmarks(PhantomChoice),
    /// Organ masses as voxels, against those the source states
    Masses(PhantomChoice),
    /// Widths, effective and water-equivalent diameter along z (AAPM 204 and 220), as CSV or drawn
    Size(SizeArguments),
    /// Make a phantom file from another program's voxels, or from a patient's CT
    Import(ImportArguments),
    /// Write a phantom for other programs
    Export(ExportArguments),
    /// Compute the figures of the list anew, as the CSV that is kept in phantoms/figures.csv
    Figures {
        /// Edge of a voxel, mm
        #[arg(long, value_name = "MM", default_value_t = 2.0)]
        voxel_mm: f64,
    },
}

/// Prints what was asked for.
pub fn run(arguments: &PhantomsArguments) -> Result<()> {
    let text = match &arguments.command {
        None => tables::list()?,
        Some(PhantomsCommand::Show(arguments)) => show::show(arguments)?,
        Some(PhantomsCommand::Landmarks(choice)) => tables::landmarks(choice)?,
        Some(PhantomsCommand::Masses(choice)) => tables::masses(choice)?,
        Some(PhantomsCommand::Size(arguments)) => size::size(arguments)?,
        Some(PhantomsCommand::Import(arguments)) => transfer::import(arguments)?,
        Some(PhantomsCommand::Export(arguments)) => transfer::export(arguments)?,
        Some(PhantomsCommand::Figures { voxel_mm }) => figures_csv(*voxel_mm)?,
    };
    console::print(&text)
}
