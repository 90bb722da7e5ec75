//! What a response matrix answers: doses of acquisitions, without a simulation.

use super::rows::{RowKind, Rows, UNIT_PHOTONS};
use crate::analysis::effective_dose::Scheme;
use crate::simulation::response::ResponseMatrix;
use crate::source::cell_weights::CellWeights;
use crate::tally::estimate::Estimate;

/// Values of every row for some acquisitions together.
///
/// Errors are those of the matrix. Two acquisitions share it, so that their doses' errors go the same way: a sum has
/// to be asked for as a sum. A row that no history touched has mean 0 and, as its error, an upper limit.
pub fn answer(matrix: &ResponseMatrix, acquisitions: &[CellWeights]) -> Vec<Estimate> {
    let (rows, energies) = (matrix.rows, matrix.grid.energies());
    let (mut means, mut variances, mut heaviest) = (vec![0.0; rows], vec![0.0; rows], 0.0_f64);
    for column in 0..matrix.grid.columns() {
        if acquisitions.iter().all(|weights| weights.columns[column] == 0.0) {
            continue;
        }
        for energy in 0..energies {
            let weight = |of: &CellWeights| of.columns[column] * of.energies[energy] / UNIT_PHOTONS;
            let weight: f64 = acquisitions.iter().map(weight).sum();
            if weight == 0.0 {
                continue;
            }
            heaviest = heaviest.max(weight / matrix.photons[energy].max(1) as f64);
            let cell = (column * energies + energy) * rows..(column * energies + energy + 1) * rows;
            let values = matrix.mean[cell.clone()].iter().zip(&matrix.standard_error[cell]);
            for ((mean, variance), (of_cell, error)) in means.iter_mut().zip(&mut variances).zip(values) {
                *mean += weight * f64::from(*of_cell);
                let error = weight * f64::from(*error);
                *variance += error * error;
            }
        }
    }
    let estimate = |row: usize| match means[row] {
        0.0 => Estimate { mean: 0.0, standard_error: heaviest * matrix.one_photon[row] },
        mean => Estimate { mean, standard_error: f64::sqrt(variances[row]) },
    };
    (0..rows).map(estimate).collect()
}

/// Effective dose by a scheme among the values of all rows, mSv; `None` where the phantom lacks tissues.
pub fn effective_msv(rows: &Rows, values: &[Estimate], scheme: Scheme) -> Option<Estimate> {
    rows.effective(scheme, |row| values[row].mean).map(|row| values[row])
}

/// The value of a row.
pub fn value(rows: &Rows, values: &[Estimate], kind: RowKind, id: &str) -> Option<Estimate> {
    rows.find(kind, id).map(|row| values[row])
}
