//! Everything a flying photon asks of its media, tabulated for the transport loop.

use crate::constants::{ENERGY_MAX_KEV, ENERGY_MIN_KEV};
use crate::data::material::Material;
use crate::physics::compton::ComptonSampler;
use crate::physics::cross_section::Attenuation;
use crate::physics::photoelectric::KFluorescence;
use crate::physics::rayleigh::RayleighSampler;

/// Step of the energy grid, keV. Linear interpolation errs by less than 0.1 % above 8 keV in tissue.
const ENERGY_STEP_KEV: f64 = 0.2;

/// Coefficients of one medium at one energy: one 16-byte load, interpolated in one go.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C, align(16))]
pub struct Flight {
    /// Linear attenuation coefficient μ, 1/cm.
    pub mu_per_cm: f32,
    /// Linear energy-transfer coefficient μtr (K fluorescence of Z ≥ 29 flies on, all other stays), 1/cm.
    pub mu_tr_per_cm: f32,
    /// μtr/μ: share of an interacting photon's energy that stays, on average.
    pub transfer_share: f32,
    /// μtr/ρ of active marrow over that of the medium, in media of bones; 0 elsewhere.
    pub marrow_over_medium: f32,
}

impl Flight {
    /// At a fraction of the way from `a` to `b`.
    #[inline]
    fn between(a: &Flight, b: &Flight, fraction: f32) -> Flight {
        let between = |a: f32, b: f32| a + (b - a) * fraction;
        Flight {
            mu_per_cm: between(a.mu_per_cm, b.mu_per_cm),
            mu_tr_per_cm: between(a.mu_tr_per_cm, b.mu_tr_per_cm),
            transfer_share: between(a.transfer_share, b.transfer_share),
            marrow_over_medium: between(a.marrow_over_medium, b.marrow_over_medium),
        }
    }
}

/// Where an energy lies in the tables: for photons that ask for few media before their energy changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnergyPlace {
    /// Coefficients of the first medium in the row below.
    first: usize,
    /// Fraction of the way to the row above.
    fraction: f32,
}

/// Coefficients of every medium at one photon's energy. Indexed by any `u8` without a bounds check.
pub type FlightRow = [Flight; 256];

/// A row to be filled.
pub fn empty_row() -> Box<FlightRow> {
    Box::new([Flight::default(); 256])
}

/// Cumulative shares of the processes in μ.
#[derive(Clone, Copy, Debug)]
struct Shares {
    photoelectric: f32,
    photoelectric_or_compton: f32,
}

/// What happens to angles and fluorescence in one material.
pub(super) struct Samplers {
    pub(super) compton: ComptonSampler,
    pub(super) rayleigh: RayleighSampler,
    pub(super) fluorescence: Option<KFluorescence>,
}

/// Tables of a set of media on a common energy grid.
pub struct MediumTables {
    media: usize,
    flights: Vec<Flight>,
    shares: Vec<Shares>,
    majorant_per_cm: Vec<f32>,
    samplers: Vec<Samplers>,
    /// Sampler of each medium: media of one material share it.
    sampler_of: Vec<usize>,
}

/// Process by which a photon interacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// Photoelectric absorption.
    Photoelectric,
    /// Incoherent scattering.
    Compton,
    /// Coherent scattering.
    Rayleigh,
}

impl MediumTables {
    /// Tables for media given as (material, density in g/cm³). At most 256.
    pub fn new(media: &[(&Material, f64)]) -> Self {
        Self::with_bones(media, &vec![false; media.len()])
    }

    /// Tables for media, some of which are those of bones, in which marrow is scored.
    pub fn with_bones(media: &[(&Material, f64)], is_bone: &[bool]) -> Self {
        assert!(!media.is_empty() && media.len() <= 256, "{} media", media.len());
        let mut materials: Vec<&Material> = Vec::new();
        let sampler_of: Vec<usize> = media
            .iter()
            .map(|(material, _)| {
                let same = |m: &&Material| m.mass_fractions == material.mass_fractions;
                materials.iter().position(same).unwrap_or_else(|| {
                    materials.push(material);
                    materials.len() - 1
                })
            })
            .collect();
        let attenuations: Vec<Attenuation> = materials.iter().map(|m| Attenuation::new(m)).collect();
        let rows = ((ENERGY_MAX_KEV - ENERGY_MIN_KEV) / ENERGY_STEP_KEV).round() as usize + 1;
        let mut tables = MediumTables {
            media: media.len(),
            flights: Vec::with_capacity(rows * media.len()),
            shares: Vec::with_capacity(rows * media.len()),
            majorant_per_cm: Vec::with_capacity(rows),
            samplers: materials.iter().map(|m| Samplers::new(m)).collect(),
            sampler_of,
        };
        for row in 0..rows {
            tables.push_row(ENERGY_MIN_KEV + row as f64 * ENERGY_STEP_KEV, media, &attenuations);
        }
        if is_bone.contains(&true) {
            tables.relate_to_marrow(media, is_bone);
        }
        tables
    }

    fn push_row(&mut self, energy_kev: f64, media: &[(&Material, f64)], attenuations: &[Attenuation]) {
        let mut majorant = 0.0_f32;
        for (medium, (_, density_g_cm3)) in media.iter().enumerate() {
            let attenuation = &attenuations[self.sampler_of[medium]];
            let photoelectric = attenuation.photoelectric_cm2_g(energy_kev);
            let compton = attenuation.incoherent_cm2_g(energy_kev);
            let total = photoelectric + compton + attenuation.coherent_cm2_g(energy_kev);
            let transfer = attenuation.mu_tr_over_rho_cm2_g(energy_kev);
            let flight = Flight {
                mu_per_cm: (total * density_g_cm3) as f32,
                mu_tr_per_cm: (transfer * density_g_cm3) as f32,
                transfer_share: (transfer / total) as f32,
                marrow_over_medium: 0.0,
            };
            majorant = majorant.max(flight.mu_per_cm);
            self.flights.push(flight);
            self.shares.push(Shares {
                photoelectric: (photoelectric / total) as f32,
                photoelectric_or_compton: ((photoelectric + compton) / total) as f32,
            });
        }
        self.majorant_per_cm.push(majorant);
    }

    /// Sets what active marrow would absorb of the fluence in the media of bones.
    fn relate_to_marrow(&mut self, media: &[(&Material, f64)], is_bone: &[bool]) {
        let marrow = Material::named("active_marrow").expect("active marrow is a named material");
        let marrow = Attenuation::new(&marrow);
        for (row, flights) in self.flights.chunks_exact_mut(self.media).enumerate() {
            let energy_kev = ENERGY_MIN_KEV + row as f64 * ENERGY_STEP_KEV;
            let marrow_cm2_g = marrow.mu_tr_over_rho_cm2_g(energy_kev);
            for ((flight, (_, density_g_cm3)), _) in
                flights.iter_mut().zip(media).zip(is_bone).filter(|(_, is_bone)| **is_bone)
            {
                let medium_cm2_g = f64::from(flight.mu_tr_per_cm) / density_g_cm3;
                flight.marrow_over_medium = (marrow_cm2_g / medium_cm2_g) as f32;
            }
        }
    }

    /// Number of media.
    pub fn media(&self) -> usize {
        self.media
    }

    /// Lower row and fraction to the next one for an energy.
    #[inline]
    fn place(&self, energy_kev: f32) -> (usize, f32) {
        let place = (energy_kev - ENERGY_MIN_KEV as f32) * (1.0 / ENERGY_STEP_KEV) as f32;
        let row = (place.max(0.0) as i32 as usize).min(self.majorant_per_cm.len() - 2);
        (row, (place - row as f32).clamp(0.0, 1.0))
    }

    /// Where an energy lies in the tables, and the largest μ of all media there, 1/cm.
    #[inline]
    pub fn find(&self, energy_kev: f32) -> (EnergyPlace, f32) {
        let (row, fraction) = self.place(energy_kev);
        let (low, high) = (self.majorant_per_cm[row], self.majorant_per_cm[row + 1]);
        (EnergyPlace { first: row * self.media, fraction }, low + (high - low) * fraction)
    }

    /// Coefficients of one medium.
    #[inline]
    pub fn flight(&self, EnergyPlace { first, fraction }: EnergyPlace, medium: u8) -> Flight {
        let lower = first + usize::from(medium);
        Flight::between(&self.flights[lower], &self.flights[lower + self.media], fraction)
    }

    /// Fills a row with every medium's coefficients at an energy and returns the largest μ, 1/cm.
    #[inline]
    pub fn fill_row(&self, energy_kev: f32, row: &mut FlightRow) -> f32 {
        let (low, fraction) = self.place(energy_kev);
        let lower = &self.flights[low * self.media..(low + 1) * self.media];
        let upper = &self.flights[(low + 1) * self.media..(low + 2) * self.media];
        for ((flight, a), b) in row.iter_mut().zip(lower).zip(upper) {
            *flight = Flight::between(a, b, fraction);
        }
        let (a, b) = (self.majorant_per_cm[low], self.majorant_per_cm[low + 1]);
        a + (b - a) * fraction
    }

    /// The process of an interaction in a medium, for a deviate.
    #[inline(always)]
    pub fn process(&self, medium: u8, EnergyPlace { first, fraction }: EnergyPlace, deviate: f32) -> Process {
        let lower = first + usize::from(medium);
        let (a, b) = (self.shares[lower], self.shares[lower + self.media]);
        let between = |a: f32, b: f32| a + (b - a) * fraction;
        if deviate < between(a.photoelectric, b.photoelectric) {
            Process::Photoelectric
        } else if deviate < between(a.photoelectric_or_compton, b.photoelectric_or_compton) {
            Process::Compton
        } else {
            Process::Rayleigh
        }
    }

    #[inline]
    pub(super) fn samplers(&self, medium: u8) -> &Samplers {
        &self.samplers[self.sampler_of[usize::from(medium)]]
    }
}

impl Samplers {
    fn new(material: &Material) -> Self {
        let has_heavy = material.mass_fractions.iter().any(|&(z, _)| z >= 29);
        Samplers {
            compton: ComptonSampler::new(material),
            rayleigh: RayleighSampler::new(material),
            fluorescence: has_heavy.then(|| KFluorescence::new(material)),
        }
    }
}
