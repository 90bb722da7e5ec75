//! How many batches a run takes. Decisions depend on finished batches alone, so that the same protocol
//! takes the same batches on any number of threads.

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::Finish;
use crate::simulation::settings::{BATCHES_MIN, IN_FIELD_COVERAGE, Settings, TargetOrgans};

/// The plan of an acquisition's batches.
pub struct Schedule {
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// Batches to do before the next decision.
    pub planned: u64,
    most: u64,
    target_relative_error: Option<f64>,
}

impl Schedule {
    pub fn new(settings: &Settings) -> Self {
        let histories_per_batch = settings.histories_per_batch();
        let most = settings.histories.div_ceil(histories_per_batch);
        let target_relative_error = settings.target.as_ref().map(|target| target.relative_error);
        let planned = if target_relative_error.is_some() { BATCHES_MIN.min(most) } else { most };
        Schedule { histories_per_batch, planned, most, target_relative_error }
    }

    /// Decides after the planned batches: an end, or `None` and a new plan.
    ///
    /// The relative error falls with the square root of the batches, so (worst / target)² times as many
    /// are needed; at most twice as many are taken at once, since the estimate of the error is rough.
    pub fn advance(&mut self, worst_relative_error: Option<f64>) -> Option<Finish> {
        if let (Some(target), Some(worst)) = (self.target_relative_error, worst_relative_error) {
            if worst <= target {
                return Some(Finish::Target);
            }
            if self.planned < self.most {
                let growth = (worst / target).powi(2).min(2.0);
                let needed = (self.planned as f64 * growth).ceil() as u64;
                self.planned = needed.max(self.planned + 1).min(self.most);
                return None;
            }
        }
        Some(Finish::Histories)
    }
}

/// Indices of the organs the target (or, without one, the progress line) looks at.
pub fn target_organs(
    settings: &Settings,
    phantom: &Phantom,
    coverage: &[f64],
    masses_g: &[f64],
) -> Result<Vec<usize>> {
    let in_field = |organ: &usize| coverage[*organ] >= IN_FIELD_COVERAGE;
    let Some(target) = &settings.target else {
        return Ok((0..masses_g.len()).filter(|organ| in_field(organ) && masses_g[*organ] >= 10.0).collect());
    };
    let heavy = |organ: &usize| masses_g[*organ] >= target.min_mass_g && masses_g[*organ] > 0.0;
    let organs: Vec<usize> = match &target.organs {
        TargetOrgans::Named(ids) => {
            ids.iter().map(|id| named_organ(phantom, id, masses_g)).collect::<Result<_>>()?
        }
        TargetOrgans::All => (0..masses_g.len()).filter(heavy).collect(),
        TargetOrgans::InField => (0..masses_g.len()).filter(|o| heavy(o) && in_field(o)).collect(),
    };
    if organs.is_empty() {
        return Err(Error::invalid(format!(
            "run.target.organs: no organ of at least {} g lies in the field",
            target.min_mass_g
        ))
        .with_help("name organs, for example organs = [\"lungs\"], or lower run.target.min_mass_g"));
    }
    Ok(organs)
}

fn named_organ(phantom: &Phantom, id: &str, masses_g: &[f64]) -> Result<usize> {
    let found = phantom.organs.iter().position(|organ| organ.id == id);
    found.filter(|&organ| masses_g[organ] > 0.0).ok_or_else(|| {
        let known: Vec<&str> = phantom.organs.iter().map(|organ| organ.id.as_str()).collect();
        let nearest = known
            .iter()
            .copied()
            .max_by(|a, b| strsim::jaro_winkler(a, id).total_cmp(&strsim::jaro_winkler(b, id)));
        let error =
            Error::invalid(format!("run.target.organs: phantom `{}` has no organ `{id}`", phantom.id));
        error.with_help(format!("did you mean `{}`? organs: {}", nearest.unwrap_or(""), known.join(", ")))
    })
}
