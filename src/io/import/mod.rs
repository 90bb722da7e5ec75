//! Phantoms people own: label maps and voxel files of other programs become the phantom of this one.
//!
//! Every importer ends at the same place: a grid along the patient's axes (DICOM LPS, cm), one label per voxel,
//! tables of regions, organs and media. Axes are permuted and flipped as the file's affine says; oblique and
//! sheared grids are refused. No size is believed before the file could hold it.

mod assemble;
mod dicom;
mod egsphant;
mod frame;
mod icrp;
mod icrp_marrow;
mod label_map;
mod metaimage;
mod nifti;
mod nrrd;
mod options;
mod patient;
pub mod phantom_h5;
mod quantise;
mod raw;
mod samples;
mod source;
mod table;
mod vox;

use std::path::Path;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::io::trial::{self, Subject};

pub use assemble::MOST_VOXELS;
pub use options::{COUCHES, Couch, Imported, Options};

/// A file format that phantoms are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// NIfTI-1 or NIfTI-2 label map, plain or gzip.
    Nifti,
    /// MetaImage label map, plain or zlib.
    MetaImage,
    /// NRRD label map, raw or gzip.
    Nrrd,
    /// EGSnrc `.egsphant`, plain or gzip.
    Egsphant,
    /// MC-GPU or penEasy `.vox`, plain or gzip.
    Vox,
    /// A folder with a phantom of ICRP 110 or 143.
    Icrp,
    /// A CT series in DICOM: a folder, or a file.
    Dicom,
    /// Headerless voxels, described by a TOML file whose name ends in `.raw.toml`.
    Raw,
    /// A phantom this program wrote.
    PhantomHdf5,
}

const NAMES: [(&str, Format); 13] = [
    (".nii", Format::Nifti),
    (".nii.gz", Format::Nifti),
    (".mhd", Format::MetaImage),
    (".mha", Format::MetaImage),
    (".nrrd", Format::Nrrd),
    (".nhdr", Format::Nrrd),
    (".egsphant", Format::Egsphant),
    (".egsphant.gz", Format::Egsphant),
    (".vox", Format::Vox),
    (".vox.gz", Format::Vox),
    (".raw.toml", Format::Raw),
    (".h5", Format::PhantomHdf5),
    (".hdf5", Format::PhantomHdf5),
];

/// The format a path's name stands for. What has none of the names is DICOM if its content says so; another folder is a
/// phantom of the ICRP.
pub fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let by_name = NAMES.iter().find(|(end, _)| name.ends_with(end)).map(|&(_, format)| format);
    if by_name.is_none() && dicom::holds_dicom(path) {
        return Some(Format::Dicom);
    }
    by_name.or_else(|| path.is_dir().then_some(Format::Icrp))
}

/// Endings of the names of files that can be imported.
pub fn endings() -> String {
    NAMES.map(|(end, _)| end).join(", ")
}

/// Reads a phantom. `table` is a CSV with the columns `label, organ, material, density_g_cm3` that says what
/// labels mean; label maps and `.vox` need one, `.egsphant` may have one, the other formats bring their own.
pub fn import(path: &Path, table: Option<&Path>) -> Result<Phantom> {
    let options = Options { labels: table.map(Path::to_owned), ..Options::default() };
    import_with(path, &options).map(|imported| imported.phantom)
}

/// Reads a phantom with all that may be said about it. For a CT series, `labels` is a CSV with the columns
/// `label, organ` that says what the labels and structures of `organs` mean.
pub fn import_with(path: &Path, options: &Options) -> Result<Imported> {
    let imported = match format_of(path) {
        Some(Format::Dicom) => patient(path, options),
        format => read(path, format, options).map(|phantom| Imported { phantom, warnings: Vec::new() }),
    };
    imported.map_err(|error| error.within(&path.display().to_string()))
}

/// Reads a CT series, after another process has tried to where there is one for it.
fn patient(path: &Path, options: &Options) -> Result<Imported> {
    trial::try_first(path, &Subject::Ct(options.clone()))?;
    patient_untried(path, options)
}

/// Reads a CT series in this process.
pub(in crate::io) fn patient_untried(path: &Path, options: &Options) -> Result<Imported> {
    if options.labels.is_some() && options.organs.is_none() {
        return Err(Error::invalid("a table of labels says what organs mean, found no file of organs")
            .with_help("give the organs, too (--organs, or `organs` in a protocol)"));
    }
    let (ct, mut warnings) = dicom::read_ct(path, options.series.as_deref())?;
    let table = options.labels.as_deref().map(patient::OrganTable::read).transpose()?;
    let organs = options.organs.as_deref().map(|file| {
        patient::organ_file::read(file, table, &ct).map_err(|error| error.within(&file.display().to_string()))
    });
    let couch = options.couch.unwrap_or_default();
    let imported = patient::phantom(ct, organs.transpose()?, options.calibration.as_deref(), couch)?;
    warnings.extend(imported.warnings);
    Ok(Imported { phantom: imported.phantom, warnings })
}

fn read(path: &Path, format: Option<Format>, options: &Options) -> Result<Phantom> {
    let format = format.ok_or_else(|| {
        Error::invalid(format!("the name must end in one of {}, or be that of a folder", endings()))
    })?;
    options.refuse_for_others()?;
    let table = options.labels.as_deref();
    let own = matches!(format, Format::Icrp | Format::PhantomHdf5);
    if own && table.is_some() {
        return Err(Error::invalid("this format brings its own organs: a table of labels has no use here"));
    }
    let table = table.map(table::LabelTable::read).transpose()?;
    let needed = || table.clone().ok_or_else(no_table);
    let id = id_of(path);
    match format {
        Format::Nifti => label_map::phantom(&id, nifti::open(path)?, &needed()?),
        Format::MetaImage => label_map::phantom(&id, metaimage::open(path)?, &needed()?),
        Format::Nrrd => label_map::phantom(&id, nrrd::open(path)?, &needed()?),
        Format::Raw => {
            let (image, own) = raw::open(path)?;
            label_map::phantom(&id, image, &table.or(own).ok_or_else(no_table)?)
        }
        Format::Egsphant => egsphant::read(&id, path, table.as_ref()),
        Format::Vox => vox::read(&id, path, &needed()?),
        Format::Icrp => icrp::read(path),
        Format::PhantomHdf5 => phantom_h5::read(path),
        Format::Dicom => Err(Error::Internal("a CT series is read elsewhere".to_owned())),
    }
}

fn no_table() -> Error {
    Error::invalid("the file holds numbers only: it needs a table that says what they mean")
        .with_help("give a CSV with the columns label, organ, material, density_g_cm3 (--labels, or `labels` in a protocol)")
}

/// Key of a phantom from the name of its file.
fn id_of(path: &Path) -> String {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let end =
        NAMES.iter().filter(|(end, _)| name.to_lowercase().ends_with(end)).map(|(end, _)| end.len()).max();
    name[..name.len() - end.unwrap_or(0)].to_owned()
}
