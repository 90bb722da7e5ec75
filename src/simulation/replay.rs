//! One history of a run, played again as the run played it.

use crate::error::{Error, Result};
use crate::simulation::Exam;
use crate::simulation::settings::Settings;
use crate::simulation::stage::Stage;
use crate::transport::batch::{BatchAddress, Histories, Method, Selection, run_batch};
use crate::transport::trace::{Trace, Tracer};

/// Where a history stands in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPlace {
    /// Index of the acquisition.
    pub acquisition: usize,
    /// Index of the batch.
    pub batch: u64,
    /// Its number in the batch.
    pub history: u64,
}

/// Plays one history of a run with these settings. Refuses one that the run does not have.
pub fn replay(exam: &Exam, settings: &Settings, place: HistoryPlace) -> Result<Trace> {
    let (acquisitions, histories) = (exam.acquisitions.len(), settings.histories_per_batch());
    let batches = settings.histories.div_ceil(histories);
    for (key, found, below) in [
        ("acquisition", place.acquisition as u64, acquisitions as u64),
        ("batch", place.batch, batches),
        ("history", place.history, histories),
    ] {
        if found >= below {
            return Err(Error::invalid(format!("{key} must be below {below}, found {found}"))
                .with_help("numbers begin at 0; --histories and --no-map must be those of the run"));
        }
    }
    // A run with a map scores voxel by voxel, one without by runs of voxels: the last bits of a position may differ.
    match settings.map_binning {
        Some(_) => played::<true>(exam, settings, place),
        None => played::<false>(exam, settings, place),
    }
}

fn played<const BY_VOXEL: bool>(exam: &Exam, settings: &Settings, place: HistoryPlace) -> Result<Trace> {
    let stage = Stage::new(exam, settings)?;
    let scene = stage.scene(place.acquisition)?;
    let plan = scene.plan();
    let method = Method { estimator: settings.estimator, importance: plan.importance };
    let address =
        BatchAddress { seed: settings.seed, acquisition: place.acquisition as u64, batch: place.batch };
    let histories =
        Histories { count: settings.histories_per_batch(), played: Selection::Only(place.history) };
    let mut tracer = Tracer::<BY_VOXEL>::default();
    run_batch(plan.world, &scene.beam, method, address, histories, &mut tracer);
    Ok(tracer.0)
}
