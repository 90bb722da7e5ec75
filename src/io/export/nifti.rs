//! NIfTI-1 in one file, sform and qform code 1 (scanner), RAS, mm.

use std::path::Path;

use super::image::{Image, Values};
use crate::error::{Error, Result};

/// Size of the header and where voxels begin, bytes.
const HEADER_BYTES: usize = 348;
const FIRST_VOXEL: usize = 352;
/// Room for the description, with the NUL at its end.
const DESCRIPTION_BYTES: usize = 80;

/// Writes an image.
pub(in crate::io) fn write(image: &Image, path: &Path) -> Result<()> {
    let header = header(image)?;
    super::write_file(path, |out| {
        out.write_all(&header)?;
        image.values.write(out)
    })
}

/// Code of the datatype, and bits of a number.
fn datatype(values: &Values) -> (i16, i16) {
    match values {
        Values::U8(_) => (2, 8),
        Values::U16(_) => (512, 16),
        Values::F32(_) => (16, 32),
    }
}

fn header(image: &Image) -> Result<Vec<u8>> {
    let mut header = vec![0_u8; FIRST_VOXEL];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &(HEADER_BYTES as i32).to_le_bytes());
    put(40, &3_i16.to_le_bytes());
    for axis in 0..3 {
        let count = i16::try_from(image.counts[axis]).map_err(|_| {
            Error::invalid(format!(
                "NIfTI-1 holds at most 32767 voxels along an axis, found {}",
                image.counts[axis]
            ))
        })?;
        put(42 + 2 * axis, &count.to_le_bytes());
        put(80 + 4 * axis, &(image.spacing_mm[axis] as f32).to_le_bytes());
    }
    for axis in 4..8 {
        put(40 + 2 * axis, &1_i16.to_le_bytes());
    }
    let (code, bits) = datatype(&image.values);
    put(70, &code.to_le_bytes());
    put(72, &bits.to_le_bytes());
    put(76, &1_f32.to_le_bytes()); // qfac
    put(108, &(FIRST_VOXEL as f32).to_le_bytes());
    put(112, &1_f32.to_le_bytes());
    put(123, &[2]); // mm
    let description = image.description.as_bytes();
    put(148, &description[..description.len().min(DESCRIPTION_BYTES - 1)]);
    put(252, &1_i16.to_le_bytes());
    put(254, &1_i16.to_le_bytes());
    put(264, &1_f32.to_le_bytes()); // half a turn about z: LPS steps in RAS coordinates
    let sign = [-1.0, -1.0, 1.0];
    for (axis, sign) in sign.into_iter().enumerate() {
        let first_mm = (sign * image.first_mm[axis]) as f32;
        put(268 + 4 * axis, &first_mm.to_le_bytes());
        put(280 + 16 * axis + 4 * axis, &((sign * image.spacing_mm[axis]) as f32).to_le_bytes());
        put(280 + 16 * axis + 12, &first_mm.to_le_bytes());
    }
    put(344, b"n+1\0");
    Ok(header)
}
