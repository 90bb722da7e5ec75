//! Suite `attenuation`: μ/ρ and μtr/ρ at the nodes of NIST's tables, 10 to 150 keV.
//!
//! Compared at nodes only: between them, log-log interpolation of the tables is off by up to 3 %.

use crate::data::material::Material;
use crate::error::Result;
use crate::physics::cross_section::Attenuation;
use crate::validation::row::{Reference, Row, computed};
use crate::validation::table::{number, rows};

const SUITE: &str = "attenuation";
/// Accepted difference: 0.3 %.
const TOLERANCE: f64 = 0.003;
/// Elements whose electrons radiate: μen lacks what their bremsstrahlung carries away, μtr holds it.
const HEAVY: [&str; 3] = ["calcium", "copper", "iodine"];
const RADIATIVE: &str = "mu_en = mu_tr (1 - g): bremsstrahlung takes the share g, 1 % in iodine at 150 keV";
const IODINE_K_EDGE_KEV: f64 = 33.17;
const BELOW_EDGE: &str =
    "below a K edge EPDL97's coherent scattering holds the anomalous dispersion, NIST's does not";

/// Every node of every material.
pub fn run() -> Result<Vec<Row>> {
    let mut found = Vec::new();
    let mut current: Option<(&str, Attenuation)> = None;
    for words in rows(include_str!("reference/nist_mu_muen.csv")) {
        let (name, energy_kev) = (words[0], number(words[1]));
        if current.as_ref().is_none_or(|(known, _)| *known != name) {
            current = Some((name, Attenuation::new(&Material::named(name)?)));
        }
        let Some((_, attenuation)) = &current else { continue };
        let row = |quantity: &str, word: &str, value: f64| {
            let reference = Some(Reference::exact(number(word), TOLERANCE));
            Row::new(
                SUITE,
                format!("{name}, {energy_kev} keV"),
                quantity,
                "cm2/g",
                reference,
                computed(value),
            )
        };
        let total = row("mu/rho", words[2], attenuation.mu_over_rho_cm2_g(energy_kev));
        let mu_tr = attenuation.mu_tr_without_fluorescence_over_rho_cm2_g(energy_kev);
        let transfer = row("mu_tr/rho against mu_en/rho", words[3], mu_tr);
        let below_edge = name == "iodine" && energy_kev < IODINE_K_EDGE_KEV;
        found.push(if below_edge { total.for_information(BELOW_EDGE) } else { total });
        let heavy = HEAVY.contains(&name);
        found.push(if heavy { transfer.for_information(RADIATIVE) } else { transfer });
    }
    Ok(found)
}
