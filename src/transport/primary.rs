//! The primary ray by its expectation: the part of a history that needs no dice.
//!
//! The ray is walked through the voxels and scored with the energy it is expected to transfer in each,
//! E·T·(1 − e^(−μl))·μtr/μ with T the transmission so far. Interactions are then placed systematically:
//! `splits` of them at collision probabilities (u + k)/splits, each with 1/splits of the weight; those
//! beyond the ray's total collision probability escape. Where there are fewer splits than one, a ray interacts only with
//! that chance, and with as much more weight.

use crate::photon::Photon;
use crate::physics::tables::FlightRow;
use crate::transport::tally::Tally;
use crate::transport::world::{Site, World};

/// Walks a primary photon, scores its expected kerma and appends its interaction sites.
///
/// `row` must hold the coefficients at the photon's energy; `clip_cm` is where its ray meets the body. `deviate` in (0, 1)
/// places the interactions.
/// Returns the energy that escapes, weighted.
// Not inlined: the loop needs every register.
#[inline(never)]
pub fn walk_primary<T: Tally>(
    world: &World,
    row: &FlightRow,
    (photon, clip_cm): (&Photon, (f32, f32)),
    (splits, deviate): (f32, f32),
    sites: &mut Vec<Site>,
    tally: &mut T,
) -> f32 {
    let energy_kev = photon.carried_kev();
    let share_kev = energy_kev / splits;
    let next_kev = energy_kev - deviate * share_kev;
    let primary = Primary { row, photon, share_kev, left_kev: energy_kev, next_kev, sites };
    let sites = match T::BY_VOXEL {
        true => primary.walk_voxels(world, clip_cm, tally),
        false => primary.walk_runs(world, clip_cm, tally),
    };
    energy_kev - sites as f32 * share_kev
}

/// A primary ray on its way. Energies are weighted, keV.
struct Primary<'a> {
    row: &'a FlightRow,
    photon: &'a Photon,
    /// What every interaction has of the energy.
    share_kev: f32,
    /// What is left of it.
    left_kev: f32,
    /// What is left where the next interaction lies.
    next_kev: f32,
    sites: &'a mut Vec<Site>,
}

/// What a ray crosses: a voxel, or voxels of one label and medium in a row.
#[derive(Clone, Copy)]
struct Crossing {
    /// The (first) voxel.
    voxel: usize,
    label: u8,
    medium: u8,
    /// Distance from where the photon starts, cm.
    begin_cm: f32,
}

impl Primary<'_> {
    /// Crosses voxel by voxel; returns the number of interactions.
    #[inline]
    fn walk_voxels<T: Tally>(mut self, world: &World, clip_cm: (f32, f32), tally: &mut T) -> usize {
        let Photon { position_cm, direction, .. } = self.photon;
        world.grid.walk(position_cm, direction, clip_cm, |voxel, begin_cm, length_cm| {
            let Some(&label) = world.labels.get(voxel) else { return false };
            let medium = world.medium(voxel, label);
            self.cross(Crossing { voxel, label, medium, begin_cm }, length_cm, tally);
            true
        });
        self.sites.len()
    }

    /// Crosses voxels of one label and medium in a row at once; returns the number of interactions.
    #[inline]
    fn walk_runs<T: Tally>(mut self, world: &World, clip_cm: (f32, f32), tally: &mut T) -> usize {
        let Photon { position_cm, direction, .. } = self.photon;
        // The crossing under way.
        let mut run: Option<Crossing> = None;
        world.grid.walk(position_cm, direction, clip_cm, |voxel, begin_cm, _| {
            let Some(&label) = world.labels.get(voxel) else { return false };
            if let Some(run) = run {
                if label == run.label && world.voxel_media.is_none_or(|media| media[voxel] == run.medium) {
                    return true;
                }
                self.cross(run, begin_cm - run.begin_cm, tally);
            }
            run = Some(Crossing { voxel, label, medium: world.medium(voxel, label), begin_cm });
            true
        });
        if let Some(run) = run {
            self.cross(run, clip_cm.1 - run.begin_cm, tally);
        }
        self.sites.len()
    }

    /// Scores what a crossing of this length is expected to leave, and finds the interactions in it.
    #[inline(always)]
    fn cross<T: Tally>(&mut self, crossing: Crossing, length_cm: f32, tally: &mut T) {
        let Crossing { voxel, label, medium, begin_cm } = crossing;
        let flight = self.row[usize::from(medium)];
        let before_kev = self.left_kev;
        let collided_kev = before_kev * one_minus_exp(flight.mu_per_cm * length_cm);
        tally.kerma(voxel, label, collided_kev * flight.transfer_share, flight.marrow_over_medium);
        self.left_kev = before_kev - collided_kev;
        if self.left_kev < self.next_kev {
            let extent_cm = (begin_cm, length_cm);
            let (left, next) = ((before_kev, self.left_kev), (self.next_kev, self.share_kev));
            self.next_kev =
                place(self.photon, (voxel, label), extent_cm, flight.mu_per_cm, left, next, self.sites);
        }
    }
}

/// Places the interactions of a crossing of this length in a medium of this μ; returns what is left at the one after them, keV.
// Values, no reference to the ray: what a call could change does not stay in registers. Pairs at most: what is larger would be
// laid out in memory at every step, only to be at hand here.
#[cold]
#[inline(never)]
fn place(
    photon: &Photon,
    (voxel, label): (usize, u8),
    (begin_cm, length_cm): (f32, f32),
    mu_per_cm: f32,
    (before_kev, after_kev): (f32, f32),
    (mut at_next_kev, share_kev): (f32, f32),
    sites: &mut Vec<Site>,
) -> f32 {
    while after_kev < at_next_kev {
        let within_cm = (before_kev / at_next_kev).ln() / mu_per_cm;
        let along_cm = begin_cm + within_cm.clamp(0.0, length_cm);
        sites.push(Site { position_cm: photon.position_cm + photon.direction * along_cm, voxel, label });
        at_next_kev -= share_kev;
    }
    at_next_kev
}

/// 1 − e^(−x) for x ≥ 0, good to 6e-7 relative, to 1e-7 where most voxels lie.
///
/// Transmission multiplies over hundreds of voxels and kerma is proportional to this: an exponential good
/// to 1e-4 biased lung dose by 0.6 % in a prototype.
#[inline(always)]
pub fn one_minus_exp(x: f32) -> f32 {
    if x > 0.125 {
        return 1.0 - (-x).exp();
    }
    // Taylor to x⁵ in Estrin's order: short chains, since a step waits for the one before.
    let square = x * x;
    x * ((1.0 - 0.5 * x) + square * ((1.0 / 6.0 - x * (1.0 / 24.0)) + square * (1.0 / 120.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_minus_exp_is_good_to_single_precision() {
        for k in 0..20_000 {
            let x = (k as f32 * 0.0008 - 9.0).exp();
            let exact = -(-f64::from(x)).exp_m1();
            let relative = (f64::from(one_minus_exp(x)) / exact - 1.0).abs();
            assert!(relative < 6e-7, "x {x}: {relative:e}");
        }
        assert_eq!(one_minus_exp(0.0), 0.0);
    }
}
