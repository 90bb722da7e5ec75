//! One run at a time in a folder: an advisory lock that ends with the process, however it ends.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::io::output_file::unwritable;

/// Name of the file that is locked.
const NAME: &str = ".childsize.lock";

/// The lock on a folder; it is given back when this is dropped.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    _file: File,
}

impl FolderLock {
    /// Locks a folder. Refuses one that another process has locked. File systems without locks are taken as they are.
    pub fn claim(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(&path);
            let file = file.map_err(|error| unwritable(folder, &error))?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Err(unwritable(
                        folder,
                        &"another run is at work in it; wait for it, or name another folder",
                    ));
                }
                Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Unsupported => {
                    return Err(unwritable(&path, &error));
                }
                _ => {}
            }
            // Who had it before may have removed the file meanwhile: then this is the lock of a file without a name.
            if is_at(&file, &path) {
                return Ok(FolderLock { path, _file: file });
            }
        }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Removed while it is still locked: whoever opens it later makes a new one.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |a: std::fs::Metadata, b: std::fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    file.metadata().is_ok_and(|own| path.metadata().is_ok_and(|named| same(own, named)))
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_once_and_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::claim(folder.path()).unwrap();
        let refused = FolderLock::claim(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("another run is at work in it"), "{refused}");
        drop(lock);
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is left behind");
        FolderLock::claim(folder.path()).unwrap();
    }
}
