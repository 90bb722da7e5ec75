//! Voxels at points evenly spaced along a ray, four at a time.

use nalgebra::Vector3;
use wide::bytemuck::cast;
use wide::{f32x4, i16x8, i32x4};

use crate::geometry::ray::RayGrid;

/// Points that are looked at together.
pub const POINTS: usize = 4;

/// Voxels along an axis, at most: cells along y and z are multiplied as numbers of 16 bits.
pub const MOST_ALONG_AXIS: usize = i16::MAX as usize;

/// Points on their way along a ray.
pub struct PointWalk {
    /// Where the next points are, in voxels from the grid's corner, by axis.
    places: [f32x4; 3],
    /// From four points to the next four.
    advance: [f32x4; 3],
    /// Strides along y and z, their low and their high 15 bits.
    strides: [i16x8; 2],
}

impl RayGrid {
    /// Voxels at points along a ray: the first at a distance from where it starts, the others so far apart, cm.
    ///
    /// Points have to lie inside the grid; those beyond it get any number.
    #[inline(always)]
    pub fn points(
        &self,
        from_cm: &Vector3<f32>,
        direction: &Vector3<f32>,
        (first_cm, spacing_cm): (f32, f32),
    ) -> PointWalk {
        let distances_cm =
            f32x4::splat(first_cm) + f32x4::splat(spacing_cm) * f32x4::new([0.0, 1.0, 2.0, 3.0]);
        let slope = |axis: usize| direction[axis] * self.per_cm[axis];
        let place = |axis: usize| {
            let origin = (from_cm[axis] - self.corner_cm[axis]) * self.per_cm[axis];
            f32x4::splat(origin) + f32x4::splat(slope(axis)) * distances_cm
        };
        let advance = |axis: usize| f32x4::splat(POINTS as f32 * spacing_cm * slope(axis));
        let strides = |of: fn(i32) -> i16| {
            let [y, z] = [1, 2].map(|axis| of(self.strides[axis]));
            i16x8::new([y, z, y, z, y, z, y, z])
        };
        PointWalk {
            places: [place(0), place(1), place(2)],
            advance: [advance(0), advance(1), advance(2)],
            strides: [strides(|stride| (stride & 0x7fff) as i16), strides(|stride| (stride >> 15) as i16)],
        }
    }
}

impl PointWalk {
    /// Voxels of the next four points.
    #[inline(always)]
    pub fn next_four(&mut self) -> [u32; POINTS] {
        let [x, y, z] = self.places.map(|place| place.fast_trunc_int());
        for (place, advance) in self.places.iter_mut().zip(self.advance) {
            *place += advance;
        }
        // Cells along y and z side by side: one instruction multiplies both by their strides and adds them.
        let cells: i16x8 = cast(y | (z << 16_i32));
        let [low, high] = self.strides;
        let voxels: i32x4 = x + cells.dot(low) + (cells.dot(high) << 15_i32);
        cast(voxels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::grid::VoxelGrid;

    #[test]
    fn points_lie_in_the_voxels_that_hold_them() {
        // The strides of the second grid have high bits.
        for counts in [[20, 30, 40], [500, 300, 12]] {
            let grid = VoxelGrid { counts, spacing_cm: [0.2, 0.15, 0.3], corner_cm: [-2.0, -1.0, -5.0] };
            let rays = RayGrid::new(&grid);
            let middle = Vector3::from_fn(|axis, _| {
                let (low, high) = grid.extent_cm(axis);
                (0.5 * (low + high)) as f32
            });
            for k in 0..300_u32 {
                let (azimuth, z) = (k as f32 * 2.399_963, 1.0 - 2.0 * ((k as f32 + 0.5) / 300.0));
                let r = (1.0 - z * z).sqrt();
                let direction = Vector3::new(r * azimuth.cos(), r * azimuth.sin(), z);
                let from = middle - direction * 0.9;
                let mut walk = rays.points(&from, &direction, (0.03, 0.11));
                for four in 0..4 {
                    for (lane, voxel) in walk.next_four().into_iter().enumerate() {
                        let distance = 0.03 + 0.11 * (4 * four + lane) as f32;
                        let near =
                            [-1e-5, 1e-5].map(|by| rays.voxel_at(&(from + direction * (distance + by))));
                        assert!(near.contains(&Some(voxel as usize)), "ray {k}, point {distance} cm");
                    }
                }
            }
        }
    }
}
