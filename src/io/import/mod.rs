//! Phantoms people own: label maps and voxel files of other programs become the phantom of this one.
//!
//! Every importer ends at the same place: a grid along the patient's axes (DICOM LPS, cm), one label per voxel,
//! tables of regions, organs and media. Axes are permuted and flipped as the file's affine says; oblique and
//! sheared grids are refused. No size is believed before the file could hold it.

mod assemble;
mod egsphant;
mod frame;
mod icrp;
mod label_map;
mod metaimage;
mod nifti;
mod nrrd;
mod phantom_h5;
mod quantise;
mod raw;
mod samples;
mod source;
mod table;
mod vox;

use std::path::Path;

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;

pub use assemble::MOST_VOXELS;

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

/// The format a path's name stands for; a folder is a phantom of the ICRP.
pub fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let by_name = NAMES.iter().find(|(end, _)| name.ends_with(end)).map(|&(_, format)| format);
    by_name.or_else(|| path.is_dir().then_some(Format::Icrp))
}

/// Endings of the names of files that can be imported.
pub fn endings() -> String {
    NAMES.map(|(end, _)| end).join(", ")
}

/// Reads a phantom. `table` is a CSV with the columns `label, organ, material, density_g_cm3` that says what
/// labels mean; label maps and `.vox` need one, `.egsphant` may have one, the other formats bring their own.
pub fn import(path: &Path, table: Option<&Path>) -> Result<Phantom> {
    read(path, table).map_err(|error| error.within(&path.display().to_string()))
}

fn read(path: &Path, table: Option<&Path>) -> Result<Phantom> {
    let format = format_of(path).ok_or_else(|| {
        Error::invalid(format!("the name must end in one of {}, or be that of a folder", endings()))
    })?;
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
