//! DICOM segmentations (PS3.3, A.51): BINARY with 1 bit per pixel, FRACTIONAL with 8, LABELMAP with 8 or 16.
//!
//! Every frame lies where its plane position says; its pixels must fall on voxels of the CT.

use std::collections::BTreeMap;

use dicom_dictionary_std::tags;

use super::attributes::{Groups, Object, items, missing, need_text, need_whole, text};
use super::ct_image::Place;
use super::file::DicomFile;
use super::pixels::PixelFormat;
use crate::error::{Error, Result};
use crate::geometry::grid::VoxelGrid;
use crate::io::import::patient::structure::{ByNumber, Structures};
use crate::units::CM_PER_MM;

/// Pixels may lie off the voxels' centres by this share of an edge.
const ON_VOXEL: f64 = 0.05;
/// Farthest place of a frame, in voxels.
const FARTHEST: f64 = 1.0e9;
/// A fraction from which a voxel belongs to a segment.
const HALF: f64 = 0.5;

/// Reads all segments.
pub(super) fn read(file: &DicomFile, grid: &VoxelGrid) -> Result<Structures> {
    let header: &Object = &file.header;
    let kind = need_text(header, tags::SEGMENTATION_TYPE)?;
    let format = file.format()?;
    let groups = Groups::of(header);
    if groups.len() != format.frames {
        return Err(Error::invalid(format!(
            "a segmentation of {} frames must say where each lies, found {} functional groups",
            format.frames,
            groups.len()
        )));
    }
    let names = names(header)?;
    let mut segments = ByNumber::default();
    for &number in names.keys() {
        segments.of(number)?;
    }
    let mut outside = 0;
    let place = |frame: usize| -> Result<Lattice> {
        let group = |tag| groups.find(frame, tag).ok_or_else(|| missing(tag));
        let place = Place::read(
            group(tags::PLANE_POSITION_SEQUENCE)?,
            group(tags::PLANE_ORIENTATION_SEQUENCE)?,
            group(tags::PIXEL_MEASURES_SEQUENCE)?,
        )?;
        Lattice::of(&place, grid).map_err(|error| error.within(&format!("frame {}", frame + 1)))
    };
    let number_of = |frame: usize| -> Result<i64> {
        let group = groups.need(frame, tags::SEGMENT_IDENTIFICATION_SEQUENCE)?;
        need_whole(group, tags::REFERENCED_SEGMENT_NUMBER, 1, 65_535)
    };
    let mut each = |frame: usize, set: &mut dyn Iterator<Item = (usize, i64)>, of_frame: Option<i64>| {
        let lattice = place(frame)?;
        for (pixel, value) in set {
            match lattice.voxel(pixel % format.columns, pixel / format.columns, grid) {
                Some(voxel) => segments.of(of_frame.unwrap_or(value))?.push(voxel),
                None => outside += 1,
            }
        }
        Ok(())
    };
    let set = |values: &[i32], most: f64| {
        let is_in = move |(pixel, &value): (usize, &i32)| {
            (f64::from(value) >= most).then_some((pixel, i64::from(value)))
        };
        values.iter().enumerate().filter_map(is_in).collect::<Vec<_>>().into_iter()
    };
    match (kind.as_str(), format.bits_allocated) {
        ("BINARY", 1) => {
            let bits = format.open()?.all_bits()?;
            let size = format.rows * format.columns;
            for frame in 0..format.frames {
                let mut set = set_bits(&bits, frame * size, size).map(|pixel| (pixel, 1));
                each(frame, &mut set, Some(number_of(frame)?))?;
            }
        }
        ("FRACTIONAL", 8) => {
            let most = need_whole(header, tags::MAXIMUM_FRACTIONAL_VALUE, 1, 255)? as f64;
            frames(&format, |frame, values| {
                each(frame, &mut set(values, HALF * most), Some(number_of(frame)?))
            })?;
        }
        ("LABELMAP", 8 | 16) => frames(&format, |frame, values| each(frame, &mut set(values, 1.0), None))?,
        (kind, bits) => {
            return Err(Error::invalid(format!(
                "a segmentation must be BINARY of 1 bit, FRACTIONAL of 8 or LABELMAP of 8 or 16, found {} of {bits}",
                kind.chars().filter(|c| !c.is_control()).take(20).collect::<String>()
            )));
        }
    }
    let mut structures = Structures { list: segments.into_list(), warnings: Vec::new() };
    for structure in &mut structures.list {
        if let Some(name) = structure.number.and_then(|number| names.get(&number)) {
            structure.name.clone_from(name);
        }
    }
    if outside > 0 {
        structures.warnings.push(format!("{outside} pixels of segments lie outside the CT and are left out"));
    }
    Ok(structures)
}

fn frames(format: &PixelFormat, mut visit: impl FnMut(usize, &[i32]) -> Result<()>) -> Result<()> {
    let mut pixels = format.open()?;
    (0..format.frames).try_for_each(|frame| visit(frame, &pixels.values(frame)?))
}

/// Places, counted from `from`, of the bits that are 1 among `count` ones; the lowest bit of a byte is the first.
fn set_bits(bytes: &[u8], from: usize, count: usize) -> impl Iterator<Item = usize> + '_ {
    let of_byte =
        move |at: usize| (0..8).filter(move |bit| bytes[at] >> bit & 1 == 1).map(move |bit| 8 * at + bit);
    let full = (from / 8..(from + count).div_ceil(8)).filter(|&at| bytes[at] != 0);
    full.flat_map(of_byte).filter(move |bit| (from..from + count).contains(bit)).map(move |bit| bit - from)
}

/// Names of the segments by number.
fn names(header: &Object) -> Result<BTreeMap<i64, String>> {
    let mut names = BTreeMap::new();
    for item in items(header, tags::SEGMENT_SEQUENCE) {
        let number = need_whole(item, tags::SEGMENT_NUMBER, 0, 65_535)?;
        // A labelmap may describe its background, number 0.
        if number > 0 {
            names.insert(
                number,
                text(item, tags::SEGMENT_LABEL).unwrap_or_else(|| format!("segment_{number}")),
            );
        }
    }
    Ok(names)
}

/// Which voxels the pixels of a frame are.
struct Lattice {
    first: [i64; 3],
    /// Steps of one voxel: from column to column, from row to row.
    steps: [[i64; 3]; 2],
}

impl Lattice {
    fn of(place: &Place, grid: &VoxelGrid) -> Result<Self> {
        let mut astray: f64 = 0.0;
        let mut near = |voxels: f64| {
            let whole = voxels.round();
            let is_far = voxels.abs() > FARTHEST;
            astray = astray.max(if is_far { 1.0 } else { (voxels - whole).abs() });
            whole as i64
        };
        let first = std::array::from_fn(|i| {
            near((place.position_mm[i] * CM_PER_MM - grid.corner_cm[i]) / grid.spacing_cm[i] - 0.5)
        });
        let steps = [0, 1].map(|k| {
            std::array::from_fn(|i| {
                near(place.directions[k][i] * place.spacing_mm[k] * CM_PER_MM / grid.spacing_cm[i])
            })
        });
        let one = |step: &[i64; 3]| step.iter().map(|s| s.abs()).sum::<i64>() == 1;
        if astray > ON_VOXEL || !steps.iter().all(one) {
            return Err(Error::invalid(format!(
                "a segmentation's pixels must be the CT's voxels, found pixels of {:?} mm along {:?} from {:?} mm; {}",
                place.spacing_mm,
                place.directions,
                place.position_mm,
                crate::io::import::patient::about_grid(grid)
            ))
            .with_help("segment the CT itself, or resample the segmentation to it"));
        }
        Ok(Lattice { first, steps })
    }

    fn voxel(&self, column: usize, row: usize, grid: &VoxelGrid) -> Option<usize> {
        let at: [i64; 3] = std::array::from_fn(|i| {
            self.first[i] + column as i64 * self.steps[0][i] + row as i64 * self.steps[1][i]
        });
        let inside = (0..3).all(|i| (0..grid.counts[i] as i64).contains(&at[i]));
        inside.then(|| grid.index(at[0] as usize, at[1] as usize, at[2] as usize))
    }
}
