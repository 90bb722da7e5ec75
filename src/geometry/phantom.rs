//! A voxel phantom: one byte per voxel names a region; the region names organ and medium.

use std::collections::BTreeMap;

use crate::data::material::Material;
use crate::geometry::grid::VoxelGrid;

/// Label of the air around the body in every phantom. Dose is not scored there.
pub const EXTERIOR: u8 = 0;

/// What photons see: a material at a density.
#[derive(Clone, Debug, PartialEq)]
pub struct Medium {
    /// Composition.
    pub material: Material,
    /// Density, g/cm³ (may differ from the material's nominal one).
    pub density_g_cm3: f64,
}

/// What a physicist asks about: an organ or tissue, the union of one or more regions.
#[derive(Clone, Debug, PartialEq)]
pub struct Organ {
    /// Key in files and protocols, for example `lungs`.
    pub id: String,
    /// Name for people, for example `Lungs`.
    pub name: String,
    /// Mass the model aims at, g, where its source states one for the whole organ.
    pub target_mass_g: Option<f64>,
}

/// One label value: where in the phantom, of which organ, made of what.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Key, for example `lung_left`.
    pub id: String,
    /// Index into [`Phantom::organs`]; `None` for the exterior.
    pub organ: Option<u16>,
    /// Index into [`Phantom::media`].
    pub medium: u8,
}

/// A voxelized phantom.
#[derive(Clone, Debug, PartialEq)]
pub struct Phantom {
    /// Key, for example `ce-05y`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The grid of the labels.
    pub grid: VoxelGrid,
    /// Region of every voxel, x fastest; [`EXTERIOR`] outside the body.
    pub labels: Vec<u8>,
    /// Regions by label; entry 0 is the exterior air.
    pub regions: Vec<Region>,
    /// Media by index.
    pub media: Vec<Medium>,
    /// Organs by index.
    pub organs: Vec<Organ>,
    /// Height above the patient frame's origin of named landmarks, cm (z grows to the head).
    pub landmarks_z_cm: BTreeMap<String, f64>,
    /// x and y of the axis that is put on the scanner's isocentre, cm.
    pub axis_cm: [f64; 2],
}

impl Phantom {
    /// Number of voxels of every region, by label.
    pub fn region_voxels(&self) -> Vec<u64> {
        let mut counts = vec![0; self.regions.len()];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// Mass of every organ, g, from its voxels.
    pub fn organ_masses_g(&self) -> Vec<f64> {
        let mut masses = vec![0.0; self.organs.len()];
        for (region, &voxels) in self.regions.iter().zip(&self.region_voxels()) {
            if let Some(organ) = region.organ {
                masses[usize::from(organ)] += voxels as f64 * self.voxel_mass_g(region);
            }
        }
        masses
    }

    /// Mass of one voxel of a region, g.
    pub fn voxel_mass_g(&self, region: &Region) -> f64 {
        self.media[usize::from(region.medium)].density_g_cm3 * self.grid.voxel_volume_cm3()
    }
}
