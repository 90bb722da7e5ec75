//! How much less a smaller patient needs: factors of mAs over those of a baseline.

use serde::{Deserialize, Serialize};

use super::table::{Entry, SizeTables};
use crate::analysis::exposure_control::Transmission;
use crate::error::Result;
use crate::source::scanner::Scanner;
use crate::tally::estimate::Estimate;

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

/// mAs of an age's phantom over those of the adult's that hold one thing constant, from the two scans themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct AgeReduction<'a> {
    /// The scan.
    pub entry: &'a Entry,
    /// For the mean dose of the slice in the middle of the region's part of the body (a scan of 10 cm); `None` where
    /// the region has no such part of its own.
    pub dose: Option<Estimate>,
    /// For the effective dose (ICRP 103).
    pub effective: Estimate,
    /// For the noise, by quanta behind as much water.
    pub noise: f64,
}

/// Factors of every scan of which there is the adult's.
pub fn by_age(tables: &SizeTables) -> Vec<AgeReduction<'_>> {
    let of = |entry: &'_ Entry| {
        let adult = tables.entry("adult", &entry.region, entry.tube_voltage_kv)?;
        let effective =
            |entry: &Entry| entry.effective_per_ctdi_vol[0].scaled(entry.ctdi_vol_mgy_per_mas[1].mean);
        let dose = || Some(quotient(&slice_per_mas(tables, adult)?, &slice_per_mas(tables, entry)?));
        let same = entry.age == adult.age;
        let exact = |value: Estimate| if same { Estimate { mean: 1.0, standard_error: 0.0 } } else { value };
        let (dose, effective) = (dose().map(exact), exact(quotient(&effective(adult), &effective(entry))));
        Some((dose, effective, adult.signal_per_mas / entry.signal_per_mas))
    };
    let row =
        |entry| of(entry).map(|(dose, effective, noise)| AgeReduction { entry, dose, effective, noise });
    tables.entries.iter().filter_map(row).collect()
}

/// Mean dose per mAs of the slice that stands for a region.
fn slice_per_mas(tables: &SizeTables, entry: &Entry) -> Option<Estimate> {
    let part = match entry.region.as_str() {
        "abdomen-pelvis" => "abdomen",
        region => region,
    };
    let slice = tables.slices.iter().find(|slice| {
        slice.age == entry.age
            && slice.part == part
            && slice.tube_voltage_kv == entry.tube_voltage_kv
            && slice.scan_cm == SCAN_CM
    });
    slice.map(|slice| slice.dose_per_ctdi_vol[1].scaled(entry.ctdi_vol_mgy_per_mas[1].mean))
}

/// Quotient of independent estimates.
fn quotient(a: &Estimate, b: &Estimate) -> Estimate {
    let mean = a.mean / b.mean;
    Estimate { mean, standard_error: mean * a.relative_error().hypot(b.relative_error()) }
}

/// Factors of heads by their thickness: between the phantoms' heads logarithms are interpolated, beyond them the nearest
/// two go on. `None` without two heads.
pub fn head_reduction(
    tables: &SizeTables,
    tube_voltage_kv: f64,
    pa_cm: f64,
    baseline_cm: f64,
) -> Option<Reduction> {
    let all = by_age(tables);
    let mut heads: Vec<&AgeReduction> = all
        .iter()
        .filter(|found| found.entry.region == "head" && found.entry.tube_voltage_kv == tube_voltage_kv)
        .collect();
    heads.sort_by(|a, b| a.entry.ap_cm.total_cmp(&b.entry.ap_cm));
    let (first, last) = (heads.first()?.entry.ap_cm, heads.last()?.entry.ap_cm);
    let factor = |of: &dyn Fn(&AgeReduction) -> Option<f64>| -> Option<f64> {
        let points: Vec<(f64, f64)> =
            heads.iter().map(|found| Some((found.entry.ap_cm, of(found)?.ln()))).collect::<Option<_>>()?;
        Some((along(&points, pa_cm)? - along(&points, baseline_cm)?).exp())
    };
    Some(Reduction {
        dose: factor(&|found| found.dose.map(|dose| dose.mean)),
        effective: factor(&|found| Some(found.effective.mean)),
        noise: factor(&|found| Some(found.noise))?,
        extrapolated: [pa_cm, baseline_cm].iter().any(|cm| !(first..=last).contains(cm)),
    })
}

/// Straight line between the two neighbours of a place, ascending.
fn along(points: &[(f64, f64)], x: f64) -> Option<f64> {
    let above = points.partition_point(|point| point.0 <= x).clamp(1, points.len().max(2) - 1);
    let (low, high) = (points.get(above - 1)?, points.get(above)?);
    Some(low.1 + (high.1 - low.1) * (x - low.0) / (high.0 - low.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_points_lies_a_straight_line_and_beyond_them_the_nearest() {
        let points = [(1.0, 10.0), (2.0, 20.0), (4.0, 0.0)];
        assert_eq!([1.5, 3.0, 5.0, 0.0].map(|x| along(&points, x).unwrap()), [15.0, 10.0, -10.0, 0.0]);
        assert_eq!(along(&points[..1], 1.0), None);
    }
}
