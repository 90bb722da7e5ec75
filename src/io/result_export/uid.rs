//! Unique identifiers of DICOM objects: the same result gives the same ones, another result others.

use sha2::{Digest, Sha256};

/// A UID of the form `2.25.` and a UUID (DICOM PS3.5, B.2) made of a digest of what it stands for (RFC 9562, version 8).
pub fn of(kind: &str, content: &str) -> String {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(content).finalize();
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    format!("2.25.{}", u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_that_of_its_content_and_fits_the_standard() {
        let uid = of("series", "a");
        assert_eq!(uid, of("series", "a"));
        assert!(uid != of("series", "b") && uid != of("study", "a"));
        assert!(uid.len() <= 64 && uid.split('.').all(|part| part == "0" || !part.starts_with('0')));
    }
}
