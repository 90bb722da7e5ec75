//! DICOM: CT series, segmentations (SEG) and structure sets (RTSTRUCT). The library parses, this module gives meaning.
//!
//! Of the data set only what the geometry and the numbers need is kept: no name, number or date of a patient.

mod attributes;
mod ct_image;
mod file;
mod outline;
mod pixels;
mod segmentation;
mod series;
mod stack;
mod structure_set;
mod syntax;
mod volume;

use std::path::Path;

use dicom_dictionary_std::tags;

use self::attributes::text;
use self::file::DicomFile;
use super::patient::Volume;
use super::patient::structure::Structures;
use crate::error::{Error, Result};

pub(super) use self::file::is_dicom;
pub(super) use self::series::holds_dicom;

/// Reads the CT of a folder or a file; also what should be said about it.
pub(super) fn read_ct(path: &Path, series: Option<&str>) -> Result<(Volume, Vec<String>)> {
    let (images, warnings) = series::choose(path, series)?;
    Ok((volume::read(&images)?, warnings))
}

/// Reads the organs of a segmentation or a structure set on the grid of a CT.
pub(super) fn read_organs(path: &Path, ct: &Volume) -> Result<Structures> {
    let file = DicomFile::open(path)?;
    let modality = text(&file.header, tags::MODALITY).unwrap_or_default();
    let reference = match modality.as_str() {
        "SEG" => text(&file.header, tags::FRAME_OF_REFERENCE_UID),
        "RTSTRUCT" => structure_set::reference(&file.header),
        _ => {
            return Err(Error::invalid(format!(
                "organs in DICOM must be of modality SEG or RTSTRUCT, found {}",
                if modality.is_empty() { "none" } else { &modality }
            )));
        }
    };
    if reference.is_some() && ct.reference.is_some() && reference != ct.reference {
        return Err(Error::invalid("the organs must have the CT's frame of reference, found another"));
    }
    match modality.as_str() {
        "SEG" => segmentation::read(&file, &ct.grid),
        _ => structure_set::read(&file.header, &ct.grid),
    }
}
