//! Case 1: air kerma behind no, one half-value and one quarter-value layer of aluminium.
//!
//! The cone just covers the scoring disc, so that every photon which meets nothing on the way is scored. The
//! engine's value is that primary fluence by its own attenuation coefficients; what aluminium and air scatter
//! forward into the disc (of the order of 0.01 %) is left out.

use std::f64::consts::PI;

use crate::data::material::Material;
use crate::error::Result;
use crate::physics::cross_section::Attenuation;
use crate::validation::row::{Row, computed};
use crate::validation::table::{number, rows};
use crate::validation::tg195::spectra::labelled;
use crate::validation::tg195::values::{Key, row};

/// Beam, thickness of one HVL and one QVL, cm.
const BEAMS: [(&str, f64, f64); 4] = [
    ("30 keV", 0.2273, 0.4546),
    ("100 keV", 1.511, 3.022),
    ("30 kVp", 0.034_31, 0.076_63),
    ("100 kVp", 0.3950, 0.9840),
];
/// Distance from source to disc, cm.
const DISTANCE_CM: f64 = 100.0;
/// Radius of the disc, cm.
const RADIUS_CM: f64 = 0.5;
const MM2_PER_CM2: f64 = 100.0;
const TOLERANCE: f64 = 0.01;

/// The twelve kermas and their eight ratios.
pub fn run() -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for (label, hvl_cm, qvl_cm) in BEAMS {
        let key = Key { case: "1", spectrum: label, ..Key::default() };
        let filters = [("NoneFilter", 0.0), ("HVLFilter", hvl_cm), ("QVLFilter", qvl_cm)];
        let mut kermas = Vec::new();
        for (region, thickness_cm) in filters {
            let kerma = kerma_per_history(label, thickness_cm)?;
            found.push(row(&key, region, "keV cm2/g per mm2", TOLERANCE, computed(kerma)));
            kermas.push(kerma);
        }
        let key = Key { case: "1 HVL", ..key };
        for (region, filtered) in [("HVL", kermas[1]), ("QVL", kermas[2])] {
            found.push(row(&key, region, "1", TOLERANCE, computed(filtered / kermas[0])));
        }
    }
    Ok(found)
}

/// Σ E · μen/ρ · fluence over the report's bins, keV cm²/g per mm² and photon in the cone.
fn kerma_per_history(label: &str, aluminium_cm: f64) -> Result<f64> {
    let spectrum = labelled(label)?;
    let air = Attenuation::new(&Material::named("air")?);
    let aluminium = Attenuation::new(&Material::named("aluminium")?);
    let transmission = |energy_kev: f64| {
        let air_g_cm2 = 0.001_205 * (DISTANCE_CM - aluminium_cm);
        let aluminium_g_cm2 = 2.699 * aluminium_cm;
        (-air.mu_over_rho_cm2_g(energy_kev) * air_g_cm2
            - aluminium.mu_over_rho_cm2_g(energy_kev) * aluminium_g_cm2)
            .exp()
    };
    let bins = spectrum.energies_kev.iter().zip(&spectrum.photons_per_cm2_mas);
    let kerma: f64 = bins.map(|(&e, n)| n * transmission(e) * kerma_of_bin(e)).sum();
    Ok(kerma / spectrum.fluence_total() / (PI * RADIUS_CM * RADIUS_CM * MM2_PER_CM2))
}

/// Centre of the report's 0.5 keV bin that holds an energy times its μen/ρ; an energy on an edge belongs below it.
fn kerma_of_bin(energy_kev: f64) -> f64 {
    let mut table = rows(include_str!("../reference/tg195_air_mu_en.csv"));
    let bin = table.find(|words| energy_kev <= number(words[0]) + 0.25);
    bin.map_or(0.0, |words| number(words[0]) * number(words[1]))
}
