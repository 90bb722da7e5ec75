//! Files that could end the process that reads them, or lie to it, are read in another one first.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::io::verification::{Verified, verify};
use crate::io::{dicom_record, import, response, result};

/// What a file is taken for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A phantom this program wrote.
    Phantom,
    /// A result, with its maps or without.
    Result {
        /// Whether the maps are checked, too.
        maps: bool,
    },
    /// A response.
    Response,
    /// A CT series, and what it is imported with.
    Ct(import::Options),
    /// The headers of a CT series, all of a folder at once.
    Headers,
    /// A dose report in DICOM.
    DoseReport,
}

/// What the process that tries is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Whether the file can be read.
    Read(Subject),
    /// How every object of it is.
    Verify,
}

/// What it answers, if it does not refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It can.
    Read,
    /// Its objects.
    Verified(Verified),
}

impl Question {
    /// Answers in this process.
    pub fn answer(&self, path: &Path) -> Result<Answer> {
        match self {
            Question::Read(subject) => subject.read(path).map(|()| Answer::Read),
            Question::Verify => verify(path).map(Answer::Verified),
        }
    }
}

impl Subject {
    /// Reads the file in this process, and checks all that can be checked.
    pub fn read(&self, path: &Path) -> Result<()> {
        match self {
            Subject::Phantom => import::phantom_h5::read_untried(path).map(drop),
            Subject::Result { maps } => result::read::check(path, *maps),
            Subject::Response => response::read_untried(path).map(drop),
            Subject::Ct(options) => import::patient_untried(path, options).map(drop),
            Subject::Headers => dicom_record::read_series_untried(path).map(drop),
            Subject::DoseReport => dicom_record::read_rdsr_untried(path).map(drop),
        }
    }
}

/// Asks another process about a file.
pub type Trial = fn(&Path, &Question) -> Result<Answer>;

static TRIAL: OnceLock<Trial> = OnceLock::new();

/// Sets who tries files before they are read. Without it, as in other programs than `childsize`, seals are checked in this
/// process, and everything else is read at once.
pub fn set(trial: Trial) {
    let _ = TRIAL.set(trial);
}

/// What a file was when it was tried.
type Tried = (PathBuf, Subject, u64, Option<SystemTime>);

/// Files that were tried.
fn tried() -> MutexGuard<'static, HashSet<Tried>> {
    static TRIED: LazyLock<Mutex<HashSet<Tried>>> = LazyLock::new(Mutex::default);
    TRIED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a file is now; `None` if it is none.
fn now(path: &Path, subject: &Subject) -> Option<Tried> {
    let about = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some((path.to_owned(), subject.clone(), about.len(), about.modified().ok()))
}

/// Takes a file for tried that this process has just written, and read to seal it.
pub(in crate::io) fn vouch(path: &Path, subject: &Subject) {
    tried().extend(now(path, subject));
}

/// Has a file tried, once as long as it does not change.
pub(in crate::io) fn try_first(path: &Path, subject: &Subject) -> Result<()> {
    let before = now(path, subject);
    if before.as_ref().is_some_and(|before| tried().contains(before)) {
        return Ok(());
    }
    match (TRIAL.get(), subject) {
        (Some(trial), _) => drop(trial(path, &Question::Read(subject.clone()))?),
        (None, Subject::Result { .. }) => subject.read(path)?,
        (None, _) => {}
    }
    tried().extend(before);
    Ok(())
}
