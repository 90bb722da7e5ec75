//! NIfTI-1, one byte per voxel, sform and qform code 1 (scanner), RAS, mm.

use std::path::Path;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::units::MM_PER_CM;

/// Size of the header and where voxels begin, bytes.
const HEADER_BYTES: usize = 348;
const FIRST_VOXEL: usize = 352;

/// Writes the labels.
pub(super) fn write(phantom: &Phantom, path: &Path) -> Result<()> {
    let header = header(phantom)?;
    super::write_file(path, |out| {
        out.write_all(&header)?;
        out.write_all(&phantom.labels)
    })
}

fn header(phantom: &Phantom) -> Result<Vec<u8>> {
    let grid = &phantom.grid;
    let mut header = vec![0_u8; FIRST_VOXEL];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &(HEADER_BYTES as i32).to_le_bytes());
    put(40, &3_i16.to_le_bytes());
    for axis in 0..3 {
        let count = i16::try_from(grid.counts[axis]).map_err(|_| {
            Error::invalid(format!(
                "NIfTI-1 holds at most 32767 voxels along an axis, found {}",
                grid.counts[axis]
            ))
        })?;
        put(42 + 2 * axis, &count.to_le_bytes());
        put(80 + 4 * axis, &((grid.spacing_cm[axis] * MM_PER_CM) as f32).to_le_bytes());
    }
    for axis in 4..8 {
        put(40 + 2 * axis, &1_i16.to_le_bytes());
    }
    put(70, &2_i16.to_le_bytes()); // unsigned bytes
    put(72, &8_i16.to_le_bytes());
    put(76, &1_f32.to_le_bytes()); // qfac
    put(108, &(FIRST_VOXEL as f32).to_le_bytes());
    put(112, &1_f32.to_le_bytes());
    put(123, &[2]); // mm
    put(252, &1_i16.to_le_bytes());
    put(254, &1_i16.to_le_bytes());
    put(264, &1_f32.to_le_bytes()); // half a turn about z: LPS steps in RAS coordinates
    let sign = [-1.0, -1.0, 1.0];
    for (axis, sign) in sign.into_iter().enumerate() {
        let edge_mm = grid.spacing_cm[axis] * MM_PER_CM;
        let first_mm = sign * (grid.corner_cm[axis] * MM_PER_CM + 0.5 * edge_mm);
        put(268 + 4 * axis, &(first_mm as f32).to_le_bytes());
        put(280 + 16 * axis + 4 * axis, &((sign * edge_mm) as f32).to_le_bytes());
        put(280 + 16 * axis + 12, &(first_mm as f32).to_le_bytes());
    }
    put(344, b"n+1\0");
    Ok(header)
}
