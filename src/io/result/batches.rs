//! `/batches/NNN`: energy by batch and organ.
//!
//! The dose of an organ is the mean over batches of `organ_energy` times `mgy_g_per_kev` over its mass,
//! and its standard error is the batches' standard deviation / √batches, scaled alike. `active_marrow_energy` is what
//! active marrow would have had in the place of each bone; it is empty for an estimator that does not score kerma.

use hdf5::{File, Result};
use ndarray::{Array1, Array2};

use super::hdf::{NO_UNIT, attribute, dataset, packed_dataset};
use crate::simulation::outcome::{AcquisitionOutcome, BatchRecord};
use crate::tally::dose_map::mgy_per_kev_g;

/// Writes one group for every acquisition that was simulated.
pub fn write(file: &File, outcomes: &[AcquisitionOutcome]) -> Result<()> {
    let groups = file.create_group("batches")?;
    for (index, outcome) in outcomes.iter().enumerate() {
        let group = groups.create_group(&format!("{index:03}"))?;
        attribute(&group, "histories_per_batch", outcome.histories_per_batch)?;
        let photons_per_history = outcome.photons / outcome.histories_per_batch as f64;
        attribute(&group, "mgy_g_per_kev", mgy_per_kev_g(photons_per_history))?;
        let batches: Array1<u64> = outcome.records.iter().map(|record| record.batch).collect();
        dataset(&group, "batch", NO_UNIT, batches.view())?;
        let organs = energies_kev(outcome, |record| &record.organ_kev);
        packed_dataset(&group, "organ_energy", "keV", organs.view())?;
        let marrow = energies_kev(outcome, |record| &record.marrow_kev);
        packed_dataset(&group, "active_marrow_energy", "keV", marrow.view())?;
    }
    Ok(())
}

fn energies_kev(outcome: &AcquisitionOutcome, of: impl Fn(&BatchRecord) -> &Vec<f64>) -> Array2<f64> {
    let organs = outcome.records.first().map_or(0, |record| of(record).len());
    Array2::from_shape_fn((outcome.records.len(), organs), |(batch, organ)| {
        of(&outcome.records[batch])[organ]
    })
}
