//! Whether a file of this program is as it was written, object by object.

use std::path::Path;

use hdf5::File;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::export::phantom_h5;
use crate::io::import::phantom_h5::read_untried;
use crate::io::result::read::first_line;
use crate::io::seal::{self, Row, State};
use crate::io::{response, result};

/// What a file is, and how its objects are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// What the file says it is.
    pub format: String,
    /// Its objects; those of the seal itself are not among them.
    pub rows: Vec<Row>,
}

/// Compares a result, a phantom or a response with its seal, in this process. A phantom or a response also has a digest
/// over all of it, `sha256` or `digest`, which older files have alone.
pub fn verify(path: &Path) -> Result<Verified> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    let file = File::open(path).map_err(|error| unreadable(first_line(&error)))?;
    seal::refuse_links(&file)?;
    let format = seal::attribute_text(&file, "format").unwrap_or_else(|_| "none".to_owned());
    let overall = match format.as_str() {
        result::FORMAT => None,
        response::FORMAT => Some(("digest", response::read_untried(path).map(drop))),
        phantom_h5::FORMAT => Some(("sha256", read_untried(path).map(drop))),
        found => {
            return Err(Error::invalid(format!(
                "the format must be {}, {} or {}, found {found}",
                result::FORMAT,
                response::FORMAT,
                phantom_h5::FORMAT
            )));
        }
    };
    let mut rows = match overall.is_none() || seal::is_sealed(&file) {
        true => seal::compare(&file, &[])?,
        false => Vec::new(),
    };
    if let Some((name, read)) = overall {
        let stated = seal::attribute_text(&file, name).unwrap_or_default();
        let state = read.map_or_else(|error| State::Unreadable(error.to_string()), |()| State::Whole);
        rows.push(Row { path: format!("all of it ({name})"), state, sha256: stated });
    }
    Ok(Verified { format, rows })
}
