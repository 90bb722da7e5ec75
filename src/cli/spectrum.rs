//! `childsize spectrum`: half-value layers, mean energy and output of a tube.

use clap::Args;

use super::console;
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::source::spectrum::Spectrum;
use crate::units::CM_PER_MM;

const AFTER_HELP: &str = "\
Examples:
  childsize spectrum --kv 120 --anode-deg 7 --filter \"Al 3\"
  childsize spectrum --kv 80 --filter \"Al 3\" --filter \"Cu 0.1\" --csv > spectrum.csv";

/// Half-value layers, mean energy and output of a tungsten tube behind flat filters.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct SpectrumArguments {
    /// Tube voltage, kV (50 to 150)
    #[arg(long, value_name = "KV")]
    kv: f64,
    /// Anode angle, degrees (6 to 14)
    #[arg(long, value_name = "DEG", default_value_t = 7.0)]
    anode_deg: f64,
    /// A filter, material and thickness in mm; may be repeated. The bare tube has none
    #[arg(long = "filter", value_name = "MATERIAL MM")]
    filters: Vec<String>,
    /// Print the spectrum itself: energy_kev,photons_per_cm2_mas at 1 m
    #[arg(long)]
    csv: bool,
}

/// Prints the spectrum or what it comes to.
pub fn run(arguments: &SpectrumArguments) -> Result<()> {
    let mut spectrum = Spectrum::tube(arguments.kv, arguments.anode_deg)?;
    for filter in &arguments.filters {
        let (material, thickness_mm) = read_filter(filter)?;
        spectrum = spectrum.filtered(&material, thickness_mm * CM_PER_MM);
    }
    console::print(&if arguments.csv { csv(&spectrum) } else { figures(arguments, &spectrum) })
}

/// Reads `Al 3`: a material and its thickness in mm.
fn read_filter(text: &str) -> Result<(Material, f64)> {
    let refused = || {
        Error::invalid(format!(
            "--filter must be a material and a thickness in mm, such as \"Al 3\", found {text:?}"
        ))
    };
    let (material, thickness) = text.trim().rsplit_once(char::is_whitespace).ok_or_else(refused)?;
    let thickness_mm: f64 = thickness.parse().map_err(|_| refused())?;
    if !(thickness_mm.is_finite() && thickness_mm >= 0.0) {
        return Err(refused());
    }
    Ok((Material::named(material.trim())?, thickness_mm))
}

fn figures(arguments: &SpectrumArguments, spectrum: &Spectrum) -> String {
    let filters = match arguments.filters.as_slice() {
        [] => "none".to_owned(),
        filters => filters.iter().map(|filter| format!("{filter} mm")).collect::<Vec<_>>().join(", "),
    };
    format!(
        " tube          {} kV, tungsten, anode {} deg\n \
         filters       {filters}\n \
         HVL           {:.2} mm Al, second {:.2} mm Al\n \
         mean energy   {:.1} keV\n \
         output        {:.1} uGy/mAs at 1 m, free in air\n",
        arguments.kv,
        arguments.anode_deg,
        spectrum.hvl_mm_al(),
        spectrum.second_hvl_mm_al(),
        spectrum.mean_energy_kev(),
        spectrum.air_kerma_ugy_per_mas()
    )
}

fn csv(spectrum: &Spectrum) -> String {
    let bins = spectrum.energies_kev.iter().zip(&spectrum.photons_per_cm2_mas);
    let rows = bins.map(|(energy_kev, photons)| format!("{energy_kev},{photons:e}\n"));
    std::iter::once("energy_kev,photons_per_cm2_mas\n".to_owned()).chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_material_and_millimetres() {
        let (material, thickness_mm) = read_filter("Bone, cortical 2.5").unwrap();
        assert_eq!((material.name.as_str(), thickness_mm), ("bone_cortical", 2.5));
        for bad in ["Al", "Al x", "Al -1", "Al NaN", ""] {
            assert!(read_filter(bad).unwrap_err().to_string().starts_with("--filter must be"), "{bad}");
        }
    }
}
