//! Text files with a medium and a density per voxel: EGSnrc's `.egsphant` and MC-GPU's `.vox`.

use std::io::Write;
use std::path::Path;

use super::Distinguish;
use super::label_table::{Row, of_regions};
use crate::error::{Error, Result};
use crate::geometry::phantom::{Medium, Phantom};

/// Codes of media in an `.egsphant`; 0 is vacuum.
const CODES: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The number of every voxel's medium in a file, from 1 on, and what the numbers mean.
pub(super) struct Coding {
    /// By number, from 1 on.
    pub rows: Vec<Row>,
    distinguish: Distinguish,
    /// By medium of the phantom: the number of its composition.
    material_of: Vec<usize>,
}

impl Coding {
    /// Numbers the regions or the compositions of a phantom.
    pub fn new(phantom: &Phantom, distinguish: Distinguish) -> Self {
        if distinguish == Distinguish::Regions {
            return Coding { rows: of_regions(phantom, 1), distinguish, material_of: Vec::new() };
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut material_of = Vec::new();
        for (index, medium) in phantom.media.iter().enumerate() {
            let same = |row: &Row| row.medium.material == medium.material;
            let at = rows.iter().position(same).unwrap_or_else(|| {
                let name = medium.material.name.clone();
                // Air is the exterior's; what else is of air stays with it, as other codes have it.
                let organ = (index != 0).then(|| (name.clone(), name.replace('_', " ")));
                rows.push(Row { label: rows.len() + 1, organ, region: name, medium: medium.clone() });
                rows.len() - 1
            });
            material_of.push(at + 1);
        }
        Coding { rows, distinguish, material_of }
    }

    fn number(&self, phantom: &Phantom, voxel: usize) -> usize {
        match self.distinguish {
            Distinguish::Regions => usize::from(phantom.labels[voxel]) + 1,
            Distinguish::Materials => self.material_of[usize::from(phantom.medium_index(voxel))],
        }
    }

    fn name(&self, row: &Row) -> String {
        match self.distinguish {
            Distinguish::Regions => row.region.clone(),
            Distinguish::Materials => row.medium.material.name.clone(),
        }
    }
}

/// Writes an `.egsphant`.
pub(super) fn write_egsphant(phantom: &Phantom, coding: &Coding, path: &Path) -> Result<()> {
    if coding.rows.len() >= CODES.len() {
        return Err(Error::invalid(format!(
            "an egsphant holds at most 61 media, found {}",
            coding.rows.len()
        ))
        .with_help("distinguish materials instead of regions, or write a vox file"));
    }
    super::write_file(path, |out| {
        writeln!(out, "{:2}", coding.rows.len())?;
        for row in &coding.rows {
            writeln!(out, "{:<24.24}", coding.name(row))?;
        }
        writeln!(out, "{}", vec!["0.25"; coding.rows.len()].join(" "))?;
        let [nx, ny, nz] = phantom.grid.counts;
        writeln!(out, "{nx} {ny} {nz}")?;
        for axis in 0..3 {
            let (corner, edge) = (phantom.grid.corner_cm[axis], phantom.grid.spacing_cm[axis]);
            let bounds = (0..=phantom.grid.counts[axis]).map(|i| format!("{:.6}", corner + i as f64 * edge));
            writeln!(out, "{}", bounds.collect::<Vec<_>>().join(" "))?;
        }
        rows_of_slices(phantom, out, |out, row| {
            let codes: Vec<u8> = row.map(|voxel| CODES[coding.number(phantom, voxel)]).collect();
            out.write_all(&codes)
        })?;
        rows_of_slices(phantom, out, |out, mut row| {
            row.try_for_each(|voxel| write!(out, " {}", phantom.density_g_cm3(voxel) as f32))
        })
    })
}

/// Writes every row of every slice on a line, an empty line after each slice.
fn rows_of_slices(
    phantom: &Phantom,
    out: &mut dyn Write,
    mut write_row: impl FnMut(&mut dyn Write, std::ops::Range<usize>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let [nx, ny, nz] = phantom.grid.counts;
    for slice in 0..nz {
        for row in slice * ny..(slice + 1) * ny {
            write_row(out, row * nx..(row + 1) * nx)?;
            writeln!(out)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Writes a `.vox`; its corner is the origin, as the format has no other.
pub(super) fn write_vox(phantom: &Phantom, coding: &Coding, path: &Path) -> Result<()> {
    super::write_file(path, |out| {
        let ([nx, ny, nz], [dx, dy, dz]) = (phantom.grid.counts, phantom.grid.spacing_cm);
        writeln!(out, "[SECTION VOXELS HEADER v.2008-04-13]")?;
        writeln!(out, "{nx} {ny} {nz}   No. OF VOXELS IN X,Y,Z")?;
        writeln!(out, "{dx} {dy} {dz}   VOXEL SIZE (cm) ALONG X,Y,Z")?;
        writeln!(out, " 1   COLUMN NUMBER WHERE MATERIAL ID IS LOCATED")?;
        writeln!(out, " 2   COLUMN NUMBER WHERE THE MASS DENSITY IS LOCATED")?;
        writeln!(out, " 0   BLANK LINES AT END OF X,Y-CYCLES (1=YES,0=NO)")?;
        writeln!(out, "[END OF VXH SECTION]")?;
        let text = |medium: &Medium| (medium.density_g_cm3 as f32).to_string();
        let densities: Vec<String> = phantom.media.iter().map(text).collect();
        (0..phantom.labels.len()).try_for_each(|voxel| {
            let density = &densities[usize::from(phantom.medium_index(voxel))];
            writeln!(out, "{} {density}", coding.number(phantom, voxel))
        })
    })
}
