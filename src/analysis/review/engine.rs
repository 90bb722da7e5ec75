//! Doses of an exam and of variants of it: simulated with the same random numbers, or from a response matrix. Either way a
//! difference of two is known better than both.

use crate::analysis::compare::{Quantity, RunBatches, compare};
use crate::analysis::effective_dose::Scheme;
use crate::analysis::response::answer::answer;
use crate::analysis::response::rows::{RowKind, Rows};
use crate::analysis::run_batches::{effective_quantity, of_outcome, organ_quantity};
use crate::error::{Error, Result};
use crate::simulation::response::ResponseMatrix;
use crate::simulation::settings::Settings;
use crate::simulation::{Exam, Observer, simulate};
use crate::source::cell_weights::CellWeights;
use crate::tally::estimate::Estimate;

/// Where doses come from.
pub enum Engine<'a> {
    /// Runs of one seed.
    Simulation {
        /// How each is done.
        settings: Settings,
        /// Who may stop it.
        observer: &'a dyn Observer,
    },
    /// Sums over a matrix.
    Response {
        /// Its rows.
        rows: &'a Rows,
        /// The matrix.
        matrix: &'a ResponseMatrix,
    },
}

/// Doses of one exam.
pub enum Doses {
    /// Of a run.
    Run(RunBatches),
    /// Of a matrix: weights of every acquisition, and values of all rows, by acquisition and in total.
    Matrix {
        /// Weights.
        weights: Vec<CellWeights>,
        /// Values by acquisition.
        by_phase: Vec<Vec<Estimate>>,
        /// Values of the whole exam.
        total: Vec<Estimate>,
    },
}

impl Engine<'_> {
    /// Doses of an exam, acquisition by acquisition times `factors` of its mAs.
    pub fn doses(&self, exam: &Exam, factors: &[f64]) -> Result<Doses> {
        let mut scaled = exam.clone();
        scaled.acquisitions.iter_mut().zip(factors).for_each(|(a, factor)| a.tube_current_ma *= factor);
        match self {
            Engine::Simulation { settings, observer } => {
                let outcome = simulate(&scaled, settings, *observer)?;
                if !outcome.complete {
                    return Err(Error::invalid("the review was stopped before its runs were done"));
                }
                Ok(Doses::Run(of_outcome("", settings.seed, &scaled, &outcome)?))
            }
            Engine::Response { matrix, .. } => {
                let of = |a| CellWeights::of(a, scaled.scanner_of(a), &matrix.grid);
                let weights = scaled.acquisitions.iter().map(of).collect::<Result<Vec<_>>>()?;
                let by_phase = weights.iter().map(|one| answer(matrix, std::slice::from_ref(one))).collect();
                let total = answer(matrix, &weights);
                Ok(Doses::Matrix { weights, by_phase, total })
            }
        }
    }

    /// What is known of every exam: the effective dose (ICRP 103) first, then organs.
    pub fn quantities(&self, doses: &Doses) -> Vec<Quantity> {
        match (self, doses) {
            (_, Doses::Run(run)) => {
                let is_wanted = |q: &&Quantity| q.unit == "mGy" || q.id == effective().id;
                run.quantities.iter().filter(is_wanted).cloned().collect()
            }
            (Engine::Response { rows, .. }, _) => {
                let organs = rows.rows.iter().filter(|row| row.kind == RowKind::Organ && row.mass_g > 0.0);
                let organs = organs.map(|row| organ_quantity(&row.id, &row.name));
                let has_effective = rows.find(RowKind::Effective, Scheme::Icrp103.name()).is_some();
                has_effective.then(effective).into_iter().chain(organs).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A quantity of an exam, by acquisition and in total.
    pub fn value(&self, doses: &Doses, quantity: &Quantity) -> (Vec<Estimate>, Estimate) {
        let nothing = || (Vec::new(), Estimate::default());
        match (self, doses) {
            (_, Doses::Run(run)) => run.index(&quantity.id).map_or_else(nothing, |index| {
                let parts = run.by_phase(index);
                let total = parts.iter().fold(Estimate::default(), |sum, part| sum.plus(part));
                (parts, total)
            }),
            (Engine::Response { rows, .. }, Doses::Matrix { by_phase, total, .. }) => row(rows, quantity)
                .map_or_else(nothing, |row| {
                    (by_phase.iter().map(|values| values[row]).collect(), total[row])
                }),
            _ => nothing(),
        }
    }

    /// The first exam minus the second, of every quantity in the order of [`Engine::quantities`]; a quantity that one of them
    /// gives nothing of is left out.
    pub fn saved(&self, first: &Doses, second: &Doses) -> Vec<(Quantity, Estimate)> {
        match (self, first, second) {
            (_, Doses::Run(first), Doses::Run(second)) => {
                let rows = compare(second, first).into_iter();
                rows.filter(|row| row.quantity.unit == "mGy" || row.quantity.id == effective().id)
                    .map(|row| (row.quantity, row.difference))
                    .collect()
            }
            (
                Engine::Response { rows, matrix },
                Doses::Matrix { weights: a, .. },
                Doses::Matrix { weights: b, .. },
            ) => {
                // One sum over the matrix, so that cells that both have do not count twice in the error.
                let negative = b.iter().map(|weights| {
                    let mut less = weights.clone();
                    less.columns.iter_mut().for_each(|weight| *weight = -*weight);
                    less
                });
                let values = answer(matrix, &a.iter().cloned().chain(negative).collect::<Vec<_>>());
                let found = self.quantities(first).into_iter();
                found.filter_map(|quantity| row(rows, &quantity).map(|row| (quantity, values[row]))).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The quantity that reviews are about.
pub fn effective() -> Quantity {
    effective_quantity(Scheme::Icrp103.name())
}

fn row(rows: &Rows, quantity: &Quantity) -> Option<usize> {
    match quantity.unit.as_str() {
        "mSv" => rows.find(RowKind::Effective, Scheme::Icrp103.name()),
        _ => rows.find(RowKind::Organ, &quantity.id),
    }
}
