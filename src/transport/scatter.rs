//! Scattered photons that fly alone, voxel by voxel.

use rand::Rng;

use crate::numerics::rng::open01;
use crate::photon::Photon;
use crate::physics::tables::FlightRow;
use crate::transport::tally::Tally;
use crate::transport::world::{Site, World};

/// Walks every voxel to the next interaction, or out of the body (`None`), and scores the track length: best for dose maps.
///
/// `row` holds the coefficients at the photon's energy; `clip_cm` is where the ray meets the body.
#[inline]
pub fn fly_by_voxel<T: Tally>(
    world: &World,
    row: &FlightRow,
    (photon, clip_cm): (&Photon, (f32, f32)),
    stream: &mut impl Rng,
    tally: &mut T,
) -> Option<Site> {
    let energy_kev = photon.energy_kev * photon.weight;
    let mut free_paths = -open01(stream).ln();
    let mut site = None;
    world.grid.walk(&photon.position_cm, &photon.direction, clip_cm, |voxel, distance_cm, length_cm| {
        let Some(&label) = world.labels.get(voxel) else { return false };
        let flight = row[usize::from(world.medium(voxel, label))];
        let crossed = flight.mu_per_cm * length_cm;
        if crossed < free_paths {
            free_paths -= crossed;
            let kerma_kev = energy_kev * flight.mu_tr_per_cm * length_cm;
            tally.kerma(voxel, label, kerma_kev, flight.marrow_over_medium);
            return true;
        }
        let within_cm = free_paths / flight.mu_per_cm;
        let kerma_kev = energy_kev * flight.mu_tr_per_cm * within_cm;
        tally.kerma(voxel, label, kerma_kev, flight.marrow_over_medium);
        let position_cm = photon.position_cm + photon.direction * (distance_cm + within_cm);
        site = Some(Site { position_cm, voxel, label });
        false
    });
    site
}
