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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::grid::VoxelGrid;

    const COUNTS: [usize; 3] = [60, 70, 4];

    /// A CT of voxels of 2 mm, drawn point by point.
    fn drawn(hu: impl Fn(usize, usize, usize) -> i16) -> Volume {
        let [nx, ny, nz] = COUNTS;
        let grid = VoxelGrid { counts: COUNTS, spacing_cm: [0.2; 3], corner_cm: [0.0; 3] };
        let all = (0..nz).flat_map(|z| (0..ny).flat_map(move |y| (0..nx).map(move |x| (x, y, z))));
        Volume { grid, hu: all.map(|(x, y, z)| hu(x, y, z)).collect(), reference: None }
    }

    /// A round body of 20 voxels' radius with two lungs, open at both ends of the CT.
    fn body(x: usize, y: usize) -> Option<i16> {
        let from = |cx: f64, cy: f64| (x as f64 - cx).hypot(y as f64 - cy);
        match (from(30.0, 26.0) < 20.0, from(22.0, 26.0).min(from(38.0, 26.0)) < 6.0) {
            (true, true) => Some(-800),
            (true, false) => Some(40),
            _ => None,
        }
    }

    fn is_body(volume: &Volume, labels: &[u8], [x, y]: [usize; 2]) -> bool {
        labels[volume.grid.index(x, y, 1)] == BODY
    }

    #[test]
    fn lungs_that_the_scan_cuts_are_inside_and_a_couch_is_not() {
        let couch = |y: usize| (54..56).contains(&y) || (60..62).contains(&y);
        let volume = drawn(|x, y, _| body(x, y).unwrap_or(if couch(y) { 200 } else { -1000 }));
        let labels = find(&volume).unwrap();
        for y in 0..COUNTS[1] {
            for x in 0..COUNTS[0] {
                let expected = if body(x, y).is_some() {
                    BODY
                } else if couch(y) {
                    THING
                } else {
                    AIR
                };
                assert_eq!(labels[volume.grid.index(x, y, 1)], expected, "{x} {y}");
            }
        }
    }

    #[test]
    fn a_couch_that_touches_the_body_by_a_thin_line_or_tangent_is_cut_off() {
        // The couch's shell is 2 voxels thick at the lowest row of the body; a cable joins them, too.
        let couch = |x: usize, y: usize| (46..48).contains(&y) || (x == 40 && y > 30);
        let volume = drawn(|x, y, _| body(x, y).unwrap_or(if couch(x, y) { 200 } else { -1000 }));
        let labels = find(&volume).unwrap();
        let wrong = |inside: bool| {
            let all = (0..COUNTS[1]).flat_map(|y| (0..COUNTS[0]).map(move |x| [x, y]));
            all.filter(|&at| {
                is_body(&volume, &labels, at) != body(at[0], at[1]).is_some()
                    && is_body(&volume, &labels, at) == inside
            })
            .count()
        };
        // 0 of the body is lost, and of the couch no more than the contact and two voxels around it are taken.
        assert_eq!(wrong(false), 0);
        let taken = wrong(true);
        assert!(taken < 40, "{taken}");
        assert!(!is_body(&volume, &labels, [5, 46]) && !is_body(&volume, &labels, [40, 60]));
    }

    #[test]
    fn two_legs_are_a_body_and_a_bottle_beside_it_is_not() {
        let disc = |x: usize, y: usize, cx: f64, radius: f64| (x as f64 - cx).hypot(y as f64 - 30.0) < radius;
        let volume = drawn(|x, y, _| {
            let legs = disc(x, y, 13.0, 10.0) || disc(x, y, 36.0, 9.0);
            if legs || disc(x, y, 53.0, 4.0) { 40 } else { -1000 }
        });
        let labels = find(&volume).unwrap();
        let found = [13, 36, 53].map(|x| labels[volume.grid.index(x, 30, 1)]);
        assert_eq!(found, [BODY, BODY, THING]);
    }

    #[test]
    fn a_ct_of_air_is_refused() {
        let refusal = find(&drawn(|_, _, _| -1000)).unwrap_err().to_string();
        assert_eq!(refusal, "the CT must show a body, found nothing above -300 HU that is 6 mm thick");
    }
}
