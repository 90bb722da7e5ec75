//! A plane through a result's maps: its voxels, its pixels, its isodose lines.

use contour::ContourBuilder;

use super::ink::Scale;
use crate::error::{Error, Result};
use crate::io::picture::overlay::over_anatomy;
use crate::io::picture::slice::Plane;
use crate::io::result::NO_ORGAN;
use crate::io::result::map_file::{MapFile, MapGrid};

/// Paper around the body.
const PAPER: [u8; 3] = [255; 3];
/// Isodose lines are those of the mean over so many voxels along each axis of the plane: noise has its lines too.
pub const SMOOTHED_VOXELS: usize = 3;

/// The maps of a result.
pub struct Maps {
    /// Where the voxels lie.
    pub grid: MapGrid,
    dose_mgy: Vec<f32>,
    density_g_cm3: Vec<f32>,
    organs: Vec<u16>,
}

impl Maps {
    /// Reads them.
    pub fn read(file: &MapFile) -> Result<Self> {
        Ok(Maps {
            grid: file.grid.clone(),
            dose_mgy: file.dose_mgy()?,
            density_g_cm3: file.density_g_cm3()?,
            organs: file.organs()?,
        })
    }

    /// First and last voxel along x, y and z of the body between two heights, mm; `None` without a body there.
    pub fn body(&self, [low_mm, high_mm]: [f64; 2]) -> Option<[[usize; 2]; 3]> {
        let [nx, ny, nz] = self.grid.counts;
        let mut bounds: Option<[[usize; 2]; 3]> = None;
        for iz in (0..nz).filter(|&iz| (low_mm..=high_mm).contains(&self.grid.centre_mm(2, iz))) {
            for at in 0..nx * ny {
                if self.organs[iz * nx * ny + at] == NO_ORGAN {
                    continue;
                }
                let place = [at % nx, at / nx, iz];
                let bounds = bounds.get_or_insert(place.map(|index| [index; 2]));
                for (bound, index) in bounds.iter_mut().zip(place) {
                    *bound = [bound[0].min(index), bound[1].max(index)];
                }
            }
        }
        bounds
    }

    fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        let [nx, ny, _] = self.grid.counts;
        (z * ny + y) * nx + x
    }
}

/// A plane, row by row from the top of the picture.
pub struct Cut {
    /// How it is cut.
    pub plane: Plane,
    /// Where, mm.
    pub at_mm: f64,
    /// Columns and rows of voxels.
    pub counts: [usize; 2],
    /// Edges of a voxel, mm.
    pub spacing_mm: [f64; 2],
    /// Coordinates of the first column's outer face and of the first row's, mm.
    start_mm: [f64; 2],
    dose_mgy: Vec<f32>,
    density_g_cm3: Vec<f32>,
    in_body: Vec<bool>,
}

impl Cut {
    /// Cuts the maps through the voxel `place` within bounds of voxels, the last among them.
    pub fn new(maps: &Maps, plane: Plane, place: [usize; 3], bounds: [[usize; 2]; 3]) -> Self {
        let [right, vertical, through] = plane.axes();
        let range = |axis: usize| bounds[axis][0]..=bounds[axis][1];
        let mut rows: Vec<usize> = range(vertical).collect();
        if plane.grows_upwards() {
            rows.reverse();
        }
        let at = |row: usize, column: usize| {
            let mut voxel = place;
            (voxel[right], voxel[vertical]) = (column, row);
            maps.index(voxel)
        };
        let voxels: Vec<usize> =
            rows.iter().flat_map(|&row| range(right).map(move |column| at(row, column))).collect();
        let grid = &maps.grid;
        let half_mm = 0.5 * grid.spacing_mm[vertical];
        let top_mm = grid.centre_mm(vertical, rows[0]);
        Cut {
            plane,
            at_mm: grid.centre_mm(through, place[through]),
            counts: [range(right).count(), rows.len()],
            spacing_mm: [grid.spacing_mm[right], grid.spacing_mm[vertical]],
            start_mm: [
                grid.centre_mm(right, bounds[right][0]) - 0.5 * grid.spacing_mm[right],
                if plane.grows_upwards() { top_mm + half_mm } else { top_mm - half_mm },
            ],
            dose_mgy: voxels.iter().map(|&voxel| maps.dose_mgy[voxel]).collect(),
            density_g_cm3: voxels.iter().map(|&voxel| maps.density_g_cm3[voxel]).collect(),
            in_body: voxels.iter().map(|&voxel| maps.organs[voxel] != NO_ORGAN).collect(),
        }
    }

    /// Width and height, mm.
    pub fn size_mm(&self) -> [f64; 2] {
        [0, 1].map(|along| self.counts[along] as f64 * self.spacing_mm[along])
    }

    /// How far a vertical coordinate lies below the upper edge, mm.
    pub fn below_top_mm(&self, mm: f64) -> f64 {
        if self.plane.grows_upwards() { self.start_mm[1] - mm } else { mm - self.start_mm[1] }
    }

    /// Doses within the body, mGy.
    pub fn doses_mgy(&self) -> impl Iterator<Item = f32> {
        self.dose_mgy.iter().zip(&self.in_body).filter(|(_, in_body)| **in_body).map(|(dose, _)| *dose)
    }

    /// Pixels, red, green and blue, of a picture of so many columns and rows.
    pub fn pixels(&self, [columns, rows]: [u32; 2], scale: &Scale) -> Vec<u8> {
        let voxel = |pixel: u32, pixels: u32, count: usize| pixel as usize * count / pixels as usize;
        let colour = |at: usize| match self.in_body[at] {
            true => over_anatomy(self.density_g_cm3[at], scale.share(f64::from(self.dose_mgy[at])) as f32),
            false => PAPER,
        };
        let row = |row: u32| {
            let first = voxel(row, rows, self.counts[1]) * self.counts[0];
            (0..columns).flat_map(move |column| colour(first + voxel(column, columns, self.counts[0])))
        };
        (0..rows).flat_map(row).collect()
    }

    /// Lines of a dose within the body, corners in voxels from the upper left.
    pub fn isodose(&self, dose_mgy: f64) -> Result<Vec<Vec<(f64, f64)>>> {
        let [columns, rows] = self.counts;
        let builder = ContourBuilder::new(columns, rows, true);
        let lines = builder.lines(&self.smoothed_mgy(), &[dose_mgy]);
        let lines = lines.map_err(|error| Error::Internal(format!("isodose lines: {error}")))?;
        let rings = lines.iter().flat_map(|line| line.geometry().0.iter());
        // What follows the surface is no line of a dose.
        let parts = rings.flat_map(|ring| ring.0.split(|corner| !self.is_in_body(corner.x, corner.y)));
        let corners = |part: &[_]| part.iter().map(|corner: &contour::Pt| (corner.x, corner.y)).collect();
        Ok(parts.filter(|part| part.len() > 1).map(corners).collect())
    }

    /// Whether a corner of a line lies in the body, and not on the edge of the picture, along which lines are closed.
    fn is_in_body(&self, x: f64, y: f64) -> bool {
        let [column, row] = [x, y].map(|place| place.max(0.0) as usize);
        let is_inside = x > 0.0 && y > 0.0 && column < self.counts[0] && row < self.counts[1];
        is_inside && self.in_body[row * self.counts[0] + column]
    }

    /// Mean dose of the body around every voxel, by mass; also next to the body, so that its surface has no lines.
    fn smoothed_mgy(&self) -> Vec<f64> {
        let [columns, rows] = self.counts;
        let reach = SMOOTHED_VOXELS / 2;
        let near = |at: usize, count: usize| at.saturating_sub(reach)..(at + reach + 1).min(count);
        let mean = |at: usize| {
            let around = near(at / columns, rows)
                .flat_map(|row| near(at % columns, columns).map(move |column| row * columns + column));
            let (energy, mass) =
                around.filter(|&other| self.in_body[other]).fold((0.0, 0.0), |sum, other| {
                    let density = f64::from(self.density_g_cm3[other]);
                    (sum.0 + density * f64::from(self.dose_mgy[other]), sum.1 + density)
                });
            if mass > 0.0 { energy / mass } else { 0.0 }
        };
        (0..columns * rows).map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body of 5 x 4 x 6 voxels in air, whose dose grows with z.
    fn maps() -> Maps {
        let counts = [9, 8, 12];
        let inside = |at: usize| {
            let [x, y, z] = [at % 9, at / 9 % 8, at / 72];
            (2..7).contains(&x) && (2..6).contains(&y) && (3..9).contains(&z)
        };
        Maps {
            grid: MapGrid { counts, spacing_mm: [1.0, 2.0, 3.0], first_mm: [-4.0, -7.0, 100.0] },
            dose_mgy: (0..864).map(|at| if inside(at) { (at / 72) as f32 } else { 0.0 }).collect(),
            density_g_cm3: vec![1.0; 864],
            organs: (0..864).map(|at| if inside(at) { 0 } else { NO_ORGAN }).collect(),
        }
    }

    #[test]
    fn the_body_is_found_between_heights() {
        let maps = maps();
        assert_eq!(maps.body([0.0, 1000.0]), Some([[2, 6], [2, 5], [3, 8]]));
        assert_eq!(maps.body([115.0, 121.0]), Some([[2, 6], [2, 5], [5, 7]]));
        assert_eq!(maps.body([0.0, 50.0]), None);
    }

    #[test]
    fn a_coronal_plane_has_the_head_above_and_an_axial_one_the_front() {
        let maps = maps();
        let bounds = maps.body([0.0, 1000.0]).unwrap();
        let coronal = Cut::new(&maps, Plane::Coronal, [4, 4, 5], bounds);
        assert_eq!((coronal.counts, coronal.size_mm()), ([5, 6], [5.0, 18.0]));
        assert_eq!((coronal.dose_mgy[0], coronal.dose_mgy[29]), (8.0, 3.0));
        // The upper face of the body's last layer, whose centre is at 124 mm.
        assert_eq!(coronal.below_top_mm(125.5), 0.0);
        let axial = Cut::new(&maps, Plane::Axial, [4, 4, 5], bounds);
        assert_eq!((axial.at_mm, axial.below_top_mm(-4.0)), (115.0, 0.0));
        assert!(axial.doses_mgy().all(|dose| dose == 5.0));
    }

    #[test]
    fn an_isodose_line_lies_where_the_dose_is() {
        let maps = maps();
        let coronal = Cut::new(&maps, Plane::Coronal, [4, 4, 5], maps.body([0.0, 1000.0]).unwrap());
        let lines = coronal.isodose(5.5).unwrap();
        // Rows of 8, 7, 6, 5 mGy from above: 5.5 is between the centres of the third and the fourth.
        assert!(
            !lines.is_empty() && lines.iter().flatten().all(|(_, y)| (y - 3.0).abs() < 1e-6),
            "{lines:?}"
        );
    }
}
