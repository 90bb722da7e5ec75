//! Scattered photons of one history, flown together.
//!
//! A flight by Woodcock is a chain of loads from places in memory that nothing foretells, each waiting for the one before. The
//! photons that a split primary sends off do not wait for each other: all of them move, then all of them look at their
//! voxels, so that the loads of one overlap with those of the others. Every photon draws from a stream of its own and lives
//! the life it would live alone; only the order in which scores are added differs.

use nalgebra::Vector3;
use rand::{Rng, SeedableRng};

use crate::numerics::prefetch::prefetch;
use crate::numerics::rng::{Stream, open01};
use crate::photon::Photon;
use crate::physics::tables::{Flight, FlightRow, empty_row};
use crate::transport::history::collide;
use crate::transport::importance::{Fate, Importance};
use crate::transport::tally::Tally;
use crate::transport::world::{STEPS_MAX, Site, World};

/// Photons that fly together at most.
pub const FLOCK: usize = 16;

/// Photons that may wait before none is split any more. Where a photon is split is free to choose; this bounds what one history
/// can cost.
const WAITING_MAX: usize = 2000;

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
    /// Photons for which there is no room yet.
    waiting: Vec<(Photon, Stream)>,
}

/// What makes photons split: an importance, and what one over the weight of a photon in the field is.
#[derive(Clone, Copy)]
pub struct Worth<'a> {
    /// Importance by height.
    pub importance: &'a Importance,
    /// 1 / weight of a photon in the field.
    pub per_weight: f32,
}

impl Flock {
    /// An empty flock.
    pub fn new() -> Self {
        Flock {
            travellers: Vec::with_capacity(FLOCK),
            rows: (0..FLOCK).map(|_| empty_row()).collect(),
            free_rows: (0..FLOCK).collect(),
            waiting: Vec::new(),
        }
    }

    /// Sends a scattered photon off, or lets it wait until there is room.
    #[inline]
    pub fn send<T: Tally>(&mut self, world: &World, photon: Photon, stream: Stream, tally: &mut T) {
        let Some(row) = self.free_rows.pop() else { return self.waiting.push((photon, stream)) };
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
            tally.escape(photon.carried_kev());
        }
    }

    /// Flies all photons until each is absorbed or leaves, scoring kerma at every tentative collision.
    #[inline]
    pub fn fly<T: Tally>(&mut self, world: &World, tally: &mut T) {
        self.fly_all(tally, world, |_, _, _, _| true);
    }

    /// The same, photons split and played for as their importance asks.
    #[inline]
    pub fn fly_by_worth<T: Tally>(&mut self, world: &World, worth: Worth, tally: &mut T) {
        self.fly_all(tally, world, |traveller, copies, row, tally| {
            traveller.fit(worth, world, row, copies, tally)
        });
    }

    /// Flies all photons. `fit` may change a photon's weight where a collision is tentative, add copies of it, or end it.
    #[inline]
    fn fly_all<T: Tally>(
        &mut self,
        tally: &mut T,
        world: &World,
        mut fit: impl FnMut(&mut Traveller, &mut Vec<(Photon, Stream)>, &FlightRow, &mut T) -> bool,
    ) {
        for _ in 0..STEPS_MAX {
            while let Some((photon, stream)) = self.waiting.pop_if(|_| !self.free_rows.is_empty()) {
                self.send(world, photon, stream, tally);
            }
            if self.travellers.is_empty() {
                return;
            }
            self.advance(world, tally);
            self.look(world, tally, &mut fit);
        }
        self.give_up(world, tally);
    }

    /// Gives up all photons under way.
    #[cold]
    fn give_up<T: Tally>(&mut self, world: &World, tally: &mut T) {
        self.free_rows.extend(self.travellers.drain(..).map(|traveller| traveller.row));
        self.waiting.clear();
        world.give_up(tally);
    }

    /// Moves every photon to its next tentative collision; those that leave the body are gone.
    #[inline]
    fn advance<T: Tally>(&mut self, world: &World, tally: &mut T) {
        let mut index = 0;
        while let Some(traveller) = self.travellers.get_mut(index) {
            if traveller.advance(world) {
                index += 1;
            } else {
                tally.escape(traveller.photon.carried_kev());
                self.free_rows.push(traveller.row);
                self.travellers.swap_remove(index);
            }
        }
    }

    /// Scores every photon where it is, and lets those interact whose collision is real.
    #[inline]
    fn look<T: Tally>(
        &mut self,
        world: &World,
        tally: &mut T,
        fit: &mut impl FnMut(&mut Traveller, &mut Vec<(Photon, Stream)>, &FlightRow, &mut T) -> bool,
    ) {
        let mut index = 0;
        while let Some(traveller) = self.travellers.get_mut(index) {
            let row = &mut self.rows[traveller.row];
            let flight = traveller.look(world, row, tally);
            if fit(traveller, &mut self.waiting, row, tally)
                && (!traveller.collides(&flight) || traveller.interact(world, row, tally))
            {
                index += 1;
            } else {
                self.free_rows.push(traveller.row);
                self.travellers.swap_remove(index);
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
        let Some((enter_cm, leave_cm)) = world.clip_cm(photon) else {
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

    /// Looks at the voxel it is in and scores the kerma of a tentative collision there.
    #[inline]
    fn look<T: Tally>(&mut self, world: &World, row: &FlightRow, tally: &mut T) -> Flight {
        let voxel = self.site.voxel;
        let label = world.labels[voxel];
        self.site.label = label;
        let flight = row[usize::from(world.medium(voxel, label))];
        tally.kerma(voxel, label, self.kev_cm * flight.mu_tr_per_cm, flight.marrow_over_medium);
        flight
    }

    /// Whether the tentative collision is a real one.
    #[inline]
    fn collides(&mut self, flight: &Flight) -> bool {
        open01(&mut self.stream) * self.majorant_per_cm < flight.mu_per_cm
    }

    /// Fits the weight to the importance of the place: adds the copies that a split leaves, each with a stream of its own and
    /// its own answer to whether the collision is real; `false` if the photon is given up.
    #[inline]
    fn fit<T: Tally>(
        &mut self,
        worth: Worth,
        world: &World,
        row: &FlightRow,
        copies: &mut Vec<(Photon, Stream)>,
        tally: &mut T,
    ) -> bool {
        match worth.importance.fate(self.site.position_cm.z, self.photon.weight * worth.per_weight) {
            Fate::Keeps => true,
            Fate::Splits(_) if copies.len() > WAITING_MAX => true,
            Fate::Splits(count) => {
                self.weigh(1.0 / count as f32);
                for _ in 1..count {
                    let mut stream = Stream::seed_from_u64(self.stream.next_u64());
                    copies.extend(self.copy(world, row, &mut stream, tally).map(|photon| (photon, stream)));
                }
                true
            }
            Fate::Plays(chance) => {
                let weight = self.photon.weight;
                let lives = open01(&mut self.stream) < chance;
                self.weigh(if lives { 1.0 / chance } else { 0.0 });
                tally.escape(self.photon.energy_kev * (weight - self.photon.weight));
                lives
            }
        }
    }

    /// Multiplies the weight.
    #[inline]
    fn weigh(&mut self, factor: f32) {
        self.photon.weight *= factor;
        self.kev_cm *= factor;
    }

    /// A copy of the photon after the tentative collision that it has come to; `None` if it is absorbed there.
    #[inline]
    fn copy<T: Tally>(
        &self,
        world: &World,
        row: &FlightRow,
        stream: &mut Stream,
        tally: &mut T,
    ) -> Option<Photon> {
        let medium = world.medium(self.site.voxel, self.site.label);
        if open01(stream) * self.majorant_per_cm < row[usize::from(medium)].mu_per_cm {
            return collide(world, &self.photon, &self.site, stream, tally);
        }
        Some(Photon { position_cm: self.site.position_cm, ..self.photon })
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
            tally.escape(self.photon.carried_kev());
        }
        meets_body
    }
}
