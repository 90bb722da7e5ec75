//! How much less a smaller patient needs: factors of mAs over those of a baseline.

use serde::{Deserialize, Serialize};

use super::table::SizeTables;
use crate::analysis::exposure_control::Transmission;
use crate::error::Result;
use crate::source::scanner::Scanner;

/// Scan length whose size factor is held, cm.
const SCAN_CM: f64 = 10.0;

/// mAs over those of the baseline that hold one thing constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reduction {
    /// The mean dose of the slice; `None` without a fit.
    pub dose: Option<f64>,
    /// The effective dose (ICRP 103) of the region; `None` without a fit.
    pub effective: Option<f64>,
    /// The noise, by quanta behind as much water.
    pub noise: f64,
    /// Whether a size lies outside the sizes that a fit was made from.
    pub extrapolated: bool,
}

/// Factors at a water-equivalent diameter; `part` is that of the size factor, `region` that of the effective dose.
pub fn reduction(
    tables: &SizeTables,
    scanner: &Scanner,
    tube_voltage_kv: f64,
    (part, region): (&str, &str),
    (size_cm, baseline_cm): (f64, f64),
) -> Result<Reduction> {
    let phantom = if part == "head" { "head16" } else { "body32" };
    let dose = tables.size_fit(phantom, part, tube_voltage_kv, SCAN_CM).map(|found| &found.fit);
    let effective =
        tables.organ_fit(super::table::EFFECTIVE, region, tube_voltage_kv).map(|found| &found.fit);
    let outside = |cm: f64| dose.into_iter().chain(effective).any(|fit| fit.at(cm).is_none());
    let through = Transmission::of_spectrum(&scanner.spectrum_on_axis(tube_voltage_kv)?)?;
    // Dose = mAs × f: the same dose needs mAs in proportion to 1 / f.
    let held = |fit: &super::fit::ExponentialFit| {
        fit.extrapolated(baseline_cm).mean / fit.extrapolated(size_cm).mean
    };
    Ok(Reduction {
        dose: dose.map(held),
        effective: effective.map(held),
        noise: through.energy_fluence_kev(baseline_cm) / through.energy_fluence_kev(size_cm),
        extrapolated: outside(size_cm) || outside(baseline_cm),
    })
}
