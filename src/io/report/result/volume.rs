//! The dose map and the anatomy as a page needs them: in coarser voxels, read layer by layer.

use hdf5::{Dataset, File, Group, H5Type, Result};
use ndarray::{Array3, s};

use super::coarse::{Coarse, counts};
use super::plane::{Cut, Planes};
use crate::io::result::map_file::MapGrid as Grid;

/// Organ of a coarse voxel outside the body.
pub const OUTSIDE: u8 = u8::MAX;
/// Layers that are read at a time, where the file does not tell how many lie together, and at most.
const LAYERS: usize = 32;
/// A page with more voxels than this would not open.
const TOO_MANY: usize = 50_000_000;

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
        let fine = Grid::read(&group)?;
        if counts(&fine)
            .iter()
            .try_fold(1_usize, |product, &n| product.checked_mul(n))
            .is_none_or(|n| n > TOO_MANY)
        {
            return Err("it has more voxels than a page can hold".into());
        }
        let sets = Sets::open(&group, has_map, &fine)?;
        let mut coarse = Coarse::new(&fine, axial_z_mm, has_map);
        let layers = sets.layers();
        for first in (0..fine.counts[2]).step_by(layers) {
            let slab = sets.read(first, (first + layers).min(fine.counts[2]))?;
            (0..slab.organs.dim().0).for_each(|layer| coarse.add_layer(first + layer, layer, &slab));
        }
        Ok(Some(coarse.finish(&fine, has_map)))
    }
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

    /// Layers to be read together: those of a chunk, so that none is unpacked twice.
    fn layers(&self) -> usize {
        let chunk = self.density.chunk().and_then(|chunk| chunk.first().copied());
        chunk.unwrap_or(LAYERS).clamp(1, LAYERS)
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

impl Volume {
    /// Without the layers, rows and columns around the body.
    pub(super) fn cropped(self, has_map: bool) -> Volume {
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
