//! The passes of a response matrix: columns in parallel, each by one thread, into sums of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rand::Rng;
use rayon::prelude::*;

use super::awaited::Awaited;
use super::{ResponseMatrix, Tilt};
use crate::constants::ENERGY_MAX_KEV;
use crate::error::{Error, Result};
use crate::numerics::rng::{HistoryAddress, Stream, batch_stream, open01};
use crate::simulation::{Observer, Progress};
use crate::source::cell_source::{CellDeviates, CellSource};
use crate::source::cell_weights::energy_weights;
use crate::source::cells::CellGrid;
use crate::source::spectrum::Spectrum;
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::estimate::Estimate;
use crate::tally::response_score::{Combinations, PairSums, ResponseScore};

use crate::transport::batch::{Estimator, ORGAN_SPACING_CM};
use crate::transport::flock::Flock;
use crate::transport::history::{Scratch, launch_expected};
use crate::transport::tally::HistoryMark;
use crate::transport::world::World;

/// Interactions of a primary.
const SPLITS: f32 = Estimator::Organ.splits();
/// Pairs of photons of a column in one pass, spread over its energies; every energy gets one at least.
const PAIRS_PER_COLUMN: f64 = 96.0;
/// Bits of the mantissa that values keep: rounding is below the noise of a cell by orders of magnitude.
const MANTISSA_BITS: u32 = 13;
/// The same of slopes with the tilt, which are small differences and known far worse.
const SLOPE_BITS: u32 = 6;

/// Pairs of photons by energy bin of a column, in one pass.
pub struct ColumnPlan {
    pairs: Vec<u32>,
}

impl ColumnPlan {
    pub fn new(source: &CellSource, grid: &CellGrid, made_with: &Spectrum) -> Result<Self> {
        let weights = energy_weights(made_with, grid)?;
        let whole: f64 = weights.iter().sum();
        let pairs = |bin: usize| match source.has(bin) {
            true => (PAIRS_PER_COLUMN * weights[bin] / whole).round().max(1.0) as u32,
            false => 0,
        };
        Ok(ColumnPlan { pairs: (0..grid.energies()).map(pairs).collect() })
    }

    fn histories(&self) -> u64 {
        2 * self.pairs.iter().map(|&pairs| u64::from(pairs)).sum::<u64>()
    }
}

/// Sums under way.
pub struct Work<'a> {
    grid: &'a CellGrid,
    combinations: &'a Combinations,
    plan: ColumnPlan,
    seed: u64,
    /// Passes done.
    pub passes: u64,
    /// By column, energy, row: sums over photons, and squares of differences over pairs; of values and of their slopes with the
    /// tilt.
    sums: [Vec<f64>; 2],
    squares: [Vec<f64>; 2],
    balance: EnergyBalance,
}

impl<'a> Work<'a> {
    /// `tilt`: whether slopes are wanted; otherwise there is no room for them.
    pub fn new(
        grid: &'a CellGrid,
        combinations: &'a Combinations,
        plan: ColumnPlan,
        (seed, tilt): (u64, bool),
    ) -> Self {
        let values = grid.columns() * grid.energies() * combinations.rows();
        let zeros = || [vec![0.0; values], vec![0.0; if tilt { values } else { 0 }]];
        let (sums, squares) = (zeros(), zeros());
        Work { grid, combinations, plan, seed, passes: 0, sums, squares, balance: EnergyBalance::default() }
    }

    /// Histories of a pass.
    pub fn histories_per_pass(&self) -> u64 {
        self.plan.histories() * self.grid.columns() as u64
    }

    /// Plays the passes up to `planned`; `false` if the observer ended it before.
    pub fn play(
        &mut self,
        made_of: (&World, &CellSource),
        observer: &dyn Observer,
        planned: u64,
        start: Instant,
    ) -> bool {
        while self.passes < planned {
            if observer.stop_requested() {
                return false;
            }
            let (of_column, of_pass) = (self.plan.histories(), self.histories_per_pass());
            let done = AtomicU64::new(self.passes * of_pass);
            self.play_pass(made_of, &|| {
                observer.progress(&Progress {
                    acquisition: 0,
                    histories: done.fetch_add(of_column, Ordering::Relaxed) + of_column,
                    histories_planned: planned * of_pass,
                    worst: None,
                    elapsed_s: start.elapsed().as_secs_f64(),
                });
            });
        }
        true
    }

    /// Plays one pass over all columns.
    fn play_pass(&mut self, made_of: (&World, &CellSource), told: &(dyn Fn() + Sync)) {
        let stride = self.grid.energies() * self.combinations.rows();
        let (plan, combinations, address) = (&self.plan, self.combinations, (self.seed, self.passes));
        let ([sums, slopes], [squares, slope_squares]) = (&mut self.sums, &mut self.squares);
        let of_values = sums.par_chunks_mut(stride).zip(squares.par_chunks_mut(stride));
        let columns = self.grid.columns();
        let of_slopes = by_column(slopes, columns, stride).zip(by_column(slope_squares, columns, stride));
        let balances: Vec<EnergyBalance> = of_values
            .zip(of_slopes)
            .enumerate()
            .with_max_len(1)
            .map(|(column, sums)| {
                let stream = &mut batch_stream(address.0, address.1, column as u64);
                let mut score = ResponseScore::new(combinations);
                play_column(made_of, plan, column, stream, (&mut score, combinations.rows()), sums);
                told();
                score.balance
            })
            .collect();
        balances.iter().for_each(|column| self.balance.add(column));
        self.passes += 1;
    }

    /// Mean and variance of a value, or of its slope with the tilt (`of` = 1).
    fn value(&self, of: usize, energy: usize, at: usize) -> (f64, f64) {
        let pairs = f64::from(self.plan.pairs[energy]) * self.passes as f64;
        if pairs == 0.0 {
            return (0.0, 0.0);
        }
        (self.sums[of][at] / (2.0 * pairs), self.squares[of][at] / (4.0 * pairs * pairs))
    }

    /// Largest relative error of the rows of a scan.
    pub fn error(&self, scan: &Awaited) -> f64 {
        let (rows, energies) = (self.combinations.rows(), self.grid.energies());
        let relative = |&row: &usize| {
            let (mut sum, mut variance) = (0.0, 0.0);
            for cell in 0..self.grid.columns() * energies {
                let weight = scan.weights.columns[cell / energies] * scan.weights.energies[cell % energies];
                if weight != 0.0 {
                    let (mean, of_mean) = self.value(0, cell % energies, cell * rows + row);
                    sum += weight * mean;
                    variance += weight * weight * of_mean;
                }
            }
            Estimate { mean: sum, standard_error: variance.sqrt() }.relative_error()
        };
        scan.rows.iter().map(relative).fold(0.0, f64::max)
    }

    /// The matrix, if there was a pass.
    /// Slopes with the tilt are kept where `sin_cone`, the largest sine to the plane of rotation, is told.
    pub fn finish(self, awaited: &[Awaited], sin_cone: Option<f64>, wall_s: f64) -> Result<ResponseMatrix> {
        if self.passes == 0 {
            return Err(Error::invalid(
                "the response was stopped before its first pass was done: there is nothing to save",
            ));
        }
        if !self.balance.is_closed() {
            return Err(Error::Internal(format!(
                "the energy balance is off by {:.2e}",
                self.balance.closure()
            )));
        }
        let (rows, energies) = (self.combinations.rows(), self.grid.energies());
        let all = |of: usize, bits: u32| -> (Vec<f32>, Vec<f32>) {
            let kept = |value: f64| rounded(value as f32, bits);
            let value = |at: usize| self.value(of, at / rows % energies, at);
            (0..self.sums[of].len()).map(value).map(|(mean, var)| (kept(mean), kept(var.sqrt()))).unzip()
        };
        let (mean, standard_error) = all(0, MANTISSA_BITS);
        let tilt = sin_cone.map(|sin_cone| {
            let (slope, standard_error) = all(1, SLOPE_BITS);
            Tilt { sin_cone, slope, standard_error }
        });
        Ok(ResponseMatrix {
            mean,
            standard_error,
            tilt,
            photons: self.plan.pairs.iter().map(|&pairs| 2 * u64::from(pairs) * self.passes).collect(),
            one_photon: (0..rows).map(|row| self.combinations.largest(row) * ENERGY_MAX_KEV).collect(),
            histories: self.passes * self.histories_per_pass(),
            reached: awaited.iter().map(|scan| self.error(scan)).fold(0.0, f64::max),
            energy_balance: self.balance,
            grid: self.grid.clone(),
            rows,
            wall_s,
        })
    }
}

/// The part of every column; where there is no room, nothing for each.
fn by_column(room: &mut [f64], columns: usize, stride: usize) -> rayon::vec::IntoIter<&mut [f64]> {
    let mut parts: Vec<&mut [f64]> = room.chunks_mut(stride).collect();
    parts.resize_with(columns, Default::default);
    parts.into_par_iter()
}

/// A column's sums and squares, of values and of their slopes with the tilt.
type ColumnSums<'a> = ((&'a mut [f64], &'a mut [f64]), (&'a mut [f64], &'a mut [f64]));

/// Plays one column's photons of one pass.
fn play_column(
    (world, source): (&World, &CellSource),
    plan: &ColumnPlan,
    column: usize,
    stream: &mut Stream,
    (score, rows): (&mut ResponseScore, usize),
    ((sums, squares), (slopes, slope_squares)): ColumnSums,
) {
    let batch_bits = stream.next_u64();
    let (mut scratch, mut flock) = (Scratch::new(), Flock::new(ORGAN_SPACING_CM));
    let mut history = 0;
    for (energy, &pairs) in plan.pairs.iter().enumerate() {
        let part = energy * rows..(energy + 1) * rows;
        for stratum in 0..pairs {
            for of_pair in 0..2 {
                let deviates = deviates(stream, f64::from(stratum), f64::from(pairs));
                let place = open01(stream);
                if let Some(photon) = source.emit(column, energy, &deviates) {
                    let address = HistoryAddress::new(batch_bits, history);
                    let address = (HistoryMark::default(), address);
                    launch_expected(
                        world,
                        &photon,
                        (SPLITS, place),
                        address,
                        (&mut scratch, &mut flock),
                        score,
                    );
                    flock.fly(None, world, score);
                }
                score.end_history(of_pair, 2.0 * deviates.cone - 1.0);
                history += 1;
            }
            score.end_pair(
                PairSums { sums: &mut sums[part.clone()], squares: &mut squares[part.clone()] },
                PairSums {
                    sums: slopes.get_mut(part.clone()).unwrap_or_default(),
                    squares: slope_squares.get_mut(part.clone()).unwrap_or_default(),
                },
            );
        }
    }
}

/// Deviates of a photon in one of the fan's strata.
fn deviates(stream: &mut Stream, stratum: f64, strata: f64) -> CellDeviates {
    let mut next = || f64::from(open01(stream));
    CellDeviates {
        z: next(),
        angle: next(),
        fan: (stratum + next()) / strata,
        cone: next(),
        energy: next(),
        within: next(),
    }
}

/// A value with so many bits of its mantissa, rounded to the nearest.
fn rounded(value: f32, bits: u32) -> f32 {
    let dropped = f32::MANTISSA_DIGITS - 1 - bits;
    let half = 1_u32 << (dropped - 1);
    f32::from_bits((value.to_bits() + half) & !((1 << dropped) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_keeps_a_value_within_half_a_bit_and_is_centred() {
        // Down to 2⁻¹²⁰: smaller ones have fewer bits of their own.
        let values = (1..1000).map(|k| (k as f32 * 0.12).exp2().recip());
        let errors: Vec<f64> = values.map(|v| f64::from(rounded(v, 13)) / f64::from(v) - 1.0).collect();
        assert!(errors.iter().all(|e| e.abs() <= 0.5 / 8192.0));
        assert!(errors.iter().sum::<f64>().abs() / (errors.len() as f64) < 1e-5);
        assert_eq!(rounded(0.0, 13), 0.0);
    }
}
