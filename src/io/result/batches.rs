//! `/batches/NNN`: energy by batch and organ.
//!
//! The dose of an organ is the mean over batches of `organ_energy` times `mgy_g_per_kev` over its mass,
//! and its standard error is the batches' standard deviation / √batches, scaled alike. `active_marrow_energy` is what
//! active marrow would have had in the place of each bone; it is empty for an estimator that does not score kerma.
//! `…_head_end` and `…_foot_end` are what the first and the last `end_length_mm` of the path leave of them.

use hdf5::{File, Group, Result};
use ndarray::{Array1, Array2};

use super::hdf::{NO_UNIT, attribute, dataset, packed_dataset};
use crate::simulation::outcome::{AcquisitionOutcome, BatchRecord, OrganEnergies};
use crate::tally::dose_map::mgy_per_kev_g;
use crate::units::CM_PER_MM;

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
        write_energies(&group, outcome, "", |record| Some(&record.energies))?;
        if let Some(ends) = outcome.ends {
            attribute(&group, "end_length_mm", ends.length_cm / CM_PER_MM)?;
            write_energies(&group, outcome, "_head_end", |record| Some(&record.ends.as_ref()?[0]))?;
            write_energies(&group, outcome, "_foot_end", |record| Some(&record.ends.as_ref()?[1]))?;
        }
    }
    Ok(())
}

fn write_energies(
    group: &Group,
    outcome: &AcquisitionOutcome,
    suffix: &str,
    of: impl Fn(&BatchRecord) -> Option<&OrganEnergies>,
) -> Result<()> {
    let organs = by_batch(outcome, |record| of(record).map_or(&[], |of| &of.organ_kev));
    packed_dataset(group, &format!("organ_energy{suffix}"), "keV", organs.view())?;
    let marrow = by_batch(outcome, |record| of(record).map_or(&[], |of| &of.marrow_kev));
    packed_dataset(group, &format!("active_marrow_energy{suffix}"), "keV", marrow.view()).map(drop)
}

fn by_batch(outcome: &AcquisitionOutcome, of: impl Fn(&BatchRecord) -> &[f64]) -> Array2<f64> {
    let organs = outcome.records.first().map_or(0, |record| of(record).len());
    Array2::from_shape_fn((outcome.records.len(), organs), |(batch, organ)| {
        of(&outcome.records[batch])[organ]
    })
}
