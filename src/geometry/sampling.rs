//! Where in a voxel its region is looked up: a place that looks random and depends on the voxel alone.

use nalgebra::Vector3;

use crate::geometry::grid::VoxelGrid;

/// Where a voxel is sampled, cm: at a place in it that depends on its index alone.
#[inline]
pub fn sample_point_cm(grid: &VoxelGrid, voxel: [usize; 3]) -> Vector3<f64> {
    let place = place_in_voxel(grid.index(voxel[0], voxel[1], voxel[2]) as u64);
    Vector3::from_fn(|axis, _| {
        grid.corner_cm[axis] + (voxel[axis] as f64 + place[axis]) * grid.spacing_cm[axis]
    })
}

/// Where a voxel is sampled, in fractions of its edges: three times 21 bits of the SplitMix64 hash of
/// its index (Steele, Lea and Flood, OOPSLA 2014).
fn place_in_voxel(index: u64) -> [f64; 3] {
    let mut hash = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    [0, 21, 42].map(|shift| ((hash >> shift & 0x1f_ffff) as f64 + 0.5) / (1 << 21) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fill_the_voxel_evenly_along_every_axis() {
        let n = 100_000;
        let mut bins = [[0_u32; 20]; 3];
        for index in 0..n {
            let place = place_in_voxel(index);
            (0..3).for_each(|axis| bins[axis][(20.0 * place[axis]) as usize] += 1);
        }
        let expected = n as f64 / 20.0;
        for axis in bins {
            let chi_squared: f64 = axis.iter().map(|&k| (f64::from(k) - expected).powi(2) / expected).sum();
            assert!(chi_squared < 50.0, "chi squared {chi_squared} for 19 degrees of freedom");
        }
    }
}
