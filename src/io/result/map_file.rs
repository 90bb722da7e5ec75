//! The maps of a result read back: where their voxels lie, and their numbers, x fastest.

use std::path::{Path, PathBuf};

use hdf5::{File, Group, H5Type};
use ndarray::Array2;

use super::read::{first_line, open_with_maps};
use crate::error::{Error, Result};
use crate::io::import::MOST_VOXELS;

/// More bytes than this a stored byte cannot become (deflate).
const MOST_DEFLATED: u64 = 1032;

/// A grid of voxels along the patient's axes, x fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct MapGrid {
    /// Voxels along x, y, z.
    pub counts: [usize; 3],
    /// Edges, mm.
    pub spacing_mm: [f64; 3],
    /// Centre of the first voxel, DICOM LPS, mm.
    pub first_mm: [f64; 3],
}

impl MapGrid {
    /// Reads the grid of `/maps` or `/anatomy`.
    pub fn read(group: &Group) -> hdf5::Result<Self> {
        let affine: Array2<f64> = group.dataset("affine_lps")?.read_2d()?;
        if affine.dim() != (4, 4) {
            return Err("its affine is not 4 x 4".into());
        }
        let shape = group.dataset("organ_id")?.shape();
        let [nz, ny, nx] = shape[..] else { return Err("its organs are not a volume".into()) };
        let axes = [0, 1, 2];
        let spacing_mm = axes.map(|axis| affine[[axis, axis]]);
        if shape.contains(&0) || spacing_mm.iter().any(|mm| !(mm.is_finite() && *mm > 0.0)) {
            return Err("its voxels have no size".into());
        }
        Ok(MapGrid { counts: [nx, ny, nz], spacing_mm, first_mm: axes.map(|axis| affine[[axis, 3]]) })
    }

    /// Centre of a voxel along an axis, mm.
    pub fn centre_mm(&self, axis: usize, index: usize) -> f64 {
        self.first_mm[axis] + index as f64 * self.spacing_mm[axis]
    }

    /// The voxel that a coordinate lies in; `None` beyond the grid.
    pub fn index_of(&self, axis: usize, mm: f64) -> Option<usize> {
        let steps = ((mm - self.first_mm[axis]) / self.spacing_mm[axis]).round();
        (steps >= 0.0 && steps < self.counts[axis] as f64).then_some(steps as usize)
    }

    /// Number of voxels; `None` if it is absurd.
    pub fn voxels(&self) -> Option<usize> {
        let product = self.counts.iter().try_fold(1_usize, |product, &count| product.checked_mul(count));
        product.filter(|&voxels| voxels as u64 <= MOST_VOXELS)
    }
}

/// The dose map of a result.
pub struct MapFile {
    path: PathBuf,
    /// The file.
    pub file: File,
    group: Group,
    /// Where its voxels lie.
    pub grid: MapGrid,
}

impl MapFile {
    /// Opens a result. Refuses one without a dose map, and one that promises more voxels than its bytes can hold.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open_with_maps(path)?;
        if !file.link_exists("maps") {
            return Err(Error::invalid(format!("{}: the result holds no dose map", path.display()))
                .with_help("run its protocol with dose_map = true and without --no-map"));
        }
        let read = || -> hdf5::Result<(Group, MapGrid)> {
            let group = file.group("maps")?;
            let grid = MapGrid::read(&group)?;
            let bytes = grid.voxels().map(|voxels| voxels as u64 * size_of::<f32>() as u64);
            match bytes {
                Some(bytes) if bytes <= file.size().saturating_mul(MOST_DEFLATED) => Ok((group, grid)),
                _ => Err("it promises more voxels than it holds".into()),
            }
        };
        let (group, grid) = read().map_err(|error| broken(path, &error))?;
        Ok(MapFile { path: path.to_owned(), group, grid, file })
    }

    /// Absorbed dose of all acquisitions, mGy; 0 outside the body.
    pub fn dose_mgy(&self) -> Result<Vec<f32>> {
        self.values("absorbed_dose")
    }

    /// Standard error over dose; NaN where no dose was scored.
    pub fn relative_error(&self) -> Result<Vec<f32>> {
        self.values("relative_error")
    }

    /// Density, g/cm³.
    pub fn density_g_cm3(&self) -> Result<Vec<f32>> {
        self.values("density")
    }

    /// Organs as indices into `/organs`; [`super::NO_ORGAN`] outside the body.
    pub fn organs(&self) -> Result<Vec<u16>> {
        self.values("organ_id")
    }

    fn values<T: H5Type>(&self, name: &str) -> Result<Vec<T>> {
        let read = || -> hdf5::Result<Vec<T>> {
            let set = self.group.dataset(name)?;
            let [nx, ny, nz] = self.grid.counts;
            if set.shape() != [nz, ny, nx] {
                return Err("its maps differ in shape".into());
            }
            set.read_raw()
        };
        read().map_err(|error| broken(&self.path, &error))
    }
}

/// The refusal of a result that is not whole.
pub(in crate::io) fn broken(path: &Path, error: &hdf5::Error) -> Error {
    Error::Unreadable { path: path.to_owned(), reason: format!("not a whole result: {}", first_line(error)) }
}
