//! The pixels of a DICOM file, frame by frame.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use dicom_dictionary_std::tags;
use dicom_object::DefaultDicomObject;
use dicom_pixeldata::PixelDecoder;

use super::attributes::{Object, need_whole, whole};
use super::file::{parse, undigested, unpacked};
use super::outline::{PREAMBLE_BYTES, PixelPlace, Walker};
use super::syntax::Coding;
use crate::error::{Error, Result};
use crate::io::import::assemble::MOST_VOXELS;
use crate::io::import::source;

/// RLE packs 128 bytes into 2 (PS3.5, annex G); JPEG lossless packs less.
const MOST_PACKED: u64 = 64;

/// Size and type of the pixels of a file.
#[derive(Clone, Debug)]
pub(super) struct PixelFormat {
    path: PathBuf,
    place: PixelPlace,
    coding: Coding,
    /// Rows and columns of a frame.
    pub rows: usize,
    /// Columns of a frame.
    pub columns: usize,
    /// Frames.
    pub frames: usize,
    /// Bits a pixel takes: 1, 8 or 16.
    pub bits_allocated: u32,
    /// Bits of them that are its value.
    pub bits_stored: u32,
    /// Whether the highest of them is a sign.
    pub signed: bool,
}

impl PixelFormat {
    /// Reads what a data set says of its pixels.
    pub fn read(header: &Object, place: PixelPlace, coding: Coding, path: &Path) -> Result<Self> {
        let rows = need_whole(header, tags::ROWS, 1, 65_535)? as usize;
        let columns = need_whole(header, tags::COLUMNS, 1, 65_535)? as usize;
        let frames = match whole(header, tags::NUMBER_OF_FRAMES)? {
            None => 1,
            Some(_) => need_whole(header, tags::NUMBER_OF_FRAMES, 1, 1 << 24)? as usize,
        };
        need_whole(header, tags::SAMPLES_PER_PIXEL, 1, 1)?;
        let bits_allocated = need_whole(header, tags::BITS_ALLOCATED, 1, 16)? as u32;
        if ![1, 8, 16].contains(&bits_allocated) {
            return Err(Error::invalid(format!("BitsAllocated must be 1, 8 or 16, found {bits_allocated}")));
        }
        let bits_stored = need_whole(header, tags::BITS_STORED, 1, i64::from(bits_allocated))? as u32;
        let high = i64::from(bits_stored) - 1;
        need_whole(header, tags::HIGH_BIT, high, high)?;
        let signed = need_whole(header, tags::PIXEL_REPRESENTATION, 0, 1)? == 1;
        let format = PixelFormat {
            path: path.to_owned(),
            place,
            coding,
            rows,
            columns,
            frames,
            bits_allocated,
            bits_stored,
            signed,
        };
        format.check_promise()?;
        Ok(format)
    }

    /// Refuses more pixels than the file can hold.
    fn check_promise(&self) -> Result<()> {
        let pixels = self.rows as u64 * self.columns as u64 * self.frames as u64;
        if pixels > 64 * MOST_VOXELS {
            return Err(Error::invalid(format!(
                "a file may have {} pixels, found {pixels}",
                64 * MOST_VOXELS
            )));
        }
        let promised = (pixels * u64::from(self.bits_allocated)).div_ceil(8);
        let most = if self.place.fragments {
            self.place.bytes.saturating_mul(MOST_PACKED)
        } else {
            self.place.bytes
        };
        match promised <= most {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "{} x {} x {} pixels take {promised} bytes, the file's {} bytes of pixels can hold {most} at most",
                self.columns, self.rows, self.frames, self.place.bytes
            ))),
        }
    }

    /// Opens the pixels.
    pub fn open(&self) -> Result<Frames> {
        let from = match self.coding {
            _ if self.place.fragments => {
                let (mut file, length) = source::open(&self.path)?;
                Source::Packed(Box::new(parse(
                    &source::bytes(&mut file, length as usize, "the file")?,
                    false,
                )?))
            }
            Coding::Deflated => {
                let (file, length) = source::open(&self.path)?;
                let mut walker = Walker::new(file, PREAMBLE_BYTES, length);
                walker.seek(PREAMBLE_BYTES)?;
                let (_, start) = walker.meta()?;
                let bytes = (self.place.start + self.place.bytes) as usize;
                Source::Memory(source::bytes(&mut unpacked(&self.path, start)?, bytes, "the pixel data")?)
            }
            _ => Source::Plain(source::open(&self.path)?.0),
        };
        Ok(Frames { format: self.clone(), from })
    }
}

enum Source {
    Plain(BufReader<File>),
    Memory(Vec<u8>),
    Packed(Box<DefaultDicomObject>),
}

/// Pixels of a file, to be read frame by frame.
pub(super) struct Frames {
    format: PixelFormat,
    from: Source,
}

impl Frames {
    /// All pixel bytes as they lie in the file, for pixels of 1 bit.
    pub fn all_bits(&mut self) -> Result<Vec<u8>> {
        let bits = self.format.rows as u64 * self.format.columns as u64 * self.format.frames as u64;
        self.bytes(0, bits.div_ceil(8) as usize)
    }

    /// The values of a frame, row by row.
    pub fn values(&mut self, frame: usize) -> Result<Vec<i32>> {
        let bytes = self.frame(frame)?;
        let PixelFormat { bits_stored, bits_allocated, signed, .. } = self.format;
        let shift = 32 - bits_stored;
        let value = |stored: u32| match signed {
            true => ((stored << shift) as i32) >> shift,
            false => ((stored << shift) >> shift) as i32,
        };
        Ok(match bits_allocated {
            8 => bytes.iter().map(|&byte| value(u32::from(byte))).collect(),
            _ => bytes.chunks_exact(2).map(|b| value(u32::from(u16::from_le_bytes([b[0], b[1]])))).collect(),
        })
    }

    /// The bytes of a frame, least significant first.
    fn frame(&mut self, frame: usize) -> Result<Vec<u8>> {
        let size = self.format.rows * self.format.columns * self.format.bits_allocated as usize / 8;
        if let Source::Packed(object) = &self.from {
            check_jpeg_size(object, &self.format)?;
            let decoded = catch_unwind(AssertUnwindSafe(|| {
                object.decode_pixel_data_frame(frame as u32).map(|pixels| pixels.data().to_vec())
            }));
            let bytes = decoded
                .map_err(|_| undigested("its pixels are not compressed as it says"))?
                .map_err(|error| undigested(&error.to_string()))?;
            return match bytes.len() == size {
                true => Ok(bytes),
                false => {
                    Err(Error::invalid(format!("a frame must have {size} bytes, found {}", bytes.len())))
                }
            };
        }
        let mut bytes = self.bytes(frame as u64 * size as u64, size)?;
        if self.format.coding == Coding::BigEndian && self.format.bits_allocated == 16 {
            bytes.chunks_exact_mut(2).for_each(<[u8]>::reverse);
        }
        Ok(bytes)
    }

    fn bytes(&mut self, from: u64, count: usize) -> Result<Vec<u8>> {
        let start = self.format.place.start + from;
        match &mut self.from {
            Source::Plain(file) => {
                file.seek(SeekFrom::Start(start)).map_err(|error| source::broken("the file", &error))?;
                source::bytes(file, count, "the pixel data")
            }
            Source::Memory(data) => {
                let found = data.get(start as usize..start as usize + count);
                found.map(<[u8]>::to_vec).ok_or_else(|| Error::invalid("the pixel data ends too early"))
            }
            Source::Packed(_) => Err(Error::invalid("pixels of 1 bit must not be compressed")),
        }
    }
}

/// Refuses JPEG frames that say another size than the file does: the decoder takes memory on their word.
fn check_jpeg_size(object: &DefaultDicomObject, format: &PixelFormat) -> Result<()> {
    if object.meta().transfer_syntax().trim_end_matches('\0').ends_with(".1.2.5") {
        return Ok(());
    }
    let fragments = object.get(tags::PIXEL_DATA).and_then(|element| element.fragments()).unwrap_or_default();
    for (rows, columns) in fragments.iter().flat_map(|fragment| jpeg_sizes(fragment)) {
        if (rows, columns) != (format.rows, format.columns) {
            return Err(Error::invalid(format!(
                "a JPEG frame must have {} x {} pixels, found {columns} x {rows}",
                format.columns, format.rows
            )));
        }
    }
    Ok(())
}

/// Rows and columns of every frame header of a JPEG stream (ITU-T T.81, B.2.2). Within compressed data no byte of 255
/// is followed by that of a frame header.
fn jpeg_sizes(stream: &[u8]) -> Vec<(usize, usize)> {
    let is_frame = |marker: u8| (0xC0..=0xCF).contains(&marker) && ![0xC4, 0xC8, 0xCC].contains(&marker);
    let word = |high: u8, low: u8| usize::from(u16::from_be_bytes([high, low]));
    let headers = stream.windows(9).filter(|bytes| bytes[0] == 0xFF && is_frame(bytes[1]));
    headers.map(|bytes| (word(bytes[5], bytes[6]), word(bytes[7], bytes[8]))).collect()
}
