//! A ray's walk through a voxel grid: every voxel it crosses, with the length inside.

use nalgebra::Vector3;
use wide::f32x4;

use crate::geometry::faces::{Faces, steps_by_axes};
use crate::geometry::grid::VoxelGrid;
use crate::geometry::points::lanes;

/// A grid prepared for rays, in single precision.
#[derive(Clone, Debug)]
pub struct RayGrid {
    counts: [i32; 3],
    pub(super) strides: [i32; 3],
    pub(super) corner_cm: [f32; 3],
    upper_cm: [f32; 3],
    spacing_cm: [f32; 3],
    pub(super) per_cm: [f32; 3],
    /// Corner, cm, and voxels per cm once more, in registers.
    pub(super) lanes: [f32x4; 2],
}

impl RayGrid {
    /// Prepares a grid. It must have fewer than 2³¹ voxels (phantoms are refused above that).
    pub fn new(grid: &VoxelGrid) -> Self {
        assert!(grid.len() < i32::MAX as usize, "a grid of {} voxels is too large", grid.len());
        let counts = grid.counts.map(|n| n as i32);
        let corner_cm = grid.corner_cm.map(|c| c as f32);
        let per_cm = grid.spacing_cm.map(|s| (1.0 / s) as f32);
        RayGrid {
            counts,
            strides: [1, counts[0], counts[0] * counts[1]],
            corner_cm,
            upper_cm: std::array::from_fn(|axis| grid.extent_cm(axis).1 as f32),
            spacing_cm: grid.spacing_cm.map(|s| s as f32),
            per_cm,
            lanes: [lanes(corner_cm), lanes(per_cm)],
        }
    }

    /// A voxel's shortest edge, cm.
    pub fn shortest_edge_cm(&self) -> f32 {
        self.spacing_cm.into_iter().fold(f32::INFINITY, f32::min)
    }

    /// Voxel that holds a point; `None` outside the grid.
    #[inline]
    pub fn voxel_at(&self, point_cm: &Vector3<f32>) -> Option<usize> {
        let mut index = 0;
        for axis in 0..3 {
            let place = (point_cm[axis] - self.corner_cm[axis]) * self.per_cm[axis];
            // Casts of negative numbers go to 0 or below; the comparison refuses them.
            if !(place >= 0.0 && place < self.counts[axis] as f32) {
                return None;
            }
            index += place as i32 * self.strides[axis];
        }
        Some(index as usize)
    }

    /// Distances at which a ray enters and leaves the grid, cm; `None` if it misses it.
    #[inline]
    pub fn clip_cm(&self, from_cm: &Vector3<f32>, direction: &Vector3<f32>) -> Option<(f32, f32)> {
        let (mut enter, mut leave) = (0.0_f32, f32::INFINITY);
        for axis in 0..3 {
            let inverse = 1.0 / direction[axis];
            let a = (self.corner_cm[axis] - from_cm[axis]) * inverse;
            let b = (self.upper_cm[axis] - from_cm[axis]) * inverse;
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        (enter < leave).then_some((enter, leave))
    }

    /// Walks a ray between two distances inside the grid (Amanatides & Woo 1987), voxel by voxel.
    ///
    /// `visit(voxel, distance_cm, length_cm)` gets each voxel, the distance from `from_cm` at which the ray
    /// enters it and the length inside; it returns whether to go on. Lengths add up to the clipped ray.
    /// Rounding may name one voxel beyond the grid for a last sliver of some µm: look voxels up with `get`.
    #[inline]
    pub fn walk(
        &self,
        from_cm: &Vector3<f32>,
        direction: &Vector3<f32>,
        (enter, leave): (f32, f32),
        mut visit: impl FnMut(usize, f32, f32) -> bool,
    ) {
        let mut next = [0.0_f32; 3];
        let mut advance = [0.0_f32; 3];
        let mut step = [0_i32; 3];
        let mut index = 0;
        for axis in 0..3 {
            let inverse = 1.0 / direction[axis];
            let entry_cm = from_cm[axis] + direction[axis] * enter;
            let place = (entry_cm - self.corner_cm[axis]) * self.per_cm[axis];
            let cell = (place as i32).clamp(0, self.counts[axis] - 1);
            let upward = direction[axis] > 0.0;
            let face = (cell + i32::from(upward)) as f32 * self.spacing_cm[axis] + self.corner_cm[axis];
            index += cell * self.strides[axis];
            step[axis] = if upward { self.strides[axis] } else { -self.strides[axis] };
            advance[axis] = self.spacing_cm[axis] * inverse.abs();
            let distance = (face - from_cm[axis]) * inverse;
            next[axis] =
                if distance.is_nan() || advance[axis].is_infinite() { f32::INFINITY } else { distance };
        }
        let (mut faces, steps) = (Faces::new(next, advance), steps_by_axes(step));
        let mut distance = enter;
        loop {
            let nearest = faces.nearest_cm();
            let end = smaller(nearest, leave);
            if !visit(index as usize, distance, end - distance) || nearest >= leave {
                return;
            }
            distance = end;
            index = index.wrapping_add(steps[faces.cross()]);
        }
    }
}

/// The smaller of two numbers that are not NaN: one instruction, unlike `f32::min`.
#[inline(always)]
pub(super) fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The larger of two numbers that are not NaN.
#[inline(always)]
pub(super) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> VoxelGrid {
        VoxelGrid { counts: [20, 30, 40], spacing_cm: [0.2, 0.15, 0.3], corner_cm: [-2.0, -1.0, -5.0] }
    }

    fn direction(k: u32) -> Vector3<f32> {
        let azimuth = k as f32 * 2.399_963;
        let z = 1.0 - 2.0 * ((k as f32 + 0.5) / 500.0);
        let r = (1.0 - z * z).sqrt();
        Vector3::new(r * azimuth.cos(), r * azimuth.sin(), z)
    }

    #[test]
    fn lengths_add_up_to_the_ray_inside_the_grid_and_lie_in_their_voxels() {
        let (grid, rays) = (grid(), RayGrid::new(&grid()));
        for k in 0..500 {
            let direction = direction(k);
            let from = Vector3::new(0.1, 0.7, 0.9) - direction * 30.0;
            let (enter, leave) = rays.clip_cm(&from, &direction).expect("the ray passes through the middle");
            let mut total = 0.0;
            rays.walk(&from, &direction, (enter, leave), |voxel, distance, length| {
                if length > 1e-3 {
                    assert!(voxel < grid.len());
                    let middle = from + direction * (distance + length / 2.0);
                    assert_eq!(rays.voxel_at(&middle), Some(voxel), "ray {k}");
                }
                total += length;
                true
            });
            assert!((total - (leave - enter)).abs() < 2e-4, "ray {k}: {total} of {}", leave - enter);
        }
    }

    #[test]
    fn rays_along_an_axis_cross_one_row() {
        let rays = RayGrid::new(&grid());
        for axis in 0..3 {
            for sign in [-1.0, 1.0] {
                let mut direction = Vector3::zeros();
                direction[axis] = sign;
                let from = Vector3::new(0.1, 0.7, 0.9) - direction * 30.0;
                let mut visited = 0;
                let clip = rays.clip_cm(&from, &direction).unwrap();
                rays.walk(&from, &direction, clip, |_, _, length| {
                    visited += usize::from(length > 1e-4);
                    true
                });
                assert_eq!(visited, grid().counts[axis]);
            }
        }
    }

    #[test]
    fn a_ray_that_misses_has_no_interval() {
        let rays = RayGrid::new(&grid());
        assert_eq!(rays.clip_cm(&Vector3::new(50.0, 0.0, 0.0), &Vector3::new(0.0, 0.0, 1.0)), None);
    }
}
