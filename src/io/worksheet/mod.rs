//! The paediatric worksheet as JSON (`childsize.worksheet/1`), CSV, a printable page, and protocols of children.

mod csv_file;
mod keys;
pub mod protocols;
pub mod site_file;
mod value;

use serde_json::Value;

use crate::analysis::worksheet::{Sheet, worksheet};
use crate::error::Result;
use crate::io::library_scanner::LibraryScanner;
use crate::io::report;
use crate::io::size_tables::SizeTableFile;
use crate::source::scanner::Scanner;

pub use keys::all_keys;
use site_file::Site;
pub(in crate::io) use value::{estimate, levels, of_setting};

/// Name and version of the layout of the JSON.
pub const SCHEMA: &str = "childsize.worksheet/1";

/// A worksheet with what it was made of.
pub struct WorksheetFile<'a> {
    /// The site.
    pub site: &'a Site,
    /// The tables.
    pub tables: &'a SizeTableFile,
    /// The sheets, one for every technique.
    pub sheets: Vec<Sheet>,
}

impl<'a> WorksheetFile<'a> {
    /// Makes the worksheet of a site.
    pub fn of(site: &'a Site, tables: &'a SizeTableFile) -> Result<Self> {
        let scanners = scanners_of(tables)?;
        let both = [&scanners[0], &scanners[1]];
        let sheets = worksheet(&tables.tables, both, &site.techniques, &site.patients)?;
        Ok(WorksheetFile { site, tables, sheets })
    }

    /// The worksheet as JSON.
    pub fn value(&self) -> Value {
        value::value(self)
    }

    /// One row for every patient, tube voltage and quantity that is held.
    pub fn csv(&self) -> Result<Vec<u8>> {
        csv_file::csv(self)
    }

    /// The page.
    pub fn html(&self) -> Result<String> {
        report::worksheet(&self.value())
    }
}

/// The tables' scanner with its bowtie of bodies and that of heads.
pub fn scanners_of(tables: &SizeTableFile) -> Result<[Scanner; 2]> {
    let library = LibraryScanner::shipped(&tables.scanner)?;
    Ok([0, 1].map(|index| {
        let bowtie = library.bowties.iter().find(|bowtie| bowtie.name == tables.bowties[index]);
        Scanner { bowtie: bowtie.cloned(), ..library.scanner.clone() }
    }))
}
