//! A mean that never travels without its standard error.

use serde::{Deserialize, Serialize};

/// An estimated quantity: mean and 1σ standard error of the mean, in the same unit.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Estimate {
    /// Mean.
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
}

impl Estimate {
    /// Mean and standard error of independent replicates of one quantity. Fewer than two replicates tell
    /// nothing about the error, which is then infinite.
    pub fn from_replicates(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count;
        if count < 2.0 {
            return Estimate { mean, standard_error: f64::INFINITY };
        }
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        Estimate { mean, standard_error: (squares / (count - 1.0) / count).sqrt() }
    }

    /// Standard error over mean; infinite where nothing was scored.
    pub fn relative_error(&self) -> f64 {
        if self.mean == 0.0 { f64::INFINITY } else { (self.standard_error / self.mean).abs() }
    }

    /// The estimate times a constant.
    pub fn scaled(&self, factor: f64) -> Self {
        Estimate { mean: self.mean * factor, standard_error: self.standard_error * factor.abs() }
    }

    /// Sum of two independent estimates.
    pub fn plus(&self, other: &Self) -> Self {
        Estimate {
            mean: self.mean + other.mean,
            standard_error: self.standard_error.hypot(other.standard_error),
        }
    }

    /// Difference from another independent estimate in joint standard errors.
    pub fn z_score(&self, other: &Self) -> f64 {
        (self.mean - other.mean) / self.standard_error.hypot(other.standard_error)
    }

    /// Whether two independent estimates differ by at most `standard_errors` of their joint error.
    pub fn agrees_with(&self, other: &Self, standard_errors: f64) -> bool {
        self.z_score(other).abs() <= standard_errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_is_that_of_the_mean() {
        let estimate = Estimate::from_replicates([1.0, 2.0, 3.0, 4.0].into_iter());
        assert_eq!(estimate.mean, 2.5);
        assert!((estimate.standard_error - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
        assert_eq!(Estimate::from_replicates([1.0].into_iter()).standard_error, f64::INFINITY);
    }
}
