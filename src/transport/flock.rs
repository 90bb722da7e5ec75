//! Photons of one history or of several, flown together.
//!
//! A flight by Woodcock (Woodcock et al. 1965) goes as if every voxel were the densest one; a tentative collision is real with
//! probability μ/majorant. It is a chain of loads from places in memory that nothing foretells, each waiting for the one before.
//! Photons do not wait for each other: all of them move, then all of them look at their voxels, so that the loads of one
//! overlap with those of the others. Every photon draws from a stream of its own and lives the life it would live alone; only
//! the order in which scores are added differs.

use rand::{Rng, SeedableRng};
use wide::f32x4;

use crate::geometry::points::Line;
use crate::numerics::prefetch::prefetch;
use crate::numerics::rng::{Stream, open01, two_open01};
use crate::photon::Photon;
use crate::physics::tables::EnergyPlace;
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
    /// Its ray.
    line: Line,
    /// Distances at which the flight begins, where it has come to and where the body ends, cm.
    enter_cm: f32,
    distance_cm: f32,
    leave_cm: f32,
    majorant_per_cm: f32,
    mean_free_path_cm: f32,
    /// Decides whether the collision that it flies to is real.
    deviate: f32,
    /// Weight that it was sent off with: that of photons in the field.
    sent_weight: f32,
    /// Where it is now.
    voxel: u32,
    label: u8,
    medium: u8,
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
    /// See [`Traveller`].
    sent_weight: f32,
}

impl Flock {
    /// An empty flock; where kerma is wanted, flights are scored at points so far apart, cm, or a little less.
    pub fn new(spacing_cm: f32) -> Self {
        Flock { travellers: Vec::with_capacity(FLOCK), waiting: Vec::new(), tracks: Tracks::new(spacing_cm) }
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
            Some(clip_cm) => {
                let sent_weight = photon.weight;
                self.start(Starter { photon, stream, history, clip_cm, sent_weight }, world);
            }
            None => tally.escape(photon.carried_kev()),
        }
    }

    #[inline]
    fn start(&mut self, starter: Starter, world: &World) {
        if self.travellers.len() == FLOCK {
            return self.waiting.push(starter);
        }
        let Starter { photon, stream, history, clip_cm, sent_weight } = starter;
        let mut traveller = Traveller {
            photon,
            stream,
            history,
            steps: 0,
            line: Line::default(),
            enter_cm: 0.0,
            distance_cm: 0.0,
            leave_cm: 0.0,
            majorant_per_cm: 0.0,
            mean_free_path_cm: 0.0,
            deviate: 0.0,
            sent_weight,
            voxel: 0,
            label: 0,
            medium: 0,
            energy: EnergyPlace::default(),
        };
        traveller.start(clip_cm, world);
        self.travellers.push(traveller);
    }

    /// Flies all photons until each is absorbed or leaves, and scores all flights. With an importance, photons are split and
    /// played for as it asks.
    #[inline]
    pub fn fly<T: Tally>(&mut self, importance: Option<&Importance>, world: &World, tally: &mut T) {
        self.fly_until(0, importance, world, tally);
        self.tracks.score(world, tally);
    }

    /// The same, but only until as many photons more find room; flights may be left to be scored.
    #[inline]
    pub fn fly_for_room<T: Tally>(
        &mut self,
        room: usize,
        importance: Option<&Importance>,
        world: &World,
        tally: &mut T,
    ) {
        self.fly_until(FLOCK - room, importance, world, tally);
        if self.tracks.is_full() {
            self.tracks.score(world, tally);
        }
    }

    /// Flies until no more than `left` photons are under way.
    #[inline]
    fn fly_until<T: Tally>(
        &mut self,
        left: usize,
        importance: Option<&Importance>,
        world: &World,
        tally: &mut T,
    ) {
        match importance {
            None => self.fly_fitted(left, tally, world, |_, _, _| true),
            Some(importance) => self.fly_fitted(left, tally, world, |traveller, copies, tally| {
                tally.turn_to(traveller.history);
                traveller.fit(importance, world, copies, tally)
            }),
        }
    }

    /// The same. `fit` may change a photon's weight where a collision is tentative, add copies of it, or end it.
    #[inline]
    fn fly_fitted<T: Tally>(
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
            self.advance(world, tally);
            let fates = self.look(world, tally, &mut fit);
            self.interact(fates, world, tally);
        }
    }

    /// Moves every photon to its next tentative collision; those that leave the body are gone.
    #[inline]
    fn advance<T: Tally>(&mut self, world: &World, tally: &mut T) {
        let mut free_paths = self.free_paths();
        let mut index = 0;
        while let Some(traveller) = self.travellers.get_mut(index) {
            if traveller.advance(free_paths[index], world) {
                index += 1;
                continue;
            }
            tally.turn_to(traveller.history);
            match traveller.steps > STEPS_MAX {
                true => world.give_up(tally),
                false => {
                    if T::KERMA {
                        let track = traveller.track(traveller.leave_cm, traveller.deviate);
                        self.tracks.push(&track, world, tally);
                    }
                    tally.escape(traveller.photon.carried_kev());
                }
            }
            self.travellers.swap_remove(index);
            free_paths[index] = free_paths[self.travellers.len()];
        }
    }

    /// Draws how many mean free paths each photon flies next, and what decides whether its collision is real. Four logarithms at
    /// once.
    #[inline(always)]
    fn free_paths(&mut self) -> [f32; FLOCK] {
        let mut deviates = [1.0; FLOCK];
        for (traveller, of_path) in self.travellers.iter_mut().zip(&mut deviates) {
            (*of_path, traveller.deviate) = two_open01(&mut traveller.stream);
        }
        let fours = deviates.as_chunks_mut::<4>().0;
        for four in &mut fours[..self.travellers.len().div_ceil(4)] {
            *four = (-f32x4::new(*four).ln()).to_array();
        }
        deviates
    }

    /// Looks at where every photon is and tells what becomes of it there.
    #[inline(always)]
    fn look<T: Tally>(
        &mut self,
        world: &World,
        tally: &mut T,
        fit: &mut impl FnMut(&mut Traveller, &mut Vec<Starter>, &mut T) -> bool,
    ) -> [Next; FLOCK] {
        let mut fates = [Next::Flies; FLOCK];
        for (traveller, fate) in self.travellers.iter_mut().zip(&mut fates) {
            let mu_per_cm = traveller.look(world);
            let weight = traveller.photon.weight;
            let stays = fit(traveller, &mut self.waiting, tally);
            if T::KERMA && traveller.photon.weight != weight {
                self.tracks.push(&traveller.end_part(weight), world, tally);
            }
            *fate = match traveller.deviate * traveller.majorant_per_cm < mu_per_cm {
                _ if !stays => Next::Ends,
                true => Next::Interacts,
                false => Next::Flies,
            };
        }
        fates
    }

    /// Lets those photons interact whose collision is real; those that end are gone.
    #[inline(always)]
    fn interact<T: Tally>(&mut self, fates: [Next; FLOCK], world: &World, tally: &mut T) {
        // From the last one on: who takes the place of one that is gone has been dealt with.
        for index in (0..self.travellers.len()).rev() {
            let stays = match fates[index] {
                Next::Flies => true,
                Next::Ends => false,
                Next::Interacts => {
                    let traveller = &mut self.travellers[index];
                    tally.turn_to(traveller.history);
                    if T::KERMA {
                        let offset = traveller.deviate_of_collision(world);
                        let track = traveller.track(traveller.distance_cm, offset);
                        self.tracks.push(&track, world, tally);
                    }
                    traveller.interact(world, tally)
                }
            };
            if !stays {
                self.travellers.swap_remove(index);
            }
        }
    }
}

/// What a photon does next where its collision is tentative.
#[derive(Clone, Copy)]
enum Next {
    Flies,
    Interacts,
    Ends,
}

impl Traveller {
    /// Begins a flight between where its ray enters and leaves the body, cm.
    #[inline]
    fn start(&mut self, clip_cm: (f32, f32), world: &World) {
        let Photon { position_cm, direction, energy_kev, .. } = &self.photon;
        (self.energy, self.majorant_per_cm) = world.tables.find(*energy_kev);
        self.mean_free_path_cm = 1.0 / self.majorant_per_cm;
        self.line = world.grid.line(position_cm, direction);
        (self.enter_cm, self.leave_cm) = clip_cm;
        self.distance_cm = self.enter_cm;
    }

    /// The flight, which ends at this distance, cm; a deviate places its points. That is the one that decides or would have decided
    /// on the collision at its end, so that a photon's life does not depend on whether its flights are scored.
    #[inline(always)]
    fn track(&self, end_cm: f32, offset: f32) -> Track {
        Track {
            line: self.line,
            ends_cm: (self.enter_cm, end_cm),
            energy_kev: self.photon.carried_kev(),
            energy: self.energy,
            offset,
            history: self.history,
        }
    }

    /// What is left of the deviate that made the collision real: evenly spread in (0, 1) once more.
    #[inline(always)]
    fn deviate_of_collision(&self, world: &World) -> f32 {
        let mu_per_cm = world.tables.flight(self.energy, self.medium).mu_per_cm;
        self.deviate * self.majorant_per_cm / mu_per_cm
    }

    /// The flight so far, with the weight that it had; another part of it begins here.
    #[inline]
    fn end_part(&mut self, weight: f32) -> Track {
        let energy_kev = self.photon.energy_kev * weight;
        let track = Track { energy_kev, ..self.track(self.distance_cm, self.deviate) };
        self.enter_cm = self.distance_cm;
        track
    }

    /// Moves so many mean free paths on; `false` if that is beyond the body, or too many moves lie behind.
    #[inline(always)]
    fn advance(&mut self, free_paths: f32, world: &World) -> bool {
        self.steps += 1;
        self.distance_cm += free_paths * self.mean_free_path_cm;
        let voxel = world.grid.voxel_on(&self.line, self.distance_cm);
        prefetch(world.labels, voxel);
        self.voxel = voxel as u32;
        // A distance that is no number is beyond the body, too.
        self.distance_cm <= self.leave_cm && self.steps <= STEPS_MAX && voxel < world.labels.len()
    }

    /// Looks at the voxel it is in: its μ, 1/cm.
    #[inline(always)]
    fn look(&mut self, world: &World) -> f32 {
        let voxel = self.voxel as usize;
        self.label = world.labels[voxel];
        self.medium = world.medium(voxel, self.label);
        world.tables.flight(self.energy, self.medium).mu_per_cm
    }

    /// Where it is now.
    #[inline(always)]
    fn site(&self) -> Site {
        let position_cm = self.photon.position_cm + self.photon.direction * self.distance_cm;
        Site { position_cm, voxel: self.voxel as usize, label: self.label }
    }

    /// Fits the weight to the importance of the place: adds the copies that a split leaves, each with a stream of its own and
    /// its own answer to whether the collision is real; `false` if the photon is given up.
    #[inline]
    fn fit<T: Tally>(
        &mut self,
        importance: &Importance,
        world: &World,
        copies: &mut Vec<Starter>,
        tally: &mut T,
    ) -> bool {
        let Site { position_cm, .. } = self.site();
        match importance.fate(position_cm.z, self.photon.weight / self.sent_weight) {
            Fate::Keeps => true,
            Fate::Splits(_) if copies.len() > WAITING_MAX => true,
            Fate::Splits(count) => {
                self.weigh(1.0 / count as f32);
                for _ in 1..count {
                    let mut stream = Stream::seed_from_u64(self.stream.next_u64());
                    let Some(photon) = self.copy(world, &mut stream, tally) else { continue };
                    match world.clip_cm(&photon) {
                        Some(clip_cm) => {
                            let Traveller { history, sent_weight, .. } = *self;
                            copies.push(Starter { photon, stream, history, clip_cm, sent_weight })
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
    }

    /// A copy of the photon after the tentative collision that it has come to; `None` if it is absorbed there.
    #[inline]
    fn copy<T: Tally>(&self, world: &World, stream: &mut Stream, tally: &mut T) -> Option<Photon> {
        let mu_per_cm = world.tables.flight(self.energy, self.medium).mu_per_cm;
        if open01(stream) * self.majorant_per_cm < mu_per_cm {
            return collide(world, (&self.photon, self.energy), &self.site(), stream, tally);
        }
        Some(Photon { position_cm: self.site().position_cm, ..self.photon })
    }

    /// Interacts where it is; `false` if nothing flies on, or nothing that meets the body.
    #[inline]
    fn interact<T: Tally>(&mut self, world: &World, tally: &mut T) -> bool {
        let of = (&self.photon, self.energy);
        let Some(scattered) = collide(world, of, &self.site(), &mut self.stream, tally) else {
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
