//! Rayleigh (coherent) scattering: Thomson times the squared form factor F²(x, Z), independent atoms.

use crate::constants::{CLASSICAL_ELECTRON_RADIUS_CM, ENERGY_MAX_KEV};
use crate::data::material::Material;
use crate::numerics::table::{Distribution, OctaveTable};
use crate::physics::form_factor::{FormTable, form_factor_squared_per_g, momentum_transfer_per_angstrom};

/// Differential cross section of one free electron for long waves, cm²/sr (Thomson).
pub fn thomson_cm2_sr(cosine: f64) -> f64 {
    0.5 * CLASSICAL_ELECTRON_RADIUS_CM.powi(2) * (1.0 + cosine * cosine)
}

/// Rayleigh scattering by the atoms of a material.
#[derive(Clone, Debug)]
pub struct Rayleigh {
    form_factor_squared_per_g: FormTable,
}

/// Intervals of the integration over the angle.
const INTERVALS: usize = 300;

impl Rayleigh {
    /// Rayleigh scattering in this material.
    pub fn new(material: &Material) -> Self {
        Rayleigh { form_factor_squared_per_g: form_factor_squared_per_g(material) }
    }

    /// Differential cross section dσ/dΩ per mass, cm²/(g sr).
    pub fn differential_cm2_g_sr(&self, energy_kev: f64, cosine: f64) -> f64 {
        self.differential(energy_kev, 1.0 - cosine)
    }

    /// ∫ dσ/dΩ dΩ per mass, cm²/g.
    pub fn total_cm2_g(&self, energy_kev: f64) -> f64 {
        self.distribution(energy_kev).integral()
    }

    /// Mean of 1 − cos θ over the angles.
    pub fn mean_one_minus_cosine(&self, energy_kev: f64) -> f64 {
        let (mut weighted, mut total) = (0.0, 0.0);
        for i in 0..=INTERVALS {
            let z = i as f64 / INTERVALS as f64;
            let density = self.density(energy_kev, z) * if i == INTERVALS { 0.5 } else { 1.0 };
            weighted += density * one_minus_cosine(z);
            total += density;
        }
        weighted / total
    }

    /// dσ/dΩ per mass from t = 1 − cos θ, which keeps its precision in the forward direction.
    fn differential(&self, energy_kev: f64, t: f64) -> f64 {
        let x = momentum_transfer_per_angstrom(energy_kev, t);
        thomson_cm2_sr(1.0 - t) * self.form_factor_squared_per_g.value(x)
    }

    /// The angular distribution at one energy over z, where 1 − cos θ = 2z⁴, cm²/g.
    fn distribution(&self, energy_kev: f64) -> Distribution {
        let nodes: Vec<f64> = (0..=INTERVALS).map(|i| i as f64 / INTERVALS as f64).collect();
        let density = nodes.iter().map(|&z| self.density(energy_kev, z)).collect();
        Distribution::new(nodes, density)
    }

    /// dσ/dz, cm²/g: dΩ = 2π d(1 − cos θ) = 16π z³ dz.
    fn density(&self, energy_kev: f64, z: f64) -> f64 {
        16.0 * std::f64::consts::PI * z.powi(3) * self.differential(energy_kev, one_minus_cosine(z))
    }

    /// √(u/t) for the share u of the scattering whose t = 1 − cos θ is the smallest.
    fn root_u_over_t(&self, energy_kev: f64, distribution: &Distribution, u: f64) -> f64 {
        if u > 0.0 {
            (u / one_minus_cosine(distribution.inverse(u))).sqrt()
        } else {
            let forward = 2.0 * std::f64::consts::PI * self.differential(energy_kev, 0.0);
            (forward / distribution.integral()).sqrt()
        }
    }
}

/// z crowds the nodes in the forward direction: 1 − cos θ = 2z⁴.
fn one_minus_cosine(z: f64) -> f64 {
    2.0 * z.powi(4)
}

/// Samples the angle of Rayleigh scattering in one material with one deviate, from a table.
///
/// The table holds w = √(u/t), t = 1 − cos θ, at equal steps of √(1 − u): the forward peak makes t shrink as 1/E²
/// and grow as u, so that w is nearly linear in E and finite at u = 0, and the steps are dense in the tail.
#[derive(Clone, Debug)]
pub struct RayleighSampler {
    root_u_over_t: OctaveTable,
}

impl RayleighSampler {
    /// Builds the table.
    pub fn new(material: &Material) -> Self {
        const COLUMNS: usize = 64;
        let rayleigh = Rayleigh::new(material);
        let row = |energy_kev: f64| {
            let distribution = rayleigh.distribution(energy_kev);
            let root_rest = (0..COLUMNS).map(|j| j as f64 / (COLUMNS - 1) as f64);
            root_rest.map(|s| rayleigh.root_u_over_t(energy_kev, &distribution, 1.0 - s * s)).collect()
        };
        RayleighSampler { root_u_over_t: OctaveTable::from_rows(ENERGY_MAX_KEV as f32, COLUMNS, row) }
    }

    /// 1 − cos θ of a photon of this energy for a deviate u in 0..1; it grows with u.
    #[inline]
    pub fn sample_one_minus_cosine(&self, energy_kev: f32, u: f32) -> f32 {
        let w = self.root_u_over_t.value(energy_kev, (1.0 - u).sqrt());
        (u / (w * w)).min(2.0)
    }

    /// cos θ of a photon of this energy for a deviate u in 0..1; it falls as u grows.
    #[inline]
    pub fn sample_cosine(&self, energy_kev: f32, u: f32) -> f32 {
        1.0 - self.sample_one_minus_cosine(energy_kev, u)
    }
}
