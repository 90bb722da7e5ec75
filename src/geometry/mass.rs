//! What a phantom weighs, organ by organ, and how much of each organ a scan covers.

use crate::geometry::phantom::Phantom;

/// Mass of an organ: what its voxels weigh, and what its source states.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganMass {
    /// Index into [`Phantom::organs`].
    pub organ: usize,
    /// Mass of its voxels, g.
    pub mass_g: f64,
    /// Mass the source states, g.
    pub target_mass_g: Option<f64>,
}

impl OrganMass {
    /// Deviation of the voxels' mass from the stated one, as a fraction of it.
    pub fn deviation(&self) -> Option<f64> {
        self.target_mass_g.filter(|&target_g| target_g > 0.0).map(|target_g| self.mass_g / target_g - 1.0)
    }
}

/// Masses of all organs, in the order of [`Phantom::organs`].
pub fn organ_mass_table(phantom: &Phantom) -> Vec<OrganMass> {
    let masses_g = phantom.organ_masses_g();
    phantom
        .organs
        .iter()
        .zip(masses_g)
        .enumerate()
        .map(|(organ, (about, mass_g))| OrganMass { organ, mass_g, target_mass_g: about.target_mass_g })
        .collect()
}

/// Mass of the body, g: all organs together.
pub fn body_mass_g(phantom: &Phantom) -> f64 {
    phantom.organ_masses_g().iter().sum()
}

/// Share of every organ's mass between two heights, from 0 to 1; a voxel cut by one of them counts in
/// part. An organ without voxels has the share 0.
pub fn coverage(phantom: &Phantom, z_low_cm: f64, z_high_cm: f64) -> Vec<f64> {
    let mut covered_g = vec![0.0; phantom.organs.len()];
    let mut whole_g = vec![0.0; phantom.organs.len()];
    let slice_voxels = phantom.grid.counts[0] * phantom.grid.counts[1];
    for slice in 0..phantom.grid.counts[2] {
        let share = share_of_slice(phantom, slice, z_low_cm, z_high_cm);
        let masses_g = phantom.organ_masses_between_g(slice * slice_voxels..(slice + 1) * slice_voxels);
        for (organ, mass_g) in masses_g.into_iter().enumerate() {
            whole_g[organ] += mass_g;
            covered_g[organ] += share * mass_g;
        }
    }
    let share = |(&covered, &whole): (&f64, &f64)| if whole > 0.0 { covered / whole } else { 0.0 };
    covered_g.iter().zip(&whole_g).map(share).collect()
}

/// Lowest and highest z of the voxels of an organ, cm; `None` if it has none.
pub fn organ_extent_z_cm(phantom: &Phantom, organ: usize) -> Option<(f64, f64)> {
    let is_of: Vec<bool> = phantom.regions.iter().map(|r| r.organ.map(usize::from) == Some(organ)).collect();
    let holds = |labels: &[u8]| labels.iter().any(|&label| is_of[usize::from(label)]);
    let mut filled = slices(phantom).enumerate().filter(|(_, labels)| holds(labels)).map(|(slice, _)| slice);
    let first = filled.next()?;
    let last = filled.last().unwrap_or(first);
    let face_cm = |slice: usize| phantom.grid.corner_cm[2] + slice as f64 * phantom.grid.spacing_cm[2];
    Some((face_cm(first), face_cm(last + 1)))
}

fn slices(phantom: &Phantom) -> impl Iterator<Item = &[u8]> {
    phantom.labels.chunks_exact(phantom.grid.counts[0] * phantom.grid.counts[1])
}

/// Share of a slice's thickness between two heights.
fn share_of_slice(phantom: &Phantom, slice: usize, z_low_cm: f64, z_high_cm: f64) -> f64 {
    let thickness_cm = phantom.grid.spacing_cm[2];
    let bottom_cm = phantom.grid.corner_cm[2] + slice as f64 * thickness_cm;
    let common_cm = z_high_cm.min(bottom_cm + thickness_cm) - z_low_cm.max(bottom_cm);
    (common_cm / thickness_cm).clamp(0.0, 1.0)
}
