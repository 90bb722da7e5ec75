//! Sums of some batches on their own: what of a map and of its smoothing has to be kept to go on later, or to be added elsewhere.
//!
//! All of it is in fixed point: taken out and added again, in any order and in any number of parts, it is the same to the bit.

use crate::error::{Error, Result};
use crate::tally::map_totals::MapTotals;
use crate::tally::smoothing::Smoothing;

/// Cells of a map that hold anything, in the order of the map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MapCells {
    /// Cell of the map, x fastest.
    pub cell: Vec<u32>,
    /// Sum over the batches, in units of [`crate::tally::fixed_point::QUANTUM_KEV`].
    pub sum: Vec<i64>,
    /// Upper 64 bits of the sum of the batches' squares.
    pub square_high: Vec<u64>,
    /// Lower 64 bits of it.
    pub square_low: Vec<u64>,
}

impl MapCells {
    /// What the totals hold now.
    pub fn of(totals: &MapTotals) -> Self {
        let mut cells = MapCells::default();
        totals.for_each_sum(|cell, (sum, squares)| {
            cells.cell.push(cell as u32);
            cells.sum.push(sum);
            cells.square_high.push((squares >> 64) as u64);
            cells.square_low.push(squares as u64);
        });
        cells
    }

    /// Adds them to totals of the same map. Refuses cells that the map does not have, and sums beyond all range.
    pub fn add_to(&self, totals: &MapTotals) -> Result<()> {
        let refuse = || Error::invalid("the sums of a map must fit into it, found others");
        let rows = self.cell.len();
        if [self.sum.len(), self.square_high.len(), self.square_low.len()] != [rows; 3] {
            return Err(refuse());
        }
        let squares = |row: usize| u128::from(self.square_high[row]) << 64 | u128::from(self.square_low[row]);
        if !totals.add_sums(&self.cell, |row| (self.sum[row], squares(row))) {
            return Err(refuse());
        }
        Ok(())
    }
}

/// What smoothing took from the rows of a map in half of the batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SmoothedRows {
    /// Rows along x in which anything was played, ascending.
    pub row: Vec<u32>,
    /// Sums of their voxels, row after row, in units of [`crate::tally::fixed_point::QUANTUM_KEV`].
    pub taken: Vec<i64>,
}

impl SmoothedRows {
    /// Those of the even and of the odd batches so far.
    pub fn of(smoothing: &Smoothing) -> [Self; 2] {
        let mut halves = [SmoothedRows::default(), SmoothedRows::default()];
        for (row, sums) in smoothing.differences().iter().enumerate() {
            let sums = sums.lock().expect("no thread panics while it adds");
            for (half, sums) in halves.iter_mut().zip(sums.iter()) {
                if let Some(sums) = sums {
                    half.row.push(row as u32);
                    half.taken.extend_from_slice(sums);
                }
            }
        }
        halves
    }

    /// Adds both halves to those of the same phantom. Refuses rows that it does not have.
    pub fn add_to(halves: &[Self; 2], smoothing: &Smoothing) -> Result<()> {
        let refuse = || Error::invalid("the rows of a smoothed map must fit into it, found others");
        let voxels = smoothing.row_voxels();
        for (half, rows) in halves.iter().enumerate() {
            if rows.taken.len() != rows.row.len() * voxels {
                return Err(refuse());
            }
            for (&row, taken) in rows.row.iter().zip(rows.taken.chunks_exact(voxels)) {
                let sums = smoothing.differences().get(row as usize).ok_or_else(refuse)?;
                let mut sums = sums.lock().expect("no thread panics while it adds");
                let sums = sums[half].get_or_insert_with(|| vec![0; voxels].into_boxed_slice());
                for (sum, &taken) in sums.iter_mut().zip(taken) {
                    *sum = sum.checked_add(taken).ok_or_else(refuse)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::grid::VoxelGrid;
    use crate::tally::dose_map::Binning;

    /// All voxels are of the body.
    const LABELS: [u8; 60] = [1; 60];

    fn totals() -> MapTotals {
        let grid = VoxelGrid { counts: [5, 4, 3], spacing_cm: [0.2; 3], corner_cm: [0.0; 3] };
        MapTotals::new(Binning::new(&grid, [1; 3]), &LABELS)
    }

    fn take(totals: &MapTotals, batch: u64) {
        let energy = |voxel: u64| ((voxel * 7 + batch * 3) % 5) as f32 * 1e5 * (1.0 + batch as f32);
        totals.take(&mut (0..60).map(energy).collect::<Vec<_>>(), &LABELS, batch);
    }

    #[test]
    fn sums_in_parts_are_the_sums_of_all_batches_to_the_bit() {
        let (whole, first, second, sum) = (totals(), totals(), totals(), totals());
        (0..6).for_each(|batch| take(&whole, batch));
        [0, 2, 5].iter().for_each(|&batch| take(&first, batch));
        [1, 3, 4].iter().for_each(|&batch| take(&second, batch));
        for part in [&second, &first] {
            MapCells::of(part).add_to(&sum).unwrap();
        }
        let cells = MapCells::of(&sum);
        assert_eq!(cells, MapCells::of(&whole));
        assert!(
            cells.square_high.iter().any(|&high| high > 0),
            "sums of squares beyond 64 bits are among them"
        );
    }

    #[test]
    fn cells_of_another_map_are_refused() {
        let part = totals();
        take(&part, 1);
        let mut cells = MapCells::of(&part);
        *cells.cell.last_mut().unwrap() = 60;
        assert!(cells.add_to(&totals()).is_err());
        let mut short = MapCells::of(&part);
        short.sum.pop();
        assert!(short.add_to(&totals()).is_err());
        let mut large = MapCells::of(&part);
        large.sum[0] = i64::MAX;
        let sum = totals();
        large.add_to(&sum).unwrap();
        assert!(large.add_to(&sum).is_err(), "beyond 64 bits");
    }
}
