//! The `.vox` file of MC-GPU and penEasy 2008-04-13: `[SECTION VOXELS HEADER`, then material and density per voxel.
//!
//! Coordinates are taken as LPS with the first voxel's outer corner at the origin.

use std::path::Path;

use super::assemble::check_counts;
use super::egsphant::{Varied, Words};
use super::frame::Frame;
use super::source::Packing;
use super::table::LabelTable;
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;

/// Lines before the header that are skipped.
const MOST_LEADING: usize = 1000;
/// Shortest line of a voxel, bytes: `1 1` and its end.
const SHORTEST_LINE: u64 = 4;

/// Reads a phantom.
pub(super) fn read(id: &str, path: &Path, table: &LabelTable) -> Result<Phantom> {
    let (mut words, stored) = Words::open(path)?;
    find_header(&mut words)?;
    let counts = check_counts(header_numbers(&mut words)?.map(super::metaimage::count))?;
    let voxels = counts.iter().product::<usize>();
    Packing::by_name(path).check_promise(SHORTEST_LINE * voxels as u64 - 1, stored)?;
    let edges_cm: [f64; 3] = header_numbers(&mut words)?;
    let material = column(&mut words, "material")?;
    let density = column(&mut words, "density")?;
    if material == density {
        return Err(Error::invalid(format!(
            "material and density must be in two columns, found {material} for both"
        )));
    }
    while !words.full_line()?.contains("END OF VXH SECTION") {}
    let mut varied = Varied::new(table)?;
    let mut done = 0;
    while done < voxels {
        let line = words.full_line()?;
        let line = line.split('#').next().unwrap_or_default();
        let cells: Vec<&str> = line.split_whitespace().collect();
        if cells.is_empty() {
            continue;
        }
        let cell = |column: usize| {
            cells.get(column - 1).and_then(|cell| cell.parse::<f64>().ok()).ok_or_else(|| {
                Error::invalid(format!(
                    "a voxel must be a line with a material and a density, found `{}`",
                    super::metaimage::shorter(line)
                ))
            })
        };
        let label = cell(material)?;
        if !(label >= 1.0 && label.fract() == 0.0 && label < 1e9) {
            return Err(Error::invalid(format!(
                "a material must be a whole number of 1 or more, found {label}"
            )));
        }
        varied.push(label as u64, Some(cell(density)?))?;
        done += 1;
    }
    varied.phantom(id, &Frame::straight(counts, edges_cm, edges_cm.map(|edge_cm| 0.5 * edge_cm)))
}

fn find_header(words: &mut Words) -> Result<()> {
    for _ in 0..MOST_LEADING {
        if words.full_line()?.contains("[SECTION VOXELS HEADER") {
            return Ok(());
        }
    }
    Err(Error::invalid("a .vox file must hold [SECTION VOXELS HEADER, found none"))
}

/// The three numbers a header line begins with; its comment follows.
fn header_numbers(words: &mut Words) -> Result<[f64; 3]> {
    let line = words.full_line()?;
    let found: Vec<f64> = line.split_whitespace().map_while(|word| word.parse().ok()).take(3).collect();
    found.try_into().map_err(|_| {
        Error::invalid(format!(
            "the header needs a line of 3 numbers, found `{}`",
            super::metaimage::shorter(&line)
        ))
    })
}

fn column(words: &mut Words, what: &str) -> Result<usize> {
    let line = words.full_line()?;
    let found = line.split_whitespace().next().and_then(|word| word.parse().ok());
    found.filter(|column| (1..=20).contains(column)).ok_or_else(|| {
        Error::invalid(format!(
            "the column of the {what} must be from 1 to 20, found `{}`",
            super::metaimage::shorter(&line)
        ))
    })
}
