//! Attenuation and energy transfer of a material: the mixture of its elements, by mass.

use std::sync::OnceLock;

use crate::constants::{AVOGADRO_PER_MOL, CM2_PER_BARN};
use crate::data::element::atomic_weight_g_mol;
use crate::data::epdl97::{Element, element};
use crate::data::material::Material;
use crate::numerics::table::LogLogTable;
use crate::physics::compton::transferred_share_table;
use crate::physics::photoelectric::K_FLUORESCENCE_Z_MIN;

/// Mass attenuation and energy-transfer coefficients of a material, 1 to 160 keV (EPDL97).
#[derive(Clone, Debug)]
pub struct Attenuation {
    parts: Vec<Part>,
    material: Material,
    /// Made when it is first asked for: a filter's attenuation has no use for it.
    compton_share: OnceLock<LogLogTable>,
}

/// One element of the material; cm²/g = `scale` × barn per atom.
#[derive(Clone, Debug)]
struct Part {
    atom: &'static Element,
    scale: f64,
}

impl Attenuation {
    /// The coefficients of this material.
    pub fn new(material: &Material) -> Self {
        let part = |&(z, fraction): &(u8, f64)| Part {
            atom: element(z),
            scale: fraction * AVOGADRO_PER_MOL / atomic_weight_g_mol(z) * CM2_PER_BARN,
        };
        Attenuation {
            parts: material.mass_fractions.iter().map(part).collect(),
            material: material.clone(),
            compton_share: OnceLock::new(),
        }
    }

    /// Coherent (Rayleigh) scattering, cm²/g.
    pub fn coherent_cm2_g(&self, energy_kev: f64) -> f64 {
        self.sum(|atom| atom.coherent_barn.value(energy_kev))
    }

    /// Incoherent (Compton) scattering, cm²/g.
    pub fn incoherent_cm2_g(&self, energy_kev: f64) -> f64 {
        self.sum(|atom| atom.incoherent_barn.value(energy_kev))
    }

    /// Photoelectric effect, cm²/g.
    pub fn photoelectric_cm2_g(&self, energy_kev: f64) -> f64 {
        self.sum(|atom| atom.photoelectric_barn.value(energy_kev))
    }

    /// Total attenuation μ/ρ with coherent scattering, cm²/g.
    pub fn mu_over_rho_cm2_g(&self, energy_kev: f64) -> f64 {
        self.coherent_cm2_g(energy_kev)
            + self.incoherent_cm2_g(energy_kev)
            + self.photoelectric_cm2_g(energy_kev)
    }

    /// Energy transfer μtr/ρ as the transport counts it, cm²/g: the K x rays of Z ≥ 29 fly on, those of lighter
    /// elements and all other x rays of the atom stay where they start.
    pub fn mu_tr_over_rho_cm2_g(&self, energy_kev: f64) -> f64 {
        self.mu_tr(energy_kev, |atom| {
            let leaves = atom.z >= K_FLUORESCENCE_Z_MIN;
            let k_barn_kev = || atom.k_photoelectric_barn(energy_kev) * atom.mean_k_line_kev();
            if leaves { k_barn_kev() } else { 0.0 }
        })
    }

    /// Energy transfer μtr/ρ with every x ray of every atom taken away, cm²/g: the definition behind tables of μen.
    pub fn mu_tr_without_fluorescence_over_rho_cm2_g(&self, energy_kev: f64) -> f64 {
        self.mu_tr(energy_kev, |atom| {
            atom.photoelectric_barn.value(energy_kev) * atom.fluorescence_kev.value(energy_kev)
        })
    }

    /// Mean share of the energy that goes to the electron in Compton scattering.
    pub fn compton_transferred_share(&self, energy_kev: f64) -> f64 {
        self.compton_share.get_or_init(|| transferred_share_table(&self.material)).value(energy_kev)
    }

    /// μtr/ρ where the x rays of an atom carry away this much, barn keV.
    fn mu_tr(&self, energy_kev: f64, carried_barn_kev: impl Fn(&Element) -> f64) -> f64 {
        let carried_cm2_g = self.sum(carried_barn_kev) / energy_kev;
        let compton_cm2_g = self.incoherent_cm2_g(energy_kev) * self.compton_transferred_share(energy_kev);
        self.photoelectric_cm2_g(energy_kev) - carried_cm2_g + compton_cm2_g
    }

    /// Σ over the elements of a quantity per atom that holds one factor of barn.
    fn sum(&self, per_atom: impl Fn(&Element) -> f64) -> f64 {
        self.parts.iter().map(|part| part.scale * per_atom(part.atom)).sum()
    }
}
