//! Skin in patches of about a square centimetre: where the largest dose to the skin is looked for.

use std::collections::BTreeMap;

use nalgebra::Vector3;

use crate::geometry::phantom::Phantom;

/// Organ that is skin.
const SKIN: &str = "skin";
/// Edge of the cubes that cut the skin into patches, cm; rounded to whole voxels.
pub const PATCH_EDGE_CM: f64 = 1.0;

/// The skin of a phantom in patches: what lies in one cube of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct SkinPatches {
    /// Index of every skin voxel and of its patch.
    voxels: Vec<(u32, u32)>,
    /// Mass of every patch, g.
    pub masses_g: Vec<f64>,
    /// Middle of the skin of every patch, cm.
    pub centres_cm: Vec<Vector3<f64>>,
}

impl SkinPatches {
    /// Patches of a phantom; `None` where none of its voxels is skin.
    pub fn of(phantom: &Phantom) -> Option<Self> {
        let skin = phantom.organs.iter().position(|organ| organ.id == SKIN)? as u16;
        let is_skin: Vec<bool> = phantom.regions.iter().map(|region| region.organ == Some(skin)).collect();
        let grid = &phantom.grid;
        let edge = grid.spacing_cm.map(|cm| ((PATCH_EDGE_CM / cm).round() as usize).max(1));
        let [nx, ny, _] = grid.counts;
        let mut numbers = BTreeMap::new();
        let mut patches = SkinPatches { voxels: Vec::new(), masses_g: Vec::new(), centres_cm: Vec::new() };
        for (voxel, &label) in phantom.labels.iter().enumerate() {
            if !is_skin[usize::from(label)] {
                continue;
            }
            let place = [voxel % nx, voxel / nx % ny, voxel / (nx * ny)];
            let cube: [usize; 3] = std::array::from_fn(|axis| place[axis] / edge[axis]);
            let next = numbers.len() as u32;
            let patch = *numbers.entry(cube).or_insert(next);
            if patch == next {
                patches.masses_g.push(0.0);
                patches.centres_cm.push(Vector3::zeros());
            }
            let mass_g = phantom.density_g_cm3(voxel) * grid.voxel_volume_cm3();
            patches.masses_g[patch as usize] += mass_g;
            patches.centres_cm[patch as usize] += mass_g * grid.centre_cm(place[0], place[1], place[2]);
            patches.voxels.push((voxel as u32, patch));
        }
        let masses = patches.centres_cm.iter_mut().zip(&patches.masses_g);
        masses.for_each(|(centre, mass_g)| *centre /= *mass_g);
        (!patches.voxels.is_empty()).then_some(patches)
    }

    /// Energy of every patch, keV, from the energies of the phantom's voxels.
    pub fn energies_kev(&self, voxel_kev: &[f32]) -> Vec<f32> {
        let mut sums = vec![0.0_f64; self.masses_g.len()];
        for &(voxel, patch) in &self.voxels {
            sums[patch as usize] += f64::from(voxel_kev[voxel as usize]);
        }
        sums.into_iter().map(|sum| sum as f32).collect()
    }
}
