//! Transfer syntaxes: how the bytes of a file are laid out, and whether its pixels can be read.

use crate::error::{Error, Result};

/// How elements and pixels are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Implicit VR, least significant byte first.
    Implicit,
    /// Explicit VR, least significant byte first.
    Explicit,
    /// Explicit VR, most significant byte first.
    BigEndian,
    /// Explicit VR, all of the data set deflated.
    Deflated,
    /// Explicit VR, pixels compressed.
    Compressed,
}

const READ: [(&str, Coding); 9] = [
    ("1.2.840.10008.1.2", Coding::Implicit),
    ("1.2.840.10008.1.2.1", Coding::Explicit),
    ("1.2.840.10008.1.2.2", Coding::BigEndian),
    ("1.2.840.10008.1.2.1.99", Coding::Deflated),
    ("1.2.840.10008.1.2.5", Coding::Compressed),
    ("1.2.840.10008.1.2.4.50", Coding::Compressed),
    ("1.2.840.10008.1.2.4.51", Coding::Compressed),
    ("1.2.840.10008.1.2.4.57", Coding::Compressed),
    ("1.2.840.10008.1.2.4.70", Coding::Compressed),
];
/// Beginnings of transfer syntaxes that are not read, and their names (PS3.6, annex A).
const NOT_READ: [(&str, &str); 8] = [
    ("1.2.840.10008.1.2.4.80", "JPEG-LS"),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS"),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000"),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000"),
    ("1.2.840.10008.1.2.4.20", "High-Throughput JPEG 2000"),
    ("1.2.840.10008.1.2.4.11", "JPEG XL"),
    ("1.2.840.10008.1.2.4.10", "MPEG"),
    ("1.2.840.10008.1.2.4", "another JPEG"),
];

impl Coding {
    /// The coding of a transfer syntax; a refusal with its name if it is not read.
    pub fn of(uid: &str) -> Result<Self> {
        if let Some((_, coding)) = READ.iter().find(|(known, _)| *known == uid) {
            return Ok(*coding);
        }
        let name = NOT_READ.iter().find(|(start, _)| uid.starts_with(start)).map_or("", |(_, name)| name);
        let uid: String = uid.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(64).collect();
        Err(Error::invalid(format!(
            "the transfer syntax must be uncompressed, deflated, RLE or JPEG lossless, found {name} ({uid})"
        ))
        .with_help("decompress the series first, for example with gdcmconv --raw or dcmdjpeg"))
    }
}
