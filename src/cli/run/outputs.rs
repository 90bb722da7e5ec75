//! The files of a run: claimed before the first history, written after the last.

use std::path::{Path, PathBuf};

use crate::analysis::organ_table::OrganTable;
use crate::error::Result;
use crate::io::output_file::{self, beside, unwritable};
use crate::io::protocol::Format;
use crate::io::result::{self, ResultFile};
use crate::io::{organ_csv, report, result_export, summary};

/// The files a run will write.
pub struct Outputs {
    directory: PathBuf,
    formats: Vec<Format>,
}

impl Outputs {
    /// Makes the folder and refuses one that cannot be written, or results that are there without `force`.
    pub fn claim(directory: &Path, formats: &[Format], force: bool) -> Result<Self> {
        let outputs = Outputs { directory: directory.to_owned(), formats: formats.to_vec() };
        for path in outputs.paths() {
            if path.is_dir() {
                return Err(unwritable(&path, &"it is a folder"));
            }
            if !force && path.symlink_metadata().is_ok() {
                return Err(unwritable(
                    &path,
                    &"it is already there; --force replaces it, -o names another folder",
                ));
            }
        }
        output_file::make_folder(directory)?;
        beside(&directory.join("probe")).map_err(|_| unwritable(directory, &"no file can be made in it"))?;
        Ok(outputs)
    }

    /// Every file, in the order of the formats.
    fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for path in self.formats.iter().flat_map(|&format| file_names(format)) {
            let path = self.directory.join(path);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    /// Writes every file; hands back their paths.
    pub fn write(&self, result: &ResultFile, table: &OrganTable) -> Result<Vec<PathBuf>> {
        // The page and the maps are always made from a result file, so that they are those of `report` and `export`.
        let file = self.directory.join("result.h5");
        let mut passing = None;
        for &format in &self.formats {
            let path = |place: usize| self.directory.join(file_names(format)[place]);
            match format {
                Format::Hdf5 => result::write(&file, result)?,
                Format::Csv => organ_csv::write(&path(0), table, &ctdi_vol_mgy(result))?,
                Format::Json => summary::write(&path(0), result)?,
                Format::Html | Format::Map(_) if !self.formats.contains(&Format::Hdf5) => {
                    if passing.is_none() {
                        let temporary = beside(&file)?.into_temp_path();
                        result::write(&temporary, result)?;
                        passing = Some(temporary);
                    }
                }
                Format::Html | Format::Map(_) => {}
            }
            let source = passing.as_deref().unwrap_or(&file);
            match format {
                Format::Html => output_file::replace(&path(0), report::result(source)?.as_bytes())?,
                Format::Map(map) => drop(result_export::export(source, map, &self.directory)?),
                _ => {}
            }
        }
        Ok(self.paths())
    }
}

fn ctdi_vol_mgy(result: &ResultFile) -> Vec<Option<f64>> {
    result.ctdi.iter().map(|ctdi| ctdi.as_ref().map(|ctdi| ctdi.volume_mgy.mean)).collect()
}

fn file_names(format: Format) -> &'static [&'static str] {
    match format {
        Format::Hdf5 => &["result.h5"],
        Format::Csv => &["organs.csv"],
        Format::Json => &["summary.json"],
        Format::Html => &["report.html"],
        Format::Map(map) => map.file_names(),
    }
}
