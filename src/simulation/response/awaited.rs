//! Scans whose errors end the making of a matrix.

use super::AwaitedScan;
use crate::error::Result;
use crate::source::cell_weights::{CellWeights, energy_weights};
use crate::source::cells::CellGrid;
use crate::source::scanner::Scanner;
use crate::source::spectrum::Spectrum;

/// A target with its weights in the cells of the matrix.
pub struct Awaited<'a> {
    /// Weights of the scan.
    pub weights: CellWeights,
    /// Rows.
    pub rows: &'a [usize],
    /// Largest relative error of the rows.
    pub relative_error: f64,
}

impl<'a> Awaited<'a> {
    /// All of them.
    pub fn all(
        awaited: &'a [AwaitedScan],
        scanner: &Scanner,
        grid: &CellGrid,
        made_with: &Spectrum,
    ) -> Result<Vec<Self>> {
        let of = |target: &'a AwaitedScan| {
            let weights = match &target.scan {
                Some(scan) => CellWeights::of(scan, scanner, grid)?,
                None => CellWeights {
                    columns: vec![1.0; grid.columns()],
                    tilts: vec![0.0; grid.columns()],
                    energies: energy_weights(made_with, grid)?,
                },
            };
            Ok(Awaited { weights, rows: &target.rows, relative_error: target.relative_error })
        };
        awaited.iter().map(of).collect()
    }
}
