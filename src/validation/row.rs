//! A row: one quantity of one case, the reference's value and the engine's side by side.

use serde::{Deserialize, Serialize};

use crate::tally::estimate::Estimate;

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Within the band of the reference, or outside it by no more than three joint standard errors.
    Pass,
    /// Outside the band by more than that.
    Fail,
    /// The joint standard error is too large to tell: three of them are wider than [`TOO_WIDE`] of the smaller value.
    Inconclusive,
    /// A value without a reference, or one the reference can only illustrate.
    Information,
}

impl Verdict {
    /// Word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Information => "information",
        }
    }
}

/// Three joint standard errors, relative to the smaller of value and reference, that are too wide for a verdict.
pub const TOO_WIDE: f64 = 0.2;

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// Its value: the mean of the codes, where there are several.
    pub value: f64,
    /// Lowest of the codes.
    pub min: f64,
    /// Highest of the codes.
    pub max: f64,
    /// Standard error of `value`.
    pub standard_error: f64,
    /// Relative difference from `value` that is always accepted.
    pub tolerance: f64,
}

impl Reference {
    /// One number with a tolerance.
    pub fn exact(value: f64, tolerance: f64) -> Self {
        Reference { value, min: value, max: value, standard_error: 0.0, tolerance }
    }

    /// A range with its middle.
    pub fn range(min: f64, max: f64) -> Self {
        Reference { value: 0.5 * (min + max), min, max, standard_error: 0.0, tolerance: 0.0 }
    }

    /// Lowest and highest value that agree: the spread of the codes together with the tolerance.
    pub fn band(&self) -> (f64, f64) {
        let width = self.tolerance * self.value.abs();
        ((self.value - width).min(self.min), (self.value + width).max(self.max))
    }

    /// The verdict on an estimate.
    pub fn judge(&self, found: &Estimate) -> Verdict {
        let joint = found.standard_error.hypot(self.standard_error);
        let (low, high) = self.band();
        let outside = (low - found.mean).max(found.mean - high).max(0.0);
        // A rare event that has hardly been seen underestimates its own error too.
        if found.mean.is_nan() || joint.is_nan() {
            Verdict::Fail
        } else if 3.0 * joint > TOO_WIDE * self.value.abs().min(found.mean.abs()) {
            Verdict::Inconclusive
        } else if outside > 3.0 * joint {
            Verdict::Fail
        } else {
            Verdict::Pass
        }
    }
}

/// One line of a validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The suite.
    pub suite: String,
    /// The case, for example `4.1, 56.4 keV, 10 mm`.
    pub case: String,
    /// What is compared.
    pub quantity: String,
    /// Its unit.
    pub unit: String,
    /// The reference's value.
    pub reference: Option<f64>,
    /// Lowest of the reference codes.
    pub reference_min: Option<f64>,
    /// Highest of the reference codes.
    pub reference_max: Option<f64>,
    /// The engine's value.
    pub value: f64,
    /// Standard error of the engine's value.
    pub standard_error: f64,
    /// (value / reference − 1) × 100.
    pub difference_percent: Option<f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// What the comparison can or cannot show, where that needs saying.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Row {
    /// A value against a reference.
    pub fn new(
        suite: &str,
        case: impl Into<String>,
        quantity: impl Into<String>,
        unit: &str,
        reference: Option<Reference>,
        found: Estimate,
    ) -> Self {
        Row {
            suite: suite.to_owned(),
            case: case.into(),
            quantity: quantity.into(),
            unit: unit.to_owned(),
            reference: reference.map(|r| r.value),
            reference_min: reference.map(|r| r.min),
            reference_max: reference.map(|r| r.max),
            value: found.mean,
            standard_error: found.standard_error,
            difference_percent: reference.map(|r| 100.0 * (found.mean / r.value - 1.0)),
            verdict: reference.map_or(Verdict::Information, |r| r.judge(&found)),
            note: String::new(),
        }
    }

    /// The row with a note.
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Row { note: note.into(), ..self }
    }

    /// The row as an illustration only: the reference describes something else, as the note says.
    pub fn for_information(self, note: impl Into<String>) -> Self {
        Row { verdict: Verdict::Information, ..self.with_note(note) }
    }

    /// Standard error of the difference that the engine contributes, percent of the reference.
    pub fn error_percent(&self) -> Option<f64> {
        self.reference.map(|reference| 100.0 * self.standard_error / reference.abs())
    }
}

/// Rows of an earlier run with those of a new one, which replace rows of the same suite, case and quantity.
pub fn merged(earlier: Vec<Row>, new: Vec<Row>) -> Vec<Row> {
    let is_again = |old: &Row, new: &Row| {
        (&old.suite, &old.case, &old.quantity) == (&new.suite, &new.case, &new.quantity)
    };
    let kept = earlier.into_iter().filter(|old| !new.iter().any(|new| is_again(old, new)));
    kept.collect::<Vec<_>>().into_iter().chain(new).collect()
}

/// A value that is computed, not sampled.
pub fn computed(value: f64) -> Estimate {
    Estimate { mean: value, standard_error: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_looks_at_spread_tolerance_and_joint_error() {
        let codes = Reference { value: 100.0, min: 97.0, max: 103.0, standard_error: 0.0, tolerance: 0.01 };
        let verdict = |mean, standard_error| codes.judge(&Estimate { mean, standard_error });
        assert_eq!(verdict(102.9, 0.0), Verdict::Pass);
        assert_eq!(verdict(104.0, 0.1), Verdict::Fail);
        assert_eq!(verdict(104.0, 0.5), Verdict::Pass);
        assert_eq!(verdict(104.0, 10.0), Verdict::Inconclusive);
        assert_eq!(verdict(10.0, 5.0), Verdict::Inconclusive);
        assert_eq!(verdict(f64::NAN, 1.0), Verdict::Fail);
        assert_eq!(Reference::exact(100.0, 0.01).judge(&computed(98.9)), Verdict::Fail);
        assert_eq!(Reference::exact(100.0, 0.01).judge(&computed(99.1)), Verdict::Pass);
    }

    #[test]
    fn a_row_survives_json_and_a_new_one_takes_its_place() {
        let row = |case: &str, value| {
            Row::new("size", case, "dose", "mGy", Some(Reference::exact(1.0, 0.1)), computed(value))
        };
        let text = serde_json::to_string(&[row("a", 1.0), row("b", 2.0)]).unwrap();
        let earlier: Vec<Row> = serde_json::from_str(&text).unwrap();
        let both = merged(earlier, vec![row("b", 1.05).with_note("again")]);
        assert_eq!(both, [row("a", 1.0), row("b", 1.05).with_note("again")]);
    }
}
