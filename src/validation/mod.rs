//! Validation: the engine beside published references, row by row, from one command.

pub mod attenuation;
pub mod row;
pub mod spectra;
mod table;
pub mod tg195;

use std::path::PathBuf;

use crate::error::Result;
use row::Row;

/// A set of comparisons that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Coefficients at NIST's nodes.
    Attenuation,
    /// Tube spectra and half-value layers.
    Spectra,
    /// The cases of AAPM Task Group 195.
    Tg195,
}

/// Every suite with its name, in the order they are run.
pub const SUITES: [(&str, Suite); 3] =
    [("attenuation", Suite::Attenuation), ("spectra", Suite::Spectra), ("tg195", Suite::Tg195)];

/// How a validation is done.
pub struct Plan<'a> {
    /// Few histories: the whole command in less than three minutes on two cores.
    pub quick: bool,
    /// The Case 5 volume, if there is one.
    pub case5: Option<PathBuf>,
    /// Seed of all chance.
    pub seed: u64,
    /// Hears what is being done.
    pub listener: &'a (dyn Fn(&str) + Sync),
}

impl Plan<'_> {
    /// Histories of a run: quick or full.
    pub fn histories(&self, quick: u64, full: u64) -> u64 {
        if self.quick { quick } else { full }
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
    }
}
