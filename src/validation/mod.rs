//! Validation: the engine beside published references, row by row, from one command.

pub mod attenuation;
pub mod ctdi;
pub mod paediatric;
pub mod report;
pub mod row;
mod scan;
pub mod size;
pub mod size_tables;
pub mod spectra;
mod table;
pub mod tg195;

use std::path::PathBuf;

use crate::error::Result;
use row::Row;
use tg195::scene::Effort;

/// Most histories of one TG-195 run.
const MOST_HISTORIES: u64 = 60_000_000;

/// A set of comparisons that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Coefficients at NIST's nodes.
    Attenuation,
    /// Tube spectra and half-value layers.
    Spectra,
    /// The cases of AAPM Task Group 195.
    Tg195,
    /// CTDI phantoms.
    Ctdi,
    /// Water cylinders by size.
    Size,
    /// Organ doses of children.
    Paediatric,
}

/// Every suite with its name, in the order they are run.
pub const SUITES: [(&str, Suite); 6] = [
    ("attenuation", Suite::Attenuation),
    ("spectra", Suite::Spectra),
    ("tg195", Suite::Tg195),
    ("ctdi", Suite::Ctdi),
    ("size", Suite::Size),
    ("paediatric", Suite::Paediatric),
];

/// How a validation is done.
pub struct Plan<'a> {
    /// Few histories: the whole command in less than three minutes on two cores.
    pub quick: bool,
    /// The Case 5 volume, if there is one.
    pub case5: Option<PathBuf>,
    /// TG-195 cases to play, for example `4.1`; all if empty.
    pub cases: Vec<String>,
    /// How many times larger errors may be than those of a full run: 1, or more for a shorter one.
    pub error_factor: f64,
    /// Seed of all chance.
    pub seed: u64,
    /// Hears what is being done.
    pub listener: &'a (dyn Fn(&str) + Sync),
}

impl Plan<'_> {
    /// Histories of a run: quick or full.
    pub fn histories(&self, quick: u64, full: u64) -> u64 {
        if self.quick { quick } else { ((full as f64 / self.error_factor.powi(2)) as u64).max(quick) }
    }

    /// Effort of a TG-195 scene: so many histories, or until it is as precise as a full run has to be.
    pub fn effort(&self, quick: u64) -> Effort {
        if self.quick {
            Effort::Histories(quick)
        } else {
            Effort::UntilPrecise { most: MOST_HISTORIES, error_factor: self.error_factor }
        }
    }

    /// Tells the listener.
    pub fn tell(&self, what: &str) {
        (self.listener)(what);
    }
}

/// Runs one suite.
pub fn run(suite: Suite, plan: &Plan) -> Result<Vec<Row>> {
    match suite {
        Suite::Attenuation => attenuation::run(),
        Suite::Spectra => spectra::run(),
        Suite::Tg195 => tg195::run(plan),
        Suite::Ctdi => ctdi::run(plan),
        Suite::Size => size::run(plan),
        Suite::Paediatric => paediatric::run(plan),
    }
}
