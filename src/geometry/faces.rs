//! The faces of voxels that a ray meets next, one along every axis.
//!
//! Which of them comes first is a coin toss that no predictor learns, so there is no branch on it. A step waits for the one
//! before: the shorter its chain of instructions, the faster a walk. The three distances therefore lie in one register.

use wide::f32x4;

/// The next face along x, y and z.
pub struct Faces {
    /// Distances, cm; the fourth is never the nearest.
    next_cm: f32x4,
    /// The nearest of them, four times.
    nearest_cm: f32x4,
    advance_cm: f32x4,
}

/// What a step is in memory, by which of the axes it crosses (bits 0 to 2); `step` is that of a voxel further along each.
// Apart from the faces: what is indexed lies in memory, and they shall not.
#[inline(always)]
pub fn steps_by_axes([x, y, z]: [i32; 3]) -> [i32; 8] {
    [0, x, y, x + y, z, x + z, y + z, x + y + z]
}

impl Faces {
    /// Distances to the first face along each axis and between faces, cm (infinite where there is none, never NaN).
    #[inline(always)]
    pub fn new(next_cm: [f32; 3], advance_cm: [f32; 3]) -> Self {
        let four = |[x, y, z]: [f32; 3], last| f32x4::new([x, y, z, last]);
        let next_cm = four(next_cm, f32::INFINITY);
        Faces { next_cm, nearest_cm: next_cm, advance_cm: four(advance_cm, 0.0) }
    }

    /// Distance to the nearest, cm.
    #[inline(always)]
    pub fn nearest_cm(&mut self) -> f32 {
        let [x, y, z, last] = self.next_cm.to_array();
        let [a, b, c, d] = self.next_cm.fast_min(f32x4::new([z, last, x, y])).to_array();
        self.nearest_cm = f32x4::new([a, b, c, d]).fast_min(f32x4::new([b, a, d, c]));
        self.nearest_cm.to_array()[0]
    }

    /// Crosses the nearest, and those as near; returns along which axes they lie (bits 0 to 2).
    #[inline(always)]
    pub fn cross(&mut self) -> usize {
        let crossed = self.next_cm.simd_eq(self.nearest_cm);
        self.next_cm += crossed & self.advance_cm;
        crossed.to_bitmask() as usize & 7
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_faces_are_crossed_and_no_other() {
        for k in 0..200_u32 {
            let number = |part: u32| (k * 7 + part * 13) as f32 % 17.0 / 5.0;
            let flat = |axis: usize, value: f32| if k as usize % 5 == axis { f32::INFINITY } else { value };
            let advance: [f32; 3] = [flat(0, 0.5 + number(3)), flat(1, 0.25), flat(2, 0.3)];
            let mut next: [f32; 3] = std::array::from_fn(|axis| flat(axis, number(axis as u32)));
            let step = [1, -20, 600];
            let (mut faces, steps) = (Faces::new(next, advance), steps_by_axes(step));
            for _ in 0..50 {
                let nearest = next.into_iter().fold(f32::INFINITY, f32::min);
                assert_eq!(faces.nearest_cm(), nearest);
                let mut index = 0;
                for axis in 0..3 {
                    if next[axis] == nearest {
                        next[axis] += advance[axis];
                        index += step[axis];
                    }
                }
                assert_eq!(steps[faces.cross()], index);
            }
        }
    }
}
