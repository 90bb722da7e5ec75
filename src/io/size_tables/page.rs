//! The page of the size tables: plots and tables, filled from the same numbers.

use serde_json::{Value, json};

use super::SizeTableFile;
use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::size_tables::fit::ExponentialFit;
use crate::analysis::size_tables::reduction::{AgeReduction, by_age as by_age_of};
use crate::analysis::size_tables::table::{EFFECTIVE, Entry, SliceEntry};
use crate::analysis::size_tables::{AGES, REGIONS};
use crate::analysis::ssde::{head_size_factor, size_factor};
use crate::error::Result;
use crate::io::report;
use crate::tally::estimate::Estimate;

/// Size of a plot, in its own units.
const SIZE: [f64; 2] = [520.0, 260.0];
/// Tube voltage of plots and of the tables on the page, kV.
const KV: f64 = 120.0;
/// Points of a curve.
const CURVE: usize = 40;

/// The page.
pub fn html(file: &SizeTableFile) -> Result<String> {
    report::size_tables(&value(file))
}

/// Axes of a plot.
struct Axes {
    x: [f64; 2],
    y: [f64; 2],
}

impl Axes {
    /// Axes that hold some points, from 0 upwards.
    fn of(points: &[(f64, f64)]) -> Self {
        let x = points.iter().map(|p| p.0);
        let highest = points.iter().map(|p| p.1).fold(0.0, f64::max);
        Axes {
            x: [x.clone().fold(f64::INFINITY, f64::min) - 1.0, x.fold(0.0, f64::max) + 1.0],
            y: [0.0, 1.08 * highest],
        }
    }

    fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let share = |value: f64, [low, high]: [f64; 2]| (value - low) / (high - low);
        [SIZE[0] * share(x, self.x), SIZE[1] * (1.0 - share(y, self.y))]
    }

    fn line(&self, [from, to]: [f64; 2], curve: impl Fn(f64) -> Option<f64>) -> String {
        let x = |k: usize| from + (to - from) * k as f64 / CURVE as f64;
        let points = (0..=CURVE).filter_map(|k| curve(x(k)).map(|y| self.at(x(k), y)));
        points.map(|[x, y]| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
    }

    fn ticks(&self, axis: [f64; 2]) -> Vec<f64> {
        let step =
            [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0].into_iter().find(|step| (axis[1] - axis[0]) / step <= 8.0);
        let step = step.unwrap_or(20.0);
        let first = (axis[0] / step).ceil() as i64;
        let last = (axis[1] / step).floor() as i64;
        (first..=last).map(|k| k as f64 * step).collect()
    }

    fn value(&self) -> Value {
        let across = self.ticks(self.x).into_iter().map(|x| json!({ "at": self.at(x, 0.0)[0], "label": x }));
        let up = self
            .ticks(self.y)
            .into_iter()
            .map(|y| json!({ "at": self.at(0.0, y)[1], "label": (y * 100.0).round() / 100.0 }));
        json!({ "size": SIZE, "x_ticks": across.collect::<Vec<_>>(), "y_ticks": up.collect::<Vec<_>>() })
    }
}

/// A published curve and its name; nothing beyond the sizes that it is stated for.
type Published<'a> = (&'a str, &'a dyn Fn(f64) -> Option<f64>);

/// A plot of points with their fit and maybe a published curve.
fn plot(
    title: &str,
    points: &[(String, f64, Estimate)],
    fit: Option<&ExponentialFit>,
    published: Option<Published>,
) -> Value {
    let axes = Axes::of(&points.iter().map(|(_, x, y)| (*x, y.mean + y.standard_error)).collect::<Vec<_>>());
    let mut plot = axes.value();
    plot["title"] = json!(title);
    plot["fit"] = json!(fit.map(|fit| axes.line(fit.valid_cm, |x| Some(fit.extrapolated(x).mean))));
    plot["formula"] = json!(fit.map(|fit| json!({
        "a": fit.a, "b": fit.b_per_cm, "r_squared": fit.r_squared, "anatomy": 100.0 * fit.anatomy[0],
        "monte_carlo": 100.0 * fit.monte_carlo,
    })));
    plot["published"] = json!(published.map(|(_, curve)| axes.line(axes.x, curve)));
    plot["published_name"] = json!(published.map(|(name, _)| name));
    plot["points"] = points
        .iter()
        .map(|(label, x, y)| {
            let ([px, py], [_, top]) = (axes.at(*x, y.mean), axes.at(*x, y.mean + y.standard_error));
            json!({ "label": label, "x": px, "y": py, "error": py - top, "size": x, "value": estimate(y) })
        })
        .collect();
    plot
}

fn estimate(value: &Estimate) -> Value {
    json!({ "value": value.mean, "standard_error": value.standard_error })
}

fn plots(file: &SizeTableFile) -> Vec<Value> {
    let tables = &file.tables;
    let trunks =
        tables.slices.iter().filter(|s| s.tube_voltage_kv == KV && s.scan_cm == 10.0 && s.part != "head");
    let trunks: Vec<_> = trunks
        .map(|slice| {
            let label = format!("{}, {}", slice.age, slice.part);
            (label, slice.water_equivalent_diameter_cm, slice.dose_per_ctdi_vol[1])
        })
        .collect();
    let tg204 = |cm: f64| size_factor(CtdiPhantom::Body32, cm);
    let mut found = Vec::new();
    if !trunks.is_empty() {
        let fit = tables.size_fit("body32", "trunk", KV, 10.0).map(|found| &found.fit);
        let published: Published = ("AAPM Report 204", &tg204);
        let title = "Mean dose of a slice of the trunk per CTDIvol (32 cm), scan of 10 cm, 120 kV";
        found.push(plot(title, &trunks, fit, Some(published)));
    }
    let brains: Vec<_> = (tables.entries.iter())
        .filter(|entry| entry.region == "head" && entry.tube_voltage_kv == KV)
        .filter_map(|entry| {
            let per_16 = entry.organ("brain")?.dose_per_ctdi_vol.scaled(entry.ratio_32_to_16());
            Some((entry.age.clone(), entry.water_equivalent_diameter_cm, per_16))
        })
        .collect();
    if !brains.is_empty() {
        let published: Published = ("AAPM Report 293", &head_size_factor);
        found.push(plot(
            "Dose of the brain per CTDIvol (16 cm), head, 120 kV",
            &brains,
            None,
            Some(published),
        ));
    }
    for (region, organ) in
        [("chest", "lungs"), ("abdomen-pelvis", "liver"), ("abdomen-pelvis", EFFECTIVE), ("chest", EFFECTIVE)]
    {
        let entries = tables.entries.iter().filter(|e| e.region == region && e.tube_voltage_kv == KV);
        let value = |entry: &Entry| match organ == EFFECTIVE {
            true => Some(entry.effective_per_ctdi_vol[0]),
            false => entry.organ(organ).map(|organ| organ.dose_per_ctdi_vol),
        };
        let points: Vec<_> = entries
            .filter_map(|e| Some((e.age.clone(), e.water_equivalent_diameter_cm, value(e)?)))
            .collect();
        if !points.is_empty() {
            let fit = tables.organ_fit(organ, region, KV).map(|found| &found.fit);
            found.push(plot(&format!("{organ} per CTDIvol (32 cm), {region}, 120 kV"), &points, fit, None));
        }
    }
    found
}

fn value(file: &SizeTableFile) -> Value {
    let tables = &file.tables;
    let at_120 = || tables.entries.iter().filter(|entry| entry.tube_voltage_kv == KV);
    let k = at_120().map(|entry| {
        json!({
            "age": name(&entry.age), "region": entry.region, "dw": entry.water_equivalent_diameter_cm,
            "length": entry.length_cm,
            "k16": [estimate(&entry.k(0, 0)), estimate(&entry.k(0, 1))],
            "k32": [estimate(&entry.k(1, 0)), estimate(&entry.k(1, 1))],
            "aluminium": 100.0 * entry.with_more_aluminium,
            "phase": estimate(&entry.effective_per_ctdi_vol[0]),
            "head_end": 100.0 * entry.effective_per_cm[0].mean / entry.effective_per_ctdi_vol[0].mean,
            "foot_end": 100.0 * entry.effective_per_cm[1].mean / entry.effective_per_ctdi_vol[0].mean,
        })
    });
    let fits = tables.organ_fits.iter().filter(|fit| fit.tube_voltage_kv == KV);
    let fits = fits.map(|fit| {
        json!({
            "organ": fit.organ, "region": fit.region, "fit": fit.fit, "follows_size": fit.fit.follows_size(),
        })
    });
    let verdicts = |verdict: &str| file.checks.iter().filter(|row| row.verdict == verdict).count();
    json!({
        "notice": file.notice, "software_version": file.software_version, "scanner": file.scanner,
        "bowties": file.bowties, "histories": tables.histories, "phantoms": file.phantoms,
        "regions": REGIONS.map(|region| region.name),
        "plots": plots(file), "k": k.collect::<Vec<_>>(), "fits": fits.collect::<Vec<_>>(),
        "slices": slices(file), "by_age": by_age(file),
        "size_fits": tables.size_fits, "reductions": file.reductions, "checks": file.checks,
        "passed": verdicts("pass"), "failed": verdicts("FAIL"), "informative": verdicts("information"),
        "inconclusive": verdicts("inconclusive"),
    })
}

/// Slices beside the factors of reports.
fn slices(file: &SizeTableFile) -> Vec<Value> {
    let mine = file.tables.slices.iter().filter(|slice| slice.tube_voltage_kv == KV);
    let row = |slice: &SliceEntry| {
        let beside = slice.beside_published()?;
        let found = slice.dose_per_ctdi_vol[usize::from(slice.part != "head")];
        Some(json!({
            "age": name(&slice.age), "part": slice.part, "scan": slice.scan_cm,
            "dw": slice.water_equivalent_diameter_cm, "value": estimate(&found), "report": beside.report,
            "factor": beside.factor, "ratio": beside.ratio, "z": beside.z,
        }))
    };
    mine.filter_map(row).collect()
}

/// mAs of every age over the adult's.
fn by_age(file: &SizeTableFile) -> Vec<Value> {
    let found = by_age_of(&file.tables).into_iter().filter(|found| found.entry.tube_voltage_kv == KV);
    let row = |found: AgeReduction| {
        json!({
            "age": name(&found.entry.age), "region": found.entry.region, "ap": found.entry.ap_cm,
            "dw": found.entry.water_equivalent_diameter_cm, "dose": found.dose.as_ref().map(estimate),
            "effective": estimate(&found.effective), "noise": found.noise,
        })
    };
    found.map(row).collect()
}

fn name(age: &str) -> &str {
    AGES.iter().find(|known| known.id == age).map_or(age, |known| known.name)
}
