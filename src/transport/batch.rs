//! A batch: an independent group of histories, computed by one thread, a pure function of its address.

use rand::Rng;

use crate::geometry::ray::RayGrid;
use crate::numerics::rng::{HistoryAddress, Stream, batch_stream, open01, two_open01};
use crate::photon::Photon;
use crate::source::beam::{PhotonSource, SourceDeviates};
use crate::source::spread::{Spread, SpreadDeviates};
use crate::transport::flock::Flock;
use crate::transport::history::{Scratch, launch_analog, launch_expected, track_length_history};
use crate::transport::importance::Importance;
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::world::World;

/// Distance between points of a flight where organs are scored, cm: less than most organs are wide.
pub const ORGAN_SPACING_CM: f32 = 1.0;
/// The same where scores of voxels are averaged: less than the width of that, 6 mm.
const SMOOTHED_SPACING_CM: f32 = 0.5;

/// How dose is estimated. All are unbiased; they differ in where they spend their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// Everything is played with independent random numbers and scored at its interactions: the reference.
    Analog,
    /// Analog flights on a ray walk, scored by track length: shares nothing with `Analog` but the physics.
    TrackLength,
    /// Expected primary; scatter by Woodcock tracking, its flights scored at points evenly spaced along them. For organs.
    Organ,
    /// The same, with points as close as voxels. For dose maps.
    Map,
    /// The same; the map's scatter is averaged over neighbours, at the price of a small bias of the voxels (not of organs).
    MapSmoothed,
}

impl Estimator {
    /// Key in protocols and results.
    pub fn name(self) -> &'static str {
        match self {
            Estimator::Analog => "analog",
            Estimator::TrackLength => "track-length",
            Estimator::Organ => "organ",
            Estimator::Map => "map",
            Estimator::MapSmoothed => "map-smoothed",
        }
    }

    /// Whether dose is scored from kerma on the way; otherwise from deposits.
    pub fn scores_kerma(self) -> bool {
        self != Estimator::Analog
    }

    /// The estimator to take where no map is wanted after all.
    pub fn without_map(self) -> Self {
        match self {
            Estimator::Map | Estimator::MapSmoothed => Estimator::Organ,
            other => other,
        }
    }

    /// Distance between the points at which flights of scattered photons are scored, cm. Farther apart they cost less and
    /// vary more; little more where they are averaged over neighbours.
    fn spacing_cm(self, grid: &RayGrid) -> f32 {
        match self {
            Estimator::Map => grid.shortest_edge_cm(),
            Estimator::MapSmoothed => SMOOTHED_SPACING_CM,
            _ => ORGAN_SPACING_CM,
        }
    }

    /// Focal spots of a batch per rotation of the source. Fewer fill their fans more densely, but look at a voxel, and at the ends of
    /// the path, from fewer sides; organs care for the fans less than voxels do.
    fn spots_per_rotation(self) -> f64 {
        match self {
            Estimator::Map | Estimator::MapSmoothed => 10.0,
            _ => 40.0,
        }
    }

    /// Interactions a primary ray is given.
    pub const fn splits(self) -> f32 {
        match self {
            Estimator::Organ => 8.0,
            Estimator::MapSmoothed => 2.0,
            _ => 4.0,
        }
    }
}

/// How histories are played.
#[derive(Clone, Copy, Debug)]
pub struct Method<'a> {
    /// How dose is estimated.
    pub estimator: Estimator,
    /// Importance for organs out of the field; only [`Estimator::Organ`] heeds it.
    pub importance: Option<&'a Importance>,
}

impl From<Estimator> for Method<'_> {
    fn from(estimator: Estimator) -> Self {
        Method { estimator, importance: None }
    }
}

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchAddress {
    /// The run's seed.
    pub seed: u64,
    /// Index of the acquisition.
    pub acquisition: u64,
    /// Index of the batch.
    pub batch: u64,
}

/// Histories of a batch, and which of them are played. A history does not depend on whether others are.
#[derive(Clone, Copy, Debug)]
pub struct Histories<'a> {
    /// How many the batch has.
    pub count: u64,
    /// Which are played.
    pub played: Selection<'a>,
}

/// Which histories of a batch are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection<'a> {
    /// All.
    All,
    /// All but these: they are lost.
    Without(&'a [u64]),
    /// One, to be looked at.
    Only(u64),
}

impl From<u64> for Histories<'_> {
    fn from(count: u64) -> Self {
        Histories { count, played: Selection::All }
    }
}

impl Histories<'_> {
    /// Where playing ends.
    fn end(self) -> u64 {
        match self.played {
            Selection::Only(history) => self.count.min(history.saturating_add(1)),
            _ => self.count,
        }
    }

    #[inline]
    fn plays(self, history: u64) -> bool {
        match self.played {
            Selection::All => true,
            Selection::Without(lost) => !lost.contains(&history),
            Selection::Only(only) => history == only,
        }
    }
}

/// Plays histories of one batch.
pub fn run_batch<'a, 'h, S: PhotonSource, T: Tally>(
    world: &World,
    source: &S,
    method: impl Into<Method<'a>>,
    address: BatchAddress,
    histories: impl Into<Histories<'h>>,
    tally: &mut T,
) {
    let (Method { estimator, importance }, histories) = (method.into(), histories.into());
    let importance = importance.filter(|_| estimator == Estimator::Organ);
    let mut stream = batch_stream(address.seed, address.acquisition, address.batch);
    let (scratch, flock) = (&mut Scratch::new(), &mut Flock::new(estimator.spacing_cm(&world.grid)));
    match estimator {
        Estimator::Analog => {
            independent(world, source, histories, &mut stream, |photon, history, address| {
                tally.turn_to(history);
                launch_analog(world, &photon, (history, address), flock, tally);
                flock.fly_for_room(1, None, world, tally);
            });
        }
        Estimator::TrackLength => {
            independent(world, source, histories, &mut stream, |photon, history, address| {
                tally.turn_to(history);
                track_length_history(world, &photon, address, scratch, tally);
            })
        }
        Estimator::Organ | Estimator::Map | Estimator::MapSmoothed => {
            let splits = estimator.splits();
            let spots = estimator.spots_per_rotation() * source.rotations();
            evenly_spread(
                world,
                (source, spots),
                histories,
                &mut stream,
                |photon, place, history, address| {
                    tally.turn_to(history);
                    launch_expected(
                        world,
                        &photon,
                        (splits, place),
                        (history, address),
                        (scratch, flock),
                        tally,
                    );
                    flock.fly_for_room(splits as usize, importance, world, tally);
                },
            );
        }
    }
    flock.fly(importance, world, tally);
}

/// Emits photons of independent random deviates.
#[inline]
fn independent(
    world: &World,
    source: &impl PhotonSource,
    histories: Histories,
    stream: &mut Stream,
    mut play: impl FnMut(Photon, HistoryMark, HistoryAddress),
) {
    let batch_bits = stream.next_u64();
    for history in 0..histories.end() {
        let time = f64::from(open01(stream));
        let ((turn, fan), (cone, energy)) = (two_open01(stream), two_open01(stream));
        let deviates = SourceDeviates { time, turn, fan, cone, energy };
        if !histories.plays(history) {
            continue;
        }
        if let Some(photon) = source.emit(deviates) {
            let mark = HistoryMark { number: history, mas_share: time };
            play(photon, mark, HistoryAddress::new(batch_bits, history));
            if world.is_hopeless() {
                return;
            }
        }
    }
}

/// Emits photons of evenly spread deviates from so many focal spots. `play` also gets the deviate that places the primary's
/// interactions.
#[inline]
fn evenly_spread(
    world: &World,
    (source, spots): (&impl PhotonSource, f64),
    histories: Histories,
    stream: &mut Stream,
    mut play: impl FnMut(Photon, f32, HistoryMark, HistoryAddress),
) {
    let batch_bits = stream.next_u64();
    let mut spread = Spread::new(histories.count, spots, stream);
    let (mut time, mut spot) = (0.0, None);
    for history in 0..histories.end() {
        let SpreadDeviates { spot: begins, ray, place } = spread.next_history(stream);
        if let Some(begins) = begins {
            (time, spot) = (begins.time, source.spot(begins.time, begins.turn));
        }
        let Some(spot) = spot.as_ref().filter(|_| histories.plays(history)) else { continue };
        let mark = HistoryMark { number: history, mas_share: time };
        play(source.emit_from(spot, ray), place, mark, HistoryAddress::new(batch_bits, history));
        if world.is_hopeless() {
            return;
        }
    }
}
