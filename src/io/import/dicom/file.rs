//! One DICOM file: its data set without pixels.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, OpenFileOptions};
use flate2::bufread::DeflateDecoder;

use super::outline::{PREAMBLE_BYTES, PixelPlace, Walker};
use super::pixels::PixelFormat;
use super::syntax::Coding;
use crate::error::{Error, Result};
use crate::io::import::source;

/// Most bytes of a data set without its pixels.
const LONGEST_HEADER: u64 = 128 << 20;
/// Most bytes that a deflated data set unpacks to.
const LONGEST_DEFLATED: u64 = 512 << 20;

/// A file that was walked through.
pub(super) struct DicomFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its data set, up to the pixels.
    pub header: DefaultDicomObject,
    coding: Coding,
    pixels: Option<PixelPlace>,
}

/// Whether a file begins as DICOM files do.
pub(in crate::io::import) fn is_dicom(path: &Path) -> bool {
    let mut start = [0; PREAMBLE_BYTES as usize];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start.ends_with(b"DICM")
}

impl DicomFile {
    /// Reads all but the pixels.
    pub fn open(path: &Path) -> Result<Self> {
        let (file, length) = source::open(path)?;
        let mut walker = Walker::new(file, PREAMBLE_BYTES, length);
        walker.seek(PREAMBLE_BYTES)?;
        let (uid, start) = walker.meta()?;
        let coding = Coding::of(&uid)?;
        let (pixels, end) = match coding {
            Coding::Deflated => {
                let mut walker = Walker::new(Forward(unpacked(path, start)?), 0, LONGEST_DEFLATED);
                (walker.data_set_of_unknown_length(coding)?, walker.at())
            }
            _ => (walker.data_set(coding)?, length),
        };
        let header_bytes = pixels.map_or(end, |place| place.element);
        if header_bytes > LONGEST_HEADER {
            return Err(Error::invalid(format!(
                "a file may have {LONGEST_HEADER} bytes besides its pixels, found {header_bytes}"
            )));
        }
        // Of a deflated file all is packed, so all is needed.
        let header_bytes = if coding == Coding::Deflated { length } else { header_bytes };
        let (mut file, _) = source::open(path)?;
        let bytes = source::bytes(&mut file, header_bytes as usize, "the file")?;
        let header = parse(&bytes, true)?;
        Ok(DicomFile { path: path.to_owned(), header, coding, pixels })
    }

    /// What its pixels are; a refusal where there are none.
    pub fn format(&self) -> Result<PixelFormat> {
        let place = self.pixels.ok_or_else(|| Error::invalid("the file needs PixelData, found none"))?;
        PixelFormat::read(&self.header, place, self.coding, &self.path)
    }
}

/// The data set of a deflated file, unpacked as it is read.
pub(super) fn unpacked(path: &Path, start: u64) -> Result<impl Read> {
    let (mut file, _) = source::open(path)?;
    file.seek(SeekFrom::Start(start)).map_err(|error| source::broken("the file", &error))?;
    Ok(BufReader::new(DeflateDecoder::new(file)).take(LONGEST_DEFLATED + 1))
}

/// A source that can be skipped forward only.
struct Forward<R>(R);

impl<R: Read> Read for Forward<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

impl<R: Read> Seek for Forward<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let SeekFrom::Current(ahead @ 0..) = to else { return Err(std::io::ErrorKind::Unsupported.into()) };
        match std::io::copy(&mut (&mut self.0).take(ahead as u64), &mut std::io::sink())? == ahead as u64 {
            true => Ok(0),
            false => Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn seek_relative(&mut self, ahead: i64) -> std::io::Result<()> {
        self.seek(SeekFrom::Current(ahead)).map(|_| ())
    }
}

/// Has the library read a data set. What it cannot digest becomes a sentence, also where it panics: the last resort
/// after [`Walker`].
pub(super) fn parse(bytes: &[u8], without_pixels: bool) -> Result<DefaultDicomObject> {
    let mut options = OpenFileOptions::new();
    if without_pixels {
        options = options.read_until(tags::PIXEL_DATA);
    }
    let read = catch_unwind(AssertUnwindSafe(|| options.from_reader(Cursor::new(bytes))));
    read.map_err(|_| undigested("it is not laid out as DICOM"))?
        .map_err(|error| undigested(&error.to_string()))
}

/// The refusal of what the library cannot digest.
pub(super) fn undigested(reason: &str) -> Error {
    let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    Error::invalid(format!("the file cannot be read as DICOM: {reason}"))
}
