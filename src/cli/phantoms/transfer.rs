//! `childsize phantoms import` and `export`: phantoms from and for other programs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::console::{self, digits};
use crate::error::{Error, Result};
use crate::geometry::mass::{body_mass_g, organ_mass_table};
use crate::geometry::phantom::Phantom;
use crate::geometry::voxelize::{Voxelization, voxelize};
use crate::io::export::{self, Distinguish, phantom_h5};
use crate::io::import;
use crate::io::phantom_file::{load_file, load_shipped, shipped_ids};
use crate::units::{CM_PER_MM, MM_PER_CM};

/// Edge of a voxel of a phantom that has none of its own, mm.
pub const VOXEL_MM: f64 = 2.0;

/// What to import, and where to.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// A voxel file, or a folder with a phantom of ICRP 110 or 143
    source: PathBuf,
    /// The phantom file that is written (HDF5)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// CSV that says what labels mean: label, organ, material, density_g_cm3
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
}

/// Imports a phantom and says what it weighs.
pub fn import(arguments: &ImportArguments) -> Result<String> {
    let phantom = import::import(&arguments.source, arguments.labels.as_deref())?;
    phantom_h5::write(&phantom, &arguments.output)?;
    Ok(about(&phantom))
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
    /// Phantom id, declarative file, or voxel file
    phantom: String,
    /// Format
    #[arg(long, value_enum)]
    format: ExportFormat,
    /// The file that is written; a CSV of its labels lies beside it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Edge of a voxel, mm, of phantoms without voxels of their own [default: 2]
    #[arg(long, value_name = "MM")]
    voxel_mm: Option<f64>,
    /// What the media of egsphant and vox files tell apart
    #[arg(long, value_enum, default_value_t = By::Material)]
    by: By,
    /// CSV that says what the labels of a label map mean
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
}

/// Exports a phantom.
pub fn export(arguments: &ExportArguments) -> Result<String> {
    let phantom = load(&arguments.phantom, arguments.labels.as_deref(), arguments.voxel_mm)?;
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

/// A phantom by its id, from a declarative file, or from a voxel file.
pub fn load(what: &str, labels: Option<&Path>, voxel_mm: Option<f64>) -> Result<Phantom> {
    let path = Path::new(what);
    let shipped = shipped_ids().any(|id| id == what);
    if !shipped && import::format_of(path).is_some() {
        return match voxel_mm {
            None => import::import(path, labels),
            Some(_) => Err(Error::invalid(
                "--voxel-mm is for phantoms without voxels of their own, the file has its own",
            )),
        };
    }
    if labels.is_some() {
        return Err(Error::invalid("--labels is for label maps, found a phantom that names its own organs"));
    }
    let declared = path.extension().is_some_and(|end| end == "toml");
    let model = if declared && !shipped { load_file(path)? } else { load_shipped(what)? };
    voxelize(&model, &Voxelization::cubes(voxel_mm.unwrap_or(VOXEL_MM) * CM_PER_MM))
}
