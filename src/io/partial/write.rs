//! Writing a state: to a temporary file, synced, then renamed; the state that was there stays as the one before.

use std::path::Path;

use hdf5::{File, FileBuilder, Group};
use jiff::{Timestamp, Unit};
use ndarray::{Array2, ArrayView1, ArrayView2};

use super::head::Head;
use super::{About, FORMAT, FORMAT_VERSION, Identity};
use crate::error::Result;
use crate::io::output_file;
use crate::io::result::hdf::{NO_UNIT, close, dataset, text_attribute, text_dataset, write_reason};
use crate::io::result::{NOTICE, git_commit};
use crate::simulation::outcome::{BatchRecord, OrganEnergies};
use crate::simulation::partial::Partial;
use crate::tally::partial_sums::{MapCells, SmoothedRows};

/// Unit of sums in fixed point.
const FIXED: &str = "2^-26 keV";
/// Unit of sums of their squares.
const FIXED_SQUARED: &str = "2^-52 keV2";

/// Writes the state of an acquisition, given by index and name. What was at `path` becomes `previous`.
pub fn write(
    path: &Path,
    previous: &Path,
    identity: &Identity,
    (acquisition, phase): (usize, &str),
    partial: &Partial,
) -> Result<()> {
    let about = About {
        identity: identity.clone(),
        acquisition,
        phase: phase.to_owned(),
        histories_per_batch: partial.histories_per_batch,
        batches: partial.batches().iter().map(|batches| [batches.start, batches.end]).collect(),
        wall_s: partial.wall_s,
        cpu_s: partial.cpu_s,
    };
    let head = Head::new(about)?;
    let temporary = output_file::beside(path)?.into_temp_path();
    let filled = fill(&temporary, &head, partial);
    filled.map_err(|error| output_file::unwritable(path, &write_reason(&error)))?;
    head.seal(&temporary, path)?;
    output_file::publish_beside(temporary, path, previous)
}

fn fill(path: &Path, head: &Head, partial: &Partial) -> hdf5::Result<()> {
    let now = Timestamp::now();
    let file = FileBuilder::new().with_fcpl(|list| list.userblock(head.block_bytes())).create(path)?;
    text_attribute(&file, "format", FORMAT)?;
    text_attribute(&file, "format_version", FORMAT_VERSION)?;
    text_attribute(&file, "software_version", env!("CARGO_PKG_VERSION"))?;
    text_attribute(&file, "git_commit", git_commit())?;
    text_attribute(&file, "created", &now.round(Unit::Second).unwrap_or(now).to_string())?;
    text_attribute(&file, "notice", NOTICE)?;
    let about = serde_json::to_string(&head.about).map_err(|error| error.to_string())?;
    text_dataset(&file.create_group("about")?, "json", &about)?;
    write_batches(&file.create_group("batches")?, &partial.records)?;
    if let Some(map) = &partial.map {
        write_map(&file.create_group("map")?, map)?;
    }
    if let Some(halves) = &partial.smoothed {
        write_smoothing(&file, halves)?;
    }
    close(file)
}

fn write_batches(group: &Group, records: &[BatchRecord]) -> hdf5::Result<()> {
    let batches: Vec<u64> = records.iter().map(|record| record.batch).collect();
    dataset(group, "batch", NO_UNIT, ArrayView1::from(&batches))?;
    let lost: Vec<u64> =
        records.iter().flat_map(|record| &record.lost).flat_map(|lost| lost.words()).collect();
    let set = dataset(group, "lost", NO_UNIT, ArrayView1::from(&lost))?;
    text_attribute(&set, "columns", "batch, history, 1 if it is stuck, of each lost history in turn")?;
    write_energies(group, "", records, |record| Some(&record.energies))?;
    if records.first().is_some_and(|record| record.ends.is_some()) {
        write_energies(group, "_head_end", records, |record| Some(&record.ends.as_ref()?[0]))?;
        write_energies(group, "_foot_end", records, |record| Some(&record.ends.as_ref()?[1]))?;
    }
    let patches = records.first().map_or(0, |record| record.skin_kev.len());
    let skin =
        Array2::from_shape_fn((records.len(), patches), |(batch, patch)| records[batch].skin_kev[patch]);
    dataset(group, "skin_energy", "keV", skin.view())?;
    let balance = Array2::from_shape_fn((records.len(), 4), |(batch, part)| {
        let of = &records[batch].balance;
        [of.emitted_kev, of.deposited_kev, of.escaped_kev, of.kerma_kev][part]
    });
    let set = dataset(group, "energy_balance", "keV", balance.view())?;
    text_attribute(&set, "columns", "emitted, deposited, escaped, kerma")
}

fn write_energies(
    group: &Group,
    suffix: &str,
    records: &[BatchRecord],
    of: impl Fn(&BatchRecord) -> Option<&OrganEnergies>,
) -> hdf5::Result<()> {
    let write = |name: &str, of: &dyn Fn(&BatchRecord) -> Vec<f64>| {
        let rows: Vec<Vec<f64>> = records.iter().map(of).collect();
        let columns = rows.first().map_or(0, Vec::len);
        let values = Array2::from_shape_fn((rows.len(), columns), |(row, column)| rows[row][column]);
        dataset(group, &format!("{name}{suffix}"), "keV", values.view()).map(drop)
    };
    write("organ_energy", &|record| of(record).map_or(Vec::new(), |of| of.organ_kev.clone()))?;
    write("active_marrow_energy", &|record| of(record).map_or(Vec::new(), |of| of.marrow_kev.clone()))
}

fn write_map(group: &Group, map: &MapCells) -> hdf5::Result<()> {
    let set = dataset(group, "cell", NO_UNIT, ArrayView1::from(&map.cell))?;
    text_attribute(&set, "long_name", "cell of the map, x fastest; cells without energy are left out")?;
    dataset(group, "sum", FIXED, ArrayView1::from(&map.sum))?;
    dataset(group, "square_high", FIXED_SQUARED, ArrayView1::from(&map.square_high))?;
    dataset(group, "square_low", FIXED_SQUARED, ArrayView1::from(&map.square_low)).map(drop)
}

fn write_smoothing(file: &File, halves: &[SmoothedRows; 2]) -> hdf5::Result<()> {
    let group = file.create_group("smoothing")?;
    for (name, half) in ["even", "odd"].iter().zip(halves) {
        dataset(&group, &format!("{name}_row"), NO_UNIT, ArrayView1::from(&half.row))?;
        let voxels = half.taken.len().checked_div(half.row.len()).unwrap_or(0);
        let taken =
            ArrayView2::from_shape((half.row.len(), voxels), &half.taken).map_err(|e| e.to_string())?;
        dataset(&group, &format!("{name}_taken"), FIXED, taken)?;
    }
    Ok(())
}
