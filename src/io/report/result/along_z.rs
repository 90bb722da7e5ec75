//! The figure along z: the scan range on the coronal picture, beside it dose and tube current.

use hdf5::{File, Result};
use ndarray::Array2;
use serde_json::{Value, json};

use super::volume::Volume;

/// Height of the figure and widths of its panels, in its own units.
const HEIGHT: f64 = 600.0;
const PANEL: f64 = 240.0;
/// Rows of the table of the profile, at most.
const ROWS: usize = 60;

/// Heights, mm, and values, from the foot end.
pub type Curve = Vec<(f64, f64)>;

/// Heights as places in the figure.
struct Scale {
    low_mm: f64,
    high_mm: f64,
}

impl Scale {
    fn y(&self, z_mm: f64) -> f64 {
        HEIGHT * (self.high_mm - z_mm) / (self.high_mm - self.low_mm)
    }

    /// A curve: heights and values, as the points of a polyline.
    fn points(&self, curve: &[(f64, f64)], most: f64) -> String {
        let point = |(z_mm, value): &(f64, f64)| format!("{:.1},{:.1}", PANEL * value / most, self.y(*z_mm));
        curve.iter().map(point).collect::<Vec<_>>().join(" ")
    }

    fn marks(&self) -> Vec<Value> {
        let first = (self.low_mm / 100.0).ceil() as i64;
        let last = (self.high_mm / 100.0).floor() as i64;
        (first..=last).map(|mark| json!({ "z_mm": mark * 100, "y": self.y(100.0 * mark as f64) })).collect()
    }
}

/// The figure and its table.
pub fn value(acquisitions: &[Value], currents: &[Curve], volume: Option<&Volume>) -> Value {
    let Some(volume) = volume else { return Value::Null };
    let [low_mm, high_mm] = volume.planes.z_mm;
    let scale = Scale { low_mm, high_mm };
    let most_mgy = 1.05 * largest(&volume.profile);
    let most_ma = 1.05 * currents.iter().map(|curve| largest(curve)).fold(0.0, f64::max);
    let ranges = acquisitions.iter().zip(currents).map(|(told, curve)| {
        json!({
            "phase": told["phase"],
            "top_y": scale.y(number(told, "range_top_mm")),
            "bottom_y": scale.y(number(told, "range_bottom_mm")),
            "first_y": scale.y(number(told, "range_top_mm") + number(told, "overrange_top_mm")),
            "last_y": scale.y(number(told, "range_bottom_mm") - number(told, "overrange_bottom_mm")),
            "top_mm": told["range_top_mm"],
            "bottom_mm": told["range_bottom_mm"],
            "current": if most_ma > 0.0 { scale.points(curve, most_ma) } else { String::new() },
        })
    });
    json!({
        "height": HEIGHT,
        "panel": PANEL,
        "per_mm": HEIGHT / (high_mm - low_mm),
        "marks": scale.marks(),
        "ranges": ranges.collect::<Vec<_>>(),
        "dose": if most_mgy > 0.0 { json!(scale.points(&volume.profile, most_mgy)) } else { Value::Null },
        "most_mgy": most_mgy,
        "most_ma": most_ma,
        "rows": rows(&volume.profile, currents),
    })
}

fn number(told: &Value, name: &str) -> f64 {
    told[name].as_f64().unwrap_or(0.0)
}

/// The largest value of a curve, 0 if it has none.
pub fn largest(curve: &[(f64, f64)]) -> f64 {
    curve.iter().map(|(_, value)| *value).fold(0.0, f64::max)
}

/// Tube current of every acquisition, mA.
pub fn currents(file: &File, acquisitions: &[Value]) -> Result<Vec<Curve>> {
    acquisitions.iter().enumerate().map(|(index, told)| current(file, index, told)).collect()
}

/// Tube current against height, mA, from the foot end: the mean over the angles where it is modulated.
fn current(file: &File, index: usize, told: &Value) -> Result<Curve> {
    let top_mm = number(told, "range_top_mm") + number(told, "overrange_top_mm");
    let bottom_mm = number(told, "range_bottom_mm") - number(told, "overrange_bottom_mm");
    let group = file.group(&format!("acquisitions/{index:03}"))?;
    let mean_ma = number(told, "tube_current_ma");
    let mut curve = vec![(bottom_mm, mean_ma), (top_mm, mean_ma)];
    if group.link_exists("modulation") {
        let modulation = group.group("modulation")?;
        let z_mm: Vec<f64> = modulation.dataset("z_mm")?.read_raw()?;
        let current_ma: Array2<f64> = modulation.dataset("tube_current_ma")?.read_2d()?;
        let rows = current_ma.rows().into_iter().map(|row| row.mean().unwrap_or(0.0));
        curve = z_mm.into_iter().zip(rows).filter(|(z_mm, _)| (bottom_mm..=top_mm).contains(z_mm)).collect();
        curve.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ends = [curve.first(), curve.last()].map(|end| end.map_or(mean_ma, |end| end.1));
        curve.insert(0, (bottom_mm, ends[0]));
        curve.push((top_mm, ends[1]));
    }
    curve.insert(0, (bottom_mm, 0.0));
    curve.push((top_mm, 0.0));
    Ok(curve)
}

/// The profile in a few rows, from the head down.
fn rows(profile: &[(f64, f64)], currents: &[Curve]) -> Vec<Value> {
    let step = profile.len().div_ceil(ROWS).max(1);
    let row = |(z_mm, dose_mgy): &(f64, f64)| {
        let currents_ma: Vec<Value> = currents.iter().map(|curve| json!(at(curve, *z_mm))).collect();
        json!({ "z_mm": z_mm, "dose_mgy": dose_mgy, "currents_ma": currents_ma })
    };
    profile.iter().rev().step_by(step).map(row).collect()
}

/// A curve's value at a height, between its points; nothing beyond them.
fn at(curve: &[(f64, f64)], z_mm: f64) -> Option<f64> {
    let pair =
        curve.windows(2).find(|pair| pair[0].0 <= z_mm && z_mm <= pair[1].0 && pair[0].0 < pair[1].0)?;
    let share = (z_mm - pair[0].0) / (pair[1].0 - pair[0].0);
    Some(pair[0].1 + share * (pair[1].1 - pair[0].1))
}
