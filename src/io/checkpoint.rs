//! The checkpoint of a run, beside where its results will be: the protocol, what was asked, and the states of its acquisitions.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::protocol::Protocol;
use crate::io::request::{Request, keep_json, keep_protocol, kept_json, kept_protocol};
use crate::io::state_folder::StateFolder;
use crate::simulation::partial::Partial;

/// Name of the folder within that of the results.
const FOLDER: &str = "checkpoint";
const REQUEST: &str = "request.json";
const SCHEMA: &str = "childsize.checkpoint/1";

/// What is kept beside the states.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    schema: String,
    request: Request,
}

/// The checkpoint of a run under way.
pub struct Checkpoint {
    /// The states.
    pub states: StateFolder,
    protocol: String,
    request: Request,
}

impl Checkpoint {
    /// Of a run with its results in `directory`. Nothing is written before there is something to keep.
    pub fn new(directory: &Path, mut states: StateFolder, protocol: &str, request: &Request) -> Self {
        states.folder = folder(directory);
        Checkpoint { states, protocol: protocol.to_owned(), request: request.clone() }
    }

    /// Keeps the state of an acquisition.
    pub fn keep(&self, acquisition: usize, partial: &Partial) -> Result<()> {
        let request = self.states.folder.join(REQUEST);
        if !request.exists() {
            output_file::make_folder(&self.states.folder)?;
            keep_protocol(&self.states.folder, &self.protocol)?;
            keep_json(&request, &Kept { schema: SCHEMA.to_owned(), request: self.request.clone() })?;
        }
        self.states.keep(acquisition, partial)
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        self.states.folder.join(REQUEST).exists()
    }

    /// Removes it: what it holds is in the results, or is not wanted.
    pub fn forget(&self) {
        self.states.forget();
        for name in [REQUEST, "protocol.toml"] {
            let _ = std::fs::remove_file(self.states.folder.join(name));
        }
        // Files of others keep the folder.
        let _ = std::fs::remove_dir(&self.states.folder);
    }
}

/// Folder of the checkpoint of a run with its results in `directory`.
pub fn folder(directory: &Path) -> PathBuf {
    directory.join(FOLDER)
}

/// The run that was broken off in a folder: its protocol, and what was asked.
pub fn broken_off(directory: &Path) -> Result<(Protocol, Request)> {
    let folder = folder(directory);
    let path = folder.join(REQUEST);
    if directory.is_dir() && !path.exists() {
        return Err(Error::Unreadable {
            path: folder,
            reason:
                "there is no checkpoint; a run that is done has none, and one that was broken off before its \
                     first checkpoint has to be run anew"
                    .to_owned(),
        });
    }
    let kept: Kept = kept_json(&path)?;
    if kept.schema != SCHEMA {
        return Err(Error::invalid(format!(
            "{}: schema must be {SCHEMA}, found {}",
            path.display(),
            kept.schema
        )));
    }
    Ok((kept_protocol(&folder, &kept.request.protocol_folder)?, kept.request))
}
