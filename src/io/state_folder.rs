//! The states of a run's acquisitions in a folder, two generations of each: whenever the process or the machine ends, one is whole.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::partial::{self, About, Identity};
use crate::simulation::partial::Partial;

/// A folder of states of one exam.
#[derive(Clone, Debug)]
pub struct StateFolder {
    /// The folder.
    pub folder: PathBuf,
    /// What its states are of.
    pub identity: Identity,
    /// Names of the acquisitions.
    pub phases: Vec<String>,
}

/// A state that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The latest that is whole.
    pub partial: Option<Partial>,
    /// Why a later one is not used.
    pub passed_over: Option<Error>,
}

impl StateFolder {
    /// File of an acquisition's state, and of the one before.
    fn paths(&self, acquisition: usize) -> [PathBuf; 2] {
        paths(&self.folder, acquisition)
    }

    /// Keeps a state; the one that was there becomes the one before.
    pub fn keep(&self, acquisition: usize, partial: &Partial) -> Result<()> {
        output_file::make_folder(&self.folder)?;
        let [path, previous] = self.paths(acquisition);
        partial::write(&path, &previous, &self.identity, (acquisition, &self.phases[acquisition]), partial)
    }

    /// The latest state of an acquisition that is whole. Refuses one of another engine or exam.
    pub fn found(&self, acquisition: usize) -> Result<Found> {
        let mut found = Found::default();
        for path in self.paths(acquisition) {
            if !path.exists() {
                continue;
            }
            match partial::read(&path) {
                Ok((about, partial)) => {
                    self.check(&path, acquisition, &about)?;
                    found.partial = Some(partial);
                    return Ok(found);
                }
                Err(error) => found.passed_over = found.passed_over.or(Some(error)),
            }
        }
        Ok(found)
    }

    fn check(&self, path: &Path, acquisition: usize, about: &About) -> Result<()> {
        let place = path.display().to_string();
        self.identity.check(&about.identity).map_err(|error| error.within(&place))?;
        match about.acquisition == acquisition {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "{place}: must be of acquisition {acquisition}, found {}",
                about.acquisition
            ))),
        }
    }

    /// Removes the generations before the last ones, and what a killed process left.
    pub fn forget_previous(&self) {
        for acquisition in 0..self.phases.len() {
            // A file that stays takes room, no more.
            let _ = std::fs::remove_file(&self.paths(acquisition)[1]);
        }
        output_file::sweep(&self.folder);
    }

    /// Removes all states.
    pub fn forget(&self) {
        self.forget_previous();
        for acquisition in 0..self.phases.len() {
            let _ = std::fs::remove_file(&self.paths(acquisition)[0]);
        }
    }
}

/// File of an acquisition's state in a folder, and of the one before.
pub fn paths(folder: &Path, acquisition: usize) -> [PathBuf; 2] {
    ["h5", "previous.h5"].map(|end| folder.join(format!("acquisition-{acquisition:03}.{end}")))
}
