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

/// How an error fell.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Acquisition.
    pub phase: String,
    /// Name of the organ.
    pub organ: String,
    /// At least two, of growing histories.
    pub points: Vec<Point>,
}

/// An error after some histories.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Histories.
    pub histories: f64,
    /// Standard error over dose.
    pub relative_error: f64,
}

impl Curve {
    /// The error that one over the square root of the histories gives, through the last point.
    pub fn expected(&self, histories: f64) -> f64 {
        let last = self.points[self.points.len() - 1];
        last.relative_error * (last.histories / histories).sqrt()
    }

    /// Lowest and highest error, that expected at the first point among them, with some room.
    pub fn bounds(&self) -> [f64; 2] {
        let errors = || self.points.iter().map(|point| point.relative_error);
        let highest = errors().fold(self.expected(self.points[0].histories), f64::max);
        [errors().fold(f64::INFINITY, f64::min) / 1.1, 1.1 * highest]
    }
}

/// The curve of every acquisition that has one.
pub fn curves(batches: &RunBatches, organs: &Value) -> Vec<Curve> {
    let organs = organs.as_array().map_or(&[][..], Vec::as_slice);
    let phases = batches.phases.iter().enumerate();
    phases.filter_map(|(index, phase)| curve(batches, phase, index, organs)).collect()
}

fn curve(batches: &RunBatches, phase: &PhaseBatches, index: usize, organs: &[Value]) -> Option<Curve> {
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
    let organ = batches.quantities[worst].name.clone();
    (points.len() > 1).then(|| Curve { phase: phase.phase.clone(), organ, points })
}

/// The curves as a page draws them.
pub fn value(curves: &[Curve]) -> Vec<Value> {
    curves.iter().map(drawn).collect()
}

fn drawn(curve: &Curve) -> Value {
    let points = &curve.points;
    let (first, last) = (points[0], points[points.len() - 1]);
    let [lowest, highest] = curve.bounds();
    let x = |point: &Point| {
        SIZE[0] * (point.histories / first.histories).ln() / (last.histories / first.histories).ln()
    };
    let y = |error: f64| SIZE[1] * (highest / error).ln() / (highest / lowest).ln();
    let line = |error: &dyn Fn(&Point) -> f64| {
        let text = points.iter().map(|point| format!("{:.1},{:.1}", x(point), y(error(point))));
        text.collect::<Vec<_>>().join(" ")
    };
    json!({
        "phase": curve.phase,
        "organ": curve.organ,
        "size": SIZE,
        "highest": highest,
        "lowest": lowest,
        "line": line(&|point| point.relative_error),
        "expected": line(&|point| curve.expected(point.histories)),
        "points": points.iter().map(|point| json!({
            "histories": point.histories, "relative_error": point.relative_error,
            "x": x(point), "y": y(point.relative_error),
        })).collect::<Vec<_>>(),
    })
}

/// After a few batches, and each time there are half as many again.
fn points(phase: &PhaseBatches, values: &[f64]) -> Vec<Point> {
    let mut counts: Vec<usize> = std::iter::successors(Some(FEWEST), |count| Some(count + count.div_ceil(2)))
        .take_while(|count| *count < values.len())
        .collect();
    counts.push(values.len());
    let point = |&count: &usize| Point {
        histories: (phase.histories_per_batch * count as u64) as f64,
        relative_error: relative_error(&values[..count]),
    };
    counts
        .iter()
        .filter(|count| **count >= FEWEST)
        .map(point)
        .filter(|point| point.relative_error.is_finite() && point.relative_error > 0.0)
        .collect()
}

fn relative_error(values: &[f64]) -> f64 {
    Estimate::from_replicates(values.iter().copied()).relative_error()
}
