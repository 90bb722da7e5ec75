//! A volume as a page carries it: quantised, deflated, base64.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::volume::Volume;
use crate::error::{Error, Result};

/// Steps of a dose, and the decades they span below the largest: a step is 0.3 %.
const DOSE_LEVELS: u16 = 4095;
const DECADES: f64 = 5.0;
/// Step of a relative error; the largest that is told is 255 of them.
const ERROR_STEP: f32 = 0.002;
/// Step of a density, g/cm³.
const DENSITY_STEP_G_CM3: f32 = 0.01;

/// What the viewer's script reads.
pub fn value(volume: &Volume, organs: &[&str], ranges: &[Value]) -> Result<Value> {
    let has_dose = !volume.dose_mgy.is_empty();
    let most_mgy = volume.dose_mgy.iter().copied().fold(0.0, f32::max);
    let mut bytes: Vec<u8> =
        volume.density_g_cm3.iter().map(|g_cm3| byte(g_cm3 / DENSITY_STEP_G_CM3)).collect();
    bytes.extend(&volume.organs);
    if has_dose {
        let levels: Vec<[u8; 2]> =
            volume.dose_mgy.iter().map(|&dose_mgy| level(dose_mgy, most_mgy).to_le_bytes()).collect();
        bytes.extend(levels.iter().map(|[low, _]| low));
        bytes.extend(levels.iter().map(|[_, high]| high));
        bytes.extend(volume.relative_error.iter().map(|error| byte((error / ERROR_STEP).ceil())));
    }
    Ok(json!({
        "counts": volume.grid.counts,
        "spacing_mm": volume.grid.spacing_mm,
        "first_mm": volume.grid.first_mm,
        "has_dose": has_dose,
        "most_mgy": most_mgy,
        "dose_levels": DOSE_LEVELS,
        "decades": DECADES,
        "error_step": ERROR_STEP,
        "density_step_g_cm3": DENSITY_STEP_G_CM3,
        "organs": organs,
        "ranges": ranges,
        "colours": { "dose": table(colorous::INFERNO), "error": table(colorous::CIVIDIS) },
        "data": BASE64_STANDARD.encode(deflated(&bytes)?),
    }))
}

fn byte(steps: f32) -> u8 {
    steps.round().clamp(0.0, 255.0) as u8
}

/// Logarithmic: 0 for no dose, 1 for the least that is told, [`DOSE_LEVELS`] for the largest.
fn level(dose_mgy: f32, most_mgy: f32) -> u16 {
    if dose_mgy <= 0.0 {
        return 0;
    }
    let below = f64::from(dose_mgy / most_mgy).log10() / DECADES;
    (f64::from(DOSE_LEVELS) + below * f64::from(DOSE_LEVELS - 1)).round().max(1.0) as u16
}

/// 256 colours, six hexadecimal digits each.
fn table(gradient: colorous::Gradient) -> String {
    (0..256).map(|i| format!("{:x}", gradient.eval_rational(i, 256))).collect()
}

/// Bytes as gzip.
pub fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map_err(|error| Error::Internal(format!("the maps of a page: {error}")))
}

/// JSON that may stand in a script element: nothing in it can end the element or begin markup.
pub fn for_script(value: &Value) -> String {
    let escaped = |sign: char| match sign {
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(sign)),
        _ => sign.to_string(),
    };
    let text = value.to_string();
    if text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        text.chars().map(escaped).collect()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doses_are_told_to_a_third_of_a_per_cent() {
        for dose_mgy in [7.0_f32, 3.3, 0.01, 1e-4] {
            let below = f64::from(DOSE_LEVELS - level(dose_mgy, 7.0)) / f64::from(DOSE_LEVELS - 1);
            let told = 7.0 * 10_f64.powf(-DECADES * below);
            assert!((told / f64::from(dose_mgy) - 1.0).abs() < 0.003, "{dose_mgy} mGy is told as {told}");
        }
        assert_eq!((level(0.0, 7.0), level(1e-9, 7.0), level(7.0, 7.0)), (0, 1, DOSE_LEVELS));
    }

    #[test]
    fn json_in_a_script_cannot_end_it() {
        let text = for_script(&json!({ "organ": "</script><script>alert(1)</script>&" }));
        assert!(!text.contains(['<', '>', '&']), "{text}");
        let back: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["organ"], "</script><script>alert(1)</script>&");
    }
}
