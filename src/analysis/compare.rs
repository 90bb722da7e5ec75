//! Two runs side by side: differences and ratios of doses with errors that know what the runs have in common.
//!
//! Two runs of one seed draw the same deviates in the batch of the same acquisition and index, so that what differs
//! between them is hardly blurred by chance. The covariance of the means is estimated from the batches that both have.

use crate::error::{Error, Result};
use crate::tally::estimate::Estimate;

/// Fewest common batches that tell of a covariance.
const FEWEST_COMMON: usize = 10;

/// One acquisition of a run, batch by batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhaseBatches {
    /// Name of the phase.
    pub phase: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Tube current, mA.
    pub tube_current_ma: f64,
    /// Noise index over the nominal range ([`crate::analysis::noise`]); `None` where it has none.
    pub noise_index: Option<f64>,
    /// What the head end and the foot end of the path give of every quantity, per cm; `None` where that is not known.
    pub ends_per_cm: Option<Vec<[Estimate; 2]>>,
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// Index of every batch.
    pub batches: Vec<u64>,
    /// Value of every quantity of the run, by quantity and batch.
    pub values: Vec<Vec<f64>>,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Key that finds it in both runs: an organ's id, or `effective dose (ICRP 103)`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Its unit.
    pub unit: String,
}

/// A run, batch by batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunBatches {
    /// What the run is called.
    pub label: String,
    /// Its seed.
    pub seed: u64,
    /// Quantities.
    pub quantities: Vec<Quantity>,
    /// Acquisitions.
    pub phases: Vec<PhaseBatches>,
}

/// One quantity of two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub quantity: Quantity,
    /// In the first run.
    pub a: Estimate,
    /// In the second run.
    pub b: Estimate,
    /// Second minus first.
    pub difference: Estimate,
    /// Second over first.
    pub ratio: Estimate,
    /// How much smaller the error of the difference is than that of independent runs.
    pub gain: f64,
}

impl RunBatches {
    /// Sum over the acquisitions, which are independent of each other.
    fn total(&self, quantity: usize) -> Estimate {
        let parts = self.phases.iter().map(|phase| phase.mean(quantity));
        parts.fold(Estimate::default(), |sum, part| sum.plus(&part))
    }

    /// The run with the tube currents that give every acquisition the noise of the same one of another run. Dose goes
    /// with the current.
    pub fn at_noise_of(&self, other: &RunBatches) -> Result<Self> {
        if self.phases.len() != other.phases.len() {
            return Err(Error::invalid(format!(
                "equal noise needs as many acquisitions in both, found {} in {} and {} in {}",
                other.phases.len(),
                other.label,
                self.phases.len(),
                self.label
            )));
        }
        let phases = self.phases.iter().zip(&other.phases).map(|(own, wanted)| {
            let without = |run: &RunBatches, phase: &PhaseBatches| {
                Error::invalid(format!("acquisition `{}` of {} has no noise index", phase.phase, run.label))
                    .with_help("a tube at rest has none")
            };
            let noise = own.noise_index.ok_or_else(|| without(self, own))?;
            let wanted = wanted.noise_index.ok_or_else(|| without(other, wanted))?;
            Ok(own.with_current((noise / wanted).powi(2)))
        });
        Ok(RunBatches { phases: phases.collect::<Result<_>>()?, ..self.clone() })
    }

    /// What an exam shorter by a centimetre at the head end and at the foot end saves of a quantity, per cm; `None` where
    /// that is not known of every acquisition.
    pub fn saved_per_cm(&self, quantity: usize) -> Option<[Estimate; 2]> {
        let ends: Option<Vec<[Estimate; 2]>> =
            self.phases.iter().map(|phase| Some(phase.ends_per_cm.as_ref()?[quantity])).collect();
        let none = [Estimate::default(); 2];
        Some(ends?.iter().fold(none, |sum, end| [sum[0].plus(&end[0]), sum[1].plus(&end[1])]))
    }

    /// Position of a quantity.
    pub fn index(&self, id: &str) -> Option<usize> {
        self.quantities.iter().position(|quantity| quantity.id == id)
    }

    /// Value of a quantity by acquisition.
    pub fn by_phase(&self, quantity: usize) -> Vec<Estimate> {
        self.phases.iter().map(|phase| phase.mean(quantity)).collect()
    }
}

impl PhaseBatches {
    /// The acquisition with another tube current, `factor` times its own.
    fn with_current(&self, factor: f64) -> Self {
        let scaled = |values: &Vec<f64>| values.iter().map(|value| factor * value).collect();
        let ends = |ends: &Vec<[Estimate; 2]>| ends.iter().map(|end| end.map(|e| e.scaled(factor))).collect();
        PhaseBatches {
            tube_current_ma: factor * self.tube_current_ma,
            noise_index: self.noise_index.map(|noise| noise / factor.sqrt()),
            values: self.values.iter().map(scaled).collect(),
            ends_per_cm: self.ends_per_cm.as_ref().map(ends),
            ..self.clone()
        }
    }

    fn mean(&self, quantity: usize) -> Estimate {
        Estimate::from_replicates(self.values[quantity].iter().copied())
    }

    /// Covariance of the means of a quantity here and of one in another run's acquisition.
    fn covariance(&self, quantity: usize, other: &PhaseBatches, others: usize) -> f64 {
        if self.histories_per_batch != other.histories_per_batch {
            return 0.0;
        }
        let (means, values) = ([self.mean(quantity).mean, other.mean(others).mean], &self.values[quantity]);
        let pairs: Vec<(f64, f64)> = self
            .batches
            .iter()
            .zip(values)
            .filter_map(|(batch, &value)| {
                let place = other.batches.binary_search(batch).ok()?;
                Some((value - means[0], other.values[others][place] - means[1]))
            })
            .collect();
        if pairs.len() < FEWEST_COMMON {
            return 0.0;
        }
        let products: f64 = pairs.iter().map(|(a, b)| a * b).sum();
        let of_one_batch = products / (pairs.len() - 1) as f64;
        of_one_batch * pairs.len() as f64 / (self.batches.len() * other.batches.len()) as f64
    }
}

/// Compares every quantity that both runs have, in the order of the first.
pub fn compare(a: &RunBatches, b: &RunBatches) -> Vec<Comparison> {
    let both = a.quantities.iter().enumerate().filter_map(|(i, quantity)| {
        let others = b.index(&quantity.id)?;
        Some(compare_one(quantity, a, i, b, others))
    });
    both.filter(|row| row.a.mean > 0.0 && row.b.mean > 0.0).collect()
}

fn compare_one(quantity: &Quantity, a: &RunBatches, i: usize, b: &RunBatches, j: usize) -> Comparison {
    let (first, second) = (a.total(i), b.total(j));
    let common = if a.seed == b.seed { a.phases.iter().zip(&b.phases) } else { [].iter().zip(&[]) };
    let covariance: f64 = common.map(|(a, b)| a.covariance(i, b, j)).sum();
    let independent = first.standard_error.hypot(second.standard_error);
    let error = (independent.powi(2) - 2.0 * covariance).max(0.0).sqrt();
    let (x, y) = (first.mean, second.mean);
    let relative =
        first.relative_error().powi(2) + second.relative_error().powi(2) - 2.0 * covariance / (x * y);
    Comparison {
        quantity: quantity.clone(),
        a: first,
        b: second,
        difference: Estimate { mean: y - x, standard_error: error },
        ratio: Estimate { mean: y / x, standard_error: y / x * relative.max(0.0).sqrt() },
        gain: independent / error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, values: Vec<f64>) -> RunBatches {
        let quantity = |id: &str| Quantity { id: id.into(), name: id.into(), unit: "mGy".into() };
        let batches = (0..values.len() as u64).collect();
        let phase =
            PhaseBatches { histories_per_batch: 100, batches, values: vec![values], ..Default::default() };
        RunBatches { seed, quantities: vec![quantity("lungs")], phases: vec![phase], ..Default::default() }
    }

    #[test]
    fn runs_of_one_seed_have_a_smaller_error_of_their_difference_and_others_do_not() {
        let noise = |k: u32| f64::from((k * 7) % 11) / 11.0;
        let first: Vec<f64> = (0..40).map(|k| 10.0 + noise(k)).collect();
        let second: Vec<f64> =
            first.iter().enumerate().map(|(k, v)| 1.1 * v + 0.001 * noise(k as u32)).collect();
        let paired = &compare(&run(1, first.clone()), &run(1, second.clone()))[0];
        let apart = &compare(&run(1, first.clone()), &run(2, second.clone()))[0];
        let differences = first.iter().zip(&second).map(|(a, b)| b - a);
        let exact = Estimate::from_replicates(differences);
        assert!((paired.difference.standard_error / exact.standard_error - 1.0).abs() < 1e-6);
        assert!((paired.difference.mean - exact.mean).abs() < 1e-12 && paired.gain > 5.0, "{paired:?}");
        assert!(paired.ratio.standard_error < 0.1 * apart.ratio.standard_error && apart.gain == 1.0);
    }

    #[test]
    fn at_equal_noise_dose_goes_with_the_square_of_the_noise() {
        let with_noise = |noise_index| {
            let mut run = run(1, (0..20).map(|k| 10.0 + f64::from(k % 3)).collect());
            run.phases[0] = PhaseBatches {
                tube_current_ma: 100.0,
                noise_index,
                ends_per_cm: Some(vec![[Estimate { mean: 1.0, standard_error: 0.1 }; 2]]),
                ..run.phases[0].clone()
            };
            run
        };
        let (quiet, loud) = (with_noise(Some(1.0)), with_noise(Some(2.0)));
        let at_equal = loud.at_noise_of(&quiet).unwrap();
        let phase = &at_equal.phases[0];
        assert_eq!((phase.tube_current_ma, phase.noise_index), (400.0, Some(1.0)));
        assert_eq!(at_equal.saved_per_cm(0).unwrap()[1], Estimate { mean: 4.0, standard_error: 0.4 });
        let ratio = compare(&loud, &at_equal)[0].ratio;
        assert!((ratio.mean - 4.0).abs() < 1e-12 && ratio.standard_error < 1e-6, "{ratio:?}");
        let sentence = with_noise(None).at_noise_of(&quiet).unwrap_err().to_string();
        assert_eq!(sentence, "acquisition `` of  has no noise index");
    }

    #[test]
    fn a_run_compared_with_itself_differs_by_nothing() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let same = &compare(&run(3, values.clone()), &run(3, values))[0];
        assert_eq!((same.difference.mean, same.ratio.mean), (0.0, 1.0));
        assert!(same.difference.standard_error < 1e-6 * same.a.standard_error, "{same:?}");
    }
}
