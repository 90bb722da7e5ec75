//! Where a file's voxels lie in the patient, and how they are put along the patient's axes.

use crate::error::{Error, Result};
use crate::geometry::grid::VoxelGrid;
use crate::units::MM_PER_CM;

/// Largest share of a step that may point along another axis: less than a twentieth of a voxel over 500.
const STRAIGHT: f64 = 1.0e-4;
/// Smallest and largest edge of a voxel, cm.
const EDGES_CM: [f64; 2] = [0.001, 10.0];
/// Farthest place of a voxel, cm.
const FARTHEST_CM: f64 = 1.0e4;
const AXES: [char; 3] = ['x', 'y', 'z'];

/// A file's grid: LPS, cm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    /// Voxels along the file's axes, the fastest first.
    pub counts: [usize; 3],
    /// Step from voxel to voxel along each of the file's axes.
    pub steps_cm: [[f64; 3]; 3],
    /// Centre of the first voxel.
    pub first_cm: [f64; 3],
}

/// How a file's voxels become the engine's: permuted and flipped, never resampled.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// The engine's grid.
    pub grid: VoxelGrid,
    counts: [usize; 3],
    /// The patient's axis along which each of the file's axes runs, and whether it runs downward.
    along: [(usize, bool); 3],
}

impl Frame {
    /// From an affine of a file in RAS, mm (rows x, y, z; last column the first voxel's centre).
    pub fn from_ras_mm(counts: [usize; 3], rows: &[[f64; 4]; 3]) -> Self {
        let sign = [-1.0, -1.0, 1.0];
        let lps_cm = |row: usize, column: usize| sign[row] * rows[row][column] / MM_PER_CM;
        Frame {
            counts,
            steps_cm: std::array::from_fn(|axis| std::array::from_fn(|row| lps_cm(row, axis))),
            first_cm: std::array::from_fn(|row| lps_cm(row, 3)),
        }
    }

    /// A grid that already runs along the patient's axes.
    pub fn straight(counts: [usize; 3], edges_cm: [f64; 3], first_cm: [f64; 3]) -> Self {
        let mut steps_cm = [[0.0; 3]; 3];
        (0..3).for_each(|axis| steps_cm[axis][axis] = edges_cm[axis]);
        Frame { counts, steps_cm, first_cm }
    }

    /// Finds the patient's axis of every axis of the file. Refuses what is oblique, sheared or absurd.
    pub fn layout(&self) -> Result<Layout> {
        let mut along = [(0, false); 3];
        for (axis, step) in self.steps_cm.iter().enumerate() {
            along[axis] = direction(axis, step)?;
        }
        let mut taken = along.map(|(patient, _)| patient);
        taken.sort_unstable();
        if taken != [0, 1, 2] {
            let found = along.map(|(patient, _)| AXES[patient].to_string()).join(", ");
            return Err(Error::invalid(format!(
                "the three axes must run along x, y and z in some order, found {found}"
            )));
        }
        let mut grid = VoxelGrid { counts: [0; 3], spacing_cm: [0.0; 3], corner_cm: [0.0; 3] };
        for (axis, &(patient, downward)) in along.iter().enumerate() {
            let step_cm = self.steps_cm[axis][patient];
            let count = self.counts[axis];
            let lowest_cm =
                self.first_cm[patient] + if downward { (count - 1) as f64 * step_cm } else { 0.0 };
            if lowest_cm.is_nan() || lowest_cm.abs() > FARTHEST_CM {
                return Err(Error::invalid(format!(
                    "voxels must lie within {FARTHEST_CM} cm of the origin, found {lowest_cm} cm"
                )));
            }
            grid.counts[patient] = count;
            grid.spacing_cm[patient] = step_cm.abs();
            grid.corner_cm[patient] = lowest_cm - 0.5 * step_cm.abs();
        }
        Ok(Layout { grid, counts: self.counts, along })
    }
}

/// The patient's axis a step runs along, and whether it runs downward.
fn direction(axis: usize, step_cm: &[f64; 3]) -> Result<(usize, bool)> {
    let length_cm = step_cm.iter().map(|s| s * s).sum::<f64>().sqrt();
    let [least, most] = EDGES_CM;
    if !(least..=most).contains(&length_cm) {
        return Err(Error::invalid(format!(
            "the edges of a voxel must be from {} to {} mm, found {} mm along axis {}",
            least * MM_PER_CM,
            most * MM_PER_CM,
            length_cm * MM_PER_CM,
            axis + 1
        )));
    }
    let patient = (0..3).max_by(|&a, &b| step_cm[a].abs().total_cmp(&step_cm[b].abs())).unwrap_or(0);
    let astray =
        (0..3).filter(|&other| other != patient).map(|other| step_cm[other].abs()).fold(0.0, f64::max);
    if astray > STRAIGHT * length_cm {
        let degrees = (astray / length_cm).min(1.0).asin().to_degrees();
        return Err(Error::invalid(format!(
            "the grid must run along the patient's axes, found axis {} off by {degrees:.2} degrees",
            axis + 1
        ))
        .with_help("resample the labels to an axis-aligned grid with nearest-neighbour interpolation"));
    }
    Ok((patient, step_cm[patient] < 0.0))
}

impl Layout {
    /// Where the first voxel of a row of the file lies in the engine's order, and how far it is to the next.
    pub fn row(&self, row: usize) -> (isize, isize) {
        let (y, z) = (row % self.counts[1], row / self.counts[1]);
        let engine = [1, self.grid.counts[0], self.grid.counts[0] * self.grid.counts[1]];
        let (mut place, mut first_step) = (0, 0);
        for (axis, &(patient, downward)) in self.along.iter().enumerate() {
            let step = if downward { -(engine[patient] as isize) } else { engine[patient] as isize };
            place += if downward { ((self.counts[axis] - 1) * engine[patient]) as isize } else { 0 };
            place += [0, y, z][axis] as isize * step;
            first_step = if axis == 0 { step } else { first_step };
        }
        (place, first_step)
    }

    /// Puts a file's voxels into the engine's order.
    pub fn reorder<T: Copy + Default>(&self, voxels: Vec<T>) -> Vec<T> {
        if self.along == [(0, false), (1, false), (2, false)] {
            return voxels;
        }
        let mut ordered = vec![T::default(); voxels.len()];
        for (row, values) in voxels.chunks_exact(self.counts[0]).enumerate() {
            let (mut place, step) = self.row(row);
            for &value in values {
                ordered[place as usize] = value;
                place += step;
            }
        }
        ordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flipped_and_permuted_voxels_keep_their_place_in_the_patient() {
        // The file runs z down, x up, y down.
        let frame = Frame {
            counts: [2, 3, 4],
            steps_cm: [[0.0, 0.0, -0.5], [0.2, 0.0, 0.0], [0.0, -0.3, 0.0]],
            first_cm: [1.0, 2.0, 3.0],
        };
        let layout = frame.layout().unwrap();
        let ordered = layout.reorder((0..24_u8).collect());
        for z in 0..4 {
            for y in 0..3 {
                for x in 0..2 {
                    let file = [x, y, z];
                    let at: [f64; 3] = std::array::from_fn(|i| {
                        frame.first_cm[i] + (0..3).map(|a| frame.steps_cm[a][i] * file[a] as f64).sum::<f64>()
                    });
                    let voxel: [usize; 3] = std::array::from_fn(|i| {
                        ((at[i] - layout.grid.corner_cm[i]) / layout.grid.spacing_cm[i]) as usize
                    });
                    let index = layout.grid.index(voxel[0], voxel[1], voxel[2]);
                    assert_eq!(usize::from(ordered[index]), (z * 3 + y) * 2 + x);
                }
            }
        }
    }

    #[test]
    fn oblique_and_sheared_grids_are_refused() {
        let mut frame = Frame::straight([2, 2, 2], [0.1; 3], [0.0; 3]);
        frame.steps_cm[0] = [0.1 * 0.1_f64.cos(), 0.1 * 0.1_f64.sin(), 0.0];
        let refusal = frame.layout().unwrap_err().to_string();
        assert_eq!(refusal, "the grid must run along the patient's axes, found axis 1 off by 5.73 degrees");
        frame.steps_cm[0] = [0.0, 0.1, 0.0];
        let refusal = frame.layout().unwrap_err().to_string();
        assert_eq!(refusal, "the three axes must run along x, y and z in some order, found y, y, z");
    }
}
