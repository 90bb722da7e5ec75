//! Output files appear whole or not at all: written beside their place, synced, then renamed.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::error::{Error, Result};

/// Writes a file, replacing what is there in one step.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes).map_err(|error| unwritable(path, &error))?;
    publish(file.into_temp_path(), path)
}

/// Refuses a file that is there, unless it may be replaced.
pub fn refuse_existing(path: &Path, force: bool) -> Result<()> {
    match !force && path.symlink_metadata().is_ok() {
        true => Err(unwritable(path, &"it is already there; --force replaces it")),
        false => Ok(()),
    }
}

/// Makes a folder, with those around it, if it is not there.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))
}

/// A new, empty, hidden file in the folder of `path`, with the permissions a usual file would get.
pub fn beside(path: &Path) -> Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".childsize-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path)).map_err(|error| unwritable(path, &error))
}

/// Syncs a temporary file and gives it its name.
pub fn publish(temporary: TempPath, path: &Path) -> Result<()> {
    let sync = File::options().write(true).open(&temporary).and_then(|file| file.sync_all());
    sync.map_err(|error| unwritable(path, &error))?;
    temporary.persist(path).map_err(|error| unwritable(path, &error.error))
}

/// The refusal of a file that cannot be written.
pub fn unwritable(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Unwritable { path: path.to_owned(), reason: reason.to_string() }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
