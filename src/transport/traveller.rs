//! A photon on its way by Woodcock's method: it moves, looks at its voxel, is split or played for, and interacts.

use rand::Rng;

use crate::geometry::points::Line;
use crate::numerics::prefetch::prefetch;
use crate::numerics::rng::{Stream, open01, stream_from};
use crate::photon::Photon;
use crate::physics::tables::EnergyPlace;
use crate::transport::history::collide;
use crate::transport::importance::{Fate, Importance};
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::track::Track;
use crate::transport::world::{STEPS_MAX, Site, World};

/// One photon on its way.
pub(super) struct Traveller {
    pub(super) photon: Photon,
    pub(super) stream: Stream,
    pub(super) history: HistoryMark,
    /// Moves so far.
    pub(super) steps: u64,
    /// Its ray.
    line: Line,
    /// Distances at which the flight begins, where it has come to and where the body ends, cm.
    enter_cm: f32,
    pub(super) distance_cm: f32,
    pub(super) leave_cm: f32,
    pub(super) majorant_per_cm: f32,
    mean_free_path_cm: f32,
    /// Decides whether the collision that it flies to is real.
    pub(super) deviate: f32,
    /// Weight that it was sent off with: that of photons in the field.
    sent_weight: f32,
    /// Where it is now.
    voxel: u32,
    label: u8,
    medium: u8,
    /// Where its energy lies in the tables.
    energy: EnergyPlace,
}

/// A photon about to fly.
pub(super) struct Starter {
    pub(super) photon: Photon,
    pub(super) stream: Stream,
    pub(super) history: HistoryMark,
    /// Where its ray enters and leaves the body, cm.
    pub(super) clip_cm: (f32, f32),
    /// See [`Traveller`].
    pub(super) sent_weight: f32,
}

impl Traveller {
    /// Sets off.
    #[inline(always)]
    pub(super) fn new(starter: Starter, world: &World) -> Self {
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
        traveller
    }

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
    pub(super) fn track(&self, end_cm: f32, offset: f32) -> Track {
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
    pub(super) fn deviate_of_collision(&self, world: &World) -> f32 {
        let mu_per_cm = world.tables.flight(self.energy, self.medium).mu_per_cm;
        self.deviate * self.majorant_per_cm / mu_per_cm
    }

    /// The flight so far, with the weight that it had; another part of it begins here.
    #[inline]
    pub(super) fn end_part(&mut self, weight: f32) -> Track {
        let energy_kev = self.photon.energy_kev * weight;
        let track = Track { energy_kev, ..self.track(self.distance_cm, self.deviate) };
        self.enter_cm = self.distance_cm;
        track
    }

    /// Moves so many mean free paths on; `false` if that is beyond the body, or too many moves lie behind.
    #[inline(always)]
    pub(super) fn advance(&mut self, free_paths: f32, world: &World) -> bool {
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
    pub(super) fn look(&mut self, world: &World) -> f32 {
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
    pub(super) fn fit<T: Tally>(
        &mut self,
        importance: &Importance,
        world: &World,
        copies: &mut Vec<Starter>,
        tally: &mut T,
    ) -> bool {
        let Site { position_cm, .. } = self.site();
        match importance.fate(position_cm.z, self.photon.weight / self.sent_weight) {
            Fate::Keeps => true,
            Fate::Splits(count) => {
                self.weigh(1.0 / count as f32);
                for _ in 1..count {
                    let mut stream = stream_from(self.stream.next_u64());
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
    pub(super) fn interact<T: Tally>(&mut self, world: &World, tally: &mut T) -> bool {
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
