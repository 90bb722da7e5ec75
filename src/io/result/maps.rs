//! `/maps`: dose, its error and the anatomy, voxel by voxel, with their coordinates.

use bytemuck::{NoUninit, Zeroable};
use hdf5::{Dataset, File, Group, H5Type, Result};
use ndarray::{ArrayView3, arr2};

use super::dimension::{join, write_scale};
use super::hdf::{NO_UNIT, attribute, dataset, packed_dataset, text_attribute};
use crate::geometry::grid::VoxelGrid;
use crate::geometry::phantom::Phantom;
use crate::tally::dose_map::{Binning, DoseMap};
use crate::units::CM_PER_MM;

/// `organ_id` of voxels outside the body.
pub const NO_ORGAN: u16 = u16::MAX;
/// The maps, all with the axes z, y, x.
pub const MAPS: [&str; 5] = ["absorbed_dose", "relative_error", "density", "organ_id", "material_id"];

/// Edge of the voxels of an anatomy without a dose map, cm, unless the phantom's are larger.
const COARSE_CM: f64 = 0.4;

/// Axes of the maps, slowest first.
const AXES: [(&str, usize); 3] = [("z", 2), ("y", 1), ("x", 0)];

/// Writes the group.
pub fn write(file: &File, phantom: &Phantom, map: &DoseMap) -> Result<()> {
    let group = file.create_group("maps")?;
    let grid = &map.binning.grid;
    write_axes(&group, grid)?;
    let dose = cube(&group, "absorbed_dose", "mGy", grid, &map.dose_mgy)?;
    text_attribute(&dose, "long_name", "absorbed dose of all acquisitions")?;
    let relative: Vec<f32> = (0..grid.len()).map(|voxel| rounded(map.relative_error(voxel))).collect();
    let relative = cube(&group, "relative_error", NO_UNIT, grid, &relative)?;
    text_attribute(
        &relative,
        "long_name",
        "standard error over dose, to 11 bits; NaN where no dose was scored",
    )?;
    write_anatomy(&group, phantom, map)?;
    join(&group, &AXES.map(|(name, _)| name), &MAPS)
}

/// Writes the anatomy of a run without a dose map to `/anatomy`, in voxels of about [`COARSE_CM`].
pub fn write_anatomy_alone(file: &File, phantom: &Phantom) -> Result<()> {
    let group = file.create_group("anatomy")?;
    let factors =
        phantom.grid.spacing_cm.map(|edge_cm| (COARSE_CM / edge_cm + 1e-6).floor().max(1.0) as usize);
    let map = DoseMap::empty(Binning::new(&phantom.grid, factors));
    write_axes(&group, &map.binning.grid)?;
    write_anatomy(&group, phantom, &map)?;
    join(&group, &AXES.map(|(name, _)| name), &MAPS[2..])
}

fn write_axes(group: &Group, grid: &VoxelGrid) -> Result<()> {
    for (name, axis) in AXES {
        write_scale(group, name, "mm", &centres_mm(grid, axis))?;
    }
    write_affine(group, grid)
}

fn write_anatomy(group: &Group, phantom: &Phantom, map: &DoseMap) -> Result<()> {
    let grid = &map.binning.grid;
    let (density_g_cm3, labels) = map.anatomy(phantom);
    let density = cube(group, "density", "g cm-3", grid, &density_g_cm3)?;
    text_attribute(&density, "long_name", "mean density of the voxel")?;
    let region = |label: &u8| &phantom.regions[usize::from(*label)];
    let organs: Vec<u16> = labels.iter().map(|label| region(label).organ.unwrap_or(NO_ORGAN)).collect();
    let organ = cube(group, "organ_id", NO_UNIT, grid, &organs)?;
    text_attribute(&organ, "long_name", "index into /organs; 65535 outside the body")?;
    attribute(&organ, "outside", NO_ORGAN)?;
    let media = map.media(phantom);
    let material = cube(group, "material_id", NO_UNIT, grid, &media)?;
    text_attribute(&material, "long_name", "index into /materials")
}

fn cube<T: H5Type + NoUninit + Zeroable + Sync>(
    group: &Group,
    name: &str,
    units: &str,
    grid: &VoxelGrid,
    values: &[T],
) -> Result<Dataset> {
    let [nx, ny, nz] = grid.counts;
    let cube = ArrayView3::from_shape((nz, ny, nx), values)
        .map_err(|error| hdf5::Error::from(format!("{name}: {error}")))?;
    packed_dataset(group, name, units, cube)
}

/// Centres of the voxels along an axis, mm.
fn centres_mm(grid: &VoxelGrid, axis: usize) -> Vec<f64> {
    let (low_cm, spacing_cm) = (grid.corner_cm[axis], grid.spacing_cm[axis]);
    (0..grid.counts[axis]).map(|i| (low_cm + (i as f64 + 0.5) * spacing_cm) / CM_PER_MM).collect()
}

fn write_affine(group: &Group, grid: &VoxelGrid) -> Result<()> {
    let spacing_mm = grid.spacing_cm.map(|cm| cm / CM_PER_MM);
    let first_mm: [f64; 3] =
        std::array::from_fn(|axis| (grid.corner_cm[axis] + grid.spacing_cm[axis] / 2.0) / CM_PER_MM);
    let affine = arr2(&[
        [spacing_mm[0], 0.0, 0.0, first_mm[0]],
        [0.0, spacing_mm[1], 0.0, first_mm[1]],
        [0.0, 0.0, spacing_mm[2], first_mm[2]],
        [0.0, 0.0, 0.0, 1.0],
    ]);
    let dataset = dataset(group, "affine_lps", "mm", affine.view())?;
    text_attribute(
        &dataset,
        "long_name",
        "takes (x index, y index, z index, 1) to the voxel's centre in DICOM LPS",
    )?;
    let axes = ["affine_row", "affine_column"];
    axes.iter().try_for_each(|name| write_scale(group, name, NO_UNIT, &[0.0, 1.0, 2.0, 3.0]))?;
    join(group, &axes, &["affine_lps"])
}

/// A relative error to 11 significant bits (5e-4 of itself): more would be noise that does not compress.
fn rounded(value: f32) -> f32 {
    const DROPPED_BITS: u32 = 13;
    if !value.is_finite() {
        return value;
    }
    let half = 1 << (DROPPED_BITS - 1);
    f32::from_bits((value.to_bits() + half) & !((1 << DROPPED_BITS) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_error_is_rounded_by_less_than_a_thousandth_of_itself() {
        for value in [1.0_f32, 0.012_345, 0.999_99, 3e-7] {
            assert!((rounded(value) / value - 1.0).abs() <= 0.5 / 1024.0);
        }
        assert!(rounded(f32::NAN).is_nan() && rounded(f32::INFINITY).is_infinite() && rounded(0.0) == 0.0);
    }
}
