//! Scattered photons that fly alone: flights between interactions, with and without a score on the way.

use rand::Rng;

use crate::numerics::rng::open01;
use crate::photon::Photon;
use crate::physics::tables::FlightRow;
use crate::transport::tally::Tally;
use crate::transport::world::{STEPS_MAX, Site, World};

/// A way to fly to the next interaction. Monomorphised into the history loop.
pub trait Flyer {
    /// Flies a photon until it interacts or leaves the grid (`None`), scoring on the way.
    ///
    /// `row` holds the coefficients at the photon's energy, `majorant_per_cm` the largest μ in it; `clip_cm` is where the ray
    /// meets the body.
    fn fly<T: Tally>(
        world: &World,
        row_and_majorant_per_cm: (&FlightRow, f32),
        photon_and_clip_cm: (&Photon, (f32, f32)),
        stream: &mut impl Rng,
        tally: &mut T,
    ) -> Option<Site>;
}

/// Walks every voxel on the way and scores the track length: best for dose maps.
pub struct TrackLength;

/// Woodcock tracking without scoring on the way: the analog reference scores deposits.
pub struct Silent;

impl Flyer for TrackLength {
    #[inline]
    fn fly<T: Tally>(
        world: &World,
        (row, _): (&FlightRow, f32),
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
}

impl Flyer for Silent {
    #[inline]
    fn fly<T: Tally>(
        world: &World,
        row: (&FlightRow, f32),
        photon: (&Photon, (f32, f32)),
        stream: &mut impl Rng,
        tally: &mut T,
    ) -> Option<Site> {
        woodcock(world, row, photon, stream, tally)
    }
}

/// Woodcock tracking (Woodcock et al. 1965): flights as if every voxel were the densest one; a tentative
/// collision is real with probability μ/majorant.
#[inline]
fn woodcock<T: Tally>(
    world: &World,
    (row, majorant_per_cm): (&FlightRow, f32),
    (photon, (enter_cm, leave_cm)): (&Photon, (f32, f32)),
    stream: &mut impl Rng,
    tally: &mut T,
) -> Option<Site> {
    let mean_free_path_cm = 1.0 / majorant_per_cm;
    let mut distance_cm = enter_cm;
    for _ in 0..STEPS_MAX {
        distance_cm -= open01(stream).ln() * mean_free_path_cm;
        if distance_cm > leave_cm {
            return None;
        }
        let position_cm = photon.position_cm + photon.direction * distance_cm;
        let voxel = world.grid.voxel_at(&position_cm)?;
        let label = world.labels[voxel];
        let mu_per_cm = row[usize::from(world.medium(voxel, label))].mu_per_cm;
        if open01(stream) * majorant_per_cm < mu_per_cm {
            return Some(Site { position_cm, voxel, label });
        }
    }
    world.give_up(tally);
    None
}
