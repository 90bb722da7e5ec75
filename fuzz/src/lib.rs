//! What the fuzz targets share: bytes become a file of a name, in a folder with what it needs.

use std::path::{Path, PathBuf};

/// A file with these bytes, alone in a folder that goes when it is dropped.
pub fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file in it");
    (folder, path)
}

/// A file of the project's tests.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").join(name)
}
