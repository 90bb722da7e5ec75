//! The body in a CT, and what lies around it.
//!
//! 1. Matter is what has more than [`MATTER_HU`].
//! 2. In every transverse slice matter is shrunk by [`HALF_THINNEST_MM`]: a couch top, a tube, a fold of cloth
//!    vanish, and so does a thin contact between couch and body.
//! 3. Of what is left the largest connected part is the body, with parts a quarter as large or more (legs without a
//!    pelvis).
//! 4. It is grown back by the same length, never beyond matter, and creeps two voxels on along matter, so that
//!    corners come back.
//! 5. In every slice, what it encloses is body: lungs, gas, sinuses.
//!
//! Limits: parts of the body thinner than twice that length (fingers, the rim of an ear) count as things around it
//! beyond two voxels; a couch that is thicker and touches the body along a broad contact counts as body; air that
//! body and an arm enclose in a slice counts as body.

use rayon::prelude::*;

use super::Volume;
use super::component::keep_largest;
use super::planar::Slice;
use crate::error::{Error, Result};
use crate::units::MM_PER_CM;

/// CT number above which there is matter, HU: between foam and cloth, and fat with its partial volumes. A choice.
pub(super) const MATTER_HU: i16 = -300;
/// Half the thickness of the thinnest thing that can be body, mm. A choice: couch tops are shells of 1 to 3 mm.
const HALF_THINNEST_MM: f64 = 3.0;
/// Voxels the body creeps on along matter.
const CREEP: usize = 2;

/// Labels while a phantom is made: air around the body, things around it, the inner body, the body.
pub(super) const AIR: u8 = 0;
pub(super) const THING: u8 = 254;
const CORE: u8 = 253;
pub(super) const BODY: u8 = 255;

/// Labels every voxel as [`AIR`], [`THING`] or [`BODY`].
pub(super) fn find(volume: &Volume) -> Result<Vec<u8>> {
    let [nx, ny, _] = volume.grid.counts;
    let slice = Slice { columns: nx, rows: ny };
    let radius = [0, 1].map(|axis| {
        let edge_mm = volume.grid.spacing_cm[axis] * MM_PER_CM;
        ((HALF_THINNEST_MM / edge_mm).round() as usize).max(1)
    });
    let mut labels = vec![AIR; volume.hu.len()];
    labels.par_chunks_exact_mut(nx * ny).zip(volume.hu.par_chunks_exact(nx * ny)).for_each(|(labels, hu)| {
        let mut core: Vec<bool> = hu.iter().map(|&hu| hu > MATTER_HU).collect();
        slice.shrink(&mut core, radius);
        for ((label, &hu), &core) in labels.iter_mut().zip(hu).zip(&core) {
            *label = if core { CORE } else { thing(hu) };
        }
    });
    keep_largest(&mut labels, volume.grid.counts, CORE, THING);
    labels.par_chunks_exact_mut(nx * ny).for_each(|labels| {
        let mut body: Vec<bool> = labels.iter().map(|&label| label == CORE).collect();
        slice.grow(&mut body, radius);
        body.iter_mut().zip(labels.iter()).for_each(|(body, &label)| *body &= label != AIR);
        (0..CREEP).for_each(|_| slice.creep(&mut body, |at| labels[at] != AIR));
        slice.fill_holes(&mut body);
        labels.iter_mut().zip(&body).for_each(|(label, &body)| *label = if body { BODY } else { *label });
    });
    match labels.contains(&BODY) {
        true => Ok(labels),
        false => Err(Error::invalid(format!(
            "the CT must show a body, found nothing above {MATTER_HU} HU that is {} mm thick",
            2.0 * HALF_THINNEST_MM
        ))),
    }
}

fn thing(hu: i16) -> u8 {
    if hu > MATTER_HU { THING } else { AIR }
}
