//! Exponentials through points: dose per CTDIvol against size.

use serde::{Deserialize, Serialize};

use crate::tally::estimate::Estimate;

/// A point: size, value, and the group that is left out together (an age).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Size, cm.
    pub x_cm: f64,
    /// Value and its Monte Carlo error.
    pub value: Estimate,
    /// Age.
    pub age: usize,
}

/// Share of the variance that a fit must explain to be relied on. Below it the size says little of the dose (in short
/// ranges and for organs at their edge anatomy decides): the fit is told, with a flag.
pub const LEAST_R_SQUARED: f64 = 0.9;

/// value = a · exp(−b · size), fitted to logarithms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExponentialFit {
    /// a.
    pub a: f64,
    /// b, 1/cm.
    pub b_per_cm: f64,
    /// Covariance of ln a and b: variance of ln a, covariance, variance of b; from the scatter of the points.
    pub covariance: [f64; 3],
    /// Share of the variance of the logarithms that the fit explains.
    pub r_squared: f64,
    /// Points.
    pub points: usize,
    /// Sizes between which it holds, cm.
    pub valid_cm: [f64; 2],
    /// Root of the mean Monte Carlo variance of a point, relative.
    pub monte_carlo: f64,
    /// Anatomy: root mean square and largest deviation of an age from the fit to all others, relative.
    pub anatomy: [f64; 2],
}

impl ExponentialFit {
    /// Fits; `None` for fewer than four points, points of one size, or values that are not above 0.
    pub fn through(points: &[Point]) -> Option<Self> {
        let (ln_a, b_per_cm) = line(points)?;
        let count = points.len() as f64;
        if points.len() < 4 {
            return None;
        }
        let mean_x = points.iter().map(|p| p.x_cm).sum::<f64>() / count;
        let mean_y = points.iter().map(|p| p.value.mean.ln()).sum::<f64>() / count;
        let spread: f64 = points.iter().map(|p| (p.x_cm - mean_x).powi(2)).sum();
        let residual = |p: &Point| p.value.mean.ln() - (ln_a - b_per_cm * p.x_cm);
        let left: f64 = points.iter().map(|p| residual(p).powi(2)).sum();
        let whole: f64 = points.iter().map(|p| (p.value.mean.ln() - mean_y).powi(2)).sum();
        let variance = left / (count - 2.0);
        let of_b = variance / spread;
        let sizes = points.iter().map(|p| p.x_cm);
        let monte_carlo = points.iter().map(|p| p.value.relative_error().powi(2)).sum::<f64>() / count;
        Some(ExponentialFit {
            a: ln_a.exp(),
            b_per_cm,
            // y = ln a − b x, so that ln a and b vary together with the mean size.
            covariance: [variance / count + mean_x * mean_x * of_b, mean_x * of_b, of_b],
            r_squared: if whole > 0.0 { 1.0 - left / whole } else { 1.0 },
            points: points.len(),
            valid_cm: [sizes.clone().fold(f64::INFINITY, f64::min), sizes.fold(0.0, f64::max)],
            monte_carlo: monte_carlo.sqrt(),
            anatomy: leave_one_age_out(points),
        })
    }

    /// Whether size explains the dose: at least [`LEAST_R_SQUARED`] of the variance.
    pub fn follows_size(&self) -> bool {
        self.r_squared >= LEAST_R_SQUARED
    }

    /// Value at a size, with the standard error of the fitted curve; `None` outside the sizes it was fitted to.
    pub fn at(&self, x_cm: f64) -> Option<Estimate> {
        let [low, high] = self.valid_cm;
        (low..=high).contains(&x_cm).then(|| self.extrapolated(x_cm))
    }

    /// The same, wherever it is asked for.
    pub fn extrapolated(&self, x_cm: f64) -> Estimate {
        let mean = self.a * (-self.b_per_cm * x_cm).exp();
        let [of_a, joint, of_b] = self.covariance;
        let variance = of_a - 2.0 * x_cm * joint + x_cm * x_cm * of_b;
        Estimate { mean, standard_error: mean * variance.max(0.0).sqrt() }
    }
}

/// ln a and b by least squares.
fn line(points: &[Point]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    let mean_x = points.iter().map(|p| p.x_cm).sum::<f64>() / count;
    let mean_y = points.iter().map(|p| p.value.mean.ln()).sum::<f64>() / count;
    let spread: f64 = points.iter().map(|p| (p.x_cm - mean_x).powi(2)).sum();
    let joint: f64 = points.iter().map(|p| (p.x_cm - mean_x) * (p.value.mean.ln() - mean_y)).sum();
    let b = -joint / spread;
    (points.len() >= 2 && spread > 1e-6 && b.is_finite()).then_some((mean_y + b * mean_x, b))
}

/// Deviations of every age from the fit to the others: root mean square and largest.
fn leave_one_age_out(points: &[Point]) -> [f64; 2] {
    let (mut squares, mut count, mut largest) = (0.0, 0.0, 0.0_f64);
    for left_out in points {
        let others: Vec<Point> = points.iter().filter(|p| p.age != left_out.age).copied().collect();
        let Some((ln_a, b)) = line(&others) else { continue };
        let deviation = (left_out.value.mean.ln() - (ln_a - b * left_out.x_cm)).exp_m1();
        squares += deviation * deviation;
        count += 1.0;
        largest = largest.max(deviation.abs());
    }
    [if count > 0.0 { f64::sqrt(squares / count) } else { f64::NAN }, largest]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(noise: impl Fn(usize) -> f64) -> Vec<Point> {
        let point = |k: usize| {
            let x_cm = 10.0 + 3.0 * k as f64;
            let mean = 3.7 * (-0.0367 * x_cm).exp() * noise(k);
            Point { x_cm, value: Estimate { mean, standard_error: 0.01 * mean }, age: k }
        };
        (0..6).map(point).collect()
    }

    #[test]
    fn an_exponential_is_found_again_and_not_extrapolated() {
        let fit = ExponentialFit::through(&points(|_| 1.0)).unwrap();
        assert!((fit.a - 3.7).abs() < 1e-9 && (fit.b_per_cm - 0.0367).abs() < 1e-12);
        assert!(
            fit.r_squared > 1.0 - 1e-12 && fit.anatomy[1] < 1e-9 && (fit.monte_carlo - 0.01).abs() < 1e-12
        );
        assert_eq!((fit.at(9.9), fit.at(25.1)), (None, None));
        assert!((fit.at(20.0).unwrap().mean - 3.7 * (-0.734_f64).exp()).abs() < 1e-9);
    }

    #[test]
    fn the_error_of_the_curve_is_the_spread_of_fits_to_scattered_points() {
        // 2000 sets with 5 % of scatter: the spread of the curve at 12 cm against what each fit says of it.
        let mut stream = crate::numerics::rng::batch_stream(5, 0, 0);
        let mut normal =
            || (0..12).map(|_| f64::from(crate::numerics::rng::open01(&mut stream))).sum::<f64>() - 6.0;
        let (mut values, mut variance) = (Vec::new(), 0.0);
        for _ in 0..2000 {
            let scatter: Vec<f64> = (0..6).map(|_| (0.05 * normal()).exp()).collect();
            let found = ExponentialFit::through(&points(|k| scatter[k])).unwrap().at(12.0).unwrap();
            values.push(found.mean);
            variance += found.standard_error.powi(2) / 2000.0;
        }
        let spread = Estimate::from_replicates(values.iter().copied()).standard_error.powi(2) * 2000.0;
        assert!((spread / variance - 1.0).abs() < 0.15, "{spread} {variance}");
    }

    #[test]
    fn an_age_that_differs_shows_in_the_anatomy() {
        let fit = ExponentialFit::through(&points(|k| if k == 3 { 1.2 } else { 1.0 })).unwrap();
        assert!(fit.anatomy[1] > 0.19 && fit.r_squared < 0.95, "{fit:?}");
        let far = ExponentialFit::through(&points(|k| if k == 5 { 1.6 } else { 1.0 })).unwrap();
        assert!(!far.follows_size() && ExponentialFit::through(&points(|_| 1.0)).unwrap().follows_size());
        assert!(ExponentialFit::through(&points(|_| 1.0)[..3]).is_none());
    }
}
