//! The voxel volume of TG-195's Case 5, as its report publishes it: the user's own download.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use tiff::decoder::{Decoder, DecodingResult};

use crate::error::{Error, Result};
use crate::io::digest::sha256_hex;

/// Voxels along x, y, z, of 1 mm; x runs fastest.
pub const COUNTS: [usize; 3] = [500, 320, 260];

/// SHA-256 of the labels, one byte per voxel.
const SHA256: &str = "77b59f144b61f8b86dc50b7c1d5bee504eb89818d65fb83cf9bd04e7711add93";

/// Reads the labels from the published TIFF (a page per slice) or from raw bytes, plain or gzipped. Refuses a
/// volume that is not the report's.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error: &dyn std::fmt::Display| Error::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    let labels = match bytes.as_slice() {
        [0x1f, 0x8b, ..] => unzipped(&bytes).map_err(|error| unreadable(&error))?,
        [b'I', b'I', ..] | [b'M', b'M', ..] => pages(&bytes).map_err(|error| unreadable(&error))?,
        _ => bytes,
    };
    check(path, labels)
}

fn check(path: &Path, labels: Vec<u8>) -> Result<Vec<u8>> {
    let expected = COUNTS.iter().product::<usize>();
    let refuse = |what: String| {
        let help = "the volume is part of the AAPM Task Group 195 report's supplement";
        Err(Error::invalid(format!("{}: the Case 5 volume must {what}", path.display())).with_help(help))
    };
    if labels.len() != expected {
        return refuse(format!("hold {expected} voxels of one byte, found {}", labels.len()));
    }
    match sha256_hex(&labels) {
        digest if digest == SHA256 => Ok(labels),
        digest => refuse(format!("have the SHA-256 {SHA256}, found {digest}")),
    }
}

/// At most one byte more than the volume has: enough to see that it is too long.
fn unzipped(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let most = COUNTS.iter().product::<usize>() as u64 + 1;
    let mut labels = Vec::new();
    GzDecoder::new(bytes).take(most).read_to_end(&mut labels)?;
    Ok(labels)
}

fn pages(bytes: &[u8]) -> tiff::TiffResult<Vec<u8>> {
    let mut decoder = Decoder::new(Cursor::new(bytes))?;
    let mut labels = Vec::new();
    loop {
        match decoder.read_image()? {
            DecodingResult::U8(page) => labels.extend(page),
            DecodingResult::U16(page) => labels.extend(page.iter().map(|&v| u8::try_from(v).unwrap_or(255))),
            _ => return Ok(labels),
        }
        if !decoder.more_images() || labels.len() > COUNTS.iter().product::<usize>() {
            return Ok(labels);
        }
        decoder.next_image()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_altered_volume_is_refused_with_what_was_expected() {
        let path = Path::new("volume.raw");
        let size = check(path, vec![0; 10]).unwrap_err().to_string();
        assert_eq!(size, "volume.raw: the Case 5 volume must hold 41600000 voxels of one byte, found 10");
        let digest = check(path, vec![0; 41_600_000]).unwrap_err().to_string();
        assert!(digest.contains("must have the SHA-256 77b59f14"), "{digest}");
    }

    #[test]
    fn a_tiff_is_read_page_by_page() {
        let mut file = Cursor::new(Vec::new());
        let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).unwrap();
        for page in 0..3_u8 {
            encoder.write_image::<tiff::encoder::colortype::Gray8>(2, 2, &[page; 4]).unwrap();
        }
        assert_eq!(pages(file.get_ref()).unwrap(), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    }
}
