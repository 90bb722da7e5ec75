//! `/effective/NNN`: effective dose by scheme, and the tissues it is made of.

use hdf5::{File, Group, Result};
use ndarray::Array1;

use super::hdf::{NO_UNIT, dataset, text_attribute, texts_dataset};
use crate::analysis::effective_dose::{CAVEAT, EffectiveDose, SCHEMES, effective_dose};
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::AcquisitionOutcome;
use crate::tally::estimate::Estimate;

/// Stands where an acquisition has no ends that are scored apart.
const NOTHING: Estimate = Estimate { mean: f64::NAN, standard_error: f64::NAN };

/// Writes one group for every scheme; one that cannot be given says which tissues are missing.
pub fn write(file: &File, phantom: &Phantom, outcomes: &[AcquisitionOutcome]) -> Result<()> {
    let groups = file.create_group("effective")?;
    text_attribute(&groups, "note", CAVEAT)?;
    for (index, scheme) in SCHEMES.into_iter().enumerate() {
        let group = groups.create_group(&format!("{index:03}"))?;
        text_attribute(&group, "scheme", scheme.name())?;
        match effective_dose(phantom, outcomes, scheme) {
            Ok(dose) => write_dose(&group, &dose)?,
            Err(missing) => text_attribute(&group, "missing_tissues", &missing.join(", "))?,
        }
    }
    Ok(())
}

fn write_dose(group: &Group, dose: &EffectiveDose) -> Result<()> {
    estimates(group, ["value", "standard_error"], "mSv", &[dose.total_msv])?;
    let names = ["by_acquisition", "by_acquisition_standard_error"];
    estimates(group, names, "mSv", &dose.by_acquisition_msv)?;
    let end =
        |end: usize| dose.ends_msv_per_cm.iter().map(move |ends| ends.map_or(NOTHING, |ends| ends[end]));
    for (index, name) in ["head_end_per_cm", "foot_end_per_cm"].into_iter().enumerate() {
        let values: Vec<Estimate> = end(index).collect();
        estimates(group, [name, &format!("{name}_standard_error")], "mSv cm-1", &values)?;
    }
    for (index, batches) in dose.batches_msv.iter().enumerate() {
        let batches: Array1<f64> = batches.iter().copied().collect();
        dataset(group, &format!("batches_{index:03}"), "mSv", batches.view())?;
    }
    texts_dataset(group, "tissue", dose.tissues.iter().map(|tissue| tissue.tissue))?;
    let weights: Array1<f64> = dose.tissues.iter().map(|tissue| tissue.weight).collect();
    dataset(group, "weight", NO_UNIT, weights.view())?;
    let remainder: Array1<u8> = dose.tissues.iter().map(|tissue| tissue.in_remainder.into()).collect();
    dataset(group, "in_remainder", NO_UNIT, remainder.view())?;
    let doses: Vec<Estimate> = dose.tissues.iter().map(|tissue| tissue.dose_mgy).collect();
    estimates(group, ["tissue_dose", "tissue_dose_standard_error"], "mGy", &doses)
}

fn estimates(group: &Group, [mean, error]: [&str; 2], units: &str, values: &[Estimate]) -> Result<()> {
    let means: Array1<f64> = values.iter().map(|value| value.mean).collect();
    dataset(group, mean, units, means.view())?;
    let errors: Array1<f64> = values.iter().map(|value| value.standard_error).collect();
    dataset(group, error, units, errors.view()).map(drop)
}
