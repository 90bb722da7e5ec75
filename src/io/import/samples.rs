//! Numbers as files store them.

use std::io::Read;

use super::source;
use crate::error::Result;

/// Type of the numbers of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Kind {
    /// Size, bytes.
    pub fn bytes(self) -> usize {
        match self {
            Kind::U8 | Kind::I8 => 1,
            Kind::U16 | Kind::I16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 => 4,
            Kind::U64 | Kind::I64 | Kind::F64 => 8,
        }
    }

    /// The number in its bytes, least significant byte first.
    fn number(self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(wide);
        match self {
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => bits as f64,
            Kind::I8 => f64::from(bits as i8),
            Kind::I16 => f64::from(bits as i16),
            Kind::I32 => f64::from(bits as i32),
            Kind::I64 => bits as i64 as f64,
            Kind::F32 => f64::from(f32::from_bits(bits as u32)),
            Kind::F64 => f64::from_bits(bits),
        }
    }
}

/// Reads `count` numbers and hands them on one by one; never holds more than some kilobytes of them.
pub(super) fn each(
    from: &mut impl Read,
    (kind, big_endian): (Kind, bool),
    count: usize,
    mut visit: impl FnMut(f64) -> Result<()>,
) -> Result<()> {
    let size = kind.bytes();
    let mut left = count;
    while left > 0 {
        let now = left.min(1 << 14);
        let mut chunk = source::bytes(from, now * size, "the voxel data")?;
        for bytes in chunk.chunks_exact_mut(size) {
            if big_endian {
                bytes.reverse();
            }
            visit(kind.number(bytes))?;
        }
        left -= now;
    }
    Ok(())
}
