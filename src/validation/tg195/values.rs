//! The report's table of results: four codes, each with its uncertainty.

use std::sync::LazyLock;

use crate::tally::estimate::Estimate;
use crate::validation::row::{Reference, Row};
use crate::validation::table::{number, rows};

/// What a value belongs to, in the words of the table; empty where a case does not need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key<'a> {
    /// `1` to `5`.
    pub case: &'a str,
    /// `56.4 keV`, `120 kVp`, …
    pub spectrum: &'a str,
    /// `radiography`, `tomosynthesis` or `fan`.
    pub mode: &'a str,
    /// Source angle in degrees, or `continuous`.
    pub angle: &'a str,
    /// Collimation at the isocentre, mm.
    pub collimation_mm: &'a str,
}

impl Key<'_> {
    /// The case as a reader wants it.
    pub fn describe(&self) -> String {
        let mut words = vec![self.case.to_owned(), self.spectrum.to_owned()];
        if !self.mode.is_empty() && self.mode != "fan" {
            words.push(self.mode.to_owned());
        }
        if !self.collimation_mm.is_empty() {
            words.push(format!("{} mm", self.collimation_mm));
        }
        match self.angle {
            "" => {}
            "continuous" => words.push("rotating".to_owned()),
            angle => words.push(format!("{angle} deg")),
        }
        words.join(", ")
    }
}

struct Entry {
    words: Vec<&'static str>,
}

static TABLE: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    rows(include_str!("../reference/tg195_values.csv")).map(|words| Entry { words }).collect()
});

impl Entry {
    fn is(&self, key: &Key, region: &str) -> bool {
        let theirs = [0, 1, 2, 3, 4, 5].map(|i| self.words[i]);
        theirs == [key.case, key.spectrum, key.mode, region, key.angle, key.collimation_mm]
    }

    fn reference(&self, tolerance: f64) -> Reference {
        let codes: Vec<(f64, f64)> = (6..14)
            .step_by(2)
            .filter(|&i| !self.words[i].is_empty())
            .map(|i| (number(self.words[i]), self.words[i + 1].parse().unwrap_or(0.0)))
            .collect();
        let count = codes.len() as f64;
        let mean = codes.iter().map(|code| code.0).sum::<f64>() / count;
        let variance: f64 = codes.iter().map(|(value, relative)| (value * relative).powi(2)).sum();
        Reference {
            value: mean,
            min: codes.iter().map(|code| code.0).fold(f64::INFINITY, f64::min),
            max: codes.iter().map(|code| code.0).fold(f64::NEG_INFINITY, f64::max),
            standard_error: variance.sqrt() / count,
            tolerance,
        }
    }
}

/// The codes' results for a region; `None` where this table does not hold them.
pub fn reference(key: &Key, region: &str, tolerance: f64) -> Option<Reference> {
    TABLE.iter().find(|entry| entry.is(key, region)).map(|entry| entry.reference(tolerance))
}

/// A row of the suite.
pub fn row(key: &Key, region: &str, unit: &'static str, tolerance: f64, found: Estimate) -> Row {
    let reference = reference(key, region, tolerance);
    let row = Row::new("tg195", key.describe(), region, unit, reference, found);
    if reference.is_some() { row } else { row.with_note("the report's value is not in the table shipped") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_four_codes_is_theirs() {
        let key = Key { case: "2", spectrum: "56.4 keV", mode: "radiography", ..Key::default() };
        let total = reference(&key, "Total body", 0.01).unwrap();
        assert!((total.value - 33_171.4).abs() < 0.1 && total.min == 33_134.9 && total.max == 33_205.4);
        assert!(reference(&key, "VOI 10", 0.01).is_none());
        assert_eq!(TABLE.len(), 531);
    }
}
