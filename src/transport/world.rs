//! What a photon flies through: voxel labels and the tables of their media.

use std::sync::atomic::{AtomicU64, Ordering};

use nalgebra::Vector3;

use crate::error::{Error, Result};
use crate::geometry::bounds::BodyBounds;
use crate::geometry::outline::Outline;
use crate::geometry::phantom::{EXTERIOR, Phantom};
use crate::geometry::points::MOST_ALONG_AXIS;
use crate::geometry::ray::RayGrid;
use crate::photon::Photon;
use crate::physics::tables::MediumTables;
use crate::transport::tally::Tally;

/// A phantom prepared for transport.
pub struct World<'a> {
    /// The grid, for rays.
    pub grid: RayGrid,
    /// Where the body is. Outside, the exterior's medium (air) attenuates and scatters photons on their way in; what leaves
    /// the body does not come back.
    pub bounds: BodyBounds,
    /// Region of every voxel.
    pub labels: &'a [u8],
    /// Medium of every voxel, where media vary within a region.
    pub voxel_media: Option<&'a [u8]>,
    /// Medium of every label, where they do not.
    pub medium_of_label: [u8; 256],
    /// Tables of the media.
    pub tables: MediumTables,
    /// Photons that were given up so far. In a box: what can change behind a shared reference is loaded anew at every step, and with
    /// it all that lies beside it.
    given_up: Box<AtomicU64>,
}

/// Steps a photon may take: moves from one tentative collision to the next in a flock, collisions where it walks voxel by voxel. A
/// photon takes hundreds.
pub const STEPS_MAX: u64 = 4_000_000;
/// Photons given up after which no more histories are played: no run can be good any more.
const GIVEN_UP_MAX: u64 = 1000;

/// Distances at which a ray enters and leaves the bounds of the body, cm; `None` if it misses them.
pub type Clip = Option<(f32, f32)>;

/// Where an interaction happens.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Position, cm.
    pub position_cm: Vector3<f32>,
    /// Voxel in memory.
    pub voxel: usize,
    /// Its label.
    pub label: u8,
}

impl<'a> World<'a> {
    /// Prepares a phantom with its outline. Refuses one without a body, or with too many voxels along an axis.
    pub fn new(phantom: &'a Phantom, outline: &Outline) -> Result<Self> {
        let bounds = BodyBounds::of(outline, f64::NEG_INFINITY, f64::INFINITY)
            .ok_or_else(|| Error::invalid(format!("phantom `{}` has no voxel of a body", phantom.id)))?;
        if let Some(most) = phantom.grid.counts.into_iter().find(|&count| count > MOST_ALONG_AXIS) {
            return Err(Error::invalid(format!(
                "phantom `{}` has {most} voxels along an axis; a run takes at most {MOST_ALONG_AXIS}",
                phantom.id
            ))
            .with_help("larger voxels, or a part of the phantom"));
        }
        let media: Vec<_> = phantom.media.iter().map(|m| (&m.material, m.density_g_cm3)).collect();
        let mut medium_of_label = [0; 256];
        for (label, region) in phantom.regions.iter().enumerate() {
            medium_of_label[label] = region.medium;
        }
        Ok(World {
            bounds,
            grid: RayGrid::new(&phantom.grid),
            labels: &phantom.labels,
            voxel_media: phantom.voxel_media.as_deref(),
            medium_of_label,
            tables: MediumTables::with_bones(&media, &phantom.bone_media()),
            given_up: Box::new(AtomicU64::new(0)),
        })
    }

    /// Medium of the air around the body.
    #[inline]
    pub fn air(&self) -> u8 {
        self.medium_of_label[usize::from(EXTERIOR)]
    }

    /// Air between a photon and the body, cm, where `clip_cm` is where its ray meets the body; where it misses it, the way there
    /// and as far again, after which what air scatters hardly comes back.
    #[inline]
    pub fn air_cm(&self, photon: &Photon, clip_cm: Clip) -> f32 {
        match clip_cm {
            Some((enter_cm, _)) => enter_cm,
            None => 2.0 * (self.bounds.middle_cm() - photon.position_cm).norm(),
        }
    }

    /// Gives a photon up that took too many steps, and tells the tally.
    #[cold]
    #[inline(never)]
    pub fn give_up<T: Tally>(&self, tally: &mut T) {
        self.given_up.fetch_add(1, Ordering::Relaxed);
        tally.give_up();
    }

    /// Whether so many photons were given up that playing on has no use.
    #[inline]
    pub fn is_hopeless(&self) -> bool {
        self.given_up.load(Ordering::Relaxed) > GIVEN_UP_MAX
    }

    /// Where a photon's ray meets the body.
    #[inline]
    pub fn clip_cm(&self, photon: &Photon) -> Clip {
        self.bounds.clip_cm(&photon.position_cm, &photon.direction)
    }

    /// Where the ray of a photon from outside meets the part of the body that it passes.
    #[inline]
    pub fn clip_closely_cm(&self, photon: &Photon) -> Clip {
        self.bounds.clip_closely_cm(&photon.position_cm, &photon.direction)
    }

    /// Medium of a voxel, whose label the caller has at hand.
    #[inline(always)]
    pub fn medium(&self, voxel: usize, label: u8) -> u8 {
        match self.voxel_media {
            Some(media) => media[voxel],
            None => self.medium_of_label[usize::from(label)],
        }
    }
}
