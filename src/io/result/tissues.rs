//! `/tissues`: dose by tissue of radiation protection, acquisition and batch.

use hdf5::{File, Result};
use ndarray::Array2;

use super::hdf::{packed_dataset, text_attribute, texts_dataset};
use crate::analysis::tissue::Anatomy;
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::AcquisitionOutcome;

/// Writes the tissues that the phantom has and the estimator scored: `dose_NNN` is [tissue, batch].
pub fn write(file: &File, phantom: &Phantom, outcomes: &[AcquisitionOutcome]) -> Result<()> {
    let group = file.create_group("tissues")?;
    text_attribute(&group, "note", "replicates: the mean over the batches of an acquisition is the dose")?;
    let tissues = Anatomy::new(phantom, outcomes).tissues();
    texts_dataset(&group, "name", tissues.iter().map(|(name, _)| *name))?;
    for (index, outcome) in outcomes.iter().enumerate() {
        let doses: Vec<Vec<f64>> = tissues.iter().map(|(_, blend)| blend.batches_mgy(outcome)).collect();
        let shape = (tissues.len(), outcome.records.len());
        let doses = Array2::from_shape_fn(shape, |(tissue, batch)| doses[tissue][batch]);
        packed_dataset(&group, &format!("dose_{index:03}"), "mGy", doses.view())?;
    }
    Ok(())
}
