//! What a run found out.

use crate::constants::ENERGY_MAX_KEV;
use crate::geometry::phantom::Phantom;
use crate::source::acquisition::Acquisition;
use crate::source::range_ends::RangeEnds;
use crate::tally::dose_map::DoseMap;
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::estimate::Estimate;
use crate::tally::skin_patches::SkinPatches;
use crate::transport::lost::LostHistory;

/// Why an acquisition's run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Its histories were played.
    Histories,
    /// The target was reached.
    Target,
    /// The wall time was up.
    WallTime,
    /// It was stopped from outside.
    Interrupted,
}

impl Finish {
    /// Key in results.
    pub fn name(self) -> &'static str {
        match self {
            Finish::Histories => "histories",
            Finish::Target => "target",
            Finish::WallTime => "wall-time",
            Finish::Interrupted => "interrupted",
        }
    }
}

/// Energy by organ of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRecord {
    /// Index of the batch.
    pub batch: u64,
    /// Energy of all its histories.
    pub energies: OrganEnergies,
    /// Energy of the histories at the head end and at the foot end of the path, where ends are scored apart.
    pub ends: Option<[OrganEnergies; 2]>,
    /// Energy of every patch of skin, keV; empty without a dose map.
    pub skin_kev: Vec<f32>,
    /// Histories that are lost, and count for nothing in it.
    pub lost: Vec<LostHistory>,
    /// Where its energy went.
    pub balance: EnergyBalance,
}

/// Energy by organ of some histories.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganEnergies {
    /// Energy by organ, keV.
    pub organ_kev: Vec<f64>,
    /// Energy by organ that active marrow would have had in the place of bone, keV; 0 outside bones, empty where the
    /// estimator does not score kerma.
    pub marrow_kev: Vec<f64>,
}

/// What one acquisition did.
#[derive(Clone, Debug)]
pub struct AcquisitionOutcome {
    /// The acquisition.
    pub acquisition: Acquisition,
    /// Share of each organ's mass inside the nominal range.
    pub coverage: Vec<f64>,
    /// Dose by organ, mGy.
    ///
    /// An organ that no history touched has mean 0 and, as its error, the dose one full-energy photon would
    /// have left: an upper limit, never 0 ± 0. An organ without voxels has NaN.
    pub organ_dose_mgy: Vec<Estimate>,
    /// Dose per energy of a batch and mass: mGy per (keV/g).
    pub mgy_per_batch_kev_g: f64,
    /// Histories played.
    pub histories: u64,
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// The batches, by index.
    pub records: Vec<BatchRecord>,
    /// The ends of the path that are scored apart.
    pub ends: Option<RangeEnds>,
    /// Photons that the acquisition emits into the collimated fan.
    pub photons: f64,
    /// Where the energy went.
    pub energy_balance: EnergyBalance,
    /// Organs the target looked at.
    pub target_organs: Vec<usize>,
    /// Why it ended.
    pub finish: Finish,
    /// Where the map's scatter was smoothed: what that shifts the dose of the voxels in the nominal range by, root mean square
    /// over that of their dose.
    pub smoothing_bias: Option<f64>,
    /// Wall time, s; of all processes that had a share in it.
    pub wall_s: f64,
    /// CPU time of these processes meanwhile, s.
    pub cpu_s: f64,
}

impl AcquisitionOutcome {
    /// Its lost histories, by batch.
    pub fn lost(&self) -> impl Iterator<Item = &LostHistory> {
        self.records.iter().flat_map(|record| &record.lost)
    }
}

/// What a run found out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// By acquisition, in order; fewer than the exam's if the run was stopped.
    pub acquisitions: Vec<AcquisitionOutcome>,
    /// Dose map of all acquisitions together.
    pub dose_map: Option<DoseMap>,
    /// The patches of skin of the batches' records, with a map.
    pub skin: Option<SkinPatches>,
    /// Whether every acquisition ran to its end.
    pub complete: bool,
    /// Wall time of its acquisitions, s; of all processes that had a share in it.
    pub wall_s: f64,
    /// CPU time of these processes meanwhile, s.
    pub cpu_s: f64,
    /// Threads.
    pub threads: usize,
}

impl Outcome {
    /// Dose by organ of all acquisitions together, mGy. Acquisitions are independent.
    pub fn total_organ_dose_mgy(&self) -> Vec<Estimate> {
        let zero = vec![Estimate::default(); self.acquisitions[0].organ_dose_mgy.len()];
        self.acquisitions.iter().fold(zero, |total, acquisition| {
            total.iter().zip(&acquisition.organ_dose_mgy).map(|(sum, dose)| sum.plus(dose)).collect()
        })
    }

    /// Histories of all acquisitions.
    pub fn histories(&self) -> u64 {
        self.acquisitions.iter().map(|acquisition| acquisition.histories).sum()
    }

    /// Energy balance of all acquisitions.
    pub fn energy_balance(&self) -> EnergyBalance {
        let mut total = EnergyBalance::default();
        self.acquisitions.iter().for_each(|acquisition| total.add(&acquisition.energy_balance));
        total
    }
}

/// What a source of photons did to a phantom.
#[derive(Clone, Debug)]
pub struct SourceOutcome {
    /// Energy imparted by organ, keV per history. An organ that no history touched has mean 0 and, as its
    /// error, what one full-energy photon would have left.
    pub organ_kev: Vec<Estimate>,
    /// Histories played.
    pub histories: u64,
    /// Where the energy went.
    pub energy_balance: EnergyBalance,
    /// Why the run ended.
    pub finish: Finish,
    /// Wall time, s.
    pub wall_s: f64,
}

/// Sums energies by label into energies by organ, keV.
pub fn organ_energies_kev(phantom: &Phantom, label_kev: &[f64; 256]) -> Vec<f64> {
    let mut organ_kev = vec![0.0; phantom.organs.len()];
    for (region, energy_kev) in phantom.regions.iter().zip(label_kev) {
        if let Some(organ) = region.organ {
            organ_kev[usize::from(organ)] += energy_kev;
        }
    }
    organ_kev
}

/// Energy of an organ per batch, keV.
pub fn organ_energy(records: &[BatchRecord], organ: usize) -> Estimate {
    Estimate::from_replicates(records.iter().map(|record| record.energies.organ_kev[organ]))
}

/// Doses by organ from the batches, mGy; `scale` is mGy per (keV/g and batch).
pub fn organ_doses_mgy(records: &[BatchRecord], masses_g: &[f64], scale: f64) -> Vec<Estimate> {
    let one_photon_kev = ENERGY_MAX_KEV / records.len() as f64;
    let dose = |(organ, &mass_g): (usize, &f64)| {
        if mass_g == 0.0 {
            return Estimate { mean: f64::NAN, standard_error: f64::NAN };
        }
        let mut energy = organ_energy(records, organ);
        if energy.mean == 0.0 {
            energy.standard_error = one_photon_kev;
        }
        energy.scaled(scale / mass_g)
    };
    masses_g.iter().enumerate().map(dose).collect()
}

/// Energies by organ, keV per history.
pub fn organ_energies_per_history(records: &[BatchRecord], histories_per_batch: u64) -> Vec<Estimate> {
    let organs = records.first().map_or(0, |record| record.energies.organ_kev.len());
    let energy = |organ| {
        let mut energy = organ_energy(records, organ);
        if energy.mean == 0.0 {
            energy.standard_error = ENERGY_MAX_KEV / records.len() as f64;
        }
        energy.scaled(1.0 / histories_per_batch as f64)
    };
    (0..organs).map(energy).collect()
}
