//! `/VTKHDF`: the maps once more for VTK and ParaView, as soft links. Lengths are in mm.

use hdf5::{File, Result};

use super::dimension::ascii;
use super::hdf::{attribute, list_attribute};
use super::maps::MAPS;
use crate::geometry::grid::VoxelGrid;
use crate::units::CM_PER_MM;

/// Writes the group (VTKHDF 2.0, `ImageData`: the values belong to cells).
pub fn write(file: &File, grid: &VoxelGrid) -> Result<()> {
    let group = file.create_group("VTKHDF")?;
    list_attribute(&group, "Version", &[2_i64, 0])?;
    attribute(&group, "Type", ascii::<9>("ImageData"))?;
    let [nx, ny, nz] = grid.counts.map(|count| count as i64);
    list_attribute(&group, "WholeExtent", &[0, nx, 0, ny, 0, nz])?;
    list_attribute(&group, "Origin", &grid.corner_cm.map(|cm| cm / CM_PER_MM))?;
    list_attribute(&group, "Spacing", &grid.spacing_cm.map(|cm| cm / CM_PER_MM))?;
    list_attribute(&group, "Direction", &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0])?;
    let cells = group.create_group("CellData")?;
    MAPS.iter().try_for_each(|name| cells.link_soft(&format!("/maps/{name}"), name))
}
