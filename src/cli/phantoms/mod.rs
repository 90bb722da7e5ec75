//! `childsize phantoms`: which children there are, their landmarks and masses.

mod size;
mod transfer;

use clap::{Args, Subcommand};

use self::size::SizeArguments;
use self::transfer::{ExportArguments, ImportArguments};
use super::console::{self, digits};
use crate::error::Result;
use crate::geometry::landmark::LANDMARKS;
use crate::geometry::mass::{OrganMass, body_mass_g, organ_mass_table};
use crate::geometry::stylised::DeclarativePhantom;
use crate::geometry::voxelize::{Voxelization, voxelize};
use crate::io::phantom_file::{load_shipped, shipped_ids};
use crate::units::CM_PER_MM;

const AFTER_HELP: &str = "\
Examples:
  childsize phantoms                              the shipped phantoms
  childsize phantoms landmarks ce-05y             heights that scan ranges are named by
  childsize phantoms masses ce-05y --voxel-mm 2   organ masses as voxels, against the stated ones
  childsize phantoms size ce-05y                  widths and water-equivalent diameter along z, as CSV
  childsize phantoms import child.nii.gz --labels organs.csv -o child.h5
  childsize phantoms export ce-05y --format vox --by region -o child.vox";

/// List the shipped phantoms, show one, or exchange phantoms with other programs.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PhantomsArguments {
    #[command(subcommand)]
    command: Option<PhantomsCommand>,
}

#[derive(Debug, Subcommand)]
enum PhantomsCommand {
    /// Heights that scan ranges are named by, from head to foot
    Landmarks {
        /// Phantom id, for example ce-05y
        id: String,
    },
    /// Organ masses as voxels, against those the source states
    Masses {
        /// Phantom id, for example ce-05y
        id: String,
        /// Edge of a voxel, mm
        #[arg(long, value_name = "MM", default_value_t = 2.0)]
        voxel_mm: f64,
    },
    /// Widths, effective and water-equivalent diameter along z (AAPM 204 and 220), as CSV
    Size(SizeArguments),
    /// Make a phantom file from another program's voxels
    Import(ImportArguments),
    /// Write a phantom for other programs
    Export(ExportArguments),
}

/// Prints what was asked for.
pub fn run(arguments: &PhantomsArguments) -> Result<()> {
    let text = match &arguments.command {
        None => list()?,
        Some(PhantomsCommand::Landmarks { id }) => landmarks(&load_shipped(id)?),
        Some(PhantomsCommand::Masses { id, voxel_mm }) => masses(&load_shipped(id)?, *voxel_mm)?,
        Some(PhantomsCommand::Size(arguments)) => size::csv(arguments)?,
        Some(PhantomsCommand::Import(arguments)) => transfer::import(arguments)?,
        Some(PhantomsCommand::Export(arguments)) => transfer::export(arguments)?,
    };
    console::print(&text)
}

fn list() -> Result<String> {
    let header = ["id", "age", "height cm", "organs", "name"].map(str::to_owned);
    let rows = shipped_ids().map(|id| Ok(list_row(&load_shipped(id)?))).collect::<Result<Vec<_>>>()?;
    Ok(console::table(&header, 3, rows))
}

fn list_row(model: &DeclarativePhantom) -> Vec<String> {
    let height = |name| model.landmarks_z_cm.get(name);
    let height_cm =
        height("vertex").zip(height("sole")).map(|(vertex, sole)| format!("{:.0}", vertex - sole));
    let organs: std::collections::BTreeSet<&str> = model.regions.iter().map(|r| r.organ.as_str()).collect();
    vec![
        model.id.clone(),
        model.age_y.map_or("adult".to_owned(), |age_y| format!("{age_y} y")),
        height_cm.unwrap_or_default(),
        organs.len().to_string(),
        console::plain(&model.name),
    ]
}

fn landmarks(model: &DeclarativePhantom) -> String {
    let mut heights: Vec<(&String, &f64)> = model.landmarks_z_cm.iter().collect();
    heights.sort_by(|a, b| b.1.total_cmp(a.1));
    let meaning = |name: &str| LANDMARKS.iter().find(|l| l.name == name).map_or("", |l| l.meaning).to_owned();
    let rows = heights
        .iter()
        .map(|(name, z_cm)| vec![(*name).clone(), format!("{:.1}", *z_cm / CM_PER_MM), meaning(name)]);
    console::table(&["landmark", "z mm", "what it is"].map(str::to_owned), 1, rows)
}

fn masses(model: &DeclarativePhantom, voxel_mm: f64) -> Result<String> {
    let phantom = voxelize(model, &Voxelization::cubes(voxel_mm * CM_PER_MM))?;
    let header = ["organ", "mass g", "stated g", "deviation %"].map(str::to_owned);
    let row = |mass: &OrganMass| {
        vec![
            phantom.organs[mass.organ].id.clone(),
            digits(mass.mass_g, 4),
            mass.target_mass_g.map_or("-".to_owned(), |target_g| digits(target_g, 4)),
            mass.deviation().map_or("-".to_owned(), |share| format!("{:+.1}", share * 100.0)),
        ]
    };
    let table = console::table(&header, 3, organ_mass_table(&phantom).iter().map(row));
    let [nx, ny, nz] = phantom.grid.counts;
    let body_kg = body_mass_g(&phantom) / 1000.0;
    Ok(format!("{table}\n body {body_kg:.2} kg, {nx} x {ny} x {nz} voxels of {voxel_mm} mm\n"))
}
