//! `childsize phantoms size`: size along z.

use std::path::{Path, PathBuf};

use clap::Args;

use super::choice::PhantomChoice;
use crate::analysis::size::{REFERENCE_KEV, SliceSize, slice_sizes};
use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::picture::drawing::Drawing;
use crate::io::picture::size_curve::SizeCurve;
use crate::units::MM_PER_CM;

/// Energies at which attenuation may be compared with water's, keV.
const ENERGIES_KEV: [f64; 2] = [20.0, 150.0];

/// Whose size, and whether it is drawn.
#[derive(Debug, Args)]
pub struct SizeArguments {
    #[command(flatten)]
    choice: PhantomChoice,
    /// Energy at which attenuation is compared with water's
    #[arg(long, value_name = "KEV", default_value_t = REFERENCE_KEV)]
    energy_kev: f64,
    /// Draw the curves into a PNG file instead of printing CSV
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Draw the curves into an SVG file instead of printing CSV
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// A CSV with a row for every slice, or the names of the pictures.
pub fn size(arguments: &SizeArguments) -> Result<String> {
    let [least, most] = ENERGIES_KEV;
    if !(least..=most).contains(&arguments.energy_kev) {
        let found = arguments.energy_kev;
        return Err(Error::invalid(format!("--energy-kev must be from {least} to {most}, found {found}")));
    }
    let files = [&arguments.png, &arguments.svg].into_iter().flatten();
    files.clone().try_for_each(|path| output_file::refuse_existing(path, arguments.force))?;
    let (phantom, _) = arguments.choice.voxels()?;
    let sizes = slice_sizes(&phantom, arguments.energy_kev)?;
    if files.clone().next().is_none() {
        return Ok(csv(&sizes));
    }
    let curve = SizeCurve::new(&phantom, &sizes, arguments.energy_kev)?;
    write(arguments.png.as_deref(), || curve.png())?;
    write(arguments.svg.as_deref(), || curve.svg().map(String::into_bytes))?;
    Ok(files.map(|path| format!("{}\n", path.display())).collect())
}

fn write(path: Option<&Path>, draw: impl FnOnce() -> Result<Vec<u8>>) -> Result<()> {
    path.map_or(Ok(()), |path| output_file::replace(path, &draw()?))
}

/// A row for every slice, from head to foot.
fn csv(sizes: &[SliceSize]) -> String {
    let mut text =
        "z_mm,ap_mm,lateral_mm,area_cm2,effective_diameter_mm,water_equivalent_diameter_mm\n".to_owned();
    for size in sizes.iter().rev() {
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
    text
}
