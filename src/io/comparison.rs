//! A comparison as JSON, schema `childsize.comparison/1`: rows with their errors, phases, and what the ends of a range give.

use serde_json::{Value, json};

use crate::analysis::compare::{Comparison, PhaseBatches, RunBatches};
use crate::io::result::NOTICE;
use crate::tally::estimate::Estimate;

/// Name and version of the layout.
pub const SCHEMA: &str = "childsize.comparison/1";

/// Two runs and what differs between them.
#[derive(Clone, Debug)]
pub struct ComparisonFile<'a> {
    /// The baseline.
    pub a: &'a RunBatches,
    /// What is compared with it, with the currents in force.
    pub b: &'a RunBatches,
    /// The tube currents that B was played with, mA, where they were changed to give A's noise.
    pub played_ma: Option<Vec<f64>>,
    /// Quantities that both have.
    pub rows: &'a [Comparison],
}

impl ComparisonFile<'_> {
    /// The comparison as a JSON value.
    pub fn value(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "notice": NOTICE,
            "software_version": env!("CARGO_PKG_VERSION"),
            "equal_noise": self.played_ma.is_some(),
            "a": run(self.a, None),
            "b": run(self.b, self.played_ma.as_deref()),
            "common_seed": self.a.seed == self.b.seed,
            "mean_gain": mean_gain(self.rows),
            "rows": self.rows.iter().map(|row| self.row(row)).collect::<Vec<_>>(),
        })
    }

    fn row(&self, row: &Comparison) -> Value {
        let of = |run: &RunBatches, estimate: &Estimate| {
            let index = run.index(&row.quantity.id);
            let phases = index.map_or(Vec::new(), |index| run.by_phase(index));
            let ends = index.and_then(|index| run.saved_per_cm(index));
            json!({
                "value": estimate.mean,
                "standard_error": estimate.standard_error,
                "phases": phases.iter().map(estimate_value).collect::<Vec<_>>(),
                "saved_per_cm": ends.map(|[head, foot]| json!({
                    "head_end": estimate_value(&head), "foot_end": estimate_value(&foot),
                })),
            })
        };
        json!({
            "id": row.quantity.id,
            "name": row.quantity.name,
            "unit": row.quantity.unit,
            "a": of(self.a, &row.a),
            "b": of(self.b, &row.b),
            "difference": estimate_value(&row.difference),
            "ratio": estimate_value(&row.ratio),
            "error_over_independent": 1.0 / row.gain,
        })
    }
}

fn run(run: &RunBatches, played_ma: Option<&[f64]>) -> Value {
    let phase = |(index, phase): (usize, &PhaseBatches)| {
        json!({
            "phase": phase.phase,
            "tube_voltage_kv": phase.tube_voltage_kv,
            "tube_current_ma": phase.tube_current_ma,
            "played_tube_current_ma": played_ma.map(|played| played[index]),
            "noise_index": phase.noise_index,
            "histories": phase.histories_per_batch * phase.batches.len() as u64,
        })
    };
    json!({
        "label": run.label,
        "seed": run.seed,
        "phases": run.phases.iter().enumerate().map(phase).collect::<Vec<_>>(),
    })
}

fn estimate_value(estimate: &Estimate) -> Value {
    json!({ "value": estimate.mean, "standard_error": estimate.standard_error })
}

/// How many times smaller the errors of differences are than those of independent runs: geometric mean over the rows.
pub fn mean_gain(rows: &[Comparison]) -> f64 {
    let finite = rows.iter().map(|row| row.gain.ln()).filter(|gain| gain.is_finite());
    let (sum, count) = finite.fold((0.0, 0), |(sum, count), gain| (sum + gain, count + 1));
    if count == 0 { 1.0 } else { f64::exp(sum / f64::from(count)) }
}
