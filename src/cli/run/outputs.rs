//! The files of a run: claimed before the first history, written after the last.

use std::path::{Path, PathBuf};

use crate::analysis::organ_table::OrganTable;
use crate::error::Result;
use crate::io::output_file::{self, beside, unwritable};
use crate::io::protocol::Format;
use crate::io::result::{self, ResultFile};
use crate::io::{organ_csv, report, summary};

/// The files a run will write.
pub struct Outputs {
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    /// Makes the folder and refuses one that cannot be written, or results that are there without `force`.
    pub fn claim(directory: &Path, formats: &[Format], force: bool) -> Result<Self> {
        let files: Vec<_> =
            formats.iter().map(|&format| (format, directory.join(file_name(format)))).collect();
        for (_, path) in &files {
            if path.is_dir() {
                return Err(unwritable(path, &"it is a folder"));
            }
            if !force && path.symlink_metadata().is_ok() {
                return Err(unwritable(
                    path,
                    &"it is already there; --force replaces it, -o names another folder",
                ));
            }
        }
        std::fs::create_dir_all(directory).map_err(|error| unwritable(directory, &error))?;
        beside(&directory.join("probe")).map_err(|_| unwritable(directory, &"no file can be made in it"))?;
        Ok(Outputs { files })
    }

    /// Writes every file; hands back their paths.
    pub fn write(&self, result: &ResultFile, table: &OrganTable) -> Result<Vec<PathBuf>> {
        for (format, path) in &self.files {
            match format {
                Format::Hdf5 => result::write(path, result)?,
                Format::Csv => organ_csv::write(path, table, &ctdi_vol_mgy(result))?,
                Format::Json => summary::write(path, result)?,
                Format::Html => self.write_page(path, result)?,
            }
        }
        Ok(self.files.iter().map(|(_, path)| path.clone()).collect())
    }

    /// Writes the page, always from the result file, so that it is the one that `childsize report` makes.
    fn write_page(&self, path: &Path, result: &ResultFile) -> Result<()> {
        let written = self.files.iter().find(|(format, _)| *format == Format::Hdf5);
        let page = match written {
            Some((_, file)) => report::result(file)?,
            None => {
                let file = beside(path)?.into_temp_path();
                result::write(&file, result)?;
                report::result(&file)?
            }
        };
        output_file::replace(path, page.as_bytes())
    }
}

fn ctdi_vol_mgy(result: &ResultFile) -> Vec<Option<f64>> {
    result.ctdi.iter().map(|ctdi| ctdi.as_ref().map(|ctdi| ctdi.volume_mgy.mean)).collect()
}

fn file_name(format: Format) -> &'static str {
    match format {
        Format::Hdf5 => "result.h5",
        Format::Csv => "organs.csv",
        Format::Json => "summary.json",
        Format::Html => "report.html",
    }
}
