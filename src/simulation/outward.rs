//! Targets that the beam does not reach: which of them ask for splitting, and how far.

use crate::geometry::mass::organ_extent_z_cm;
use crate::geometry::phantom::Phantom;
use crate::simulation::settings::Settings;
use crate::transport::batch::Estimator;
use crate::transport::importance::Importance;

/// Share of an organ's mass in the nominal range below which it is out of the field.
pub const OUT_OF_FIELD_COVERAGE: f64 = 0.01;
/// Depth of an organ, from where it is nearest to the field, that photons are brought to, cm: most of its dose is there.
const DEPTH_CM: f64 = 6.0;

/// Importance for the targets that are out of the field; `None` where the beam reaches all, or the estimator does not heed it.
pub fn importance(
    settings: &Settings,
    phantom: &Phantom,
    field_cm: [f64; 2],
    (targets, coverage): (&[usize], &[f64]),
) -> Option<Importance> {
    if settings.target.is_none() || settings.estimator != Estimator::Organ {
        return None;
    }
    let is_out = |organ: &usize| coverage[*organ] < OUT_OF_FIELD_COVERAGE;
    let outside: Vec<usize> = targets.iter().copied().filter(is_out).collect();
    importance_of(phantom, field_cm, &outside)
}

/// Importance for organs out of a field, cm; `None` without any.
pub fn importance_of(phantom: &Phantom, field_cm: [f64; 2], organs: &[usize]) -> Option<Importance> {
    let near = |(low_cm, high_cm): (f64, f64)| match low_cm >= field_cm[1] {
        true => [low_cm, high_cm.min(low_cm + DEPTH_CM)],
        false => [low_cm.max(high_cm - DEPTH_CM), high_cm],
    };
    let targets: Vec<[f64; 2]> =
        organs.iter().filter_map(|&organ| organ_extent_z_cm(phantom, organ)).map(near).collect();
    Importance::towards(field_cm, &targets)
}
