//! A photon's life, from its first flight to its last.

use rand::Rng;

use crate::numerics::rng::{HistoryAddress, Stream, open01};
use crate::photon::Photon;
use crate::physics::interaction::Onward;
use crate::physics::tables::{EnergyPlace, FlightRow, empty_row};
use crate::transport::flock::Flock;
use crate::transport::primary::{one_minus_exp, walk_primary};
use crate::transport::scatter::fly_by_voxel;
use crate::transport::tally::{HistoryMark, Tally};
use crate::transport::world::{Clip, STEPS_MAX, Site, World};

/// Room a thread needs to follow photons; kept between histories.
pub struct Scratch {
    primary_row: Box<FlightRow>,
    row: Box<FlightRow>,
    sites: Vec<Site>,
}

impl Scratch {
    /// Fresh room.
    pub fn new() -> Self {
        Scratch { primary_row: empty_row(), row: empty_row(), sites: Vec::new() }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch::new()
    }
}

/// A history whose primary ray is scored by expectation and interacts `splits` times; `deviate` in (0, 1)
/// places the interactions. Its scattered photons are sent off with a flock, each with a random stream of its own.
#[inline]
pub fn launch_expected<T: Tally>(
    world: &World,
    photon: &Photon,
    (splits, deviate): (f32, f32),
    (history, address): (HistoryMark, HistoryAddress),
    (scratch, flock): (&mut Scratch, &mut Flock),
    tally: &mut T,
) {
    let Scratch { primary_row, sites, .. } = scratch;
    let arrived = arrive(world, photon, 1.0 / splits, address, tally, |photon, stream, tally| {
        flock.send(world, photon, (history, stream), tally);
    });
    let child = expect_primary(world, arrived, (splits, deviate), (primary_row, sites), tally);
    let energy = world.tables.find(child.energy_kev).0;
    for (part, site) in sites.drain(..).enumerate() {
        let mut stream = address.stream(part as u64);
        if let Some(scattered) = collide(world, (&child, energy), &site, &mut stream, tally) {
            flock.send(world, scattered, (history, stream), tally);
        }
    }
}

/// Scores a primary ray by its expectation and finds where it interacts; hands back one of the shares that do.
#[inline]
fn expect_primary<T: Tally>(
    world: &World,
    (photon, clip_cm): (Photon, Clip),
    (splits, deviate): (f32, f32),
    (row, sites): (&mut FlightRow, &mut Vec<Site>),
    tally: &mut T,
) -> Photon {
    sites.clear();
    let escaped_kev = match clip_cm {
        Some(clip_cm) => {
            world.tables.fill_row(photon.energy_kev, row);
            walk_primary(world, row, (&photon, clip_cm), (splits, deviate), sites, tally)
        }
        None => photon.carried_kev(),
    };
    tally.escape(escaped_kev);
    Photon { weight: photon.weight / splits, ..photon }
}

/// A history in which everything is played, its photons sent off with a flock: the reference.
#[inline]
pub fn launch_analog<T: Tally>(
    world: &World,
    photon: &Photon,
    (history, address): (HistoryMark, HistoryAddress),
    flock: &mut Flock,
    tally: &mut T,
) {
    let arrived = arrive(world, photon, 1.0, address, tally, |photon, stream, tally| {
        flock.send(world, photon, (history, stream), tally);
    });
    flock.send_along(arrived, world, (history, address.stream(0)), tally);
}

/// The same, its photons flown one by one, voxel by voxel.
#[inline]
pub fn track_length_history<T: Tally>(
    world: &World,
    photon: &Photon,
    address: HistoryAddress,
    scratch: &mut Scratch,
    tally: &mut T,
) {
    let row = &mut scratch.row;
    let arrived = arrive(world, photon, 1.0, address, tally, |photon, mut stream, tally| {
        follow(world, photon, &mut stream, row, tally);
    });
    follow_from(world, arrived, &mut address.stream(0), row, tally);
}

/// Part of a history whose streams are those of photons that air scatters.
const AIR_PART: u64 = 1 << 32;

/// Brings a source photon through the air to the body, and tells where its ray meets it; its weight loses what the air takes. Of that, copies with a share of
/// the weight interact in the air, as many as it is on average, and what scatters towards the body is handed on.
#[inline]
fn arrive<T: Tally>(
    world: &World,
    photon: &Photon,
    share: f32,
    address: HistoryAddress,
    tally: &mut T,
    mut scattered: impl FnMut(Photon, Stream, &mut T),
) -> (Photon, Clip) {
    let energy_kev = photon.energy_kev * photon.weight;
    let clip_cm = world.clip_closely_cm(photon);
    let (air, air_cm) = (world.air(), world.air_cm(photon, clip_cm));
    let energy = world.tables.find(photon.energy_kev).0;
    let mu_per_cm = world.tables.flight(energy, air).mu_per_cm;
    let taken = one_minus_exp(mu_per_cm * air_cm);
    let copies = (taken / share + address.deviate(AIR_PART)) as u32;
    tally.emit(energy_kev);
    tally.escape(energy_kev * (taken - copies as f32 * share));
    for copy in 0..copies {
        let mut stream = address.stream(AIR_PART + 1 + u64::from(copy));
        let distance_cm = -(1.0 - taken * open01(&mut stream)).ln() / mu_per_cm;
        let position_cm = photon.position_cm + photon.direction * distance_cm;
        let interaction =
            world.tables.interact(air, (photon.energy_kev, energy), &photon.direction, &mut stream);
        let weight = photon.weight * share;
        // What stays in the air is as lost to the phantom as what leaves it.
        tally.escape(interaction.deposited_kev * weight);
        tally.interact(&Photon { weight, ..*photon }, &position_cm, None, &interaction);
        if let Some(Onward { energy_kev, direction }) = interaction.onward {
            scattered(Photon { position_cm, direction, energy_kev, weight }, stream, tally);
        }
    }
    (Photon { weight: photon.weight * (1.0 - taken), ..*photon }, clip_cm)
}

/// Follows a photon until it is absorbed or leaves.
#[inline]
pub fn follow<T: Tally>(
    world: &World,
    photon: Photon,
    stream: &mut impl Rng,
    row: &mut FlightRow,
    tally: &mut T,
) {
    follow_from(world, (photon, world.clip_cm(&photon)), stream, row, tally);
}

/// The same, for a photon of which it is known where its ray meets the body.
#[inline]
fn follow_from<T: Tally>(
    world: &World,
    (mut photon, mut clip_cm): (Photon, Clip),
    stream: &mut impl Rng,
    row: &mut FlightRow,
    tally: &mut T,
) {
    for _ in 0..STEPS_MAX {
        let Some(clip) = clip_cm else { return tally.escape(photon.carried_kev()) };
        let majorant_per_cm = world.tables.fill_row(photon.energy_kev, row);
        // An energy that is no number would interact for ever.
        if majorant_per_cm.is_nan() {
            return tally.escape(photon.carried_kev());
        }
        let Some(site) = fly_by_voxel(world, row, (&photon, clip), stream, tally) else {
            return tally.escape(photon.carried_kev());
        };
        let energy = world.tables.find(photon.energy_kev).0;
        match collide(world, (&photon, energy), &site, stream, tally) {
            Some(scattered) => photon = scattered,
            None => return,
        }
        clip_cm = world.clip_cm(&photon);
    }
    world.give_up(tally);
}

/// Lets a photon, whose energy lies there in the tables, interact at a site; what it leaves is told to the tally, what flies on is
/// returned.
#[inline(always)]
pub(super) fn collide<T: Tally>(
    world: &World,
    (photon, energy): (&Photon, EnergyPlace),
    site: &Site,
    stream: &mut impl Rng,
    tally: &mut T,
) -> Option<Photon> {
    let medium = world.medium(site.voxel, site.label);
    let interaction = world.tables.interact(medium, (photon.energy_kev, energy), &photon.direction, stream);
    tally.deposit(site.voxel, site.label, interaction.deposited_kev * photon.weight);
    tally.interact(photon, &site.position_cm, Some((site.voxel, site.label)), &interaction);
    interaction.onward.map(|onward| Photon {
        position_cm: site.position_cm,
        direction: onward.direction,
        energy_kev: onward.energy_kev,
        weight: photon.weight,
    })
}
