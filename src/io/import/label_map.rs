//! Label maps: whole numbers on a grid, and a table that says what they mean.

use std::io::Read;

use super::assemble;
use super::frame::Frame;
use super::samples::{self, Kind};
use super::table::{LabelTable, Tables};
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;

/// Labels that are looked up without a hash.
const FEW: usize = 1 << 16;
/// Labels without meaning that a refusal lists.
const MOST_LISTED: usize = 20;

/// An image whose header was read and whose voxels come next.
pub(super) struct Image {
    /// Where its voxels lie.
    pub frame: Frame,
    /// Type of its numbers, and whether the most significant byte comes first.
    pub kind: (Kind, bool),
    /// Slope and intercept that make a stored number a value.
    pub scale: (f64, f64),
    /// The voxels, x of the file fastest.
    pub voxels: Box<dyn Read>,
}

/// Reads the voxels of an image and gives them the meaning of a table.
pub(super) fn phantom(id: &str, mut image: Image, table: &LabelTable) -> Result<Phantom> {
    let layout = image.frame.layout()?;
    let tables = table.tables()?;
    let labels = labels(&mut image, &tables)?;
    assemble::phantom(id, layout.grid.clone(), layout.reorder(labels), None, tables)
}

/// The engine's label of every voxel, in the file's order.
fn labels(image: &mut Image, tables: &Tables) -> Result<Vec<u8>> {
    let mut few: Vec<Option<u8>> = vec![None; FEW];
    for (&label, &known) in &tables.label_of {
        if let Some(slot) = few.get_mut(label as usize) {
            *slot = Some(known);
        }
    }
    let (slope, intercept) = image.scale;
    let mut labels = Vec::new();
    let mut unknown: Vec<i64> = Vec::new();
    let count = image.frame.counts.iter().product();
    samples::each(&mut image.voxels, image.kind, count, |stored| {
        let whole = whole(stored * slope + intercept)?;
        let found = match few.get(whole as usize) {
            Some(known) => *known,
            None => tables.label_of.get(&whole).copied(),
        };
        if found.is_none() && !unknown.contains(&whole) {
            unknown.push(whole);
            if unknown.len() == MOST_LISTED {
                return Err(without_meaning(&mut unknown));
            }
        }
        labels.push(found.unwrap_or_default());
        Ok(())
    })?;
    match unknown.is_empty() {
        true => Ok(labels),
        false => Err(without_meaning(&mut unknown)),
    }
}

/// A value as a label.
pub(super) fn whole(value: f64) -> Result<i64> {
    let whole = value.round();
    match (value - whole).abs() < 1e-3 && (0.0..=4_294_967_295.0).contains(&whole) {
        true => Ok(whole as i64),
        false => Err(Error::invalid(format!("labels must be whole numbers of 0 or more, found {value}"))),
    }
}

fn without_meaning(unknown: &mut [i64]) -> Error {
    unknown.sort_unstable();
    let list = unknown.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let more = if unknown.len() == MOST_LISTED { " and maybe more" } else { "" };
    Error::invalid(format!("every label must be in the table, found {list}{more} without a row"))
        .with_help("an empty organ makes a label part of the air around the body")
}
