//! Sums in fixed point: adding is exact and associative, so neither threads nor order matter.

/// Energy of one unit, keV: 2⁻²⁶. All batches together may leave up to 1.4e11 keV in a cell: two billion
/// photons of 70 keV absorbed in one and the same voxel.
pub const QUANTUM_KEV: f64 = 1.0 / 67_108_864.0;

/// First and second moments of the batches' energies, cell by cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    sums: Vec<i64>,
    squares: Vec<u128>,
}

impl Moments {
    /// Empty moments of a number of cells.
    pub fn new(cells: usize) -> Self {
        Moments { sums: vec![0; cells], squares: vec![0; cells] }
    }

    /// Adds one batch's energy, not below 0, to a cell.
    #[inline]
    pub fn add(&mut self, cell: usize, energy_kev: f64) {
        // Rounding by truncation: a million cells a batch are too many for a call of `round` each.
        let units = (energy_kev * (1.0 / QUANTUM_KEV) + 0.5) as i64;
        self.sums[cell] += units;
        self.squares[cell] += u128::from(units.unsigned_abs()).pow(2);
    }

    /// Sums of a cell: of energies in units of [`QUANTUM_KEV`], and of their squares.
    #[inline]
    pub fn sums(&self, cell: usize) -> (i64, u128) {
        (self.sums[cell], self.squares[cell])
    }

    /// Adds the sums of other batches to a cell; `false`, and nothing is added, where they are beyond all range.
    #[must_use]
    pub fn add_sums(&mut self, cell: usize, (sum, squares): (i64, u128)) -> bool {
        let added = self.sums[cell].checked_add(sum).zip(self.squares[cell].checked_add(squares));
        if let Some((sum, squares)) = added {
            (self.sums[cell], self.squares[cell]) = (sum, squares);
        }
        added.is_some()
    }

    /// Mean energy per batch and the standard error of that mean, keV, after `batches` batches.
    ///
    /// Cells that a batch did not touch count as 0 in it.
    #[inline]
    pub fn mean_and_error_kev(&self, cell: usize, batches: u64) -> (f64, f64) {
        let count = batches as f64;
        let mean = self.sums[cell] as f64 / count;
        // u128 to f64 rounds once; the difference of squares is safe while batches scatter by > 1e-7.
        let spread = (self.squares[cell] as f64 - count * mean * mean).max(0.0);
        let error = (spread / (count * (count - 1.0))).sqrt();
        (mean * QUANTUM_KEV, error * QUANTUM_KEV)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_to_a_single_bit() {
        let energies: Vec<f64> = (0..1000).map(|k| (f64::from(k) * 0.7).sin().powi(2) * 1e4).collect();
        let (mut forward, mut backward) = (Moments::new(1), Moments::new(1));
        energies.iter().for_each(|&e| forward.add(0, e));
        energies.iter().rev().for_each(|&e| backward.add(0, e));
        assert_eq!(forward, backward);
    }

    #[test]
    fn moments_agree_with_floating_point() {
        let energies: Vec<f64> = (0..50).map(|k| 3.0 + f64::from(k % 7)).collect();
        let mut moments = Moments::new(1);
        energies.iter().for_each(|&e| moments.add(0, e));
        let expected = crate::tally::estimate::Estimate::from_replicates(energies.iter().copied());
        let (mean, error) = moments.mean_and_error_kev(0, 50);
        assert!((mean - expected.mean).abs() < 1e-6);
        assert!((error - expected.standard_error).abs() < 1e-6);
    }
}
