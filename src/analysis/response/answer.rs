//! What a response matrix answers: doses of acquisitions, without a simulation.

use std::ops::Range;

use super::rows::{RowKind, Rows, UNIT_PHOTONS};
use crate::analysis::effective_dose::Scheme;
use crate::simulation::response::{ResponseMatrix, Tilt};
use crate::source::cell_weights::CellWeights;
use crate::tally::estimate::Estimate;

/// Values of every row for some acquisitions together.
///
/// Errors are those of the matrix. Two acquisitions share it, so that their doses' errors go the same way: a sum has
/// to be asked for as a sum. A row that no history touched has mean 0 and, as its error, an upper limit.
pub fn answer(matrix: &ResponseMatrix, acquisitions: &[CellWeights]) -> Vec<Estimate> {
    answers(matrix, acquisitions).1
}

/// Values of every row by acquisition, and for all of them together, as [`answer`] has them.
pub fn answers(matrix: &ResponseMatrix, acquisitions: &[CellWeights]) -> (Vec<Vec<Estimate>>, Vec<Estimate>) {
    let (rows, energies) = (matrix.rows, matrix.grid.energies());
    let mut parts = vec![Sums::new(rows); acquisitions.len()];
    let mut whole = Sums::new(rows);
    // Cells are read once for all acquisitions: memory is slower than sums.
    for column in span(acquisitions) {
        if acquisitions.iter().all(|weights| weights.columns[column] == 0.0) {
            continue;
        }
        for energy in 0..energies {
            let at = (column * energies + energy) * rows;
            let cell = (&matrix.mean[at..at + rows], &matrix.standard_error[at..at + rows]);
            let photons = matrix.photons[energy].max(1) as f64;
            let mut sum = 0.0;
            for (weights, part) in acquisitions.iter().zip(&mut parts) {
                let weight = weights.columns[column] * weights.energies[energy] / UNIT_PHOTONS;
                sum += weight;
                if weight != 0.0 {
                    part.add(weight, photons, cell);
                }
            }
            if acquisitions.len() > 1 && sum != 0.0 {
                whole.add(sum, photons, cell);
            }
        }
        if let Some(tilt) = &matrix.tilt {
            add_tilt(tilt, (column, energies, rows), acquisitions, &mut parts, &mut whole);
        }
    }
    let parts: Vec<Vec<Estimate>> = parts.iter().map(|part| part.estimates(matrix)).collect();
    let whole = if parts.len() == 1 { parts[0].clone() } else { whole.estimates(matrix) };
    (parts, whole)
}

/// Mean tilt, as a share of the largest that was played, from which on it is heeded: within a helix rays come from below as
/// much as from above.
const LEAST_TILT: f64 = 0.01;

/// Adds what the tilt of the rays that cross a column changes. The errors of a slope and of its value go together only as far as rays
/// from below and from above differ in their spread, which is left out.
fn add_tilt(
    tilt: &Tilt,
    (column, energies, rows): (usize, usize, usize),
    acquisitions: &[CellWeights],
    parts: &mut [Sums],
    whole: &mut Sums,
) {
    let heeded = |weights: &CellWeights| {
        let share = weights.tilts[column] / tilt.sin_cone;
        if share.abs() > LEAST_TILT * weights.columns[column].abs() { share } else { 0.0 }
    };
    let shares: Vec<f64> = acquisitions.iter().map(heeded).collect();
    if shares.iter().all(|&share| share == 0.0) {
        return;
    }
    for energy in 0..energies {
        let at = (column * energies + energy) * rows;
        let cell = (&tilt.slope[at..at + rows], &tilt.standard_error[at..at + rows]);
        let mut sum = 0.0;
        for ((weights, share), part) in acquisitions.iter().zip(&shares).zip(&mut *parts) {
            let weight = share * weights.energies[energy] / UNIT_PHOTONS;
            sum += weight;
            part.sum(weight, cell);
        }
        if acquisitions.len() > 1 {
            whole.sum(sum, cell);
        }
    }
}

/// Columns from the first to the last that has weight.
fn span(acquisitions: &[CellWeights]) -> Range<usize> {
    let spans = acquisitions.iter().filter_map(CellWeights::span);
    spans
        .map(|(first, last)| first..last + 1)
        .reduce(|a, b| a.start.min(b.start)..a.end.max(b.end))
        .unwrap_or(0..0)
}

/// Sums over cells, by row.
#[derive(Clone)]
struct Sums {
    means: Vec<f64>,
    variances: Vec<f64>,
    /// Largest weight of one photon.
    heaviest: f64,
}

impl Sums {
    fn new(rows: usize) -> Self {
        Sums { means: vec![0.0; rows], variances: vec![0.0; rows], heaviest: 0.0 }
    }

    #[inline]
    fn add(&mut self, weight: f64, photons: f64, cell: (&[f32], &[f32])) {
        self.heaviest = self.heaviest.max(weight / photons);
        self.sum(weight, cell);
    }

    #[inline]
    fn sum(&mut self, weight: f64, (values, errors): (&[f32], &[f32])) {
        for (mean, value) in self.means.iter_mut().zip(values) {
            *mean += weight * f64::from(*value);
        }
        for (variance, error) in self.variances.iter_mut().zip(errors) {
            let error = weight * f64::from(*error);
            *variance += error * error;
        }
    }

    /// A row that no history touched has an upper limit as its error.
    fn estimates(&self, matrix: &ResponseMatrix) -> Vec<Estimate> {
        let estimate = |row: usize| match self.means[row] {
            0.0 => Estimate { mean: 0.0, standard_error: self.heaviest * matrix.one_photon[row] },
            mean => Estimate { mean, standard_error: self.variances[row].sqrt() },
        };
        (0..matrix.rows).map(estimate).collect()
    }
}

/// Effective dose by a scheme among the values of all rows, mSv; `None` where the phantom lacks tissues.
pub fn effective_msv(rows: &Rows, values: &[Estimate], scheme: Scheme) -> Option<Estimate> {
    rows.effective(scheme, |row| values[row].mean).map(|row| values[row])
}

/// The value of a row.
pub fn value(rows: &Rows, values: &[Estimate], kind: RowKind, id: &str) -> Option<Estimate> {
    rows.find(kind, id).map(|row| values[row])
}
