//! Flights of scattered photons, scored at points evenly spaced along them.
//!
//! The kerma that a flight is expected to leave in a voxel is proportional to its length there. Points a fixed distance apart, the
//! first at a random place, estimate all lengths at once without bias, however far apart they are; and unlike the faces of voxels,
//! which a walk has to find one after the other, they are known from the start.

use nalgebra::Vector3;

use crate::geometry::points::{POINTS, PointWalk};
use crate::numerics::prefetch::prefetch;
use crate::physics::tables::{EnergyPlace, Flight};
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::world::World;

/// A photon's flight between two interactions, or out of the body.
#[derive(Clone, Copy)]
pub struct Track {
    /// Where the photon started, cm.
    pub from_cm: Vector3<f32>,
    /// Where it flies: a unit vector.
    pub direction: Vector3<f32>,
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

impl Track {
    /// Points along the flight so far apart, cm, or a little less: in fours. How many fours, and how far apart they are, cm.
    #[inline(always)]
    fn points(&self, spacing_cm: f32, world: &World) -> (PointWalk, u32, f32) {
        let (begin_cm, end_cm) = self.ends_cm;
        let length_cm = end_cm - begin_cm;
        let fours = (length_cm / (POINTS as f32 * spacing_cm)) as i32 + 1;
        let spacing_cm = length_cm / (POINTS as i32 * fours) as f32;
        let first_cm = begin_cm + self.offset * spacing_cm;
        let walk = world.grid.points(&self.from_cm, &self.direction, (first_cm, spacing_cm));
        (walk, fours as u32, spacing_cm)
    }

    /// Asks for the memory that scoring will need.
    #[inline(always)]
    fn expect<T: Tally>(&self, spacing_cm: f32, world: &World, tally: &mut T) {
        let (mut points, fours, _) = self.points(spacing_cm, world);
        for _ in 0..fours {
            for voxel in points.next_four() {
                prefetch(world.labels, voxel as usize);
                tally.expect(voxel as usize);
            }
        }
    }

    /// Scores the kerma along the flight at points so far apart, cm, or a little less.
    #[inline(always)]
    fn score<T: Tally>(&self, spacing_cm: f32, world: &World, tally: &mut T) {
        let (mut points, fours, spacing_cm) = self.points(spacing_cm, world);
        let kev_cm = self.energy_kev * spacing_cm;
        // The medium that the last point lay in; at first none.
        let (mut medium, mut flight, mut kerma_kev) = (u32::MAX, Flight::default(), 0.0);
        for _ in 0..fours {
            let voxels = points.next_four();
            for voxel in voxels {
                let voxel = voxel as usize;
                let Some(&label) = world.labels.get(voxel) else { continue };
                let here = world.medium(voxel, label);
                if medium != u32::from(here) {
                    medium = u32::from(here);
                    flight = world.tables.flight(self.energy, here);
                    kerma_kev = kev_cm * flight.mu_tr_per_cm;
                }
                tally.kerma(voxel, label, kerma_kev, flight.marrow_over_medium);
            }
        }
    }
}

/// Flights that are scored together, so that the memory of later ones can be asked for while earlier ones are scored.
const TRACKS: usize = 256;
/// Flights ahead whose voxels are asked for.
const AHEAD: usize = 4;

/// Flights that are over and not yet scored.
#[derive(Default)]
pub struct Tracks(Vec<Track>);

impl Tracks {
    /// Keeps one.
    #[inline]
    pub fn push(&mut self, track: Track) {
        self.0.push(track);
    }

    /// Whether there are so many that they should be scored.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.0.len() >= TRACKS
    }

    /// Scores all at points so far apart, cm, and keeps none.
    #[inline(never)]
    pub fn score<T: Tally>(&mut self, spacing_cm: f32, world: &World, tally: &mut T) {
        tally.scatter(true);
        for (index, track) in self.0.iter().enumerate() {
            if let Some(later) = self.0.get(index + AHEAD) {
                later.expect(spacing_cm, world, tally);
            }
            tally.turn_to(track.history);
            track.score(spacing_cm, world, tally);
        }
        tally.scatter(false);
        self.0.clear();
    }
}
