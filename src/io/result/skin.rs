//! `/skin`: dose to the skin in patches of about a square centimetre, of all acquisitions together.

use hdf5::{File, Result};
use ndarray::{Array1, Array2};

use super::hdf::{attribute, dataset, list_attribute, packed_dataset, text_attribute};
use crate::analysis::peak_skin_dose::{Half, dose_mgy, peak_skin_dose};
use crate::simulation::outcome::Outcome;
use crate::tally::estimate::Estimate;
use crate::tally::skin_patches::PATCH_EDGE_CM;
use crate::units::CM_PER_MM;

/// Writes the patches and the largest dose; nothing where skin was not scored.
pub fn write(file: &File, outcome: &Outcome) -> Result<()> {
    let Some(skin) = &outcome.skin else { return Ok(()) };
    let Some(peak) = peak_skin_dose(skin, &outcome.acquisitions) else { return Ok(()) };
    let group = file.create_group("skin")?;
    text_attribute(
        &group,
        "note",
        "the patch of the peak is chosen by one half of the batches and its dose told by the other",
    )?;
    attribute(&group, "patch_edge_mm", PATCH_EDGE_CM / CM_PER_MM)?;
    attribute(&group, "peak_dose_mgy", peak.dose_mgy.mean)?;
    attribute(&group, "peak_dose_standard_error_mgy", peak.dose_mgy.standard_error)?;
    list_attribute(&group, "peak_place_mm", &[0, 1, 2].map(|axis| peak.place_cm[axis] / CM_PER_MM))?;
    let patches = skin.masses_g.len();
    let doses: Vec<Estimate> =
        (0..patches).map(|patch| dose_mgy(skin, &outcome.acquisitions, patch, Half::Both)).collect();
    let place = Array2::from_shape_fn((patches, 3), |(patch, axis)| skin.centres_cm[patch][axis] / CM_PER_MM);
    packed_dataset(&group, "place", "mm", place.view())?;
    dataset(&group, "mass", "g", Array1::from(skin.masses_g.clone()).view())?;
    let column = |value: fn(&Estimate) -> f64| -> Array1<f64> { doses.iter().map(value).collect() };
    dataset(&group, "dose", "mGy", column(|dose| dose.mean).view())?;
    dataset(&group, "standard_error", "mGy", column(|dose| dose.standard_error).view()).map(drop)
}
