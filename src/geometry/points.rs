//! Voxels at points evenly spaced along a ray, four at a time.

use nalgebra::Vector3;
use wide::bytemuck::cast;
use wide::{f32x4, i16x8, i32x4};

use crate::geometry::ray::RayGrid;

/// Points that are looked at together.
pub const POINTS: usize = 4;

/// Voxels along an axis, at most: cells along y and z are multiplied as numbers of 16 bits.
pub const MOST_ALONG_AXIS: usize = i16::MAX as usize;

/// A ray in voxels from the grid's corner: where it starts, and how far it goes in a cm. The fourth lane is idle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    origin: f32x4,
    slope_per_cm: f32x4,
}

/// Points on their way along a ray.
pub struct PointWalk {
    /// Where the next points are, in voxels from the grid's corner, by axis.
    places: [f32x4; 3],
    /// From four points to the next four.
    advance: [f32x4; 3],
    /// Strides along y and z, their low and their high 15 bits.
    strides: [i16x8; 2],
}

/// Three numbers in a register of four.
#[inline(always)]
pub(super) fn lanes([x, y, z]: [f32; 3]) -> f32x4 {
    f32x4::new([x, y, z, 0.0])
}

impl RayGrid {
    /// A ray as the grid sees it.
    #[inline(always)]
    pub fn line(&self, from_cm: &Vector3<f32>, direction: &Vector3<f32>) -> Line {
        let [corner_cm, per_cm] = self.lanes;
        let origin = (lanes((*from_cm).into()) - corner_cm) * per_cm;
        Line { origin, slope_per_cm: lanes((*direction).into()) * per_cm }
    }

    /// Voxel at a distance from where a ray starts, cm. Points have to lie inside the grid; those beyond it get any number.
    #[inline(always)]
    pub fn voxel_on(&self, line: &Line, distance_cm: f32) -> usize {
        let place = line.origin + line.slope_per_cm * f32x4::splat(distance_cm);
        let [x, y, z, _] = place.fast_trunc_int().to_array();
        let [_, stride_y, stride_z] = self.strides;
        x.wrapping_add(y.wrapping_mul(stride_y)).wrapping_add(z.wrapping_mul(stride_z)) as u32 as usize
    }

    /// Voxels at points along a ray: the first at a distance from where it starts, the others so far apart, cm.
    ///
    /// Points have to lie inside the grid; those beyond it get any number.
    #[inline(always)]
    pub fn points(&self, line: &Line, (first_cm, spacing_cm): (f32, f32)) -> PointWalk {
        let distances_cm =
            f32x4::splat(first_cm) + f32x4::splat(spacing_cm) * f32x4::new([0.0, 1.0, 2.0, 3.0]);
        let (origin, slope_per_cm) = (line.origin.to_array(), line.slope_per_cm.to_array());
        let place =
            |axis: usize| f32x4::splat(origin[axis]) + f32x4::splat(slope_per_cm[axis]) * distances_cm;
        let advance = |axis: usize| f32x4::splat(POINTS as f32 * spacing_cm * slope_per_cm[axis]);
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
                let line = rays.line(&from, &direction);
                let mut walk = rays.points(&line, (0.03, 0.11));
                for four in 0..4 {
                    for (lane, voxel) in walk.next_four().into_iter().enumerate() {
                        let distance = 0.03 + 0.11 * (4 * four + lane) as f32;
                        let near =
                            [-1e-5, 1e-5].map(|by| rays.voxel_at(&(from + direction * (distance + by))));
                        let alone = rays.voxel_on(&line, distance);
                        for voxel in [voxel as usize, alone] {
                            assert!(near.contains(&Some(voxel)), "ray {k}, point {distance} cm");
                        }
                    }
                }
            }
        }
    }
}
