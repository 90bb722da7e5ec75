//! CTDI that was measured before: kept in the user's cache folder under the digest of everything it depends on.
//!
//! `CHILDSIZE_CACHE` names another folder; empty, it keeps nothing. A file that is missing, of another content or
//! damaged is measured anew; a folder that cannot be written is left as it is.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::analysis::ctdi::{Beam, Ctdi, measure};
use crate::error::Result;
use crate::io::digest::{physics_data_digest, sha256_hex};
use crate::io::output_file;
use crate::numerics::rng::STREAM_SCHEME;

/// Environment variable that names the folder.
pub const FOLDER_VARIABLE: &str = "CHILDSIZE_CACHE";
/// Largest file that is read, bytes.
const LONGEST_BYTES: u64 = 1 << 16;

/// A kept CTDI.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    /// Digest of what it depends on.
    key: String,
    ctdi: Ctdi,
    /// Digest of `ctdi`: a damaged file is not believed.
    digest: String,
}

/// The CTDI of a beam to a relative standard error: kept from an earlier run, or measured and kept.
///
/// The numbers are the same either way: the measurement has a seed of its own.
pub fn measured(beam: &Beam, relative_error: f64) -> Result<Ctdi> {
    measured_in(folder(), beam, relative_error)
}

/// The same, in a folder.
pub fn measured_in(folder: Option<PathBuf>, beam: &Beam, relative_error: f64) -> Result<Ctdi> {
    let key = key(beam, relative_error);
    let path = folder.map(|folder| folder.join(format!("ctdi-{}.json", &key[..32])));
    if let Some(ctdi) = path.as_ref().and_then(|path| read(path, &key)) {
        return Ok(ctdi);
    }
    let ctdi = measure(beam, relative_error)?;
    if let Some(path) = path {
        keep(&path, key, ctdi);
    }
    Ok(ctdi)
}

fn folder() -> Option<PathBuf> {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) if folder.is_empty() => None,
        Some(folder) => Some(PathBuf::from(folder)),
        None => dirs::cache_dir().map(|folder| folder.join("childsize")),
    }
}

/// Digest of the beam with every number of it, of the physics and of the program.
fn key(beam: &Beam, relative_error: f64) -> String {
    let program = (env!("CARGO_PKG_VERSION"), option_env!("CHILDSIZE_GIT_COMMIT"), STREAM_SCHEME);
    sha256_hex(format!("{beam:?} {relative_error:?} {program:?} {}", physics_data_digest()).as_bytes())
}

fn digest(ctdi: &Ctdi) -> Option<String> {
    serde_json::to_string(ctdi).ok().map(|text| sha256_hex(text.as_bytes()))
}

fn read(path: &PathBuf, key: &str) -> Option<Ctdi> {
    let length = std::fs::metadata(path).ok()?.len();
    let text = (length <= LONGEST_BYTES).then(|| std::fs::read_to_string(path).ok()).flatten()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    (kept.key == key && digest(&kept.ctdi)? == kept.digest).then_some(kept.ctdi)
}

fn keep(path: &Path, key: String, ctdi: Ctdi) {
    let Some(digest) = digest(&ctdi) else { return };
    let text = serde_json::to_string_pretty(&Kept { key, ctdi, digest }).unwrap_or_default();
    if path.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok()) {
        // A cache that cannot be written costs a measurement in the next run, nothing else.
        let _ = output_file::replace(path, text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::ctdi::CtdiPhantom;
    use crate::source::scanner::{Scanner, SpectrumSource};

    fn beam() -> Beam {
        let scanner = Scanner {
            name: "test".to_owned(),
            source_to_isocentre_cm: 60.0,
            fan_angle_rad: 0.9,
            spectrum: SpectrumSource::Model { anode_angle_rad: 0.12 },
            filtration: Vec::new(),
            bowtie: None,
        };
        Beam { scanner, tube_voltage_kv: 100.0, collimation_cm: 1.0, phantom: CtdiPhantom::Head16 }
    }

    #[test]
    fn what_was_measured_is_found_again_and_what_is_damaged_is_measured_anew() {
        let folder = tempfile::tempdir().unwrap();
        let again = || measured_in(Some(folder.path().join("new")), &beam(), 0.05).unwrap();
        let first = again();
        let files = || std::fs::read_dir(folder.path().join("new")).unwrap().map(|f| f.unwrap().path());
        let path = files().next().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(again(), first);
        // Another number in the file, under the old digest.
        let histories = first.histories.to_string();
        std::fs::write(&path, text.replace(&histories, &format!("1{histories}"))).unwrap();
        assert_eq!(again(), first);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(files().count(), 1);
    }

    #[test]
    fn every_part_of_a_beam_is_in_its_key() {
        let one = key(&beam(), 0.01);
        let mut others =
            vec![Beam { tube_voltage_kv: 100.1, ..beam() }, Beam { collimation_cm: 2.0, ..beam() }];
        others.push(Beam { phantom: CtdiPhantom::Body32, ..beam() });
        let mut scanner = beam().scanner;
        scanner.fan_angle_rad += 1e-12;
        others.push(Beam { scanner, ..beam() });
        assert!(others.iter().all(|other| key(other, 0.01) != one));
        assert_ne!(key(&beam(), 0.02), one);
    }
}
