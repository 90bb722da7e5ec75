//! A photon's life, from its first flight to its last.

use rand::Rng;

use crate::numerics::rng::HistoryAddress;
use crate::photon::Photon;
use crate::physics::tables::{FlightRow, empty_row};
use crate::transport::primary::walk_primary;
use crate::transport::scatter::Flyer;
use crate::transport::tally::Tally;
use crate::transport::world::{Site, World};

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
/// places the interactions, each of which has a random stream of its own.
#[inline]
pub fn expected_primary_history<F: Flyer, T: Tally>(
    world: &World,
    photon: &Photon,
    (splits, deviate): (u32, f32),
    address: HistoryAddress,
    scratch: &mut Scratch,
    tally: &mut T,
) {
    let Scratch { primary_row, row, sites } = scratch;
    let photon = &arrive(world, photon, tally);
    world.tables.fill_row(photon.energy_kev, primary_row);
    sites.clear();
    let escaped_kev = walk_primary(world, primary_row, photon, (splits, deviate), sites, tally);
    tally.escape(escaped_kev);
    let child = Photon { weight: photon.weight / splits as f32, ..*photon };
    for (part, site) in sites.drain(..).enumerate() {
        let stream = &mut address.stream(part as u64);
        if let Some(scattered) = collide(world, &child, &site, stream, tally) {
            follow::<F, T>(world, scattered, stream, row, tally);
        }
    }
}

/// A history in which everything is played: the reference.
#[inline]
pub fn analog_history<F: Flyer, T: Tally>(
    world: &World,
    photon: &Photon,
    stream: &mut impl Rng,
    scratch: &mut Scratch,
    tally: &mut T,
) {
    let photon = arrive(world, photon, tally);
    follow::<F, T>(world, photon, stream, &mut scratch.row, tally);
}

/// Brings a source photon through the air to the body; its weight loses what the air takes.
#[inline]
fn arrive<T: Tally>(world: &World, photon: &Photon, tally: &mut T) -> Photon {
    let emitted_kev = photon.energy_kev * photon.weight;
    let transmission = world.transmission_to_body(photon);
    tally.emit(emitted_kev);
    tally.escape(emitted_kev * (1.0 - transmission));
    Photon { weight: photon.weight * transmission, ..*photon }
}

/// Follows a photon until it is absorbed or leaves.
#[inline]
pub fn follow<F: Flyer, T: Tally>(
    world: &World,
    mut photon: Photon,
    stream: &mut impl Rng,
    row: &mut FlightRow,
    tally: &mut T,
) {
    loop {
        let majorant_per_cm = world.tables.fill_row(photon.energy_kev, row);
        let Some(site) = F::fly(world, row, majorant_per_cm, &photon, stream, tally) else {
            return tally.escape(photon.energy_kev * photon.weight);
        };
        match collide(world, &photon, &site, stream, tally) {
            Some(scattered) => photon = scattered,
            None => return,
        }
    }
}

/// Lets a photon interact at a site; what it leaves is told to the tally, what flies on is returned.
#[inline]
fn collide<T: Tally>(
    world: &World,
    photon: &Photon,
    site: &Site,
    stream: &mut impl Rng,
    tally: &mut T,
) -> Option<Photon> {
    let medium = world.medium(site.voxel, site.label);
    let interaction = world.tables.interact(medium, photon.energy_kev, &photon.direction, stream);
    tally.deposit(site.voxel, site.label, interaction.deposited_kev * photon.weight);
    interaction.onward.map(|onward| Photon {
        position_cm: site.position_cm,
        direction: onward.direction,
        energy_kev: onward.energy_kev,
        weight: photon.weight,
    })
}
