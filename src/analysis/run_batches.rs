//! A run that was just played, batch by batch, ready to be compared.

use crate::analysis::blend::Blend;
use crate::analysis::compare::{PhaseBatches, Quantity, RunBatches};
use crate::analysis::effective_dose::{EffectiveDose, SCHEMES, effective_dose};
use crate::analysis::noise::noise_index;
use crate::analysis::size::{REFERENCE_KEV, slice_sizes};
use crate::error::Result;
use crate::simulation::Exam;
use crate::simulation::outcome::{AcquisitionOutcome, Outcome};

/// Doses of all organs with mass, and effective doses where they can be given.
pub fn of_outcome(label: &str, seed: u64, exam: &Exam, outcome: &Outcome) -> Result<RunBatches> {
    let phantom = &exam.phantom;
    let sizes = slice_sizes(phantom, REFERENCE_KEV)?;
    let masses_g = phantom.organ_masses_g();
    let organs: Vec<usize> = (0..masses_g.len()).filter(|&organ| masses_g[organ] > 0.0).collect();
    let dose = |scheme| effective_dose(phantom, &outcome.acquisitions, scheme).ok();
    let effective: Vec<EffectiveDose> = SCHEMES.into_iter().filter_map(dose).collect();
    let quantities = effective.iter().map(|dose| effective_quantity(dose.scheme.name()));
    let names = organs.iter().map(|&organ| {
        let organ = &phantom.organs[organ];
        organ_quantity(&organ.id, &organ.name)
    });
    let phases = outcome.acquisitions.iter().enumerate().map(|(index, outcome)| {
        let acquisition = &outcome.acquisition;
        let values = effective.iter().map(|dose| dose.batches_msv[index].clone());
        let values =
            values.chain(organs.iter().map(|&organ| organ_batches_mgy(outcome, organ, masses_g[organ])));
        let ends = effective.iter().map(|dose| dose.ends_msv_per_cm[index]);
        let ends = ends.chain(organs.iter().map(|&organ| {
            Blend::mean_of(&[organ], &masses_g).and_then(|blend| blend.at_ends_mgy_per_cm(outcome))
        }));
        Ok(PhaseBatches {
            phase: acquisition.phase.clone(),
            tube_voltage_kv: acquisition.tube_voltage_kv,
            tube_current_ma: acquisition.tube_current_ma,
            noise_index: noise_index(exam, acquisition, &sizes)?.map(|noise| noise.mean),
            ends_per_cm: ends.collect(),
            histories_per_batch: outcome.histories_per_batch,
            batches: outcome.records.iter().map(|record| record.batch).collect(),
            values: values.collect(),
        })
    });
    Ok(RunBatches {
        label: label.to_owned(),
        seed,
        phases: phases.collect::<Result<_>>()?,
        quantities: quantities.chain(names).collect(),
    })
}

/// The dose of an organ.
pub fn organ_quantity(id: &str, name: &str) -> Quantity {
    Quantity { id: id.to_owned(), name: name.to_owned(), unit: "mGy".to_owned() }
}

/// The effective dose by a scheme, for example `ICRP 103`.
pub fn effective_quantity(scheme: &str) -> Quantity {
    let name = format!("effective dose ({scheme})");
    Quantity { id: name.clone(), name, unit: "mSv".to_owned() }
}

fn organ_batches_mgy(acquisition: &AcquisitionOutcome, organ: usize, mass_g: f64) -> Vec<f64> {
    let scale = acquisition.mgy_per_batch_kev_g / mass_g;
    acquisition.records.iter().map(|record| scale * record.energies.organ_kev[organ]).collect()
}
