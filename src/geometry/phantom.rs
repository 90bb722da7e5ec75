//! A voxel phantom: one byte per voxel names a region; the region names organ and medium.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::data::material::Material;
use crate::error::{Error, Result};
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
    /// Index into [`Phantom::media`]: what all of it is made of, unless [`Phantom::voxel_media`] says otherwise.
    pub medium: u8,
}

/// Bones that share a part of the body's active marrow.
#[derive(Clone, Debug, PartialEq)]
pub struct BoneSite {
    /// Indices into [`Phantom::organs`]; none where the phantom lacks these bones (arms that are raised).
    pub organs: Vec<u16>,
    /// Share of the body's active marrow, 0 to 1.
    pub active_marrow_share: f64,
    /// Share of the body's endosteum, 0 to 1, where the source states it.
    pub endosteum_share: Option<f64>,
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
    /// Medium of every voxel, in the order of the labels, where media vary within a region (a patient's CT);
    /// `None`: every voxel has the medium of its region.
    pub voxel_media: Option<Vec<u8>>,
    /// Regions by label; entry 0 is the exterior air.
    pub regions: Vec<Region>,
    /// Media by index.
    pub media: Vec<Medium>,
    /// Organs by index.
    pub organs: Vec<Organ>,
    /// Where the active marrow is; empty where that is not known.
    pub bone_sites: Vec<BoneSite>,
    /// Height above the patient frame's origin of named landmarks, cm (z grows to the head).
    pub landmarks_z_cm: BTreeMap<String, f64>,
    /// x and y of the axis that is put on the scanner's isocentre, cm.
    pub axis_cm: [f64; 2],
}

impl Phantom {
    /// Whether each medium is that of a bone with active marrow.
    pub fn bone_media(&self) -> Vec<bool> {
        let mut is_bone = vec![false; self.media.len()];
        let is_site = |organ: u16| self.bone_sites.iter().any(|site| site.organs.contains(&organ));
        for region in self.regions.iter().filter(|region| region.organ.is_some_and(is_site)) {
            is_bone[usize::from(region.medium)] = true;
        }
        is_bone
    }

    /// Number of voxels of every region, by label.
    pub fn region_voxels(&self) -> Vec<u64> {
        count_labels(&self.labels)[..self.regions.len()].to_vec()
    }

    /// Mass of every organ, g, from its voxels.
    pub fn organ_masses_g(&self) -> Vec<f64> {
        self.organ_masses_between_g(0..self.labels.len())
    }

    /// Mass that some voxels have of every organ, g.
    pub fn organ_masses_between_g(&self, voxels: Range<usize>) -> Vec<f64> {
        let mut masses = vec![0.0; self.organs.len()];
        for (region, mass_g) in self.regions.iter().zip(self.region_masses_g(voxels)) {
            if let Some(organ) = region.organ {
                masses[usize::from(organ)] += mass_g;
            }
        }
        masses
    }

    /// Mass that some voxels have of every region, g, by label.
    fn region_masses_g(&self, voxels: Range<usize>) -> Vec<f64> {
        let labels = &self.labels[voxels.clone()];
        match &self.voxel_media {
            None => {
                let mass = |(region, count): (&Region, u64)| count as f64 * self.medium_mass_g(region.medium);
                self.regions.iter().zip(count_labels(labels)).map(mass).collect()
            }
            Some(media) => {
                let masses_g: Vec<f64> = (0..=u8::MAX).map(|medium| self.medium_mass_g(medium)).collect();
                let mut sums_g = vec![0.0; self.regions.len()];
                for (&label, &medium) in labels.iter().zip(&media[voxels]) {
                    sums_g[usize::from(label)] += masses_g[usize::from(medium)];
                }
                sums_g
            }
        }
    }

    /// Height of a landmark, cm; refuses a phantom without it.
    pub fn landmark_cm(&self, name: &str) -> Result<f64> {
        let lacks = || Error::invalid(format!("phantom `{}` must have a landmark `{name}`", self.id));
        self.landmarks_z_cm.get(name).copied().ok_or_else(lacks)
    }

    /// Tells of a voxel whether its middle lies between two heights.
    pub fn is_between_z(&self, low_cm: f64, high_cm: f64) -> impl Fn(usize) -> bool {
        let slice = self.grid.counts[0] * self.grid.counts[1];
        let is_inside = |iz: usize| (low_cm..=high_cm).contains(&self.grid.centre_cm(0, 0, iz).z);
        let layers: Vec<bool> = (0..self.grid.counts[2]).map(is_inside).collect();
        move |voxel| layers[voxel / slice]
    }

    /// Index of a voxel's medium in [`Self::media`].
    #[inline]
    pub fn medium_index(&self, voxel: usize) -> u8 {
        match &self.voxel_media {
            Some(media) => media[voxel],
            None => self.regions[usize::from(self.labels[voxel])].medium,
        }
    }

    /// Density of a voxel, g/cm³.
    #[inline]
    pub fn density_g_cm3(&self, voxel: usize) -> f64 {
        self.media[usize::from(self.medium_index(voxel))].density_g_cm3
    }

    /// Mass of one voxel of a medium, g; 0 for a medium that is not in the table.
    fn medium_mass_g(&self, medium: u8) -> f64 {
        let density_g_cm3 = self.media.get(usize::from(medium)).map_or(0.0, |medium| medium.density_g_cm3);
        density_g_cm3 * self.grid.voxel_volume_cm3()
    }
}
/// Voxels of every label. Most neighbours are of one label: eight at once; where they differ they are counted apart, since
/// a count would wait for the one before.
fn count_labels(labels: &[u8]) -> [u64; 256] {
    const LANES: usize = 4;
    const EVERY_BYTE: u64 = 0x0101_0101_0101_0101;
    let mut counts = [[0_u64; 256]; LANES];
    let (eights, rest) = labels.as_chunks::<8>();
    for eight in eights {
        if u64::from_ne_bytes(*eight) == EVERY_BYTE * u64::from(eight[0]) {
            counts[0][usize::from(eight[0])] += 8;
            continue;
        }
        for (place, &label) in eight.iter().enumerate() {
            counts[place % LANES][usize::from(label)] += 1;
        }
    }
    rest.iter().for_each(|&label| counts[0][usize::from(label)] += 1);
    std::array::from_fn(|label| counts.iter().map(|lane| lane[label]).sum())
}
