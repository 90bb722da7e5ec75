//! `/organs`: mass, volume, coverage and dose by organ; `/materials`: what voxels are made of.

use hdf5::{File, Result};
use ndarray::{Array1, Array2, Array3};

use super::hdf::{NO_UNIT, dataset, packed_dataset, text_attribute, texts_dataset};
use crate::analysis::organ_table::OrganTable;
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::Outcome;

/// Writes the organ table.
///
/// An organ without score keeps the convention of [`Outcome`]: dose 0 and an upper limit as its standard
/// error; one without voxels has NaN.
pub fn write_organs(file: &File, phantom: &Phantom, table: &OrganTable, outcome: &Outcome) -> Result<()> {
    let group = file.create_group("organs")?;
    text_attribute(&group, "note", "where dose is 0, standard_error is an upper limit of the dose")?;
    texts_dataset(&group, "id", phantom.organs.iter().map(|organ| organ.id.as_str()))?;
    texts_dataset(&group, "name", phantom.organs.iter().map(|organ| organ.name.as_str()))?;
    let column = |value: fn(&crate::analysis::organ_table::OrganRow) -> f64| -> Array1<f64> {
        table.rows.iter().map(value).collect()
    };
    dataset(&group, "mass", "g", column(|row| row.mass_g).view())?;
    dataset(&group, "target_mass", "g", column(|row| row.target_mass_g.unwrap_or(f64::NAN)).view())?;
    dataset(&group, "volume", "cm3", column(|row| row.volume_cm3).view())?;
    let shape = (outcome.acquisitions.len(), phantom.organs.len());
    let by_acquisition =
        |value: &dyn Fn(usize, usize) -> f64| Array2::from_shape_fn(shape, |(a, o)| value(a, o));
    let doses = |a: usize, o: usize| outcome.acquisitions[a].organ_dose_mgy[o];
    let coverage = by_acquisition(&|a, o| outcome.acquisitions[a].coverage[o]);
    dataset(&group, "coverage", NO_UNIT, coverage.view())?;
    dataset(&group, "dose", "mGy", by_acquisition(&|a, o| doses(a, o).mean).view())?;
    let errors = by_acquisition(&|a, o| doses(a, o).standard_error);
    dataset(&group, "standard_error", "mGy", errors.view())?;
    let totals = outcome.total_organ_dose_mgy();
    dataset(&group, "total", "mGy", totals.iter().map(|t| t.mean).collect::<Array1<f64>>().view())?;
    let total_errors: Array1<f64> = totals.iter().map(|t| t.standard_error).collect();
    dataset(&group, "total_standard_error", "mGy", total_errors.view())?;
    let covariance = packed_dataset(&group, "covariance", "mGy2", covariance(&errors).view())?;
    text_attribute(
        &covariance,
        "long_name",
        "between acquisitions, which are independent: [acquisition, acquisition, organ]",
    )
}

/// Acquisitions have random streams of their own: variances on the diagonal, 0 elsewhere.
fn covariance(errors: &Array2<f64>) -> Array3<f64> {
    let (acquisitions, organs) = errors.dim();
    Array3::from_shape_fn((acquisitions, acquisitions, organs), |(a, b, organ)| {
        if a == b { errors[[a, organ]].powi(2) } else { 0.0 }
    })
}

/// Writes the materials.
pub fn write_materials(file: &File, phantom: &Phantom) -> Result<()> {
    let group = file.create_group("materials")?;
    texts_dataset(&group, "name", phantom.media.iter().map(|medium| medium.material.name.as_str()))?;
    let density: Array1<f64> = phantom.media.iter().map(|medium| medium.density_g_cm3).collect();
    dataset(&group, "density", "g cm-3", density.view()).map(drop)
}
