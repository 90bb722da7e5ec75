//! Compton scattering: Klein–Nishina times the incoherent scattering function S(x, Z).
//!
//! Binding is in S; Doppler broadening is left out (0.5 % of the kerma at most), so that the angle fixes the energy.

use crate::constants::{
    CLASSICAL_ELECTRON_RADIUS_CM, ELECTRON_REST_ENERGY_KEV, ENERGY_MAX_KEV, ENERGY_MIN_KEV,
};
use crate::data::material::Material;
use crate::numerics::table::{Distribution, LogLogTable, OctaveTable};
use crate::physics::form_factor::{FormTable, momentum_transfer_per_angstrom, scattering_electrons_per_g};

/// Energy of the photon after scattering on an electron at rest, keV.
pub fn scattered_energy_kev(energy_kev: f64, cosine: f64) -> f64 {
    energy_kev / (1.0 + energy_kev / ELECTRON_REST_ENERGY_KEV * (1.0 - cosine))
}

/// Differential cross section of one free electron at rest, cm²/sr (Klein and Nishina 1929).
pub fn klein_nishina_cm2_sr(energy_kev: f64, cosine: f64) -> f64 {
    let ratio = scattered_energy_kev(energy_kev, cosine) / energy_kev;
    let polarization = ratio + 1.0 / ratio - (1.0 - cosine * cosine);
    0.5 * CLASSICAL_ELECTRON_RADIUS_CM.powi(2) * ratio * ratio * polarization
}

/// Compton scattering by the bound electrons of a material.
#[derive(Clone, Debug)]
pub struct BoundCompton {
    electrons_per_g: FormTable,
}

/// Intervals of the integration over the angle.
const INTERVALS: usize = 200;

impl BoundCompton {
    /// Compton scattering in this material.
    pub fn new(material: &Material) -> Self {
        BoundCompton { electrons_per_g: scattering_electrons_per_g(material) }
    }

    /// Differential cross section dσ/dΩ per mass, cm²/(g sr).
    pub fn differential_cm2_g_sr(&self, energy_kev: f64, cosine: f64) -> f64 {
        let x = momentum_transfer_per_angstrom(energy_kev, 1.0 - cosine);
        klein_nishina_cm2_sr(energy_kev, cosine) * self.electrons_per_g.value(x)
    }

    /// ∫ dσ/dΩ dΩ per mass, cm²/g.
    pub fn total_cm2_g(&self, energy_kev: f64) -> f64 {
        self.distribution(energy_kev).integral()
    }

    /// Mean of 1 − E'/E over the angles: the share of the energy that goes to the electron.
    pub fn mean_transferred_share(&self, energy_kev: f64) -> f64 {
        let share = |t: f64| 1.0 - scattered_energy_kev(energy_kev, 1.0 - t) / energy_kev;
        self.mean(energy_kev, share)
    }

    /// Mean of 1 − cos θ over the angles.
    pub fn mean_one_minus_cosine(&self, energy_kev: f64) -> f64 {
        self.mean(energy_kev, |t| t)
    }

    /// Mean of a function of t = 1 − cos θ.
    fn mean(&self, energy_kev: f64, function: impl Fn(f64) -> f64) -> f64 {
        let (mut weighted, mut total) = (0.0, 0.0);
        for i in 0..=INTERVALS {
            let z = i as f64 / INTERVALS as f64;
            let density = self.density(energy_kev, z) * if i == INTERVALS { 0.5 } else { 1.0 };
            weighted += density * function(one_minus_cosine(z));
            total += density;
        }
        weighted / total
    }

    /// The angular distribution at one energy over z, where 1 − cos θ = 2z³, cm²/g.
    fn distribution(&self, energy_kev: f64) -> Distribution {
        let nodes: Vec<f64> = (0..=INTERVALS).map(|i| i as f64 / INTERVALS as f64).collect();
        let density = nodes.iter().map(|&z| self.density(energy_kev, z)).collect();
        Distribution::new(nodes, density)
    }

    /// dσ/dz, cm²/g: dΩ = 2π d(1 − cos θ) = 12π z² dz.
    fn density(&self, energy_kev: f64, z: f64) -> f64 {
        let cosine = 1.0 - one_minus_cosine(z);
        12.0 * std::f64::consts::PI * z * z * self.differential_cm2_g_sr(energy_kev, cosine)
    }
}

/// z crowds the nodes where S rises: 1 − cos θ = 2z³.
fn one_minus_cosine(z: f64) -> f64 {
    2.0 * z.powi(3)
}

/// ln-ln table of [`BoundCompton::mean_transferred_share`] over the transported energies.
pub(crate) fn transferred_share_table(material: &Material) -> LogLogTable {
    const NODES: usize = 160;
    let compton = BoundCompton::new(material);
    let step = (ENERGY_MAX_KEV / ENERGY_MIN_KEV).ln() / (NODES - 1) as f64;
    let energies_kev = (0..NODES).map(|i| ENERGY_MIN_KEV * (step * i as f64).exp());
    LogLogTable::new(energies_kev.map(|e| (e, compton.mean_transferred_share(e))).collect())
}

/// Samples the angle of Compton scattering in one material with one deviate, from a table.
///
/// The table holds the inverse of the cumulative distribution of 1 − cos θ at equal steps of √u, in which it is
/// smooth down to the forward direction, where S makes the density rise from zero.
#[derive(Clone, Debug)]
pub struct ComptonSampler {
    one_minus_cosine: OctaveTable,
}

impl ComptonSampler {
    /// Builds the table.
    pub fn new(material: &Material) -> Self {
        const COLUMNS: usize = 64;
        let compton = BoundCompton::new(material);
        let row = |energy_kev: f64| {
            let distribution = compton.distribution(energy_kev);
            let root_u = (0..COLUMNS).map(|j| j as f64 / (COLUMNS - 1) as f64);
            root_u.map(|v| one_minus_cosine(distribution.inverse(v * v))).collect()
        };
        ComptonSampler { one_minus_cosine: OctaveTable::from_rows(ENERGY_MAX_KEV as f32, COLUMNS, row) }
    }

    /// 1 − cos θ of a photon of this energy for a deviate u in 0..1; it grows with u.
    #[inline]
    pub fn sample_one_minus_cosine(&self, energy_kev: f32, u: f32) -> f32 {
        self.one_minus_cosine.value(energy_kev, u.sqrt())
    }

    /// cos θ of a photon of this energy for a deviate u in 0..1; it falls as u grows.
    #[inline]
    pub fn sample_cosine(&self, energy_kev: f32, u: f32) -> f32 {
        1.0 - self.sample_one_minus_cosine(energy_kev, u)
    }
}
