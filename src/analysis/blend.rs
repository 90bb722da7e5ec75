//! Quantities that are sums of organ doses: a tissue of several organs, the active marrow, the effective dose.
//!
//! Their standard errors come from the batches: organs of one history are correlated, so errors of organs must not be
//! added as if they were independent.

use crate::simulation::outcome::{AcquisitionOutcome, OrganEnergies};
use crate::tally::estimate::Estimate;

/// A linear combination of the energies of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Blend {
    /// Factor of every organ's energy, 1/g.
    organ_per_g: Vec<f64>,
    /// Factor of every bone's energy to active marrow, 1/g.
    marrow_per_g: Vec<f64>,
}

impl Blend {
    /// Nothing, in a phantom of so many organs.
    pub fn nothing(organs: usize) -> Self {
        Blend { organ_per_g: vec![0.0; organs], marrow_per_g: vec![0.0; organs] }
    }

    /// Mean dose of some organs: their energy over their mass. `None` if they have no mass.
    pub fn mean_of(organs: &[usize], masses_g: &[f64]) -> Option<Self> {
        let mass_g: f64 = organs.iter().map(|&organ| masses_g[organ]).sum();
        let mut blend = Blend::nothing(masses_g.len());
        organs.iter().for_each(|&organ| blend.organ_per_g[organ] = 1.0 / mass_g);
        (mass_g > 0.0).then_some(blend)
    }

    /// Adds the dose to active marrow in some bones, `share` times.
    pub fn add_marrow(&mut self, bones: &[usize], masses_g: &[f64], share: f64) {
        let mass_g: f64 = bones.iter().map(|&bone| masses_g[bone]).sum();
        if mass_g > 0.0 {
            bones.iter().for_each(|&bone| self.marrow_per_g[bone] += share / mass_g);
        }
    }

    /// Adds another combination, `factor` times.
    pub fn add(&mut self, other: &Blend, factor: f64) {
        let add = |into: &mut [f64], from: &[f64]| {
            into.iter_mut().zip(from).for_each(|(into, from)| *into += factor * from);
        };
        add(&mut self.organ_per_g, &other.organ_per_g);
        add(&mut self.marrow_per_g, &other.marrow_per_g);
    }

    /// Arithmetic mean of some combinations; `None` of none.
    pub fn average(parts: &[Blend]) -> Option<Self> {
        let mut sum = Blend::nothing(parts.first()?.organ_per_g.len());
        parts.iter().for_each(|part| sum.add(part, 1.0 / parts.len() as f64));
        Some(sum)
    }

    /// Factor of every organ's energy and of every bone's energy to active marrow, 1/g.
    pub fn factors_per_g(&self) -> [&[f64]; 2] {
        [&self.organ_per_g, &self.marrow_per_g]
    }

    /// Dose of an acquisition by batch, mGy: replicates whose mean is the dose.
    pub fn batches_mgy(&self, acquisition: &AcquisitionOutcome) -> Vec<f64> {
        let scale = acquisition.mgy_per_batch_kev_g;
        acquisition.records.iter().map(|record| scale * self.value(&record.energies)).collect()
    }

    /// Dose that the head end and the foot end of the path give per centimetre, mGy/cm: what a range that is a little
    /// shorter saves, with the tube current elsewhere as it is. `None` where ends are not scored.
    pub fn at_ends_mgy_per_cm(&self, acquisition: &AcquisitionOutcome) -> Option<[Estimate; 2]> {
        let scale = acquisition.mgy_per_batch_kev_g / acquisition.ends?.length_cm;
        let end = |end: usize| {
            let energies = acquisition.records.iter().filter_map(|record| record.ends.as_ref());
            let doses: Vec<f64> = energies.map(|ends| scale * self.value(&ends[end])).collect();
            (doses.len() == acquisition.records.len())
                .then(|| Estimate::from_replicates(doses.iter().copied()))
        };
        Some([end(0)?, end(1)?])
    }

    /// Dose of an acquisition, mGy.
    pub fn dose_mgy(&self, acquisition: &AcquisitionOutcome) -> Estimate {
        Estimate::from_replicates(self.batches_mgy(acquisition).into_iter())
    }

    /// Dose of some acquisitions together, mGy. Acquisitions are independent.
    pub fn total_mgy(&self, acquisitions: &[AcquisitionOutcome]) -> Estimate {
        let doses = acquisitions.iter().map(|acquisition| self.dose_mgy(acquisition));
        doses.fold(Estimate::default(), |sum, dose| sum.plus(&dose))
    }

    fn value(&self, of: &OrganEnergies) -> f64 {
        let sum = |factors: &[f64], energies: &[f64]| -> f64 {
            factors.iter().zip(energies).map(|(factor, energy_kev)| factor * energy_kev).sum()
        };
        sum(&self.organ_per_g, &of.organ_kev) + sum(&self.marrow_per_g, &of.marrow_kev)
    }
}
