//! `childsize export`: the dose map of a result for other programs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::console;
use crate::error::Result;
use crate::io::output_file;
use crate::io::result::read;
use crate::io::result_export::{MapFormat, export};

const AFTER_HELP: &str = "\
Examples:
  childsize export out/ --format nifti              for Slicer, FSL, nibabel
  childsize export out/ --format metaimage -o itk/  for ITK, SimpleITK, plastimatch
  childsize export out/ --format rtdose             for pydicom, Slicer, planning systems

  nifti      dose.nii.gz (mGy), relative_error.nii.gz, organ_labels.nii.gz, organ_labels.csv
  metaimage  dose.mha (mGy), relative_error.mha, organ_labels.mha, organ_labels.csv
  rtdose     rtdose.dcm (Gy): dose summation type PLAN without a plan, since a CT exam has
             none; some planning systems refuse that
ParaView and VTK open result.h5 itself (VTKHDF).

All files have the grid of the result: DICOM LPS, mm (NIfTI: RAS). The dose is that of all
acquisitions together; for one phase alone, run a protocol of that phase. Nothing of a patient
is copied. `formats` in a protocol's [output] takes the same names.
Research use, not for clinical decisions.";

/// Write the dose map of a result as NIfTI, MetaImage or DICOM RT Dose.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ExportArguments {
    /// A result (.h5) or a folder with result.h5
    result: PathBuf,
    /// What to write; may be repeated
    #[arg(long = "format", value_name = "NAME", required = true, num_args = 1..,
        value_parser = PossibleValuesParser::new(MapFormat::NAMES.map(|(name, _)| name)))]
    formats: Vec<String>,
    /// Folder of the files; made if it is not there [default: that of the result]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Writes the files. Refuses ones that are there before the first is written.
pub fn run(arguments: &ExportArguments) -> Result<()> {
    let file = read::file_of(&arguments.result);
    let beside = file.parent().map(PathBuf::from).unwrap_or_default();
    let folder = arguments.output.clone().unwrap_or(beside);
    let asked = |name: &str| arguments.formats.iter().any(|format| format == name);
    let formats: Vec<MapFormat> =
        MapFormat::NAMES.iter().filter(|(name, _)| asked(name)).map(|&(_, format)| format).collect();
    for name in formats.iter().flat_map(|format| format.file_names()) {
        output_file::refuse_existing(&folder.join(name), arguments.force)?;
    }
    output_file::make_folder(&folder)?;
    let mut written = Vec::new();
    for format in formats {
        written.extend(export(&file, format, &folder)?);
    }
    let mut seen = BTreeSet::new();
    written.retain(|path| seen.insert(path.clone()));
    written.iter().try_for_each(|path| console::print(&format!(" written  {}\n", path.display())))
}
