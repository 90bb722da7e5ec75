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
/// Elements whose μen the tables give for thick samples only in a rough way are compared in μ/ρ alone.
const MU_ONLY: [&str; 2] = ["calcium", "copper"];

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
        let mut push = |quantity: &str, word: &str, value: f64| {
            let reference = Some(Reference::exact(number(word), TOLERANCE));
            let case = format!("{name}, {energy_kev} keV");
            found.push(Row::new(SUITE, case, quantity, "cm2/g", reference, computed(value)));
        };
        push("mu/rho", words[2], attenuation.mu_over_rho_cm2_g(energy_kev));
        if !MU_ONLY.contains(&name) {
            let mu_tr = attenuation.mu_tr_without_fluorescence_over_rho_cm2_g(energy_kev);
            push("mu_tr/rho against mu_en/rho", words[3], mu_tr);
        }
    }
    Ok(found)
}
