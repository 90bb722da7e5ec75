//! How a run is done: histories, target, estimator, map.

use crate::error::{Error, Result};
use crate::transport::batch::Estimator;

/// Which organs a target is about.
#[derive(Clone, Debug, PartialEq)]
pub enum TargetOrgans {
    /// Organs with at least [`IN_FIELD_COVERAGE`] of their mass in the nominal range.
    InField,
    /// Every organ.
    All,
    /// These, by id.
    Named(Vec<String>),
}

/// Share of an organ's mass that must lie in the nominal range for the organ to count as in the field.
pub const IN_FIELD_COVERAGE: f64 = 0.95;

/// A relative error to reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Largest relative standard error allowed.
    pub relative_error: f64,
    /// Organs it is asked of.
    pub organs: TargetOrgans,
    /// Lighter organs are not waited for (named ones are), g.
    pub min_mass_g: f64,
    /// End of the run at the next batch boundary after this wall time, s per acquisition.
    pub max_wall_s: Option<f64>,
}

/// How a run is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Seed of all chance.
    pub seed: u64,
    /// Histories per acquisition; with a target, the most it may take.
    pub histories: u64,
    /// Estimator.
    pub estimator: Estimator,
    /// Phantom voxels per map voxel along x, y, z; `None` for no dose map.
    pub map_binning: Option<[usize; 3]>,
    /// Ends the run before its histories are used up.
    pub target: Option<Target>,
}

/// Fewest batches of a run: fewer replicates give no honest standard error.
pub const BATCHES_MIN: u64 = 20;
/// Histories per batch without a map.
const BATCH_WITHOUT_MAP: u64 = 1 << 14;
/// Histories per batch with a map and a target: more, since adding a map to the totals takes a while.
const BATCH_WITH_MAP_AND_TARGET: u64 = 1 << 15;
/// Fewest histories per batch with a map and no target.
const BATCH_WITH_MAP: u64 = 1 << 16;
/// Most histories per batch with a map, and batches that a long run without a target is cut into until then.
const BATCH_WITH_MAP_MAX: u64 = 1 << 18;
const BATCHES_USUAL: u64 = 64;

impl Settings {
    /// Refuses settings that cannot give a result with an error.
    pub fn check(&self) -> Result<()> {
        if self.histories < BATCHES_MIN {
            return Err(Error::invalid(format!(
                "run.histories must be at least {BATCHES_MIN}, found {}",
                self.histories
            )));
        }
        if self.map_binning.is_some_and(|factors| factors.contains(&0)) {
            return Err(Error::invalid(
                "a map voxel must hold at least 1 phantom voxel along each axis, found 0",
            ));
        }
        if self.estimator == Estimator::MapSmoothed && self.map_binning != Some([1; 3]) {
            return Err(Error::invalid(
                "estimator \"map-smoothed\" must have a dose map with the phantom's own voxels",
            )
            .with_help(
                "leave output.map_voxel_mm and dose_map as they are by default, or take \"map\" or \"organ\"",
            ));
        }
        let Some(target) = &self.target else { return Ok(()) };
        if !(target.relative_error > 0.0 && target.relative_error < 1.0) {
            return Err(Error::invalid(format!(
                "run.target.relative_error must lie between 0 and 1, found {}",
                target.relative_error
            ))
            .with_help("0.01 is 1 %"));
        }
        if target.max_wall_s.is_some_and(|s| s.is_nan() || s <= 0.0) {
            return Err(Error::invalid("run.target.max_wall_s must be above 0"));
        }
        Ok(())
    }

    /// Whether the map's scatter is smoothed.
    pub fn smooths(&self) -> bool {
        self.estimator == Estimator::MapSmoothed
    }

    /// Wall time allowed per acquisition, s.
    pub fn max_wall_s(&self) -> Option<f64> {
        self.target.as_ref().and_then(|target| target.max_wall_s)
    }

    /// Histories of a batch: less than usual where that would give fewer than [`BATCHES_MIN`] batches.
    ///
    /// A run with a target is over after [`BATCHES_MIN`] batches if they suffice: they are kept small.
    pub fn histories_per_batch(&self) -> u64 {
        let usual = match (self.map_binning, &self.target) {
            (None, _) => BATCH_WITHOUT_MAP,
            (Some(_), Some(_)) => BATCH_WITH_MAP_AND_TARGET,
            (Some(_), None) => (self.histories / BATCHES_USUAL).clamp(BATCH_WITH_MAP, BATCH_WITH_MAP_MAX),
        };
        usual.min(self.histories.div_ceil(BATCHES_MIN))
    }
}
