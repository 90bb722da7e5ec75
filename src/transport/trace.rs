//! What happens in one history, told event by event.

use nalgebra::Vector3;

use crate::photon::Photon;
use crate::physics::interaction::Interaction;
use crate::transport::tally::{HistoryMark, Tally};

/// What an interaction was, from what it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Process {
    /// The photon was absorbed; or a Compton electron took what left too little to fly on.
    Absorbed,
    /// It flew on with its energy.
    Rayleigh,
    /// It flew on with less: Compton, or a K x ray after an absorption.
    Compton,
}

impl Process {
    fn of(photon: &Photon, interaction: &Interaction) -> Self {
        match interaction.onward {
            None => Process::Absorbed,
            Some(onward) if onward.energy_kev == photon.energy_kev => Process::Rayleigh,
            Some(_) => Process::Compton,
        }
    }

    /// Word for tables.
    pub fn name(self) -> &'static str {
        match self {
            Process::Absorbed => "absorbed",
            Process::Rayleigh => "rayleigh",
            Process::Compton => "compton",
        }
    }
}

/// One interaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TracedInteraction {
    /// What it was.
    pub process: Process,
    /// Where, cm.
    pub position_cm: Vector3<f32>,
    /// Label of the voxel; `None` in the air around the body.
    pub label: Option<u8>,
    /// Energy of the photon before, keV.
    pub energy_kev: f32,
    /// Its weight.
    pub weight: f32,
    /// Energy that stayed, keV, not weighted.
    pub deposited_kev: f32,
    /// Energy that flew on, keV; 0 if nothing did.
    pub onward_kev: f32,
}

/// What was heard of a history. Photons of a history that is split fly together, so that their interactions take turns.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Histories that began: 0 for one whose photon the source did not emit.
    pub histories: u64,
    /// Share of the acquisition's mAs before it.
    pub share: f64,
    /// Its interactions.
    pub interactions: Vec<TracedInteraction>,
    /// Energy that was emitted, weighted, keV.
    pub emitted_kev: f64,
    /// Energy that escaped, weighted, keV.
    pub escaped_kev: f64,
    /// Energy that stayed, by label, weighted, keV.
    pub deposited_kev: Box<[f64; 256]>,
    /// Kerma by label, weighted, keV.
    pub kerma_kev: Box<[f64; 256]>,
    /// Photons that were given up.
    pub given_up: u64,
}

impl Default for Trace {
    fn default() -> Self {
        Trace {
            histories: 0,
            share: 0.0,
            interactions: Vec::new(),
            emitted_kev: 0.0,
            escaped_kev: 0.0,
            deposited_kev: Box::new([0.0; 256]),
            kerma_kev: Box::new([0.0; 256]),
            given_up: 0,
        }
    }
}

/// Interactions that are kept: a history that is stuck may have millions.
pub const TRACED_MAX: usize = 100_000;

/// Listens to a history as a tally that wants kerma voxel by voxel, or not, would have it told.
#[derive(Clone, Debug, Default)]
pub struct Tracer<const BY_VOXEL: bool>(pub Trace);

impl<const BY_VOXEL: bool> Tally for Tracer<BY_VOXEL> {
    const BY_VOXEL: bool = BY_VOXEL;
    fn turn_to(&mut self, history: HistoryMark) {
        self.0.share = history.mas_share;
    }
    fn emit(&mut self, energy_kev: f32) {
        self.0.histories += 1;
        self.0.emitted_kev += f64::from(energy_kev);
    }
    fn kerma(&mut self, _voxel: usize, label: u8, energy_kev: f32, _marrow_over_medium: f32) {
        self.0.kerma_kev[usize::from(label)] += f64::from(energy_kev);
    }
    fn deposit(&mut self, _voxel: usize, label: u8, energy_kev: f32) {
        self.0.deposited_kev[usize::from(label)] += f64::from(energy_kev);
    }
    fn escape(&mut self, energy_kev: f32) {
        self.0.escaped_kev += f64::from(energy_kev);
    }
    fn interact(
        &mut self,
        photon: &Photon,
        position_cm: &Vector3<f32>,
        voxel: Option<(usize, u8)>,
        interaction: &Interaction,
    ) {
        if self.0.interactions.len() < TRACED_MAX {
            self.0.interactions.push(TracedInteraction {
                process: Process::of(photon, interaction),
                position_cm: *position_cm,
                label: voxel.map(|(_, label)| label),
                energy_kev: photon.energy_kev,
                weight: photon.weight,
                deposited_kev: interaction.deposited_kev,
                onward_kev: interaction.onward.map_or(0.0, |onward| onward.energy_kev),
            });
        }
    }
    fn give_up(&mut self) {
        self.0.given_up += 1;
    }
}
