//! `childsize phantoms import` and `export`: phantoms from and for other programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::choice::PhantomChoice;
use super::ct::CtArguments;
use crate::cli::console::{self, digits};
use crate::error::Result;
use crate::geometry::mass::{body_mass_g, organ_mass_table};
use crate::geometry::phantom::Phantom;
use crate::io::export::{self, Distinguish, phantom_h5};
use crate::io::import;
use crate::units::MM_PER_CM;

/// What to import, and where to.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// A voxel file, a folder with a CT series in DICOM, or one with a phantom of ICRP 110 or 143
    source: PathBuf,
    /// The phantom file that is written (HDF5)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// CSV that says what labels mean: label, organ, material, density_g_cm3; of a CT series label, organ
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    ct: CtArguments,
}

/// Imports a phantom and says what it weighs.
pub fn import(arguments: &ImportArguments) -> Result<String> {
    let options = arguments.ct.options(arguments.labels.as_ref());
    let imported = import::import_with(&arguments.source, &options)?;
    tell(&imported.warnings);
    phantom_h5::write(&imported.phantom, &arguments.output)?;
    Ok(about(&imported.phantom))
}

/// Says what a physicist should look at.
pub fn tell(warnings: &[String]) {
    warnings.iter().for_each(|warning| console::note(&format!("warning: {}", console::plain(warning))));
}

fn about(phantom: &Phantom) -> String {
    let header = ["organ", "mass g"].map(str::to_owned);
    let masses = organ_mass_table(phantom);
    let rows = masses.iter().map(|m| vec![console::plain(&phantom.organs[m.organ].id), digits(m.mass_g, 4)]);
    let [nx, ny, nz] = phantom.grid.counts;
    let [dx, dy, dz] = phantom.grid.spacing_cm.map(|cm| digits(cm * MM_PER_CM, 4));
    let (media, body_g) = (phantom.media.len(), digits(body_mass_g(phantom), 4));
    format!(
        "{}\n body {body_g} g, {nx} x {ny} x {nz} voxels of {dx} x {dy} x {dz} mm, {media} media\n",
        console::table(&header, 1, rows)
    )
}

/// A format for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// NIfTI-1 label map (.nii, .nii.gz)
    Nifti,
    /// MetaImage label map (.mha, or .mhd beside a .raw)
    Mhd,
    /// EGSnrc (.egsphant, .egsphant.gz)
    Egsphant,
    /// MC-GPU and penEasy (.vox, .vox.gz)
    Vox,
}

/// What media of text files tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    /// Compositions, for transport
    Material,
    /// Regions, for organ scores
    Region,
}

/// What to export, as what, and where to.
#[derive(Debug, Args)]
pub struct ExportArguments {
    #[command(flatten)]
    choice: PhantomChoice,
    /// Format
    #[arg(long, value_enum)]
    format: ExportFormat,
    /// The file that is written; a CSV of its labels lies beside it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What the media of egsphant and vox files tell apart
    #[arg(long, value_enum, default_value_t = By::Material)]
    by: By,
}

/// Exports a phantom.
pub fn export(arguments: &ExportArguments) -> Result<String> {
    let (phantom, _) = arguments.choice.voxels()?;
    let format = match arguments.format {
        ExportFormat::Nifti => export::Format::Nifti,
        ExportFormat::Mhd => export::Format::MetaImage,
        ExportFormat::Egsphant => export::Format::Egsphant,
        ExportFormat::Vox => export::Format::Vox,
    };
    let by = match arguments.by {
        By::Material => Distinguish::Materials,
        By::Region => Distinguish::Regions,
    };
    let table = export::export(&phantom, format, by, &arguments.output)?;
    Ok(format!("{}\n{}\n", arguments.output.display(), table.display()))
}
