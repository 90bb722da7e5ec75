//! Digests: what names a protocol's text, a phantom's voxels and the physics data.

use std::fmt::Write;
use std::io::Read;

use sha2::{Digest, Sha256};

use crate::data::physics_tables;
use crate::geometry::phantom::Phantom;

/// SHA-256 of bytes, in hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    sha256_hex_of(&[bytes])
}

/// SHA-256 of bytes one after the other, in hexadecimal.
pub fn sha256_hex_of(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    parts.iter().for_each(|part| digest.update(part));
    hex(&digest.finalize())
}

/// SHA-256 of all that is left to read, in hexadecimal.
pub fn sha256_hex_from(reader: &mut impl Read) -> std::io::Result<String> {
    let (mut digest, mut block) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match reader.read(&mut block)? {
            0 => return Ok(hex(&digest.finalize())),
            bytes => digest.update(&block[..bytes]),
        }
    }
}

/// SHA-256 of the embedded physics tables, in hexadecimal.
pub fn physics_data_digest() -> String {
    let mut digest = Sha256::new();
    for (name, text) in physics_tables() {
        digest.update(name.as_bytes());
        digest.update(text.as_bytes());
    }
    hex(&digest.finalize())
}

/// SHA-256 of a phantom: grid, labels, regions, media and organs, in hexadecimal. Two phantoms of one digest
/// give one result.
pub fn phantom_digest(phantom: &Phantom) -> String {
    let mut digest = Sha256::new();
    let mut line = String::new();
    let grid = &phantom.grid;
    let _ = writeln!(line, "grid {:?} {:?} {:?}", grid.counts, grid.spacing_cm, grid.corner_cm);
    for region in &phantom.regions {
        let _ = writeln!(line, "region {} {:?} {}", region.id, region.organ, region.medium);
    }
    for organ in &phantom.organs {
        let _ = writeln!(line, "organ {}", organ.id);
    }
    for medium in &phantom.media {
        let _ = writeln!(line, "medium {:?} {:?}", medium.material.mass_fractions, medium.density_g_cm3);
    }
    digest.update(line.as_bytes());
    digest.update(&phantom.labels);
    if let Some(media) = &phantom.voxel_media {
        digest.update(media);
    }
    hex(&digest.finalize())
}

/// Bytes in hexadecimal.
pub(in crate::io) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_fips_180_4() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
