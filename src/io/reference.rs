//! Files that files name: they lie in the folder of the one that names them, unless the user allows others.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::io::document::Item;

static OUTSIDE: AtomicBool = AtomicBool::new(false);

/// Allows this process to follow names to files outside: those of a file that its user trusts.
pub fn allow_outside() {
    OUTSIDE.store(true, Ordering::Relaxed);
}

/// Whether [`allow_outside`] was called.
pub fn is_outside_allowed() -> bool {
    OUTSIDE.load(Ordering::Relaxed)
}

/// The path that a file in `folder` means by a name. Refuses one that leads out of the folder, by itself or by links of the
/// file system.
pub fn resolve(folder: &Path, name: &str) -> Result<PathBuf> {
    allowed(folder, name)
        .ok_or_else(|| Error::invalid(format!("the file named in it {}", sentence(name))).with_help(HELP))
}

/// The same for a key of a TOML file.
pub(crate) fn of_item(folder: &Path, item: &Item) -> Result<PathBuf> {
    let name = item.text()?;
    allowed(folder, name).ok_or_else(|| item.refuse(sentence(name)).with_help(HELP))
}

const HELP: &str = "copy it there; or, if you trust the file that names it, give --allow-outside";

fn sentence(name: &str) -> String {
    let start: String = name.chars().take(200).collect();
    format!("must lie in the folder of the file that names it, or below, found \"{start}\"")
}

fn allowed(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(name);
    (is_outside_allowed() || is_below(folder, &path)).then_some(path)
}

/// Whether a path stays below a folder. Of one that is not there, its name decides.
fn is_below(folder: &Path, path: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match (folder.canonicalize(), path.canonicalize()) {
        (Ok(folder), Ok(path)) => path.starts_with(folder),
        _ => path.strip_prefix(folder).or(Ok::<_, ()>(path)).is_ok_and(stays),
    }
}

/// Whether a relative path never leaves where it starts.
fn stays(path: &Path) -> bool {
    use std::path::Component;
    let mut depth = 0_usize;
    path.components().all(|component| match component {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => {
            depth = depth.wrapping_sub(1);
            depth != usize::MAX
        }
        Component::RootDir | Component::Prefix(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_below_their_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir_all(inner.join("deep")).unwrap();
        for file in ["inner/deep/a.csv", "outside.csv"] {
            std::fs::write(folder.path().join(file), "x").unwrap();
        }
        for good in ["deep/a.csv", "deep/../deep/a.csv", "./deep/a.csv", "not_there.csv", "deep"] {
            assert!(is_below(&inner, &inner.join(good)), "{good}");
        }
        for bad in ["../outside.csv", "deep/../../outside.csv", "/etc/passwd", "../not_there.csv"] {
            assert!(!is_below(&inner, &inner.join(bad)), "{bad}");
            let error = resolve(&inner, bad).unwrap_err();
            assert!(error.to_string().contains(bad) && error.exit_code() == 65, "{error}");
        }
        assert!(
            !is_below(Path::new(""), Path::new("/etc/passwd")) && is_below(Path::new(""), Path::new("src"))
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_of_the_file_system_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(folder.path().join("secret.csv"), "x").unwrap();
        std::os::unix::fs::symlink("../secret.csv", inner.join("mine.csv")).unwrap();
        assert!(!is_below(&inner, &inner.join("mine.csv")));
    }
}
