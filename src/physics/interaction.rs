//! One interaction: a photon meets an atom; some energy stays, at most one photon flies on.

use nalgebra::Vector3;
use rand::Rng;

use crate::constants::{ELECTRON_REST_ENERGY_KEV, ENERGY_MIN_KEV};
use crate::numerics::rng::{open01, two_open01};
use crate::numerics::rotation::deflect;
use crate::physics::tables::{EnergyPlace, MediumTables, Process};

/// 1 / electron rest energy, 1/keV.
const PER_REST_ENERGY: f32 = (1.0 / ELECTRON_REST_ENERGY_KEV) as f32;

/// What flies on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onward {
    /// Energy, keV.
    pub energy_kev: f32,
    /// Unit vector of flight.
    pub direction: Vector3<f32>,
}

/// What an interaction did. Below 1022 keV at most one photon flies on, so there is no stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// Energy left at the place (electrons stop where they start), keV.
    pub deposited_kev: f32,
    /// The scattered photon or K x ray, if any.
    pub onward: Option<Onward>,
}

impl MediumTables {
    /// Lets a photon interact in a medium; `place` is where its energy lies in the tables.
    #[inline(always)]
    pub fn interact(
        &self,
        medium: u8,
        (energy_kev, place): (f32, EnergyPlace),
        direction: &Vector3<f32>,
        stream: &mut impl Rng,
    ) -> Interaction {
        let (process, polar) = two_open01(stream);
        let (onward_kev, cos_polar) = match self.process(medium, place, process) {
            Process::Photoelectric => return self.absorb(medium, energy_kev, polar, stream),
            Process::Compton => {
                let compton = &self.samplers(medium).compton;
                let one_minus_cosine = compton.sample_one_minus_cosine(energy_kev, polar);
                (energy_kev / (1.0 + energy_kev * PER_REST_ENERGY * one_minus_cosine), 1.0 - one_minus_cosine)
            }
            Process::Rayleigh => {
                (energy_kev, self.samplers(medium).rayleigh.sample_cosine(energy_kev, polar))
            }
        };
        leave(energy_kev, onward_kev, deflect(direction, cos_polar, open01(stream)))
    }

    /// Photoelectric absorption, with the K x ray of a heavy element where there is one.
    #[inline]
    fn absorb(&self, medium: u8, energy_kev: f32, deviate: f32, stream: &mut impl Rng) -> Interaction {
        let absorbed = Interaction { deposited_kev: energy_kev, onward: None };
        let Some(fluorescence) = &self.samplers(medium).fluorescence else { return absorbed };
        match fluorescence.sample_line_kev(energy_kev, deviate) {
            Some(line_kev) => leave(energy_kev, line_kev, isotropic(stream)),
            None => absorbed,
        }
    }
}

/// Splits a photon's energy between the place and what flies on; below the cut-off nothing flies.
#[inline(always)]
fn leave(energy_kev: f32, onward_kev: f32, direction: Vector3<f32>) -> Interaction {
    if onward_kev < ENERGY_MIN_KEV as f32 {
        return Interaction { deposited_kev: energy_kev, onward: None };
    }
    let onward = Some(Onward { energy_kev: onward_kev, direction });
    Interaction { deposited_kev: energy_kev - onward_kev, onward }
}

fn isotropic(stream: &mut impl Rng) -> Vector3<f32> {
    let (polar, azimuth) = two_open01(stream);
    deflect(&Vector3::z(), 2.0 * polar - 1.0, azimuth)
}
