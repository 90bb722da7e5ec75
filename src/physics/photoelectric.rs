//! K fluorescence after the photoelectric effect.
//!
//! The K x rays of Z ≥ 29 (8 keV and more) fly on; the energy of lighter elements' x rays and of all L x rays stays
//! where the photon was absorbed: those of calcium, 3.7 keV, stop within 31 µm of bone.

use crate::constants::{AVOGADRO_PER_MOL, ENERGY_MAX_KEV};
use crate::data::element::atomic_weight_g_mol;
use crate::data::epdl97::{Element, element};
use crate::data::material::Material;

/// Lowest atomic number whose K x rays are followed.
pub const K_FLUORESCENCE_Z_MIN: u8 = 29;

/// Steps of the probability table per keV.
const STEPS_PER_KEV: f32 = 4.0;

/// Which K x rays follow a photoelectric event in a material.
#[derive(Clone, Debug)]
pub struct KFluorescence {
    emitters: Vec<Emitter>,
}

/// An element whose K x rays are followed.
#[derive(Clone, Debug)]
struct Emitter {
    edge_kev: f32,
    /// Probability that a photoelectric event in the material ends in a K x ray of this element, from the edge up.
    probability: Vec<f32>,
    /// Line energy, keV, and cumulative share of the lines.
    lines: Vec<(f32, f32)>,
}

impl KFluorescence {
    /// K fluorescence of this material.
    pub fn new(material: &Material) -> Self {
        let atoms: Vec<_> = material
            .mass_fractions
            .iter()
            .map(|&(z, fraction)| (element(z), fraction * AVOGADRO_PER_MOL / atomic_weight_g_mol(z)))
            .collect();
        let emits = |atom: &Element| {
            atom.z >= K_FLUORESCENCE_Z_MIN && atom.k_edge_kev() < ENERGY_MAX_KEV && !atom.k_lines.is_empty()
        };
        let emitters = atoms.iter().filter(|(atom, _)| emits(atom));
        KFluorescence { emitters: emitters.map(|&(atom, per_g)| Emitter::new(atom, per_g, &atoms)).collect() }
    }

    /// Whether no element of the material has K x rays that are followed.
    pub fn is_empty(&self) -> bool {
        self.emitters.is_empty()
    }

    /// Probability that a photoelectric event at this energy ends in a K x ray that flies on.
    pub fn emission_probability(&self, energy_kev: f32) -> f32 {
        self.emitters.iter().map(|emitter| emitter.probability(energy_kev)).sum()
    }

    /// Mean energy that K x rays carry away from a photoelectric event at this energy, keV.
    pub fn mean_emitted_kev(&self, energy_kev: f32) -> f32 {
        self.emitters.iter().map(|emitter| emitter.probability(energy_kev) * emitter.mean_line_kev()).sum()
    }

    /// The K x ray, keV, that follows a photoelectric event at this energy for a deviate u in 0..1; `None` if
    /// all the energy stays. One deviate decides whether, from which element and which line.
    #[inline]
    pub fn sample_line_kev(&self, energy_kev: f32, mut u: f32) -> Option<f32> {
        for emitter in &self.emitters {
            let probability = emitter.probability(energy_kev);
            if u < probability {
                return Some(emitter.line_kev(u / probability));
            }
            u -= probability;
        }
        None
    }
}

impl Emitter {
    fn new(atom: &'static Element, atoms_per_g: f64, all: &[(&'static Element, f64)]) -> Self {
        let edge_kev = atom.k_edge_kev();
        let k_yield: f64 = atom.k_lines.iter().map(|line| line.1).sum();
        let probability = |energy_kev: f64| {
            let total: f64 =
                all.iter().map(|(other, n)| n * other.photoelectric_barn.value(energy_kev)).sum();
            (atoms_per_g * atom.k_photoelectric_barn(energy_kev) * k_yield / total) as f32
        };
        let steps = ((ENERGY_MAX_KEV - edge_kev) * f64::from(STEPS_PER_KEV)).ceil() as usize + 1;
        let energies_kev = (0..=steps).map(|i| edge_kev + i as f64 / f64::from(STEPS_PER_KEV));
        let mut cumulative = 0.0;
        let lines = atom.k_lines.iter().map(|&(energy_kev, share)| {
            cumulative += share / k_yield;
            (energy_kev as f32, cumulative as f32)
        });
        Emitter {
            edge_kev: edge_kev as f32,
            lines: lines.collect(),
            probability: energies_kev.map(probability).collect(),
        }
    }

    #[inline]
    fn probability(&self, energy_kev: f32) -> f32 {
        if energy_kev < self.edge_kev {
            return 0.0;
        }
        let position = (energy_kev - self.edge_kev) * STEPS_PER_KEV;
        let i = (position as usize).min(self.probability.len() - 2);
        let (low, high) = (self.probability[i], self.probability[i + 1]);
        low + (high - low) * (position - i as f32).min(1.0)
    }

    #[inline]
    fn line_kev(&self, u: f32) -> f32 {
        let index = self.lines.iter().position(|&(_, cumulative)| u < cumulative);
        self.lines[index.unwrap_or(self.lines.len() - 1)].0
    }

    fn mean_line_kev(&self) -> f32 {
        let mut below = 0.0;
        let mut mean = 0.0;
        for &(energy_kev, cumulative) in &self.lines {
            mean += energy_kev * (cumulative - below);
            below = cumulative;
        }
        mean
    }
}
