//! Scattered photons of one history, flown together.
//!
//! A flight by Woodcock is a chain of loads from places in memory that nothing foretells, each waiting for the one before. The
//! photons that a split primary sends off do not wait for each other: all of them move, then all of them look at their
//! voxels, so that the loads of one overlap with those of the others. Every photon draws from a stream of its own and lives
//! the life it would live alone; only the order in which scores are added differs.

use nalgebra::Vector3;

use crate::numerics::prefetch::prefetch;
use crate::numerics::rng::{Stream, open01};
use crate::photon::Photon;
use crate::physics::tables::{FlightRow, empty_row};
use crate::transport::history::collide;
use crate::transport::tally::Tally;
use crate::transport::world::{Site, World};

/// Photons that fly together at most.
pub const FLOCK: usize = 16;

/// One photon on its way.
struct Traveller {
    photon: Photon,
    stream: Stream,
    /// Distance flown from the last interaction, and at which the body ends, cm.
    distance_cm: f32,
    leave_cm: f32,
    majorant_per_cm: f32,
    mean_free_path_cm: f32,
    /// Weighted energy over the majorant, keV cm.
    kev_cm: f32,
    /// Where it is now.
    site: Site,
    /// Index of its row of coefficients.
    row: usize,
}

/// Photons that fly together; kept between histories.
pub struct Flock {
    travellers: Vec<Traveller>,
    rows: Vec<Box<FlightRow>>,
    free_rows: Vec<usize>,
}

impl Flock {
    /// An empty flock.
    pub fn new() -> Self {
        Flock {
            travellers: Vec::with_capacity(FLOCK),
            rows: (0..FLOCK).map(|_| empty_row()).collect(),
            free_rows: (0..FLOCK).collect(),
        }
    }

    /// Sends a scattered photon off; at most [`FLOCK`] may fly.
    #[inline]
    pub fn send<T: Tally>(&mut self, world: &World, photon: Photon, stream: Stream, tally: &mut T) {
        let row = self.free_rows.pop().expect("no more photons fly than there are rows");
        let mut traveller = Traveller {
            photon,
            stream,
            distance_cm: 0.0,
            leave_cm: 0.0,
            majorant_per_cm: 0.0,
            mean_free_path_cm: 0.0,
            kev_cm: 0.0,
            site: Site { position_cm: Vector3::zeros(), voxel: 0, label: 0 },
            row,
        };
        if traveller.start(world, &mut self.rows[row]) {
            self.travellers.push(traveller);
        } else {
            self.free_rows.push(row);
            tally.escape(photon.energy_kev * photon.weight);
        }
    }

    /// Flies all photons until each is absorbed or leaves, scoring kerma at every tentative collision.
    #[inline]
    pub fn fly<T: Tally>(&mut self, world: &World, tally: &mut T) {
        while !self.travellers.is_empty() {
            self.advance(world, tally);
            self.look(world, tally);
        }
    }

    /// Moves every photon to its next tentative collision; those that leave the body are gone.
    #[inline]
    fn advance<T: Tally>(&mut self, world: &World, tally: &mut T) {
        let mut index = 0;
        while let Some(traveller) = self.travellers.get_mut(index) {
            if traveller.advance(world) {
                index += 1;
            } else {
                tally.escape(traveller.photon.energy_kev * traveller.photon.weight);
                self.free_rows.push(traveller.row);
                self.travellers.swap_remove(index);
            }
        }
    }

    /// Scores every photon where it is, and lets those interact whose collision is real.
    #[inline]
    fn look<T: Tally>(&mut self, world: &World, tally: &mut T) {
        let mut index = 0;
        while let Some(traveller) = self.travellers.get_mut(index) {
            let voxel = traveller.site.voxel;
            let label = world.labels[voxel];
            traveller.site.label = label;
            let flight = self.rows[traveller.row][usize::from(world.medium(voxel, label))];
            tally.kerma(voxel, label, traveller.kev_cm * flight.mu_tr_per_cm, flight.marrow_over_medium);
            if open01(&mut traveller.stream) * traveller.majorant_per_cm < flight.mu_per_cm
                && !traveller.interact(world, &mut self.rows[traveller.row], tally)
            {
                self.free_rows.push(traveller.row);
                self.travellers.swap_remove(index);
            } else {
                index += 1;
            }
        }
    }
}

impl Default for Flock {
    fn default() -> Self {
        Flock::new()
    }
}

impl Traveller {
    /// Begins a flight; `false` if it does not meet the body.
    #[inline]
    fn start(&mut self, world: &World, row: &mut FlightRow) -> bool {
        let photon = &self.photon;
        self.majorant_per_cm = world.tables.fill_row(photon.energy_kev, row);
        self.mean_free_path_cm = 1.0 / self.majorant_per_cm;
        self.kev_cm = photon.energy_kev * photon.weight / self.majorant_per_cm;
        let Some((enter_cm, leave_cm)) = world.bounds.clip_cm(&photon.position_cm, &photon.direction) else {
            return false;
        };
        (self.distance_cm, self.leave_cm) = (enter_cm, leave_cm);
        true
    }

    /// Moves to the next tentative collision; `false` if it lies beyond the body.
    #[inline]
    fn advance(&mut self, world: &World) -> bool {
        self.distance_cm -= open01(&mut self.stream).ln() * self.mean_free_path_cm;
        if self.distance_cm > self.leave_cm {
            return false;
        }
        let position_cm = self.photon.position_cm + self.photon.direction * self.distance_cm;
        let Some(voxel) = world.grid.voxel_at(&position_cm) else { return false };
        prefetch(world.labels, voxel);
        (self.site.position_cm, self.site.voxel) = (position_cm, voxel);
        true
    }

    /// Interacts where it is; `false` if nothing flies on, or nothing that meets the body.
    #[inline]
    fn interact<T: Tally>(&mut self, world: &World, row: &mut FlightRow, tally: &mut T) -> bool {
        let Some(scattered) = collide(world, &self.photon, &self.site, &mut self.stream, tally) else {
            return false;
        };
        self.photon = scattered;
        let meets_body = self.start(world, row);
        if !meets_body {
            tally.escape(self.photon.energy_kev * self.photon.weight);
        }
        meets_body
    }
}
