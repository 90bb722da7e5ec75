//! Photons of one history or of several, flown together.
//!
//! A flight by Woodcock (Woodcock et al. 1965) goes as if every voxel were the densest one; a tentative collision is real with
//! probability μ/majorant. It is a chain of loads from places in memory that nothing foretells, each waiting for the one before.
//! Photons do not wait for each other: all of them move, then all of them look at their voxels, so that the loads of one
//! overlap with those of the others. Every photon draws from a stream of its own and lives the life it would live alone; only
//! the order in which scores are added differs.

use nalgebra::Vector3;
use rand::{Rng, SeedableRng};

use crate::numerics::prefetch::prefetch;
use crate::numerics::rng::{Stream, open01};
use crate::photon::Photon;
use crate::physics::tables::{EnergyPlace, Flight};
use crate::transport::history::collide;
use crate::transport::importance::{Fate, Importance};
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::track::{Track, Tracks};
use crate::transport::world::{Clip, STEPS_MAX, Site, World};

/// Photons that fly together at most.
pub const FLOCK: usize = 16;

/// Photons that may wait before none is split any more. Where a photon is split is free to choose; this bounds what one history
/// can cost.
const WAITING_MAX: usize = 2000;

/// One photon on its way.
struct Traveller {
    photon: Photon,
    stream: Stream,
    history: HistoryMark,
    /// Moves so far.
    steps: u64,
    /// Distances at which the flight begins, where it has come to and where the body ends, cm.
    enter_cm: f32,
    distance_cm: f32,
    leave_cm: f32,
    majorant_per_cm: f32,
    mean_free_path_cm: f32,
    /// Weighted energy over the majorant, keV cm.
    kev_cm: f32,
    /// Where it is now.
    site: Site,
    /// Where its energy lies in the tables.
    energy: EnergyPlace,
}

/// Photons that fly together; kept between histories.
pub struct Flock {
    travellers: Vec<Traveller>,
    /// Photons for which there is no room yet.
    waiting: Vec<Starter>,
    /// Flights that are over and not yet scored.
    tracks: Tracks,
}

/// A photon about to fly.
struct Starter {
    photon: Photon,
    stream: Stream,
    history: HistoryMark,
    /// Where its ray enters and leaves the body, cm.
    clip_cm: (f32, f32),
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
        Flock { travellers: Vec::with_capacity(FLOCK), waiting: Vec::new(), tracks: Tracks::default() }
    }

    /// Sends a photon of a history off, or lets it wait until there is room.
    #[inline]
    pub fn send<T: Tally>(
        &mut self,
        world: &World,
        photon: Photon,
        (history, stream): (HistoryMark, Stream),
        tally: &mut T,
    ) {
        self.send_along((photon, world.clip_cm(&photon)), world, (history, stream), tally);
    }

    /// The same, for a photon of which it is known where its ray meets the body.
    #[inline]
    pub fn send_along<T: Tally>(
        &mut self,
        (photon, clip_cm): (Photon, Clip),
        world: &World,
        (history, stream): (HistoryMark, Stream),
        tally: &mut T,
    ) {
        match clip_cm {
            Some(clip_cm) => self.start(Starter { photon, stream, history, clip_cm }, world),
            None => tally.escape(photon.carried_kev()),
        }
    }

    #[inline]
    fn start(&mut self, starter: Starter, world: &World) {
        if self.travellers.len() == FLOCK {
            return self.waiting.push(starter);
        }
        let Starter { photon, stream, history, clip_cm } = starter;
        let mut traveller = Traveller {
            photon,
            stream,
            history,
            steps: 0,
            enter_cm: 0.0,
            distance_cm: 0.0,
            leave_cm: 0.0,
            majorant_per_cm: 0.0,
            mean_free_path_cm: 0.0,
            kev_cm: 0.0,
            site: Site { position_cm: Vector3::zeros(), voxel: 0, label: 0 },
            energy: EnergyPlace::default(),
        };
        traveller.start(clip_cm, world);
        self.travellers.push(traveller);
    }

    /// Flies all photons until each is absorbed or leaves, scoring kerma at every tentative collision.
    #[inline]
    pub fn fly<T: Tally>(&mut self, world: &World, tally: &mut T) {
        self.fly_until::<false, _>(0, tally, world, |_, _, _| true);
    }

    /// Flies until as many photons more find room.
    #[inline]
    pub fn fly_for_room<T: Tally>(&mut self, room: usize, world: &World, tally: &mut T) {
        self.fly_until::<false, _>(FLOCK - room, tally, world, |_, _, _| true);
    }

    /// Flies until as many photons more find room ([`FLOCK`]: until each is absorbed or leaves), scoring kerma at points so far
    /// apart along the flights, cm.
    #[inline]
    pub fn fly_tracks_for_room<T: Tally>(
        &mut self,
        room: usize,
        spacing_cm: f32,
        world: &World,
        tally: &mut T,
    ) {
        self.fly_until::<true, _>(FLOCK - room, tally, world, |_, _, _| true);
        if self.tracks.is_full() || room == FLOCK {
            self.tracks.score(spacing_cm, world, tally);
        }
    }

    /// The same as [`Flock::fly`], photons split and played for as their importance asks.
    #[inline]
    pub fn fly_by_worth<T: Tally>(&mut self, world: &World, worth: Worth, tally: &mut T) {
        self.fly_until::<false, _>(0, tally, world, |traveller, copies, tally| {
            traveller.fit(worth, world, copies, tally)
        });
    }

    /// Flies until no more than `left` photons are under way. Kerma is scored at tentative collisions, or flights are kept as tracks.
    /// `fit` may change a photon's weight where a collision is tentative,
    /// add copies of it, or end it.
    #[inline]
    fn fly_until<const BY_TRACK: bool, T: Tally>(
        &mut self,
        left: usize,
        tally: &mut T,
        world: &World,
        mut fit: impl FnMut(&mut Traveller, &mut Vec<Starter>, &mut T) -> bool,
    ) {
        loop {
            while let Some(starter) = self.waiting.pop_if(|_| self.travellers.len() < FLOCK) {
                self.start(starter, world);
            }
            if self.travellers.len() <= left {
                return;
            }
            self.advance::<BY_TRACK, _>(world, tally);
            self.look::<BY_TRACK, _>(world, tally, &mut fit);
        }
    }

    /// Moves every photon to its next tentative collision; those that leave the body are gone.
    #[inline]
    fn advance<const BY_TRACK: bool, T: Tally>(&mut self, world: &World, tally: &mut T) {
        let mut index = 0;
        while let Some(traveller) = self.travellers.get_mut(index) {
            if traveller.advance(world) {
                index += 1;
                continue;
            }
            tally.turn_to(traveller.history);
            match traveller.steps > STEPS_MAX {
                true => world.give_up(tally),
                false => {
                    if BY_TRACK {
                        self.tracks.push(traveller.track(traveller.leave_cm));
                    }
                    tally.escape(traveller.photon.carried_kev());
                }
            }
            self.travellers.swap_remove(index);
        }
    }

    /// Scores every photon where it is, and lets those interact whose collision is real.
    #[inline]
    fn look<const BY_TRACK: bool, T: Tally>(
        &mut self,
        world: &World,
        tally: &mut T,
        fit: &mut impl FnMut(&mut Traveller, &mut Vec<Starter>, &mut T) -> bool,
    ) {
        let mut index = 0;
        while let Some(traveller) = self.travellers.get_mut(index) {
            tally.turn_to(traveller.history);
            let flight = traveller.look::<BY_TRACK, _>(world, tally);
            let mut stays = fit(traveller, &mut self.waiting, tally);
            if stays && traveller.collides(&flight) {
                if BY_TRACK {
                    self.tracks.push(traveller.track(traveller.distance_cm));
                }
                stays = traveller.interact(world, tally);
            }
            match stays {
                true => index += 1,
                false => drop(self.travellers.swap_remove(index)),
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
    /// Begins a flight between where its ray enters and leaves the body, cm.
    #[inline]
    fn start(&mut self, clip_cm: (f32, f32), world: &World) {
        let photon = &self.photon;
        (self.energy, self.majorant_per_cm) = world.tables.find(photon.energy_kev);
        self.mean_free_path_cm = 1.0 / self.majorant_per_cm;
        self.kev_cm = photon.energy_kev * photon.weight / self.majorant_per_cm;
        (self.enter_cm, self.leave_cm) = clip_cm;
        self.distance_cm = self.enter_cm;
    }

    /// The flight, which ends at this distance, cm.
    #[inline]
    fn track(&mut self, end_cm: f32) -> Track {
        Track {
            from_cm: self.photon.position_cm,
            direction: self.photon.direction,
            ends_cm: (self.enter_cm, end_cm),
            energy_kev: self.photon.carried_kev(),
            energy: self.energy,
            offset: open01(&mut self.stream),
            history: self.history,
        }
    }

    /// Moves to the next tentative collision; `false` if it lies beyond the body, or too many steps lie behind.
    #[inline]
    fn advance(&mut self, world: &World) -> bool {
        self.steps += 1;
        self.distance_cm -= open01(&mut self.stream).ln() * self.mean_free_path_cm;
        if self.distance_cm > self.leave_cm || self.steps > STEPS_MAX {
            return false;
        }
        let position_cm = self.photon.position_cm + self.photon.direction * self.distance_cm;
        let Some(voxel) = world.grid.voxel_at(&position_cm) else { return false };
        prefetch(world.labels, voxel);
        (self.site.position_cm, self.site.voxel) = (position_cm, voxel);
        true
    }

    /// Looks at the voxel it is in and scores the kerma of a tentative collision there, unless the flight is scored as a track.
    #[inline]
    fn look<const BY_TRACK: bool, T: Tally>(&mut self, world: &World, tally: &mut T) -> Flight {
        let voxel = self.site.voxel;
        let label = world.labels[voxel];
        self.site.label = label;
        let flight = world.tables.flight(self.energy, world.medium(voxel, label));
        if !BY_TRACK {
            tally.kerma(voxel, label, self.kev_cm * flight.mu_tr_per_cm, flight.marrow_over_medium);
        }
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
        copies: &mut Vec<Starter>,
        tally: &mut T,
    ) -> bool {
        match worth.importance.fate(self.site.position_cm.z, self.photon.weight * worth.per_weight) {
            Fate::Keeps => true,
            Fate::Splits(_) if copies.len() > WAITING_MAX => true,
            Fate::Splits(count) => {
                self.weigh(1.0 / count as f32);
                for _ in 1..count {
                    let mut stream = Stream::seed_from_u64(self.stream.next_u64());
                    let Some(photon) = self.copy(world, &mut stream, tally) else { continue };
                    match world.clip_cm(&photon) {
                        Some(clip_cm) => {
                            copies.push(Starter { photon, stream, history: self.history, clip_cm })
                        }
                        None => tally.escape(photon.carried_kev()),
                    }
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
    fn copy<T: Tally>(&self, world: &World, stream: &mut Stream, tally: &mut T) -> Option<Photon> {
        let medium = world.medium(self.site.voxel, self.site.label);
        if open01(stream) * self.majorant_per_cm < world.tables.flight(self.energy, medium).mu_per_cm {
            return collide(world, &self.photon, &self.site, stream, tally);
        }
        Some(Photon { position_cm: self.site.position_cm, ..self.photon })
    }

    /// Interacts where it is; `false` if nothing flies on, or nothing that meets the body.
    #[inline]
    fn interact<T: Tally>(&mut self, world: &World, tally: &mut T) -> bool {
        let Some(scattered) = collide(world, &self.photon, &self.site, &mut self.stream, tally) else {
            return false;
        };
        self.photon = scattered;
        match world.clip_cm(&scattered) {
            Some(clip_cm) => self.start(clip_cm, world),
            None => {
                tally.escape(scattered.carried_kev());
                return false;
            }
        }
        true
    }
}
