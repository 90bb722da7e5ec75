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
    OrganProfile::of(phantom).coverage(z_low_cm, z_high_cm)
}

/// Mass of every organ by slice: looks at the voxels once, and tells the coverage of any range.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganProfile {
    bottom_cm: f64,
    thickness_cm: f64,
    /// By slice, from foot to head, and organ, g.
    slices_g: Vec<Vec<f64>>,
}

impl OrganProfile {
    /// Of a phantom.
    pub fn of(phantom: &Phantom) -> Self {
        let slice_voxels = phantom.grid.counts[0] * phantom.grid.counts[1];
        let slice =
            |slice: usize| phantom.organ_masses_between_g(slice * slice_voxels..(slice + 1) * slice_voxels);
        OrganProfile {
            bottom_cm: phantom.grid.corner_cm[2],
            thickness_cm: phantom.grid.spacing_cm[2],
            slices_g: (0..phantom.grid.counts[2]).map(slice).collect(),
        }
    }

    /// Lower face of the lowest slice and thickness of all, cm.
    pub fn place_cm(&self) -> (f64, f64) {
        (self.bottom_cm, self.thickness_cm)
    }

    /// Masses by slice, from foot to head, and organ, g.
    pub fn slices_g(&self) -> &[Vec<f64>] {
        &self.slices_g
    }

    /// Share of every organ's mass between two heights, as [`coverage`] has it.
    pub fn coverage(&self, z_low_cm: f64, z_high_cm: f64) -> Vec<f64> {
        let organs = self.slices_g.first().map_or(0, Vec::len);
        let (mut covered_g, mut whole_g) = (vec![0.0; organs], vec![0.0; organs]);
        for (slice, masses_g) in self.slices_g.iter().enumerate() {
            let share = self.share_of_slice(slice, z_low_cm, z_high_cm);
            for (organ, mass_g) in masses_g.iter().enumerate() {
                whole_g[organ] += mass_g;
                covered_g[organ] += share * mass_g;
            }
        }
        let share = |(&covered, &whole): (&f64, &f64)| if whole > 0.0 { covered / whole } else { 0.0 };
        covered_g.iter().zip(&whole_g).map(share).collect()
    }

    /// Share of a slice's thickness between two heights.
    fn share_of_slice(&self, slice: usize, z_low_cm: f64, z_high_cm: f64) -> f64 {
        let bottom_cm = self.bottom_cm + slice as f64 * self.thickness_cm;
        let common_cm = z_high_cm.min(bottom_cm + self.thickness_cm) - z_low_cm.max(bottom_cm);
        (common_cm / self.thickness_cm).clamp(0.0, 1.0)
    }
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
