//! A regular voxel grid, axis-aligned in the patient frame (DICOM LPS).

use nalgebra::Vector3;

/// A regular grid of voxels. Axis order is x, y, z everywhere; in memory x runs fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct VoxelGrid {
    /// Number of voxels along x, y, z.
    pub counts: [usize; 3],
    /// Edge lengths of a voxel, cm.
    pub spacing_cm: [f64; 3],
    /// Outer corner of the first voxel (lowest x, y, z), cm.
    pub corner_cm: [f64; 3],
}

impl VoxelGrid {
    /// Number of voxels.
    pub fn len(&self) -> usize {
        self.counts.iter().product()
    }

    /// Whether there is no voxel at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Volume of one voxel, cm³.
    pub fn voxel_volume_cm3(&self) -> f64 {
        self.spacing_cm.iter().product()
    }

    /// Position of voxel (ix, iy, iz) in memory.
    #[inline]
    pub fn index(&self, ix: usize, iy: usize, iz: usize) -> usize {
        (iz * self.counts[1] + iy) * self.counts[0] + ix
    }

    /// Centre of voxel (ix, iy, iz), cm.
    pub fn centre_cm(&self, ix: usize, iy: usize, iz: usize) -> Vector3<f64> {
        let along = |axis: usize, i: usize| self.corner_cm[axis] + (i as f64 + 0.5) * self.spacing_cm[axis];
        Vector3::new(along(0, ix), along(1, iy), along(2, iz))
    }

    /// Lower and upper face of the grid along an axis (0, 1, 2), cm.
    pub fn extent_cm(&self, axis: usize) -> (f64, f64) {
        let low = self.corner_cm[axis];
        (low, low + self.counts[axis] as f64 * self.spacing_cm[axis])
    }
}
