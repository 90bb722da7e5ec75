//! A run that was just played, batch by batch, ready to be compared.

use crate::analysis::compare::{PhaseBatches, Quantity, RunBatches};
use crate::analysis::effective_dose::{EffectiveDose, SCHEMES, effective_dose};
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::{AcquisitionOutcome, Outcome};

/// Doses of all organs with mass, and effective doses where they can be given.
pub fn of_outcome(label: &str, seed: u64, phantom: &Phantom, outcome: &Outcome) -> RunBatches {
    let masses_g = phantom.organ_masses_g();
    let organs: Vec<usize> = (0..masses_g.len()).filter(|&organ| masses_g[organ] > 0.0).collect();
    let dose = |scheme| effective_dose(phantom, &outcome.acquisitions, scheme).ok();
    let effective: Vec<EffectiveDose> = SCHEMES.into_iter().filter_map(dose).collect();
    let quantities = effective.iter().map(|dose| effective_quantity(dose.scheme.name()));
    let names = organs.iter().map(|&organ| {
        let organ = &phantom.organs[organ];
        organ_quantity(&organ.id, &organ.name)
    });
    let phases = outcome.acquisitions.iter().enumerate().map(|(index, acquisition)| {
        let effective = effective.iter().map(|dose| dose.batches_msv[index].clone());
        let organs = organs.iter().map(|&organ| organ_batches_mgy(acquisition, organ, masses_g[organ]));
        PhaseBatches {
            phase: acquisition.acquisition.phase.clone(),
            histories_per_batch: acquisition.histories_per_batch,
            batches: acquisition.records.iter().map(|record| record.batch).collect(),
            values: effective.chain(organs).collect(),
        }
    });
    RunBatches {
        label: label.to_owned(),
        seed,
        quantities: quantities.chain(names).collect(),
        phases: phases.collect(),
    }
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
    acquisition.records.iter().map(|record| scale * record.organ_kev[organ]).collect()
}
