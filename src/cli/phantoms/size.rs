//! `childsize phantoms size`: size along z.

use std::path::PathBuf;

use clap::Args;

use super::transfer::load;
use crate::analysis::size::{REFERENCE_KEV, slice_sizes};
use crate::error::{Error, Result};
use crate::units::MM_PER_CM;

/// Energies at which attenuation may be compared with water's, keV.
const ENERGIES_KEV: [f64; 2] = [20.0, 150.0];

/// Whose size.
#[derive(Debug, Args)]
pub struct SizeArguments {
    /// Phantom id, declarative file, or voxel file
    phantom: String,
    /// Edge of a voxel, mm, of phantoms without voxels of their own [default: 2]
    #[arg(long, value_name = "MM")]
    voxel_mm: Option<f64>,
    /// CSV that says what the labels of a label map mean
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Energy at which attenuation is compared with water's
    #[arg(long, value_name = "KEV", default_value_t = REFERENCE_KEV)]
    energy_kev: f64,
}

/// A row for every slice, from head to foot.
pub fn csv(arguments: &SizeArguments) -> Result<String> {
    let [least, most] = ENERGIES_KEV;
    if !(least..=most).contains(&arguments.energy_kev) {
        let found = arguments.energy_kev;
        return Err(Error::invalid(format!("--energy-kev must be from {least} to {most}, found {found}")));
    }
    let phantom = load(&arguments.phantom, arguments.labels.as_deref(), arguments.voxel_mm)?;
    let mut text =
        "z_mm,ap_mm,lateral_mm,area_cm2,effective_diameter_mm,water_equivalent_diameter_mm\n".to_owned();
    for size in slice_sizes(&phantom, arguments.energy_kev)?.iter().rev() {
        let [z, ap, lateral, effective, water] = [
            size.z_cm,
            size.ap_cm,
            size.lateral_cm,
            size.effective_diameter_cm,
            size.water_equivalent_diameter_cm,
        ]
        .map(|cm| cm * MM_PER_CM);
        let area_cm2 = size.area_cm2;
        text += &format!("{z:.2},{ap:.1},{lateral:.1},{area_cm2:.2},{effective:.2},{water:.2}\n");
    }
    Ok(text)
}
