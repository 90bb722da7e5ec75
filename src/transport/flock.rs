//! Photons of one history or of several, flown together.
//!
//! A flight by Woodcock (Woodcock et al. 1965) goes as if every voxel were the densest one; a tentative collision is real with
//! probability μ/majorant. It is a chain of loads from places in memory that nothing foretells, each waiting for the one before.
//! Photons do not wait for each other: all of them move, then all of them look at their voxels, so that the loads of one
//! overlap with those of the others; then those interact whose collision is real. Every photon draws from a stream of its own and
//! lives the life it would live alone; only the order in which scores are added differs.

use wide::f32x4;

use crate::numerics::rng::{Stream, two_open01};
use crate::photon::Photon;
use crate::transport::importance::Importance;
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::track::Tracks;
use crate::transport::traveller::{Starter, Traveller};
use crate::transport::world::{Clip, STEPS_MAX, World};

/// Photons that fly together at most.
pub const FLOCK: usize = 16;

/// Photons that fly together; kept between histories.
pub struct Flock {
    travellers: Vec<Traveller>,
    /// Photons for which there is no room yet.
    waiting: Vec<Starter>,
    /// Flights that are over and not yet scored.
    tracks: Tracks,
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
        self.travellers.push(Traveller::new(starter, world));
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
