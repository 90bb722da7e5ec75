//! Output files appear whole or not at all: written beside their place, synced, then renamed.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempPath};

use crate::error::{Error, Result};

/// How temporary files begin and end.
const PREFIX: &str = ".childsize-";
const SUFFIX: &str = ".part";

/// Writes a file, replacing what is there in one step.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = beside(path)?;
    // The file below, so that a refusal does not name the temporary one.
    file.as_file_mut().write_all(bytes).map_err(|error| unwritable(path, &error))?;
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
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path)).map_err(|error| unwritable(path, &error))
}

/// Removes temporary files that a process left when it was killed; for folders in which no other process is at work.
pub fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            // One that stays takes room, no more.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Syncs a temporary file and gives it its name.
pub fn publish(temporary: TempPath, path: &Path) -> Result<()> {
    sync(&temporary).map_err(|error| unwritable(path, &error))?;
    temporary.persist(path).map_err(|error| unwritable(path, &error.error))?;
    sync_folder_of(path);
    Ok(())
}

/// The same, and what was there gets another name: at any moment one of the two is whole.
pub fn publish_beside(temporary: TempPath, path: &Path, previous: &Path) -> Result<()> {
    sync(&temporary).map_err(|error| unwritable(path, &error))?;
    match std::fs::rename(path, previous) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(previous, &error)),
        _ => {}
    }
    temporary.persist(path).map_err(|error| unwritable(path, &error.error))?;
    sync_folder_of(path);
    Ok(())
}

fn sync(path: &Path) -> std::io::Result<()> {
    File::options().write(true).open(path).and_then(|file| file.sync_all())
}

/// Brings a folder's names to the disk. Systems that cannot do it for a folder say so, which is no failure of the file.
fn sync_folder_of(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
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
