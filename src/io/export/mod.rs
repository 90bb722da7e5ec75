//! Phantoms for other programs: NIfTI, MetaImage, EGSnrc and MC-GPU, and the program's own file.
//!
//! Beside every file lies a CSV with the same stem that says what its numbers mean; importing both gives the same
//! phantom again.

pub(in crate::io) mod image;
mod label_table;
pub(in crate::io) mod metaimage;
pub(in crate::io) mod nifti;
pub mod phantom_h5;
mod voxel_text;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use self::image::Image;
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::io::output_file;

/// A file format phantoms are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// NIfTI-1 label map; gzip if the name ends in `.gz`.
    Nifti,
    /// MetaImage label map in one file (`.mha`) or two (`.mhd`).
    MetaImage,
    /// EGSnrc `.egsphant`; gzip if the name ends in `.gz`.
    Egsphant,
    /// MC-GPU `.vox`; gzip if the name ends in `.gz`.
    Vox,
}

/// What the media of `.egsphant` and `.vox` files tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distinguish {
    /// Compositions: what another code needs to transport photons.
    Materials,
    /// Regions: so that other codes score organs, and organs come back.
    Regions,
}

/// Writes a phantom, and beside it the table of its labels; returns the table's path.
pub fn export(phantom: &Phantom, format: Format, distinguish: Distinguish, path: &Path) -> Result<PathBuf> {
    let table = table_path(path);
    if table == path {
        return Err(Error::invalid("a phantom must not be named .csv: its table of labels gets that name"));
    }
    let rows = match format {
        Format::Nifti | Format::MetaImage => {
            refuse_varied(phantom)?;
            let image = Image::of_labels(&phantom.grid, &phantom.labels);
            match format {
                Format::Nifti => nifti::write(&image, path)?,
                _ => metaimage::write(&image, path)?,
            }
            label_table::of_regions(phantom, 0)
        }
        Format::Egsphant | Format::Vox => {
            let coding = voxel_text::Coding::new(phantom, distinguish);
            match format {
                Format::Egsphant => voxel_text::write_egsphant(phantom, &coding, path)?,
                _ => voxel_text::write_vox(phantom, &coding, path)?,
            }
            coding.rows
        }
    };
    output_file::replace(&table, label_table::csv(&rows).as_bytes())?;
    Ok(table)
}

fn refuse_varied(phantom: &Phantom) -> Result<()> {
    match phantom.voxel_media {
        None => Ok(()),
        Some(_) => {
            Err(Error::invalid("a label map has one density per label, this phantom has one per voxel")
                .with_help("export it as egsphant or vox, which hold a density for every voxel"))
        }
    }
}

/// `child.nii.gz` gets `child.csv`.
fn table_path(path: &Path) -> PathBuf {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let stem = name.strip_suffix(".gz").unwrap_or(&name);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    path.with_file_name(format!("{stem}.csv"))
}

/// Writes a file whole or not at all, through gzip if its name ends in `.gz`.
fn write_file(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut file = output_file::beside(path)?;
    let done = match path.extension().is_some_and(|end| end == "gz") {
        true => {
            let packer = flate2::write::GzEncoder::new(file.as_file_mut(), flate2::Compression::fast());
            let mut packer = BufWriter::new(packer);
            fill(&mut packer)
                .and_then(|()| packer.into_inner().map_err(std::io::IntoInnerError::into_error))
                .and_then(|packer| packer.finish().map(drop))
        }
        false => {
            let mut plain = BufWriter::new(file.as_file_mut());
            fill(&mut plain).and_then(|()| plain.flush())
        }
    };
    done.map_err(|error| output_file::unwritable(path, &error))?;
    output_file::publish(file.into_temp_path(), path)
}
