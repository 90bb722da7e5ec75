//! Scans for the suites on cylinders and children: protocols as a user would write them.

use std::path::Path;

use crate::error::Result;
use crate::io::protocol::{Prepared, Protocol};
use crate::simulation::outcome::Outcome;
use crate::simulation::{Exam, Unobserved, simulate};
use crate::tally::estimate::Estimate;

/// A scan to be written as a protocol.
pub struct Scan<'a> {
    /// Keys of `[phantom]`.
    pub phantom: &'a str,
    /// Bowtie of the XCIST sample scanner `ge-vct`.
    pub bowtie: &'a str,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Top and bottom of the range.
    pub range: [&'a str; 2],
}

impl Scan<'_> {
    /// Contiguous rotations of a 10 mm beam, 100 mAs each.
    pub fn prepare(&self, histories: u64, seed: u64) -> Result<Prepared> {
        let text = format!(
            r#"schema = "childsize.protocol/1"
name = "validation"
[phantom]
{}
[scanner]
model = "ge-vct"
bowtie = "{}"
[[acquisition]]
phase = "validation"
mode = "axial"
tube_voltage_kv = {}
tube_current_ma = 100.0
rotation_time_s = 1.0
total_collimation_mm = 10.0
range = {{ top = "{}", bottom = "{}" }}
[run]
histories = {histories}
seed = {seed}
estimator = "organ"
[output]
dose_map = false
"#,
            self.phantom, self.bowtie, self.tube_voltage_kv, self.range[0], self.range[1]
        );
        Protocol::parse(&text, Path::new(""))?.prepare()
    }
}

/// Plays a prepared protocol.
pub fn play(prepared: &Prepared) -> Result<Outcome> {
    simulate(&prepared.exam, &prepared.settings, &Unobserved)
}

/// Dose of an organ, mGy.
pub fn dose_mgy(exam: &Exam, outcome: &Outcome, organ: &str) -> Estimate {
    let index = exam.phantom.organs.iter().position(|known| known.id == organ);
    let index = index.unwrap_or_else(|| panic!("phantom {} has no organ {organ}", exam.phantom.id));
    outcome.total_organ_dose_mgy()[index]
}

/// Quotient of two independent estimates.
pub fn ratio(a: &Estimate, b: &Estimate) -> Estimate {
    let mean = a.mean / b.mean;
    Estimate { mean, standard_error: mean.abs() * a.relative_error().hypot(b.relative_error()) }
}
