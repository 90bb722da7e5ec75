//! Flights of scattered photons, scored at points evenly spaced along them.
//!
//! The kerma that a flight is expected to leave in a voxel is proportional to its length there. Points a fixed distance apart, the
//! first at a random place, estimate all lengths at once without bias, however far apart they are; and unlike the faces of voxels,
//! which a walk has to find one after the other, they are known from the start.

use crate::geometry::points::{Line, POINTS};
use crate::numerics::prefetch::prefetch;
use crate::physics::tables::{EnergyPlace, Flight};
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::world::World;

/// A photon's flight between two interactions, or out of the body.
#[derive(Clone, Copy)]
pub struct Track {
    /// Its ray.
    pub line: Line,
    /// Distances at which the flight begins and ends, cm.
    pub ends_cm: (f32, f32),
    /// Weighted energy, keV.
    pub energy_kev: f32,
    /// Where the energy lies in the tables.
    pub energy: EnergyPlace,
    /// The first point's distance from the begin, in spacings: in (0, 1).
    pub offset: f32,
    /// The history it belongs to.
    pub history: HistoryMark,
}

/// Points of a flight that wait to be scored.
struct Score {
    history: HistoryMark,
    energy: EnergyPlace,
    /// Weighted energy times the distance between points, keV cm.
    kev_cm: f32,
    points: u32,
}

/// Points that are scored together: enough for their memory to arrive while others are scored, few enough for it not to be gone
/// again by then.
const WAITING: usize = 256;

/// Flights that are over and not yet scored.
pub struct Tracks {
    per_cm: f32,
    scores: Vec<Score>,
    /// Voxels of the points of all.
    voxels: Vec<u32>,
}

impl Tracks {
    /// None; points are to be so far apart, cm, or a little less.
    pub fn new(spacing_cm: f32) -> Self {
        Tracks { per_cm: 1.0 / spacing_cm, scores: Vec::new(), voxels: Vec::new() }
    }

    /// Finds the points of a flight and asks for the memory that their scores will need.
    #[inline]
    pub fn push<T: Tally>(&mut self, track: &Track, world: &World, tally: &T) {
        let (begin_cm, end_cm) = track.ends_cm;
        let length_cm = end_cm - begin_cm;
        let points = (length_cm * self.per_cm) as i32 as u32 + 1;
        let spacing_cm = length_cm / points as f32;
        let first_cm = begin_cm + track.offset * spacing_cm;
        let mut walk = world.grid.points(&track.line, (first_cm, spacing_cm));
        let end = self.voxels.len() + points as usize;
        while self.voxels.len() < end {
            let four: [u32; POINTS] = walk.next_four();
            for voxel in four {
                prefetch(world.labels, voxel as usize);
                tally.expect(voxel as usize);
            }
            self.voxels.extend_from_slice(&four);
        }
        self.voxels.truncate(end);
        let kev_cm = track.energy_kev * spacing_cm;
        self.scores.push(Score { history: track.history, energy: track.energy, kev_cm, points });
    }

    /// Whether there are so many that they should be scored.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.voxels.len() >= WAITING
    }

    /// Scores the kerma of all and keeps none.
    #[inline(never)]
    pub fn score<T: Tally>(&mut self, world: &World, tally: &mut T) {
        tally.scatter(true);
        let mut voxels = self.voxels.as_slice();
        for score in &self.scores {
            tally.turn_to(score.history);
            let (own, others) = voxels.split_at(score.points as usize);
            // The medium that the last point lay in, at first none, and what a point in it gets.
            let (mut medium, mut flight, mut kerma_kev) = (u32::MAX, Flight::default(), 0.0);
            for &voxel in own {
                let voxel = voxel as usize;
                let Some(&label) = world.labels.get(voxel) else { continue };
                let here = world.medium(voxel, label);
                // Points of voxels lie close together, mostly in one medium; elsewhere that would be a coin toss.
                if !T::BY_VOXEL || medium != u32::from(here) {
                    medium = u32::from(here);
                    flight = world.tables.flight(score.energy, here);
                    kerma_kev = score.kev_cm * flight.mu_tr_per_cm;
                }
                tally.kerma(voxel, label, kerma_kev, flight.marrow_over_medium);
            }
            voxels = others;
        }
        tally.scatter(false);
        self.scores.clear();
        self.voxels.clear();
    }
}
