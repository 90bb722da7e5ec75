//! How the error of the organ that is known worst fell with the histories, by acquisition.

use serde_json::{Value, json};

use crate::analysis::compare::{PhaseBatches, RunBatches};
use crate::simulation::settings::IN_FIELD_COVERAGE;
use crate::tally::estimate::Estimate;

/// Size of the chart, in its own units.
const SIZE: [f64; 2] = [520.0, 220.0];
/// Fewest batches whose spread says something.
const FEWEST: usize = 4;
/// Organs lighter than this are left aside, g, where there are others.
const LEAST_MASS_G: f64 = 10.0;

/// The curve of every acquisition that has one.
pub fn value(batches: &RunBatches, organs: &Value) -> Vec<Value> {
    let organs = organs.as_array().map_or(&[][..], Vec::as_slice);
    let phases = batches.phases.iter().enumerate();
    phases.filter_map(|(index, phase)| curve(batches, phase, index, organs)).collect()
}

fn curve(batches: &RunBatches, phase: &PhaseBatches, index: usize, organs: &[Value]) -> Option<Value> {
    let in_field = |organ: &&Value| {
        let coverage = organ["acquisitions"][index]["coverage"].as_f64().unwrap_or(0.0);
        coverage >= IN_FIELD_COVERAGE && organ["mass_g"].as_f64().unwrap_or(0.0) >= LEAST_MASS_G
    };
    let ids = organs.iter().filter(in_field).filter_map(|organ| organ["id"].as_str());
    let places: Vec<usize> = ids.filter_map(|id| batches.index(id)).collect();
    let error = |place: usize| relative_error(&phase.values[place]);
    let scored = places.into_iter().filter(|&place| error(place).is_finite());
    let worst = scored.max_by(|&a, &b| error(a).total_cmp(&error(b)))?;
    let points = points(phase, &phase.values[worst]);
    let [first, .., last] = &points[..] else { return None };
    let x = |point: &Point| {
        SIZE[0] * (point.histories / first.histories).ln() / (last.histories / first.histories).ln()
    };
    let expected = |point: &Point| last.error * (last.histories / point.histories).sqrt();
    let errors = || points.iter().map(|point| point.error);
    let highest = 1.1 * errors().fold(expected(first), f64::max);
    let lowest = errors().fold(f64::INFINITY, f64::min) / 1.1;
    let y = |error: f64| SIZE[1] * (highest / error).ln() / (highest / lowest).ln();
    let line = |error: &dyn Fn(&Point) -> f64| {
        let text = points.iter().map(|point| format!("{:.1},{:.1}", x(point), y(error(point))));
        text.collect::<Vec<_>>().join(" ")
    };
    Some(json!({
        "phase": phase.phase,
        "organ": batches.quantities[worst].name,
        "size": SIZE,
        "highest": highest,
        "lowest": lowest,
        "line": line(&|point| point.error),
        "expected": line(&expected),
        "points": points.iter().map(|point| json!({
            "histories": point.histories, "relative_error": point.error, "x": x(point), "y": y(point.error),
        })).collect::<Vec<_>>(),
    }))
}

struct Point {
    histories: f64,
    error: f64,
}

/// After a few batches, and each time there are half as many again.
fn points(phase: &PhaseBatches, values: &[f64]) -> Vec<Point> {
    let mut counts: Vec<usize> = std::iter::successors(Some(FEWEST), |count| Some(count + count.div_ceil(2)))
        .take_while(|count| *count < values.len())
        .collect();
    counts.push(values.len());
    let point = |&count: &usize| Point {
        histories: (phase.histories_per_batch * count as u64) as f64,
        error: relative_error(&values[..count]),
    };
    counts
        .iter()
        .filter(|count| **count >= FEWEST)
        .map(point)
        .filter(|point| point.error.is_finite() && point.error > 0.0)
        .collect()
}

fn relative_error(values: &[f64]) -> f64 {
    Estimate::from_replicates(values.iter().copied()).relative_error()
}
