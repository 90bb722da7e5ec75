//! Bytes of files, plain or compressed, never more than was asked for.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::{MultiGzDecoder, ZlibDecoder};

use crate::error::{Error, Result};

/// Deflate makes data smaller by at most this factor (RFC 1951: 258 bytes from 2 bits).
const MOST_DEFLATED: u64 = 1032;

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all.
    Plain,
    /// gzip, one or more members.
    Gzip,
    /// zlib.
    Zlib,
}

impl Packing {
    /// gzip if the name says so.
    pub fn by_name(path: &Path) -> Self {
        match path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
            true => Packing::Gzip,
            false => Packing::Plain,
        }
    }

    /// Unpacks.
    pub fn unpack(self, packed: impl BufRead + 'static) -> Box<dyn BufRead> {
        match self {
            Packing::Plain => Box::new(packed),
            Packing::Gzip => Box::new(BufReader::new(MultiGzDecoder::new(packed))),
            Packing::Zlib => Box::new(BufReader::new(ZlibDecoder::new(packed))),
        }
    }

    /// Refuses a promise of more bytes than `stored` bytes of a file can hold.
    pub fn check_promise(self, promised: u64, stored: u64) -> Result<()> {
        let most = match self {
            Packing::Plain => stored,
            _ => stored.saturating_mul(MOST_DEFLATED),
        };
        match promised <= most {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "the header promises {promised} bytes of voxels, the {stored} bytes stored can hold {most} at most"
            ))),
        }
    }
}

/// Opens a usual file; also its length, bytes.
pub(super) fn open(path: &Path) -> Result<(BufReader<File>, u64)> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    let about = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !about.is_file() {
        return Err(unreadable("it is not a usual file".to_owned()));
    }
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    Ok((BufReader::with_capacity(1 << 16, file), about.len()))
}

/// Reads so many bytes, and not one more.
pub(super) fn bytes(from: &mut impl Read, count: usize, what: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(count as u64).read_to_end(&mut bytes).map_err(|error| broken(what, &error))?;
    match bytes.len() == count {
        true => Ok(bytes),
        false => Err(Error::invalid(format!("{what} ends after {} of {count} bytes", bytes.len()))),
    }
}

/// Skips so many bytes.
pub(super) fn skip(from: &mut impl Read, count: u64, what: &str) -> Result<()> {
    let skipped = std::io::copy(&mut from.take(count), &mut std::io::sink());
    match skipped.map_err(|error| broken(what, &error))? == count {
        true => Ok(()),
        false => Err(Error::invalid(format!("{what} ends before its voxels begin"))),
    }
}

/// One line without its end; `None` at the end of the file. A line may have `longest` bytes.
pub(super) fn line(from: &mut impl BufRead, longest: usize) -> Result<Option<String>> {
    let mut line = Vec::new();
    from.take(longest as u64 + 1).read_until(b'\n', &mut line).map_err(|error| broken("the file", &error))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() > longest {
        return Err(Error::invalid(format!("a line may have {longest} bytes, found more")));
    }
    while line.last().is_some_and(|end| b"\r\n".contains(end)) {
        line.pop();
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// The refusal of bytes that cannot be unpacked.
pub(super) fn broken(what: &str, reason: &std::io::Error) -> Error {
    Error::invalid(format!("{what} cannot be read to its end: {reason}"))
}
