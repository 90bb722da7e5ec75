//! Files of the size tables: `tables.json` for programs, CSV for spreadsheets, a page for people.

mod csv_files;
mod page;

use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::analysis::size_tables::reduction::Reduction;
use crate::analysis::size_tables::table::SizeTables;
use crate::error::{Error, Result};
use crate::io::digest::{physics_data_digest, sha256_hex};
use crate::io::output_file;

/// The tables that ship with the program: `tables.json` of `childsize calibrate`, gzipped
/// (`scripts/make_size_tables`).
const SHIPPED: &[u8] = include_bytes!("shipped/tables.json.gz");
/// Name and version of the format.
pub const SCHEMA: &str = "childsize.size-tables/1";
/// Files that are written.
pub const FILES: [&str; 10] = [
    "tables.json",
    "organ_doses.csv",
    "k_factors.csv",
    "organ_fits.csv",
    "slices.csv",
    "size_factors.csv",
    "mas_reduction.csv",
    "mas_by_age.csv",
    "costs.csv",
    "index.html",
];

/// A phantom the tables are of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TablePhantom {
    /// Id of the age.
    pub age: String,
    /// Id of the phantom.
    pub id: String,
    /// SHA-256 of its voxels.
    pub digest: String,
}

/// mAs over those of the baseline for a patient of the worksheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReductionRow {
    /// Region of the effective dose.
    pub region: String,
    /// Patient.
    pub patient: String,
    /// Thickness from back to front, cm.
    pub pa_cm: f64,
    /// Size that it stands for, cm.
    pub size_cm: f64,
    /// Size of the baseline, cm.
    pub baseline_cm: f64,
    /// What the tables say.
    pub factors: Reduction,
    /// The Image Gently worksheet's factor (RECALLED).
    pub image_gently: Option<f64>,
}

/// What a row of a check comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Check and case.
    pub case: String,
    /// What is compared.
    pub quantity: String,
    /// Reference, its band and the value with its standard error.
    pub reference: f64,
    /// Lowest of the references.
    pub low: f64,
    /// Highest of the references.
    pub high: f64,
    /// Value.
    pub value: f64,
    /// Standard error.
    pub standard_error: f64,
    /// Verdict.
    pub verdict: String,
    /// Note.
    pub note: String,
}

/// `tables.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizeTableFile {
    /// [`SCHEMA`].
    pub schema: String,
    /// Research use.
    pub notice: String,
    /// Version of the program.
    pub software_version: String,
    /// SHA-256 of the physics tables.
    pub physics_data_digest: String,
    /// Scanner.
    pub scanner: String,
    /// Bowties of bodies and heads.
    pub bowties: [String; 2],
    /// Seed.
    pub seed: u64,
    /// Phantoms.
    pub phantoms: Vec<TablePhantom>,
    /// The tables.
    pub tables: SizeTables,
    /// mAs reduction.
    pub reductions: Vec<ReductionRow>,
    /// Checks against published values.
    pub checks: Vec<CheckRow>,
    /// SHA-256 of the tables.
    pub digest: String,
}

impl SizeTableFile {
    /// Digest of the tables as JSON.
    pub fn digest_of(tables: &SizeTables) -> Result<String> {
        let text = serde_json::to_string(tables).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(sha256_hex(text.as_bytes()))
    }

    /// Refuses tables of another program or physics, and tables that were changed.
    pub fn check(&self) -> Result<()> {
        if self.schema != SCHEMA {
            return Err(Error::invalid(format!("the schema must be {SCHEMA}, found {}", self.schema)));
        }
        let own = physics_data_digest();
        if self.software_version != env!("CARGO_PKG_VERSION") || self.physics_data_digest != own {
            return Err(Error::invalid(format!(
                "the tables must be made by childsize {} with the same physics data, found {}",
                env!("CARGO_PKG_VERSION"),
                self.software_version
            ))
            .with_help("make them anew with childsize calibrate"));
        }
        match Self::digest_of(&self.tables)? == self.digest {
            true => Ok(()),
            false => {
                Err(Error::invalid("the digest of the tables must be the one they state, found another")
                    .with_help("the file was changed or damaged; make it anew with childsize calibrate"))
            }
        }
    }

    /// Reads `tables.json`, checked.
    pub fn parse(text: &str) -> Result<Self> {
        let file: SizeTableFile = serde_json::from_str(text)
            .map_err(|error| Error::invalid(format!("not a file of size tables: {error}")))?;
        file.check()?;
        Ok(file)
    }

    /// Writes every file into a folder.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|error| Error::Internal(error.to_string()))?;
        output_file::replace(&folder.join("tables.json"), format!("{text}\n").as_bytes())?;
        for (name, bytes) in csv_files::all(self)? {
            output_file::replace(&folder.join(name), &bytes)?;
        }
        output_file::replace(&folder.join("index.html"), page::html(self)?.as_bytes())
    }
}

/// Tables of a file, or without one those that ship; checked either way.
pub fn load(path: Option<&Path>) -> Result<SizeTableFile> {
    let Some(path) = path else { return shipped() };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    SizeTableFile::parse(&text).map_err(|error| error.within(&path.display().to_string()))
}

/// The tables that ship with the program, checked.
pub fn shipped() -> Result<SizeTableFile> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(SHIPPED)
        .read_to_string(&mut text)
        .map_err(|error| Error::Internal(format!("the shipped size tables: {error}")))?;
    SizeTableFile::parse(&text)
}
