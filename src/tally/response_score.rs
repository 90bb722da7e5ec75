//! What the photons of a response matrix's column leave: sums over linear combinations of organ energies.
//!
//! Photons come in pairs: two independent ones of the same stratum. The square of their difference tells the variance
//! of their mean, whatever the strata differ in. A photon belongs to one cell only, so that errors of cells are
//! independent.

use crate::tally::energy_balance::EnergyBalance;
use crate::transport::tally::Tally;

/// Linear combinations of the energies of a history, one per row, by label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Combinations {
    rows: usize,
    /// By label: row and factor of the energy left in it.
    energy: Vec<Vec<(u16, f64)>>,
    /// By label: row and factor of the energy that active marrow would have had there.
    marrow: Vec<Vec<(u16, f64)>>,
}

impl Combinations {
    /// So many rows, without a factor.
    pub fn new(rows: usize) -> Self {
        Combinations { rows, energy: vec![Vec::new(); 256], marrow: vec![Vec::new(); 256] }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds the energy of a label to a row, `factor` times.
    pub fn add(&mut self, row: usize, label: u8, factor: f64) {
        self.energy[usize::from(label)].push((row as u16, factor));
    }

    /// Adds the energy of active marrow in a label to a row, `factor` times.
    pub fn add_marrow(&mut self, row: usize, label: u8, factor: f64) {
        self.marrow[usize::from(label)].push((row as u16, factor));
    }

    /// Largest factor of a row: its value for one keV in the most favourable place.
    pub fn largest(&self, row: usize) -> f64 {
        let factors = self.energy.iter().chain(&self.marrow).flatten();
        factors.filter(|(of, _)| usize::from(*of) == row).map(|(_, factor)| *factor).fold(0.0, f64::max)
    }
}

/// Sums over photons, and squares of differences over pairs, by row.
pub struct PairSums<'a> {
    /// Sums.
    pub sums: &'a mut [f64],
    /// Squares.
    pub squares: &'a mut [f64],
}

/// Scores histories by kerma, pair by pair.
pub struct ResponseScore<'a> {
    combinations: &'a Combinations,
    label_kev: Box<[f64; 256]>,
    marrow_kev: Box<[f64; 256]>,
    touched: Vec<u8>,
    values: [Vec<f64>; 2],
    /// By photon of the pair: three times its tilt over the largest one.
    tilts: [f64; 2],
    /// Where the energy went.
    pub balance: EnergyBalance,
}

impl<'a> ResponseScore<'a> {
    /// Nothing scored yet.
    pub fn new(combinations: &'a Combinations) -> Self {
        let rows = combinations.rows;
        ResponseScore {
            combinations,
            label_kev: Box::new([0.0; 256]),
            marrow_kev: Box::new([0.0; 256]),
            touched: Vec::with_capacity(256),
            values: [vec![0.0; rows], vec![0.0; rows]],
            tilts: [0.0; 2],
            balance: EnergyBalance::default(),
        }
    }

    /// Ends the history of one photon of a pair: its energies become values of rows. `tilt` is the sine of its ray to the plane
    /// of rotation over the largest one.
    pub fn end_history(&mut self, of_pair: usize, tilt: f64) {
        self.tilts[of_pair] = 3.0 * tilt;
        let values = &mut self.values[of_pair];
        for label in self.touched.drain(..) {
            let label = usize::from(label);
            let (energy_kev, marrow_kev) = (self.label_kev[label], self.marrow_kev[label]);
            for &(row, factor) in &self.combinations.energy[label] {
                values[usize::from(row)] += factor * energy_kev;
            }
            for &(row, factor) in &self.combinations.marrow[label] {
                values[usize::from(row)] += factor * marrow_kev;
            }
            self.balance.kerma_kev += energy_kev;
            (self.label_kev[label], self.marrow_kev[label]) = (0.0, 0.0);
        }
    }

    /// Ends a pair: adds its sum and the square of its difference by row, of the values and, where there is room, of their slopes
    /// with the tilt.
    ///
    /// Tilts t are drawn evenly from −1 to 1: of values a + b t the mean of 3 t times the value is b.
    pub fn end_pair(&mut self, values: PairSums, slopes: PairSums) {
        let ([first, second], [of_first, of_second]) = (&mut self.values, self.tilts);
        let of_slopes = slopes.sums.iter_mut().zip(slopes.squares);
        for ((a, b), (slope, square)) in first.iter().zip(second.iter()).zip(of_slopes) {
            let (tilted_a, tilted_b) = (*a * of_first, *b * of_second);
            *slope += tilted_a + tilted_b;
            *square += (tilted_a - tilted_b) * (tilted_a - tilted_b);
        }
        let of_values = values.sums.iter_mut().zip(values.squares);
        for ((a, b), (sum, square)) in first.iter_mut().zip(second.iter_mut()).zip(of_values) {
            *sum += *a + *b;
            *square += (*a - *b) * (*a - *b);
            (*a, *b) = (0.0, 0.0);
        }
    }
}

impl Tally for ResponseScore<'_> {
    const BY_VOXEL: bool = false;

    #[inline]
    fn emit(&mut self, energy_kev: f32) {
        self.balance.emitted_kev += f64::from(energy_kev);
    }

    #[inline]
    fn kerma(&mut self, _voxel: usize, label: u8, energy_kev: f32, marrow_over_medium: f32) {
        let index = usize::from(label);
        if self.label_kev[index] == 0.0 && energy_kev > 0.0 {
            self.touched.push(label);
        }
        self.label_kev[index] += f64::from(energy_kev);
        self.marrow_kev[index] += f64::from(energy_kev * marrow_over_medium);
    }

    #[inline]
    fn deposit(&mut self, _voxel: usize, _label: u8, energy_kev: f32) {
        self.balance.deposited_kev += f64::from(energy_kev);
    }

    #[inline]
    fn escape(&mut self, energy_kev: f32) {
        self.balance.escaped_kev += f64::from(energy_kev);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_gives_its_sum_and_the_square_of_its_difference() {
        let mut combinations = Combinations::new(2);
        combinations.add(0, 3, 2.0);
        combinations.add(1, 3, 1.0);
        combinations.add(1, 4, 1.0);
        combinations.add_marrow(1, 4, 10.0);
        let mut score = ResponseScore::new(&combinations);
        score.kerma(0, 3, 1.0, 0.0);
        score.kerma(0, 3, 2.0, 0.0);
        score.end_history(0, 0.5);
        score.kerma(0, 4, 1.0, 0.5);
        score.end_history(1, -1.0 / 3.0);
        let [mut sums, mut squares, mut slopes, mut slope_squares] = [[0.0; 2]; 4];
        // Nothing is added by a pair that leaves nothing.
        for _ in 0..2 {
            score.end_pair(
                PairSums { sums: &mut sums, squares: &mut squares },
                PairSums { sums: &mut slopes, squares: &mut slope_squares },
            );
            assert_eq!((sums, squares), ([6.0, 9.0], [36.0, 9.0]));
            assert_eq!((slopes, slope_squares), ([9.0, -1.5], [81.0, 110.25]));
        }
        assert_eq!((combinations.largest(0), combinations.largest(1)), (2.0, 10.0));
    }
}
