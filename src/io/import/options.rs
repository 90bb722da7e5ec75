//! What a phantom is imported with.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;

/// What becomes of the couch of a CT, and of other things around the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Couch {
    /// Air takes its place.
    #[default]
    Removed,
    /// It is a region of its own.
    Kept,
}

/// The words for what becomes of the couch.
pub const COUCHES: [(&str, Couch); 2] = [("removed", Couch::Removed), ("kept", Couch::Kept)];

/// What a phantom is imported with, beside its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Options {
    /// CSV that says what labels mean.
    pub labels: Option<PathBuf>,
    /// Organs of a CT: a label map, a folder of masks, DICOM SEG or RTSTRUCT.
    pub organs: Option<PathBuf>,
    /// CSV that says which density, and maybe material, a CT number has.
    pub calibration: Option<PathBuf>,
    /// What becomes of the couch of a CT.
    pub couch: Option<Couch>,
    /// UID of the series of a folder of DICOM.
    pub series: Option<String>,
}

impl Options {
    /// Refuses what belongs to CT series only.
    pub(super) fn refuse_for_others(&self) -> Result<()> {
        let given = [
            ("organs", self.organs.is_some()),
            ("calibration", self.calibration.is_some()),
            ("couch", self.couch.is_some()),
            ("series", self.series.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((key, _)) => {
                Err(Error::invalid(format!("{key} belongs to CT series, found another phantom")))
            }
        }
    }
}

/// A phantom, and what should be said about how it came to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The phantom.
    pub phantom: Phantom,
    /// What a physicist should look at.
    pub warnings: Vec<String>,
}
