//! The first line of a state's file, and the digest in it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{About, FORMAT, FORMAT_VERSION};
use crate::error::{Error, Result};
use crate::io::digest::sha256_hex_from;

/// Smallest user block of HDF5, bytes.
const SMALLEST_BYTES: u64 = 512;
/// Longest first line that is read, bytes: tens of thousands of intervals.
const LONGEST_BYTES: u64 = 1 << 20;

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    format: String,
    format_version: String,
    /// Bytes before the HDF5 file proper.
    block_bytes: u64,
    /// SHA-256 of the HDF5 file proper, hexadecimal.
    sha256: String,
    pub about: About,
}

impl Head {
    /// A head whose digest is not known yet.
    pub fn new(about: About) -> Result<Self> {
        let digest = "0".repeat(64);
        let mut head = Head {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION.to_owned(),
            block_bytes: LONGEST_BYTES,
            sha256: digest,
            about,
        };
        head.block_bytes = (head.line()?.len() as u64).next_power_of_two().max(SMALLEST_BYTES);
        Ok(head)
    }

    pub fn block_bytes(&self) -> u64 {
        self.block_bytes
    }

    fn line(&self) -> Result<String> {
        let text = serde_json::to_string(self);
        text.map(|text| text + "\n").map_err(|error| Error::Internal(format!("a state as JSON: {error}")))
    }

    /// Puts the digest of what follows the block into the block.
    pub fn seal(mut self, temporary: &Path, path: &Path) -> Result<()> {
        let failed = |error: std::io::Error| crate::io::output_file::unwritable(path, &error);
        let mut file = File::options().read(true).write(true).open(temporary).map_err(failed)?;
        file.seek(SeekFrom::Start(self.block_bytes)).map_err(failed)?;
        self.sha256 = sha256_hex_from(&mut file).map_err(failed)?;
        let line = self.line()?;
        file.rewind().map_err(failed)?;
        file.write_all(line.as_bytes()).map_err(failed)
    }

    fn read_from(file: &mut File, path: &Path) -> Result<Self> {
        let broken = || not_whole(path, "it does not begin as the state of a run does");
        let mut line = String::new();
        BufReader::new(file.take(LONGEST_BYTES)).read_line(&mut line).map_err(|_| broken())?;
        let head: Head = serde_json::from_str(&line).map_err(|_| broken())?;
        if head.format != FORMAT || head.format_version != FORMAT_VERSION {
            return Err(Error::invalid(format!(
                "{}: the format must be {FORMAT} {FORMAT_VERSION}, found {} {}",
                path.display(),
                head.format,
                head.format_version
            )));
        }
        let is_block = head.block_bytes.is_power_of_two()
            && (SMALLEST_BYTES..=LONGEST_BYTES).contains(&head.block_bytes)
            && line.len() as u64 <= head.block_bytes;
        let ascending = head.about.batches().windows(2).all(|pair| pair[0].end < pair[1].start);
        let filled = head.about.batches.iter().all(|[start, end]| start < end);
        if is_block && ascending && filled { Ok(head) } else { Err(broken()) }
    }
}

/// What a file says it holds. Only its first line is read: enough to tell what is missing, not to use it.
pub fn about(path: &Path) -> Result<About> {
    let mut file = open(path)?;
    Head::read_from(&mut file, path).map(|head| head.about)
}

/// What a file says it holds, its digest found right.
pub fn verified(path: &Path) -> Result<About> {
    let mut file = open(path)?;
    let head = Head::read_from(&mut file, path)?;
    let unreadable =
        |error: std::io::Error| Error::Unreadable { path: path.to_owned(), reason: error.to_string() };
    file.seek(SeekFrom::Start(head.block_bytes)).map_err(unreadable)?;
    match sha256_hex_from(&mut file).map_err(unreadable)? == head.sha256 {
        true => Ok(head.about),
        false => {
            Err(not_whole(path, "its digest is not the one it names; it was cut off, changed or damaged"))
        }
    }
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| Error::Unreadable { path: path.to_owned(), reason: error.to_string() })
}

/// The refusal of a file that is not the state it says it is.
pub(super) fn not_whole(path: &Path, reason: &str) -> Error {
    Error::Unreadable { path: path.to_owned(), reason: format!("not a whole state: {reason}") }
}
