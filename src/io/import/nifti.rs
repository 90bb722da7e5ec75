//! NIfTI-1 and NIfTI-2 (<https://nifti.nimh.nih.gov>): single files, plain or gzip.
//!
//! The affine is the sform if its code is above 0, else the qform; a file with neither says nothing about
//! left and right and is refused. RAS becomes LPS.

use std::path::Path;

use super::assemble::check_counts;
use super::frame::Frame;
use super::label_map::Image;
use super::samples::Kind;
use super::source::{self, Packing};
use crate::error::{Error, Result};

/// Numbers of a header, in its order of bytes.
struct Header {
    bytes: Vec<u8>,
    big_endian: bool,
    /// NIfTI-2 has wider fields.
    wide: bool,
}

impl Header {
    fn field<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut field = [0; N];
        field.copy_from_slice(&self.bytes[at..at + N]);
        if self.big_endian {
            field.reverse();
        }
        field
    }

    fn i16(&self, at: usize) -> i64 {
        i64::from(i16::from_le_bytes(self.field(at)))
    }

    fn i32(&self, at: usize) -> i64 {
        i64::from(i32::from_le_bytes(self.field(at)))
    }

    /// Number `index` of a list of reals.
    fn real(&self, narrow: usize, wide: usize, index: usize) -> f64 {
        match self.wide {
            true => f64::from_le_bytes(self.field(wide + 8 * index)),
            false => f64::from(f32::from_le_bytes(self.field(narrow + 4 * index))),
        }
    }

    fn dim(&self, index: usize) -> i64 {
        match self.wide {
            true => i64::from_le_bytes(self.field(16 + 8 * index)),
            false => self.i16(40 + 2 * index),
        }
    }

    fn code(&self, narrow: usize, wide: usize) -> i64 {
        if self.wide { self.i32(wide) } else { self.i16(narrow) }
    }

    fn voxel_offset(&self) -> f64 {
        match self.wide {
            true => i64::from_le_bytes(self.field(168)) as f64,
            false => self.real(108, 0, 0),
        }
    }
}

/// Reads the header of a file.
pub(super) fn open(path: &Path) -> Result<Image> {
    let (file, stored) = source::open(path)?;
    let packing = Packing::by_name(path);
    let mut voxels = packing.unpack(file);
    let header = header(&mut voxels)?;
    let counts = counts(&header)?;
    let kind = kind(header.i16(if header.wide { 12 } else { 70 }))?;
    let promised = counts.iter().product::<usize>() as u64 * kind.bytes() as u64;
    packing.check_promise(promised, stored)?;
    let frame = Frame::from_ras_mm(counts, &affine_mm(&header)?);
    source::skip(&mut voxels, data_start(&header)? - header.bytes.len() as u64, "the header")?;
    let slope = header.real(112, 176, 0);
    let scale = if slope == 0.0 { (1.0, 0.0) } else { (slope, header.real(116, 184, 0)) };
    Ok(Image { frame, kind: (kind, header.big_endian), scale, voxels: Box::new(voxels) })
}

fn header(voxels: &mut impl std::io::Read) -> Result<Header> {
    let mut bytes = source::bytes(voxels, 348, "the header")?;
    let size = |order: fn([u8; 4]) -> i32| order([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let (little, big) = (size(i32::from_le_bytes), size(i32::from_be_bytes));
    let (wide, big_endian) = match (little, big) {
        (348, _) => (false, false),
        (_, 348) => (false, true),
        (540, _) => (true, false),
        (_, 540) => (true, true),
        _ => return Err(Error::invalid(format!("a NIfTI header has 348 or 540 bytes, found {little}"))),
    };
    if wide {
        bytes.extend(source::bytes(voxels, 540 - 348, "the header")?);
    }
    let magic = if wide { &bytes[4..8] } else { &bytes[344..348] };
    if ![b"n+1\0", b"n+2\0"].iter().any(|known| magic == *known) {
        return Err(Error::invalid(
            "a NIfTI file must hold its header and voxels in one file (magic n+1 or n+2)",
        ));
    }
    Ok(Header { bytes, big_endian, wide })
}

fn counts(header: &Header) -> Result<[usize; 3]> {
    let axes = header.dim(0);
    if !(3..=7).contains(&axes) || (4..=axes as usize).any(|axis| header.dim(axis) > 1) {
        return Err(Error::invalid(format!("a label map must have 3 axes, found {axes}")));
    }
    let count = |axis: usize| u64::try_from(header.dim(axis)).unwrap_or(0);
    check_counts([count(1), count(2), count(3)])
}

fn kind(code: i64) -> Result<Kind> {
    Ok(match code {
        2 => Kind::U8,
        4 => Kind::I16,
        8 => Kind::I32,
        16 => Kind::F32,
        64 => Kind::F64,
        256 => Kind::I8,
        512 => Kind::U16,
        768 => Kind::U32,
        1024 => Kind::I64,
        1280 => Kind::U64,
        _ => {
            return Err(Error::invalid(format!(
                "the datatype must be a whole or real number, found code {code}"
            )));
        }
    })
}

fn data_start(header: &Header) -> Result<u64> {
    let (start, least) = (header.voxel_offset(), header.bytes.len() as f64);
    match start >= least && start <= 1e9 && start.fract() == 0.0 {
        true => Ok(start as u64),
        false => Err(Error::invalid(format!("vox_offset must be {least} or more, found {start}"))),
    }
}

/// Rows x, y, z of the affine to RAS, mm.
fn affine_mm(header: &Header) -> Result<[[f64; 4]; 3]> {
    let per_unit = match header.code_units() & 7 {
        1 => 1000.0,
        3 => 0.001,
        _ => 1.0,
    };
    let rows = if header.code(254, 348) > 0 {
        std::array::from_fn(|row| {
            std::array::from_fn(|column| header.real(280 + 16 * row, 400 + 32 * row, column))
        })
    } else if header.code(252, 344) > 0 {
        qform(header)
    } else {
        return Err(Error::invalid(
            "the header must say where left and right are, found neither sform nor qform",
        )
        .with_help("set one of them with the program that wrote the labels"));
    };
    Ok(rows.map(|row: [f64; 4]| row.map(|length| length * per_unit)))
}

impl Header {
    fn code_units(&self) -> i64 {
        if self.wide { self.i32(500) } else { i64::from(self.bytes[123]) }
    }
}

/// The affine of a quaternion (nifti1.h, method 2).
fn qform(header: &Header) -> [[f64; 4]; 3] {
    let [b, c, d] = [0, 1, 2].map(|i| header.real(256, 352, i));
    let a = (1.0 - (b * b + c * c + d * d)).max(0.0).sqrt();
    let rotation = [
        [a * a + b * b - c * c - d * d, 2.0 * (b * c - a * d), 2.0 * (b * d + a * c)],
        [2.0 * (b * c + a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d - a * b)],
        [2.0 * (b * d - a * c), 2.0 * (c * d + a * b), a * a + d * d - c * c - b * b],
    ];
    let handedness = if header.real(76, 104, 0) < 0.0 { -1.0 } else { 1.0 };
    let pixdim = [1, 2, 3].map(|axis| header.real(76, 104, axis));
    let edges = [pixdim[0], pixdim[1], handedness * pixdim[2]];
    std::array::from_fn(|row| {
        let step = |column: usize| rotation[row][column] * edges[column];
        [step(0), step(1), step(2), header.real(268, 376, row)]
    })
}
