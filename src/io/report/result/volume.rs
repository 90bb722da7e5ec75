//! The dose map and the anatomy as a page needs them: in coarser voxels, read layer by layer.

use hdf5::{Dataset, File, Group, H5Type, Result};
use ndarray::{Array2, Array3, s};

use super::plane::{Cut, Planes};
use crate::io::result::NO_ORGAN;

/// Organ of a coarse voxel outside the body.
pub const OUTSIDE: u8 = u8::MAX;
/// Layers that are read at a time: a chunk of the file.
const LAYERS: usize = 32;
/// A page has at most so many voxels, unless they would become larger than the largest edge, mm.
const MOST_VOXELS: usize = 1_500_000;
const EDGES_MM: [f64; 8] = [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0];

/// A grid of voxels, x fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Voxels along x, y, z.
    pub counts: [usize; 3],
    /// Edges, mm.
    pub spacing_mm: [f64; 3],
    /// Centre of the first voxel, mm.
    pub first_mm: [f64; 3],
}

/// Coarse voxels.
#[derive(Debug)]
pub struct Volume {
    /// Edges of the result's voxels, mm.
    pub fine_mm: [f64; 3],
    /// The coarse grid.
    pub grid: Grid,
    /// Mean density, g/cm³.
    pub density_g_cm3: Vec<f32>,
    /// Index of the organ in the middle.
    pub organs: Vec<u8>,
    /// Mean dose to the body, mGy; empty without a map.
    pub dose_mgy: Vec<f32>,
    /// Mean relative error of the result's voxels, weighted with dose; empty without a map.
    pub relative_error: Vec<f32>,
    /// Mean dose to the body of every layer of the result, from the feet up, with its height, mm.
    pub profile: Vec<(f64, f64)>,
    /// Two planes in the result's own voxels.
    pub planes: Planes,
}

impl Volume {
    /// Reads the maps, or the anatomy alone; `None` where a result has neither.
    pub fn read(file: &File, axial_z_mm: f64) -> Result<Option<Self>> {
        let has_map = file.link_exists("maps");
        if !has_map && !file.link_exists("anatomy") {
            return Ok(None);
        }
        let group = file.group(if has_map { "maps" } else { "anatomy" })?;
        let fine = grid(&group)?;
        let sets = Sets::open(&group, has_map, &fine)?;
        let mut coarse = Coarse::new(&fine, axial_z_mm, has_map);
        for first in (0..fine.counts[2]).step_by(LAYERS) {
            let slab = sets.read(first, (first + LAYERS).min(fine.counts[2]))?;
            (0..slab.organs.dim().0).for_each(|layer| coarse.add_layer(first + layer, layer, &slab));
        }
        Ok(Some(coarse.finish(&fine, has_map)))
    }
}

fn grid(group: &Group) -> Result<Grid> {
    let affine: Array2<f64> = group.dataset("affine_lps")?.read_2d()?;
    if affine.dim() != (4, 4) {
        return Err("its affine is not 4 x 4".into());
    }
    let shape = group.dataset("organ_id")?.shape();
    let [nz, ny, nx] = shape[..] else { return Err("its organs are not a volume".into()) };
    let axes = [0, 1, 2];
    let spacing_mm = axes.map(|axis| affine[[axis, axis]]);
    if nx * ny * nz == 0 || spacing_mm.iter().any(|mm| !(mm.is_finite() && *mm > 0.0)) {
        return Err("its voxels have no size".into());
    }
    Ok(Grid { counts: [nx, ny, nz], spacing_mm, first_mm: axes.map(|axis| affine[[axis, 3]]) })
}

/// The datasets of a group.
struct Sets {
    organs: Dataset,
    density: Dataset,
    dose: Option<[Dataset; 2]>,
}

/// Some layers of them, `[z, y, x]`.
pub struct Slab {
    /// Organs.
    pub organs: Array3<u16>,
    /// Densities, g/cm³.
    pub density: Array3<f32>,
    /// Doses in mGy and their relative errors.
    pub dose: Option<[Array3<f32>; 2]>,
}

impl Sets {
    fn open(group: &Group, has_map: bool, grid: &Grid) -> Result<Self> {
        let [nx, ny, nz] = grid.counts;
        let open = |name: &str| -> Result<Dataset> {
            let set = group.dataset(name)?;
            if set.shape() == [nz, ny, nx] { Ok(set) } else { Err("its maps differ in shape".into()) }
        };
        let dose = if has_map { Some([open("absorbed_dose")?, open("relative_error")?]) } else { None };
        Ok(Sets { organs: open("organ_id")?, density: open("density")?, dose })
    }

    fn read(&self, first: usize, end: usize) -> Result<Slab> {
        fn part<T: H5Type>(set: &Dataset, first: usize, end: usize) -> Result<Array3<T>> {
            set.read_slice(s![first..end, .., ..])
        }
        let dose = match &self.dose {
            Some([dose, error]) => Some([part(dose, first, end)?, part(error, first, end)?]),
            None => None,
        };
        let (organs, density) = (part(&self.organs, first, end)?, part(&self.density, first, end)?);
        Ok(Slab { organs, density, dose })
    }
}

/// How many fine voxels make a coarse one, along each axis.
fn factors(fine: &Grid) -> [usize; 3] {
    let of = |edge_mm: f64| fine.spacing_mm.map(|mm| (edge_mm / mm + 1e-6).floor().max(1.0) as usize);
    let voxels =
        |factors: &[usize; 3]| (0..3).map(|i| fine.counts[i].div_ceil(factors[i])).product::<usize>();
    let mut tried = EDGES_MM.map(of).into_iter();
    tried.find(|factors| voxels(factors) <= MOST_VOXELS).unwrap_or_else(|| of(EDGES_MM[EDGES_MM.len() - 1]))
}

/// Sums over coarse voxels.
struct Coarse {
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
    fn new(fine: &Grid, axial_z_mm: f64, has_map: bool) -> Self {
        let factors = factors(fine);
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
    fn add_layer(&mut self, iz: usize, layer: usize, slab: &Slab) {
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

    fn finish(self, fine: &Grid, has_map: bool) -> Volume {
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

impl Volume {
    /// Without the layers, rows and columns around the body.
    fn cropped(self, has_map: bool) -> Volume {
        let [nx, ny, _] = self.grid.counts;
        let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
        for at in (0..self.organs.len()).filter(|&at| self.organs[at] != OUTSIDE) {
            for (axis, index) in [at % nx, at / nx % ny, at / nx / ny].into_iter().enumerate() {
                low[axis] = low[axis].min(index);
                high[axis] = high[axis].max(index + 1);
            }
        }
        if high[0] == 0 {
            return self;
        }
        let cut = Cut { low, high, counts: self.grid.counts };
        let if_map = |values: &[f32]| if has_map { cut.of(values) } else { Vec::new() };
        let grid = Grid {
            counts: std::array::from_fn(|axis| high[axis] - low[axis]),
            spacing_mm: self.grid.spacing_mm,
            first_mm: std::array::from_fn(|axis| {
                self.grid.first_mm[axis] + low[axis] as f64 * self.grid.spacing_mm[axis]
            }),
        };
        Volume {
            density_g_cm3: cut.of(&self.density_g_cm3),
            organs: cut.of(&self.organs),
            dose_mgy: if_map(&self.dose_mgy),
            relative_error: if_map(&self.relative_error),
            grid,
            ..self
        }
    }
}
