//! A scanner of the library or of a scanner file, with all its bowties.

use std::path::Path;

use crate::error::{Error, Result};
use crate::io::scanner_library::{
    self, BowtieEntry, FilterEntry, ScannerModel, parse_shipped, scanner_ids, scanner_text,
};
use crate::io::section::nearest;
use crate::source::bowtie::Bowtie;
use crate::source::scanner::{FlatFilter, Scanner, SpectrumSource};
use crate::units::{CM_PER_MM, RAD_PER_DEG};

/// A scanner of the library or of a file, in the library's units, with each of its bowties.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryScanner {
    /// Key.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The scanner with its default bowtie.
    pub scanner: Scanner,
    /// All bowties, the default one first.
    pub bowties: Vec<Bowtie>,
    /// What the file says is assumed, such as `filtration`.
    pub assumed: Vec<String>,
}

impl LibraryScanner {
    /// A scanner that is part of the program.
    pub fn shipped(id: &str) -> Result<Self> {
        let text = scanner_text(id).ok_or_else(|| unknown_scanner(id))?;
        Self::of(&parse_shipped(id, text)?)
    }

    /// A scanner file of the user's own.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of(&scanner_library::read(path)?)
    }

    fn of(model: &ScannerModel) -> Result<Self> {
        let named = |(name, entry): (&String, &BowtieEntry)| entry.bowtie(name);
        let mut bowties = model.bowties.iter().map(named).collect::<Result<Vec<_>>>()?;
        bowties.sort_by_key(|bowtie| bowtie.name != model.default_bowtie);
        let filter = |filter: &FilterEntry| FlatFilter {
            material: filter.material.clone(),
            thickness_cm: filter.thickness_mm * CM_PER_MM,
        };
        let scanner = Scanner {
            name: model.id.clone(),
            source_to_isocentre_cm: model.source_to_isocentre_mm * CM_PER_MM,
            fan_angle_rad: model.fan_angle_deg * RAD_PER_DEG,
            spectrum: SpectrumSource::Model { anode_angle_rad: model.anode_angle_deg * RAD_PER_DEG },
            filtration: model.filtration.iter().map(filter).collect(),
            bowtie: bowties.first().filter(|bowtie| bowtie.name == model.default_bowtie).cloned(),
        };
        scanner.check()?;
        let (id, name, assumed) = (model.id.clone(), model.name.clone(), model.assumed.clone());
        Ok(LibraryScanner { id, name, scanner, bowties, assumed })
    }
}

/// The refusal of an id that names no scanner of the program.
fn unknown_scanner(id: &str) -> Error {
    let known = scanner_ids().collect::<Vec<_>>().join(", ");
    let error = Error::invalid(format!("a scanner must be one of {known}, or a file, found \"{id}\""));
    match nearest(id, scanner_ids()) {
        Some(near) => error.with_help(format!("did you mean \"{near}\"?")),
        None => error,
    }
}
