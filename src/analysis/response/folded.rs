//! A response matrix folded with spectra, over whole turns: what is left is height along the axis.
//!
//! Tube voltages share the cells of the matrix, so that their errors are correlated: a sum or a difference over tube
//! voltages needs the correlation, which is told by row, as a mean over the planes.

use super::rows::UNIT_PHOTONS;
use crate::error::Result;
use crate::simulation::response::ResponseMatrix;
use crate::source::cell_weights::energy_weights;
use crate::source::scanner::Scanner;

/// What one mAs, spread over a whole turn, leaves by plane, tube voltage and row.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// Number of rows, tube voltages and planes.
    pub shape: [usize; 3],
    /// By row, tube voltage, plane: value per unit of [`CellWeights::columns`](crate::source::cell_weights::CellWeights), summed over the angles of a plane.
    pub mean: Vec<f64>,
    /// Standard error of the value; errors of planes are independent.
    pub standard_error: Vec<f64>,
    /// By row, tube voltage, tube voltage: correlation of their errors over all planes; 1 where there are none.
    pub correlation: Vec<f64>,
    /// By tube voltage: weight of one photon of the rarest energy per weight of its plane. Times the row's most per photon
    /// it is an upper limit for rows that no history touched.
    pub heaviest: Vec<f64>,
}

/// Folds a matrix with the spectra of some tube voltages on a scanner.
pub fn fold(matrix: &ResponseMatrix, scanner: &Scanner, tube_voltages_kv: &[f64]) -> Result<Folded> {
    let grid = &matrix.grid;
    let (rows, voltages, planes) = (matrix.rows, tube_voltages_kv.len(), grid.planes);
    let weights = |&kv: &f64| -> Result<Vec<f64>> {
        let weights = energy_weights(&scanner.spectrum_before_bowtie(kv)?, grid)?;
        Ok(weights.into_iter().map(|weight| weight / UNIT_PHOTONS).collect())
    };
    let weights: Vec<Vec<f64>> = tube_voltages_kv.iter().map(weights).collect::<Result<_>>()?;
    let mut folded = Folded {
        shape: [rows, voltages, planes],
        mean: vec![0.0; rows * voltages * planes],
        standard_error: vec![0.0; rows * voltages * planes],
        correlation: vec![0.0; rows * voltages * voltages],
        heaviest: weights.iter().map(|weights| heaviest(matrix, weights)).collect(),
    };
    for plane in 0..planes {
        for energy in 0..grid.energies() {
            let turn = turn(matrix, plane, energy);
            let of_energy: Vec<f64> = weights.iter().map(|weights| weights[energy]).collect();
            folded.add(plane, &of_energy, &turn);
        }
    }
    folded.settle();
    Ok(folded)
}

/// Mean and variance of every row for photons of an energy that cross a plane from all angles alike.
fn turn(matrix: &ResponseMatrix, plane: usize, energy: usize) -> Vec<(f64, f64)> {
    let (grid, rows) = (&matrix.grid, matrix.rows);
    let share = 1.0 / grid.angles as f64;
    let mut found = vec![(0.0, 0.0); rows];
    for angle in 0..grid.angles {
        let at = ((plane * grid.angles + angle) * grid.energies() + energy) * rows;
        let cell = matrix.mean[at..at + rows].iter().zip(&matrix.standard_error[at..at + rows]);
        for ((mean, variance), (of_cell, error)) in found.iter_mut().zip(cell) {
            *mean += share * f64::from(*of_cell);
            *variance += (share * f64::from(*error)).powi(2);
        }
    }
    found
}

fn heaviest(matrix: &ResponseMatrix, weights: &[f64]) -> f64 {
    let of_photon =
        weights.iter().zip(&matrix.photons).map(|(weight, &photons)| weight / photons.max(1) as f64);
    of_photon.fold(0.0, f64::max) / matrix.grid.angles as f64
}

impl Folded {
    /// Adds an energy; errors are squared until all are there.
    fn add(&mut self, plane: usize, weights: &[f64], turn: &[(f64, f64)]) {
        let [_, voltages, planes] = self.shape;
        for (row, &(mean, variance)) in turn.iter().enumerate().filter(|(_, (mean, _))| *mean != 0.0) {
            for (voltage, &weight) in weights.iter().enumerate() {
                let at = (row * voltages + voltage) * planes + plane;
                self.mean[at] += weight * mean;
                self.standard_error[at] += weight * weight * variance;
                for (other, &of_other) in weights.iter().enumerate() {
                    self.correlation[(row * voltages + voltage) * voltages + other] +=
                        weight * of_other * variance;
                }
            }
        }
    }

    /// Variances become errors, covariances correlations.
    fn settle(&mut self) {
        self.standard_error.iter_mut().for_each(|variance| *variance = variance.sqrt());
        let voltages = self.shape[1];
        for of_row in self.correlation.chunks_mut(voltages * voltages) {
            let variances: Vec<f64> = (0..voltages).map(|at| of_row[at * voltages + at]).collect();
            for (at, covariance) in of_row.iter_mut().enumerate() {
                let of_both = (variances[at / voltages] * variances[at % voltages]).sqrt();
                *covariance = if of_both > 0.0 { *covariance / of_both } else { 1.0 };
            }
        }
    }
}
