//! The patient and the scanner of a protocol, without its acquisitions.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::phantom::PhantomEntry;
use super::scanner::ScannerEntry;
use super::{LONGEST_BYTES, keys};
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::io::digest::phantom_digest;
use crate::io::document;
use crate::io::profile_csv::read_text;
use crate::io::section::Section;
use crate::io::toml_text::quoted;
use crate::source::gantry::Placement;
use crate::source::scanner::Scanner;

/// A patient on a scanner.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The patient, as voxels.
    pub phantom: Phantom,
    /// SHA-256 of the phantom.
    pub phantom_digest: String,
    /// The scanner.
    pub scanner: Scanner,
    /// How the patient lies.
    pub placement: Placement,
    /// `[phantom]` and `[scanner]` with every default filled in.
    pub resolved: Value,
}

/// What is said of a subject on the command line, each as a protocol would have it.
#[derive(Clone, Debug, Default)]
pub struct SubjectKeys<'a> {
    /// `id` of the phantom.
    pub phantom: &'a str,
    /// `model` of the scanner.
    pub scanner: &'a str,
    /// `bowtie` of the scanner.
    pub bowtie: Option<&'a str>,
    /// `voxel_mm` of the phantom.
    pub voxel_mm: Option<f64>,
}

impl Subject {
    /// The subject of a protocol file; its acquisitions are left aside.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path, LONGEST_BYTES)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|error| error.within(&path.display().to_string()))
    }

    /// A shipped phantom on a scanner of the library.
    pub fn of(keys: &SubjectKeys) -> Result<Self> {
        let mut text = format!("[phantom]\nid = {}\n", quoted(keys.phantom));
        if let Some(voxel_mm) = keys.voxel_mm {
            if !voxel_mm.is_finite() {
                return Err(Error::invalid(format!("voxel_mm must be a number, found {voxel_mm}")));
            }
            let _ = writeln!(text, "voxel_mm = {voxel_mm:?}");
        }
        let _ = writeln!(text, "[scanner]\nmodel = {}", quoted(keys.scanner));
        if let Some(bowtie) = keys.bowtie {
            let _ = writeln!(text, "bowtie = {}", quoted(bowtie));
        }
        Self::parse(&text, Path::new(""))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self> {
        let file = Section::open(&document::read(text)?, keys::PROTOCOL)?;
        let phantom = PhantomEntry::read(&Section::open(file.need("phantom")?, keys::PHANTOM)?, folder)?;
        let scanner = ScannerEntry::read(&Section::open(file.need("scanner")?, keys::SCANNER)?, folder)?;
        let voxels = phantom.model.voxelize(phantom.voxel_cm(), phantom.sex)?;
        Ok(Subject {
            phantom_digest: phantom_digest(&voxels),
            phantom: voxels,
            placement: phantom.placement(),
            resolved: json!({ "phantom": phantom.resolved(), "scanner": scanner.resolved() }),
            scanner: scanner.scanner,
        })
    }
}
