//! Peak skin dose: the largest mean dose of a patch of skin.
//!
//! The largest of many noisy values is too large. So the patch is chosen by one half of the batches and its dose told by
//! the other, both ways round: what is told does not know that it was chosen.

use nalgebra::Vector3;

use crate::simulation::outcome::AcquisitionOutcome;
use crate::tally::estimate::Estimate;
use crate::tally::skin_patches::SkinPatches;

/// Patches lighter than this share of the median are slivers that their cubes cut off, and are left out.
const SLIVER: f64 = 0.5;

/// The largest dose to a patch of skin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakSkinDose {
    /// Mean dose of the patch, mGy.
    pub dose_mgy: Estimate,
    /// Middle of its skin, patient frame, cm.
    pub place_cm: Vector3<f64>,
}

/// Peak skin dose of acquisitions together; `None` where skin was not scored in patches.
pub fn peak_skin_dose(patches: &SkinPatches, acquisitions: &[AcquisitionOutcome]) -> Option<PeakSkinDose> {
    let scored =
        |a: &AcquisitionOutcome| a.records.iter().all(|r| r.skin_kev.len() == patches.masses_g.len());
    if acquisitions.is_empty() || !acquisitions.iter().all(scored) {
        return None;
    }
    let mut masses_g = patches.masses_g.clone();
    masses_g.sort_by(f64::total_cmp);
    let least_g = SLIVER * masses_g[masses_g.len() / 2];
    let eligible: Vec<usize> = (0..masses_g.len()).filter(|&p| patches.masses_g[p] >= least_g).collect();
    let mean = |patch: usize, half: Half| dose_mgy(patches, acquisitions, patch, half);
    let chosen = |half: Half| {
        let doses = eligible.iter().map(|&patch| (patch, mean(patch, half).mean));
        doses.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(patch, _)| patch)
    };
    let (by_even, by_odd) = (chosen(Half::Even)?, chosen(Half::Odd)?);
    let dose_mgy = if by_even == by_odd {
        mean(by_even, Half::Both)
    } else {
        mean(by_even, Half::Odd).plus(&mean(by_odd, Half::Even)).scaled(0.5)
    };
    Some(PeakSkinDose { dose_mgy, place_cm: patches.centres_cm[by_even] })
}

/// Which batches are looked at, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Even ones.
    Even,
    /// Odd ones.
    Odd,
    /// All.
    Both,
}

/// Mean dose of a patch in some batches of independent acquisitions, mGy.
pub fn dose_mgy(
    patches: &SkinPatches,
    acquisitions: &[AcquisitionOutcome],
    patch: usize,
    half: Half,
) -> Estimate {
    let of = |acquisition: &AcquisitionOutcome| {
        let scale = acquisition.mgy_per_batch_kev_g / patches.masses_g[patch];
        let looked_at = acquisition.records.iter().filter(|record| match half {
            Half::Even => record.batch % 2 == 0,
            Half::Odd => record.batch % 2 == 1,
            Half::Both => true,
        });
        Estimate::from_replicates(looked_at.map(|record| scale * f64::from(record.skin_kev[patch])))
    };
    acquisitions.iter().fold(Estimate::default(), |sum, acquisition| sum.plus(&of(acquisition)))
}
