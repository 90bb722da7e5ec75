//! What was asked of a run beside its protocol: kept with what it has come to, so that it can be gone on with.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::protocol::{Prepared, Protocol};

/// Name of the protocol's copy in a folder.
const PROTOCOL: &str = "protocol.toml";
/// Largest file that is read, bytes.
const LONGEST_BYTES: u64 = 1 << 20;

/// What the command line says beside, or over, the protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Folder that files named by the protocol are looked up from.
    pub protocol_folder: PathBuf,
    /// Histories per acquisition.
    pub histories: Option<u64>,
    /// Seed of all chance.
    pub seed: Option<u64>,
    /// Threads.
    pub threads: Option<u16>,
    /// No dose map.
    pub no_map: bool,
    /// The command, as a shell would read it.
    pub command_line: String,
}

impl Request {
    /// Folder of a protocol file, as it is named from anywhere.
    pub fn folder_of(protocol: &Path) -> Result<PathBuf> {
        let unreadable = |error: std::io::Error| Error::Unreadable {
            path: protocol.to_owned(),
            reason: error.to_string(),
        };
        let file = std::path::absolute(protocol).map_err(unreadable)?;
        Ok(file.parent().unwrap_or(Path::new("/")).to_owned())
    }

    /// Puts it over the protocol's values, in the settings and in what the result says of them.
    pub fn overrule(&self, prepared: &mut Prepared) {
        let (settings, resolved) = (&mut prepared.settings, &mut prepared.resolved_json);
        if let Some(histories) = self.histories {
            settings.histories = histories;
            set(resolved, "run", "histories", json!(histories));
        }
        if let Some(seed) = self.seed {
            settings.seed = seed;
            set(resolved, "run", "seed", json!(seed));
        }
        if let Some(threads) = self.threads {
            set(resolved, "run", "threads", json!(threads));
        }
        if self.no_map {
            settings.map_binning = None;
            set(resolved, "output", "dose_map", json!(false));
            set(resolved, "output", "map_voxel_mm", Value::Null);
            settings.estimator = settings.estimator.without_map();
            set(resolved, "run", "estimator", json!(settings.estimator.name()));
        }
    }
}

fn set(resolved: &mut Value, section: &str, key: &str, value: Value) {
    if let Some(section) = resolved.get_mut(section).and_then(Value::as_object_mut) {
        section.insert(key.to_owned(), value);
    }
}

/// Keeps a protocol's text in a folder.
pub fn keep_protocol(folder: &Path, text: &str) -> Result<()> {
    output_file::replace(&folder.join(PROTOCOL), text.as_bytes())
}

/// The protocol kept in a folder; files it names are looked up from where it was.
pub fn kept_protocol(folder: &Path, protocol_folder: &Path) -> Result<Protocol> {
    let path = folder.join(PROTOCOL);
    let text = read_text(&path)?;
    Protocol::parse(&text, protocol_folder).map_err(|error| error.within(&path.display().to_string()))
}

/// Keeps a value as JSON.
pub fn keep_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| Error::Internal(format!("{}: {error}", path.display())))?;
    output_file::replace(path, (text + "\n").as_bytes())
}

/// A value kept as JSON.
pub fn kept_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = read_text(path)?;
    serde_json::from_str(&text).map_err(|error| {
        Error::invalid(format!("{}: must be as the program wrote it, found {error}", path.display()))
    })
}

fn read_text(path: &Path) -> Result<String> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    let length = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if length > LONGEST_BYTES {
        return Err(unreadable(format!("it may have {LONGEST_BYTES} bytes, found {length}")));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}
