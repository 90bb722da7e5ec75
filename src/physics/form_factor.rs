//! Form factors of a material: how its electrons scatter together (F) and one by one (S).

use crate::constants::{AVOGADRO_PER_MOL, HC_KEV_ANGSTROM};
use crate::data::element::atomic_weight_g_mol;
use crate::data::epdl97::{Element, element};
use crate::data::material::Material;

/// x = sin(θ/2)/λ, 1/Å, from 1 − cos θ.
pub fn momentum_transfer_per_angstrom(energy_kev: f64, one_minus_cosine: f64) -> f64 {
    energy_kev / HC_KEV_ANGSTROM * (0.5 * one_minus_cosine).sqrt()
}

/// Σ w N_A/A S(x) of a material (independent atoms): electrons per g that take part in Compton scattering at the
/// momentum transfer x, 1/Å.
pub fn scattering_electrons_per_g(material: &Material) -> FormTable {
    FormTable::new(material, 2.0, |atom, x| atom.scattering_function.value(x))
}

/// Σ w N_A/A F²(x) of a material (independent atoms), per g, at the momentum transfer x, 1/Å.
pub fn form_factor_squared_per_g(material: &Material) -> FormTable {
    FormTable::new(material, 0.0, |atom, x| atom.form_factor.value(x).powi(2))
}

const X_FIRST_PER_ANGSTROM: f64 = 1.0e-3;
const X_LAST_PER_ANGSTROM: f64 = 16.5;
const STEPS: usize = 1000;

/// A form function of a material by x in 1/Å, on a logarithmic grid fine enough to add no error of its own. Below
/// its first x, F is constant and S follows x².
#[derive(Clone, Debug)]
pub struct FormTable {
    ln_values: Vec<f64>,
    steps_per_ln: f64,
    power_below: f64,
}

impl FormTable {
    fn new(material: &Material, power_below: f64, function: impl Fn(&Element, f64) -> f64) -> Self {
        let steps_per_ln = STEPS as f64 / (X_LAST_PER_ANGSTROM / X_FIRST_PER_ANGSTROM).ln();
        let atoms: Vec<_> = material
            .mass_fractions
            .iter()
            .map(|&(z, share)| (element(z), share * AVOGADRO_PER_MOL / atomic_weight_g_mol(z)))
            .collect();
        let value = |i: usize| {
            let x = X_FIRST_PER_ANGSTROM * (i as f64 / steps_per_ln).exp();
            atoms.iter().map(|&(atom, atoms_per_g)| atoms_per_g * function(atom, x)).sum::<f64>().ln()
        };
        FormTable { ln_values: (0..=STEPS).map(value).collect(), steps_per_ln, power_below }
    }

    /// Value at x, 1/Å.
    pub fn value(&self, x_per_angstrom: f64) -> f64 {
        if x_per_angstrom < X_FIRST_PER_ANGSTROM {
            let share = x_per_angstrom / X_FIRST_PER_ANGSTROM;
            return self.ln_values[0].exp() * share.powf(self.power_below);
        }
        let position = (x_per_angstrom / X_FIRST_PER_ANGSTROM).ln() * self.steps_per_ln;
        let i = (position as usize).min(STEPS - 1);
        let (low, high) = (self.ln_values[i], self.ln_values[i + 1]);
        (low + (high - low) * (position - i as f64)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_has_ten_electrons_per_molecule() {
        let water = Material::named("water").unwrap();
        let electrons_per_g = 10.0 * AVOGADRO_PER_MOL / 18.015;
        let free = scattering_electrons_per_g(&water).value(16.0);
        assert!((free / electrons_per_g - 1.0).abs() < 1e-3, "{free} {electrons_per_g}");
        // Together: (2·1² + 8²) per molecule.
        let forward = form_factor_squared_per_g(&water).value(0.0);
        assert!((forward / (66.0 * AVOGADRO_PER_MOL / 18.015) - 1.0).abs() < 1e-3, "{forward}");
    }

    #[test]
    fn momentum_transfer_of_backscatter_is_the_inverse_wavelength() {
        assert!((momentum_transfer_per_angstrom(12.398_419_84, 2.0) - 1.0).abs() < 1e-12);
    }
}
