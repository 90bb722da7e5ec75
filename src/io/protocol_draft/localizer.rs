//! Localizers of a draft.

use super::acquisition::Drafter;
use super::motion::{COLLIMATION_MM, KV, MA, TIME_S, accepted};
use super::range::length_mm;
use crate::error::Result;
use crate::io::dicom_record::RecordedAcquisition;
use crate::io::toml_lines::{Lines, decimals};

/// Longest localizer, mm.
const LONGEST_LOCALIZER_MM: f64 = 2500.0;
// What is assumed where a record says nothing.
const USUAL_LOCALIZER_MM: f64 = 5.0;
const USUAL_LOCALIZER_SPEED_MM_S: f64 = 100.0;

impl Drafter<'_> {
    /// A localizer: a narrow beam that goes along is stated as a wide one at rest that exposes every place as long.
    pub(super) fn localizer(
        &mut self,
        lines: &mut Lines,
        acquisition: &RecordedAcquisition,
        phase: &str,
        (angle_deg, source): (Option<f64>, &str),
    ) -> Result<()> {
        let kv = accepted(acquisition.tube_voltage_kv.as_ref(), KV);
        let ma = accepted(acquisition.tube_current_ma.as_ref(), MA);
        let length = length_mm(acquisition).filter(|mm| *mm <= LONGEST_LOCALIZER_MM);
        let whole = match length {
            Some(_) => self.place(acquisition, acquisition.ends_z_mm, (0.0, length))?,
            None => None,
        };
        let (kv, ma, whole) = match (kv, ma, whole) {
            (Ok(kv), Ok(ma), Some(whole)) => (kv, ma, whole),
            (kv, ma, _) => {
                let why = kv
                    .err()
                    .or(ma.err())
                    .unwrap_or_else(|| "its length is not recorded, or more than 2500 mm".to_owned());
                lines.raw("\n");
                lines.leave_out(&format!("localizer `{phase}`: {why}"));
                return Ok(());
            }
        };
        let length_mm = whole.top_mm - whole.bottom_mm;
        let pieces = (length_mm / COLLIMATION_MM[1]).ceil().max(1.0) as usize;
        let (time_s, why) = localizer_time_s(acquisition, length_mm);
        for piece in 0..pieces {
            let part = |index: usize| index as f64 / pieces as f64 * length_mm;
            let ends = acquisition.ends_z_mm.map(|[top, _]| [top - part(piece), top - part(piece + 1)]);
            let Some(place) =
                self.place(acquisition, ends, (part(piece), Some(length_mm / pieces as f64)))?
            else {
                continue;
            };
            let name = if pieces > 1 {
                format!("{phase}, part {} of {pieces}", piece + 1)
            } else {
                phase.to_owned()
            };
            self.begin(lines, acquisition, &name);
            lines.comment(
                "A localizer: the narrow beam that goes along the patient is stated as a wide one at rest, which exposes \
                 every place as long",
            );
            lines.key("mode", "\"stationary\"", source);
            match angle_deg {
                Some(90.0) => lines.key(
                    "angle_deg",
                    90,
                    "the image is one from the side; left or right is not recorded",
                ),
                _ => lines.assume("angle_deg", 0, "tube above the table; a tube below it is 180"),
            }
            lines.key("tube_voltage_kv", decimals(kv.value, 3), &kv.source);
            lines.key("tube_current_ma", decimals(ma.value, 3), &ma.source);
            lines.assume("exposure_time_s", decimals(time_s, 6), &why);
            lines.key(
                "total_collimation_mm",
                decimals(length_mm / pieces as f64, 3),
                "the length of the localizer",
            );
            lines.assume("range", &place.toml, &place.source);
        }
        Ok(())
    }
}

/// How long a localizer's beam exposes a place, s, and how that comes about.
fn localizer_time_s(acquisition: &RecordedAcquisition, length_mm: f64) -> (f64, String) {
    let (width_mm, width) = match accepted(acquisition.total_collimation_mm.as_ref(), COLLIMATION_MM) {
        Ok(mm) => (mm.value, mm.source.clone()),
        Err(why) => (USUAL_LOCALIZER_MM, format!("a collimation of {USUAL_LOCALIZER_MM} mm ({why})")),
    };
    let speed = accepted(acquisition.table_speed_mm_s.as_ref(), [0.0, 2000.0]);
    let time = accepted(acquisition.exposure_time_s.as_ref(), TIME_S);
    let (speed_mm_s, how) = match (time, speed) {
        (Ok(s), _) => (length_mm / s.value, format!("length over {}", s.source)),
        (_, Ok(speed)) => (speed.value, speed.source.clone()),
        _ => (
            USUAL_LOCALIZER_SPEED_MM_S,
            format!("a table speed of {USUAL_LOCALIZER_SPEED_MM_S} mm/s (not recorded)"),
        ),
    };
    (width_mm / speed_mm_s, format!("{width} over the speed of the table, from {how}"))
}
