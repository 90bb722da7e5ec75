//! The dose map of a result for other programs: NIfTI, MetaImage and DICOM RT Dose, all on the result's own grid.
//!
//! The map of a result is that of all its acquisitions together, and so is what is exported. No name, date or number of
//! a patient is copied: a result holds none, and names that a user gave (exam, phantom, phases) stay behind.

mod rt_dose;
mod uid;

use std::path::{Path, PathBuf};

use hdf5::types::VarLenUnicode;

use crate::error::{Error, Result};
use crate::io::export::image::{Image, Values};
use crate::io::export::{metaimage, nifti};
use crate::io::organ_csv::neutral;
use crate::io::output_file;
use crate::io::result::NO_ORGAN;
use crate::io::result::map_file::{MapFile, MapGrid, broken};

/// A file format that dose maps are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MapFormat {
    /// NIfTI-1, gzip: dose, relative error, organs.
    Nifti,
    /// MetaImage, zlib: the same.
    MetaImage,
    /// DICOM RT Dose: dose.
    RtDose,
}

impl MapFormat {
    /// Formats by the name that protocols and the command line give them.
    pub const NAMES: [(&'static str, MapFormat); 3] =
        [("nifti", MapFormat::Nifti), ("metaimage", MapFormat::MetaImage), ("rtdose", MapFormat::RtDose)];

    /// Names of the files it writes.
    pub fn file_names(self) -> &'static [&'static str] {
        match self {
            MapFormat::Nifti => {
                &["dose.nii.gz", "relative_error.nii.gz", "organ_labels.nii.gz", "organ_labels.csv"]
            }
            MapFormat::MetaImage => {
                &["dose.mha", "relative_error.mha", "organ_labels.mha", "organ_labels.csv"]
            }
            MapFormat::RtDose => &["rtdose.dcm"],
        }
    }
}

/// Writes the dose map of a result into a folder, as [`MapFormat::file_names`] says; replaces what is there.
pub fn export(result: &Path, format: MapFormat, folder: &Path) -> Result<Vec<PathBuf>> {
    let map = MapFile::open(result)?;
    let written = || -> Result<()> {
        match format {
            MapFormat::RtDose => rt_dose::write(&map, &folder.join("rtdose.dcm")),
            MapFormat::Nifti => {
                write_images(&map, |name, image| nifti::write(image, &folder.join(format!("{name}.nii.gz"))))
            }
            MapFormat::MetaImage => write_images(&map, |name, image| {
                metaimage::write_packed(image, &folder.join(format!("{name}.mha")))
            }),
        }
    };
    written()?;
    if format != MapFormat::RtDose {
        output_file::replace(&folder.join("organ_labels.csv"), &labels_csv(&map, result)?)?;
    }
    Ok(format.file_names().iter().map(|name| folder.join(name)).collect())
}

/// Hands every volume to a writer; one at a time is in memory.
fn write_images(map: &MapFile, write: impl Fn(&str, &Image) -> Result<()>) -> Result<()> {
    let grid = &map.grid;
    let dose = "absorbed dose, mGy; research use, not for clinical decisions";
    write("dose", &image(grid, Values::F32(&map.dose_mgy()?), dose))?;
    let error = "standard error over dose, 1 sigma; NaN where no dose was scored";
    write("relative_error", &image(grid, Values::F32(&map.relative_error()?), error))?;
    let labels: Vec<u16> = map.organs()?.into_iter().map(label).collect();
    let organs = "organs, as organ_labels.csv says; 0 outside the body";
    write("organ_labels", &image(grid, Values::U16(&labels), organs))
}

fn image<'a>(grid: &MapGrid, values: Values<'a>, description: &'a str) -> Image<'a> {
    Image { counts: grid.counts, spacing_mm: grid.spacing_mm, first_mm: grid.first_mm, values, description }
}

/// The label of an organ in an exported file: 0 outside the body, else one more than its index.
fn label(organ: u16) -> u16 {
    if organ == NO_ORGAN { 0 } else { organ.saturating_add(1) }
}

/// What labels mean: `label, organ, name`.
fn labels_csv(map: &MapFile, result: &Path) -> Result<Vec<u8>> {
    let texts = |name: &str| map.file.dataset(name).and_then(|set| set.read_raw::<VarLenUnicode>());
    let ids = texts("organs/id").map_err(|error| broken(result, &error))?;
    let names = texts("organs/name").map_err(|error| broken(result, &error))?;
    let write = || -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(["label", "organ", "name"])?;
        for (index, (id, name)) in ids.iter().zip(&names).enumerate() {
            let label = (index + 1).to_string();
            writer.write_record([label.as_str(), neutral(id).as_str(), neutral(name).as_str()])?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    };
    write().map_err(|error| Error::Internal(format!("organ_labels.csv: {error}")))
}
