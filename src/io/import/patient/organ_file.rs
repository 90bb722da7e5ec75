//! Organs of a CT from files: a label map, a folder of masks, or DICOM.

use std::path::{Path, PathBuf};

use super::Volume;
use super::meaning::{Meanings, OrganTable};
use super::structure::{ByNumber, Structures};
use crate::error::{Error, Result};
use crate::geometry::grid::VoxelGrid;
use crate::io::import::label_map::Image;
use crate::io::import::{Format, dicom, format_of, label_map, metaimage, nifti, nrrd, samples};
use crate::units::MM_PER_CM;

/// Most masks of a folder.
const MOST_MASKS: usize = 1000;
/// Grids may differ by this share of an edge anywhere.
const SAME: f64 = 0.1;

/// Reads the structures of a file or a folder on the grid of a CT, and how they get their meaning.
pub(in crate::io::import) fn read(
    path: &Path,
    table: Option<OrganTable>,
    ct: &Volume,
) -> Result<(Structures, Meanings)> {
    let or = |otherwise: Meanings| table.map_or(otherwise, Meanings::Table);
    if path.is_dir() {
        return Ok((masks(path, ct)?, or(Meanings::Names)));
    }
    match image(path)? {
        Some(image) => Ok((numbered(image, ct)?, or(Meanings::Numbers))),
        None if dicom::is_dicom(path) => Ok((dicom::read_organs(path, ct)?, or(Meanings::Names))),
        None => Err(Error::invalid(
            "organs must be a label map (NIfTI, MetaImage, NRRD), a folder of masks, or a DICOM SEG or RTSTRUCT file",
        )),
    }
}

fn image(path: &Path) -> Result<Option<Image>> {
    Ok(match format_of(path) {
        Some(Format::Nifti) => Some(nifti::open(path)?),
        Some(Format::MetaImage) => Some(metaimage::open(path)?),
        Some(Format::Nrrd) => Some(nrrd::open(path)?),
        _ => None,
    })
}

/// One structure per label of a map; labels of 0 are none.
fn numbered(mut image: Image, ct: &Volume) -> Result<Structures> {
    let layout = image.frame.layout()?;
    check_same(&layout.grid, &ct.grid)?;
    let counts = image.frame.counts;
    let (slope, intercept) = image.scale;
    let mut found = ByNumber::default();
    let (mut column, mut row, mut place, mut step) = (0, 0, 0_isize, 0_isize);
    samples::each(&mut image.voxels, image.kind, counts.iter().product(), |stored| {
        if column == 0 {
            (place, step) = layout.row(row);
        }
        let label = label_map::whole(stored * slope + intercept)?;
        if label != 0 {
            found.of(label)?.push(place as usize);
        }
        place += step;
        column += 1;
        if column == counts[0] {
            (column, row) = (0, row + 1);
        }
        Ok(())
    })?;
    Ok(Structures { list: found.into_list(), warnings: Vec::new() })
}

/// One structure per file of a folder, with the file's name; what is not 0 belongs to it.
fn masks(folder: &Path, ct: &Volume) -> Result<Structures> {
    let unreadable =
        |error: std::io::Error| Error::Unreadable { path: folder.to_owned(), reason: error.to_string() };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).take(MOST_MASKS + 1).collect();
    paths.sort();
    if paths.len() > MOST_MASKS {
        return Err(Error::invalid(format!("a folder of masks may hold {MOST_MASKS} files, found more")));
    }
    let mut structures = Structures::default();
    for path in paths.iter().filter(|path| path.is_file()) {
        let name = super::super::id_of(path);
        let mask = || -> Result<_> {
            let Some(image) = image(path)? else { return Ok(None) };
            Ok(Some(numbered(image, ct)?.list))
        };
        let Some(labels) = mask().map_err(|error| error.within(&format!("mask `{name}`")))? else { continue };
        match labels.len() {
            0 => structures.warnings.push(format!("the mask `{name}` is empty")),
            1 => structures.list.extend(labels.into_iter().map(|mut mask| {
                (mask.name, mask.number) = (name.clone(), None);
                mask
            })),
            more => {
                return Err(Error::invalid(format!(
                    "a mask must hold 0 and one other number, found {more} in `{name}`"
                ))
                .with_help("give a label map as a file, not as a folder"));
            }
        }
    }
    match structures.list.is_empty() {
        true => {
            Err(Error::invalid("a folder of masks must hold label maps such as liver.nii.gz, found none"))
        }
        false => Ok(structures),
    }
}

/// Refuses a grid that is not the CT's.
fn check_same(found: &VoxelGrid, ct: &VoxelGrid) -> Result<()> {
    let near = |axis: usize| {
        let [a, b] = [found, ct].map(|grid| grid.extent_cm(axis));
        let most = SAME * ct.spacing_cm[axis];
        (a.0 - b.0).abs() <= most && (a.1 - b.1).abs() <= most
    };
    match found.counts == ct.counts && (0..3).all(near) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "the organs must have the CT's grid; {}; found {}",
            about_grid(ct),
            described(found)
        ))
        .with_help(
            "segment the CT itself, or resample the labels to it with nearest-neighbour interpolation",
        )),
    }
}

/// A sentence about the CT's grid.
pub(in crate::io::import) fn about_grid(ct: &VoxelGrid) -> String {
    format!("the CT has {}", described(ct))
}

fn described(grid: &VoxelGrid) -> String {
    let [nx, ny, nz] = grid.counts;
    let list = |numbers: [f64; 3], places: usize| numbers.map(|mm| format!("{mm:.places$}")).join(", ");
    let edges = list(grid.spacing_cm.map(|cm| cm * MM_PER_CM), 4);
    let first = list(std::array::from_fn(|i| (grid.corner_cm[i] + 0.5 * grid.spacing_cm[i]) * MM_PER_CM), 2);
    format!("{nx} x {ny} x {nz} voxels of ({edges}) mm from ({first}) mm")
}
