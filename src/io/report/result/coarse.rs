//! Fine voxels put together to the coarser ones of a page, layer by layer.

use super::plane::Planes;
use super::volume::{OUTSIDE, Slab, Volume};
use crate::io::result::NO_ORGAN;
use crate::io::result::map_file::MapGrid as Grid;

/// A page has at most so many voxels, unless they would become larger than the largest edge, mm.
const MOST_VOXELS: f64 = 1.5e6;
const EDGES_MM: [f64; 8] = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0];

/// How many fine voxels make a coarse one, along each axis.
fn factors(fine: &Grid) -> [usize; 3] {
    let of = |edge_mm: f64| fine.spacing_mm.map(|mm| (edge_mm / mm + 1e-6).floor().max(1.0) as usize);
    let voxels =
        |factors: &[usize; 3]| (0..3).map(|i| fine.counts[i].div_ceil(factors[i]) as f64).product::<f64>();
    let mut tried = EDGES_MM.map(of).into_iter();
    tried.find(|factors| voxels(factors) <= MOST_VOXELS).unwrap_or_else(|| of(EDGES_MM[EDGES_MM.len() - 1]))
}

/// Coarse voxels along each axis.
pub fn counts(fine: &Grid) -> [usize; 3] {
    let factors = factors(fine);
    std::array::from_fn(|axis| fine.counts[axis].div_ceil(factors[axis]))
}

/// Sums over coarse voxels.
pub struct Coarse {
    factors: [usize; 3],
    fine: [usize; 3],
    counts: [usize; 3],
    filled: Vec<f32>,
    density: Vec<f32>,
    mass: Vec<f32>,
    energy: Vec<f32>,
    error: Vec<f32>,
    organs: Vec<u8>,
    profile: Vec<(f64, f64)>,
    planes: Planes,
    first_z_mm: f64,
    spacing_z_mm: f64,
}

impl Coarse {
    /// Empty sums.
    pub fn new(fine: &Grid, axial_z_mm: f64, has_map: bool) -> Self {
        Coarse::of(fine, factors(fine), axial_z_mm, has_map)
    }

    fn of(fine: &Grid, factors: [usize; 3], axial_z_mm: f64, has_map: bool) -> Self {
        let counts: [usize; 3] = std::array::from_fn(|axis| fine.counts[axis].div_ceil(factors[axis]));
        let voxels = counts.iter().product();
        let sums = || vec![0.0; voxels];
        let dosed = || vec![0.0; if has_map { voxels } else { 0 }];
        Coarse {
            factors,
            fine: fine.counts,
            counts,
            filled: sums(),
            density: sums(),
            mass: dosed(),
            energy: dosed(),
            error: dosed(),
            organs: vec![OUTSIDE; voxels],
            profile: Vec::new(),
            planes: Planes::new(fine, axial_z_mm),
            first_z_mm: fine.first_mm[2],
            spacing_z_mm: fine.spacing_mm[2],
        }
    }

    /// Adds a fine layer: `iz` of the grid, `layer` of the slab.
    pub fn add_layer(&mut self, iz: usize, layer: usize, slab: &Slab) {
        let [fx, fy, fz] = self.factors;
        let (mut mass, mut energy) = (0.0, 0.0);
        let middle = |index: usize, axis: usize| {
            index
                == (index / self.factors[axis] * self.factors[axis] + self.factors[axis] / 2)
                    .min(self.fine[axis] - 1)
        };
        let middle_z = middle(iz, 2);
        for iy in 0..self.fine[1] {
            let row = (iz / fz * self.counts[1] + iy / fy) * self.counts[0];
            let middle_yz = middle_z && middle(iy, 1);
            for ix in 0..self.fine[0] {
                let (at, from) = (row + ix / fx, [layer, iy, ix]);
                let (organ, density) = (slab.organs[from], slab.density[from]);
                self.filled[at] += 1.0;
                self.density[at] += density;
                if middle_yz && middle(ix, 0) {
                    self.organs[at] = u8::try_from(organ).unwrap_or(OUTSIDE);
                }
                let (Some([dose, error]), false) = (&slab.dose, organ == NO_ORGAN) else { continue };
                let imparted = density * dose[from];
                self.mass[at] += density;
                self.energy[at] += imparted;
                // Without dose there is no relative error.
                self.error[at] += if imparted > 0.0 { imparted * error[from] } else { 0.0 };
                mass += f64::from(density);
                energy += f64::from(imparted);
            }
        }
        if slab.dose.is_some() {
            let mean_mgy = if mass > 0.0 { energy / mass } else { 0.0 };
            self.profile.push((self.first_z_mm + iz as f64 * self.spacing_z_mm, mean_mgy));
        }
        self.planes.add_layer(iz, layer, slab);
    }

    /// The coarse voxels around the body.
    pub fn finish(self, fine: &Grid, has_map: bool) -> Volume {
        let spacing_mm: [f64; 3] =
            std::array::from_fn(|axis| fine.spacing_mm[axis] * self.factors[axis] as f64);
        let first_mm = std::array::from_fn(|axis| {
            fine.first_mm[axis] + 0.5 * (spacing_mm[axis] - fine.spacing_mm[axis])
        });
        let ratio = |sum: &[f32], of: &[f32]| -> Vec<f32> {
            sum.iter().zip(of).map(|(sum, of)| if *of > 0.0 { sum / of } else { 0.0 }).collect()
        };
        let relative_error = ratio(&self.error, &self.energy);
        let dose_mgy = ratio(&self.energy, &self.mass);
        let whole = Volume {
            fine_mm: fine.spacing_mm,
            grid: Grid { counts: self.counts, spacing_mm, first_mm },
            density_g_cm3: ratio(&self.density, &self.filled),
            organs: self.organs,
            dose_mgy,
            relative_error,
            profile: self.profile,
            planes: self.planes,
        };
        whole.cropped(has_map)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;

    fn grid(counts: [usize; 3], edge_mm: f64) -> Grid {
        Grid { counts, spacing_mm: [edge_mm; 3], first_mm: [0.5 * edge_mm; 3] }
    }

    #[test]
    fn voxels_grow_to_four_millimetres_and_no_further() {
        assert_eq!(factors(&grid([131, 111, 550], 2.0)), [2; 3]);
        assert_eq!(factors(&grid([100, 80, 400], 1.0)), [2; 3]);
        assert_eq!(factors(&grid([50, 40, 100], 1.0)), [1; 3]);
        assert_eq!(factors(&grid([1000, 1000, 1000], 5.0)), [1; 3]);
    }

    #[test]
    fn doses_are_put_together_by_mass_and_air_around_the_body_does_not_count() {
        let row = |values: [f32; 4]| Array3::from_shape_vec((1, 1, 4), values.to_vec()).unwrap();
        let organs = Array3::from_shape_vec((1, 1, 4), vec![3, 5, NO_ORGAN, 7]).unwrap();
        let dose = Some([row([2.0, 6.0, 9.0, 1.0]), row([0.1, 0.2, 0.9, 0.3])]);
        let slab = Slab { organs, density: row([3.0, 1.0, 1.0, 1.0]), dose };
        let fine = grid([4, 1, 1], 1.0);
        let mut coarse = Coarse::of(&fine, [2, 1, 1], 0.0, true);
        coarse.add_layer(0, 0, &slab);
        let volume = coarse.finish(&fine, true);
        assert_eq!((volume.organs, volume.dose_mgy), (vec![5, 7], vec![3.0, 1.0]));
        assert!(
            (volume.relative_error[0] - 0.15).abs() < 1e-6 && (volume.relative_error[1] - 0.3).abs() < 1e-6
        );
        assert_eq!((volume.grid.spacing_mm[0], volume.grid.first_mm[0]), (2.0, 1.0));
        assert_eq!(volume.profile, [(0.5, 13.0 / 5.0)]);
    }
}
