//! A volume of numbers as image files hold it: x fastest, along the patient's axes, LPS, mm.

use std::io::Write;

use crate::geometry::grid::VoxelGrid;
use crate::units::MM_PER_CM;

/// Values that are turned into bytes at a time.
const AT_A_TIME: usize = 1 << 14;

/// A volume and where it lies.
#[derive(Clone, Copy, Debug)]
pub(in crate::io) struct Image<'a> {
    /// Voxels along x, y, z.
    pub counts: [usize; 3],
    /// Edges of a voxel, mm.
    pub spacing_mm: [f64; 3],
    /// Centre of the first voxel, DICOM LPS, mm.
    pub first_mm: [f64; 3],
    /// The numbers, x fastest.
    pub values: Values<'a>,
    /// What the numbers are, with their unit; ASCII, at most 79 letters.
    pub description: &'a str,
}

/// Numbers of a volume.
#[derive(Clone, Copy, Debug)]
pub(in crate::io) enum Values<'a> {
    /// Labels of one byte.
    U8(&'a [u8]),
    /// Labels of two.
    U16(&'a [u16]),
    /// Quantities.
    F32(&'a [f32]),
}

impl<'a> Image<'a> {
    /// Labels of a grid.
    pub fn of_labels(grid: &VoxelGrid, labels: &'a [u8]) -> Self {
        let spacing_mm = grid.spacing_cm.map(|cm| cm * MM_PER_CM);
        let first_mm = std::array::from_fn(|axis| grid.corner_cm[axis] * MM_PER_CM + 0.5 * spacing_mm[axis]);
        Image { counts: grid.counts, spacing_mm, first_mm, values: Values::U8(labels), description: "" }
    }
}

impl Values<'_> {
    /// Writes the numbers, the least significant byte first.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        match self {
            Values::U8(values) => out.write_all(values),
            Values::U16(values) => little_endian(values, |value| value.to_le_bytes(), out),
            Values::F32(values) => little_endian(values, |value| value.to_le_bytes(), out),
        }
    }
}

fn little_endian<T: Copy, const N: usize>(
    values: &[T],
    bytes_of: impl Fn(T) -> [u8; N],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for part in values.chunks(AT_A_TIME) {
        let bytes: Vec<u8> = part.iter().flat_map(|&value| bytes_of(value)).collect();
        out.write_all(&bytes)?;
    }
    Ok(())
}
