//! A table of outputs across the fan: `fan_angle_deg` or `lateral_mm`, and `output_ratio`.

use std::path::Path;

use crate::error::{Error, Result};
use crate::io::profile_csv::read_pairs;
use crate::units::RAD_PER_DEG;

/// How far the output on the axis may be from 1.
const ON_AXIS: f64 = 5e-4;
/// Rows of a table at least.
const LEAST_ROWS: usize = 3;

/// Where outputs were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MeasuredAlong {
    /// At one distance from the focal spot.
    Arc,
    /// In the plane of the isocentre, so that distance grows off the axis.
    IsocentrePlane,
}

/// Fan angle (rad) and output over that on the axis at one distance from the focal spot.
pub(super) fn read_fan(
    path: &Path,
    along: MeasuredAlong,
    source_to_isocentre_mm: f64,
    half_fan_deg: f64,
) -> Result<Vec<[f64; 2]>> {
    let (first, rows) = read_pairs(path, &["fan_angle_deg", "lateral_mm"], "output_ratio")?;
    let refuse = |sentence: String| Err(Error::invalid(format!("{}: {sentence}", path.display())));
    if rows.len() < LEAST_ROWS {
        return refuse(format!("a fan must have {LEAST_ROWS} rows or more, found {}", rows.len()));
    }
    let lateral = first == "lateral_mm";
    if lateral && along == MeasuredAlong::Arc {
        return refuse("lateral_mm goes with measured_along = \"isocentre-plane\", found \"arc\"".to_owned());
    }
    if let Some(pair) = rows.windows(2).find(|pair| pair[1][0] <= pair[0][0]) {
        return refuse(format!("{first} must ascend, found {} after {}", pair[1][0], pair[0][0]));
    }
    let angle_rad = |at: f64| if lateral { (at / source_to_isocentre_mm).atan() } else { at * RAD_PER_DEG };
    if let Some([at, _]) = rows.iter().find(|[at, _]| angle_rad(*at).abs() >= 89.0 * RAD_PER_DEG) {
        return refuse(format!("{first} must stay below 89 degrees of fan angle, found {at}"));
    }
    match rows.iter().find(|[at, _]| *at == 0.0) {
        None => return refuse(format!("needs a row at {first} = 0, found none")),
        Some([_, ratio]) if (ratio - 1.0).abs() > ON_AXIS => {
            return refuse(format!("output_ratio must be 1 at {first} = 0, found {ratio}"));
        }
        Some(_) => {}
    }
    // Air kerma falls with the square of the distance, which is 1/cos of the fan angle in the isocentre's plane.
    let at_one_distance = |angle: f64| match along {
        MeasuredAlong::Arc => 1.0,
        MeasuredAlong::IsocentrePlane => angle.cos().powi(-2),
    };
    let fan: Vec<[f64; 2]> = rows
        .iter()
        .map(|&[at, ratio]| {
            let angle = angle_rad(at);
            [angle, if at == 0.0 { 1.0 } else { ratio * at_one_distance(angle) }]
        })
        .collect();
    check(&fan, half_fan_deg).map_err(|error| error.within(&path.display().to_string()))?;
    Ok(fan)
}

fn check(fan: &[[f64; 2]], half_fan_deg: f64) -> Result<()> {
    if let Some([angle, ratio]) = fan.iter().find(|[_, ratio]| !(*ratio > 0.0 && *ratio <= 1.0)) {
        return Err(Error::invalid(format!(
            "output_ratio must be above 0 and at most 1, found {ratio:.4} at {:.2} deg at one distance from the focal \
             spot",
            angle / RAD_PER_DEG
        ))
        .with_help("a bowtie is thinnest in its middle; measured_along says whether distance is to be corrected"));
    }
    let [low, high] = [fan[0][0], fan[fan.len() - 1][0]].map(|rad| rad / RAD_PER_DEG);
    let mirrored = low >= 0.0;
    if high < half_fan_deg - 1e-9 || (!mirrored && low > -half_fan_deg + 1e-9) {
        return Err(Error::invalid(format!(
            "the fan must be covered to {half_fan_deg} deg on either side, found {low:.2} to {high:.2} deg"
        ))
        .with_help(
            "a table that begins at 0 is mirrored; measure farther out, or state a narrower fan_angle_deg",
        ));
    }
    Ok(())
}
