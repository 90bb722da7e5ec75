//! How long, how wide and how far: values that protocols accept, and what is assumed where a record says nothing.

use crate::io::dicom_record::{RecordedAcquisition, RecordedMode, RecordedNumber};
use crate::io::toml_lines::{Lines, decimals};

// What protocols accept: from, to; the lower end is open where it is 0.
pub(super) const KV: [f64; 2] = [50.0, 150.0];
pub(super) const MA: [f64; 2] = [0.0, 2000.0];
pub(super) const TIME_S: [f64; 2] = [0.0, 60.0];
pub(super) const COLLIMATION_MM: [f64; 2] = [0.0, 400.0];
pub(super) const PITCH: [f64; 2] = [0.0, 3.5];
pub(super) const INCREMENT_MM: [f64; 2] = [0.0, 2000.0];
pub(super) const CTDI_MGY: [f64; 2] = [0.0, 1000.0];
// What is assumed where a record says nothing; usual values of consoles, not of any one scanner.
const USUAL_ROTATION_S: f64 = 0.5;
const USUAL_COLLIMATION_MM: f64 = 20.0;
const USUAL_PITCH: f64 = 1.0;

/// A number that protocols accept, or why there is none.
pub(super) fn accepted(
    number: Option<&RecordedNumber>,
    [low, high]: [f64; 2],
) -> std::result::Result<&RecordedNumber, String> {
    let number = number.ok_or_else(|| "not recorded".to_owned())?;
    let good = number.value <= high && (if low == 0.0 { number.value > 0.0 } else { number.value >= low });
    let range =
        if low == 0.0 { format!("above 0 and at most {high}") } else { format!("within {low}..{high}") };
    good.then_some(number).ok_or_else(|| format!("{} must be {range}, found {}", number.source, number.value))
}

/// The time of a rotation.
pub(super) fn times(lines: &mut Lines, acquisition: &RecordedAcquisition, mode: RecordedMode) {
    let rotation = accepted(acquisition.rotation_time_s.as_ref(), TIME_S);
    let exposure = accepted(acquisition.exposure_time_s.as_ref(), TIME_S);
    let key = "rotation_time_s";
    match (mode, rotation, exposure) {
        (RecordedMode::OnePlace, _, Ok(s)) => {
            lines.key(key, decimals(s.value, 6), &format!("{}: all rotations at one place as one", s.source));
        }
        (_, Ok(s), _) => lines.key(key, decimals(s.value, 6), &s.source),
        (_, Err(why), Ok(s)) => {
            let why = format!("the time of a rotation is {why}; {} is taken for it", s.source);
            lines.assume(key, decimals(s.value, 6), &why);
        }
        (_, Err(why), Err(_)) => lines.assume(key, USUAL_ROTATION_S, &format!("a usual value; {why}")),
    }
}

/// The collimation, mm.
pub(super) fn collimation_mm(lines: &mut Lines, acquisition: &RecordedAcquisition) -> f64 {
    let key = "total_collimation_mm";
    let why = match accepted(acquisition.total_collimation_mm.as_ref(), COLLIMATION_MM) {
        Ok(mm) => {
            lines.key(key, decimals(mm.value, 4), &mm.source);
            return mm.value;
        }
        Err(why) => why,
    };
    let feed = accepted(acquisition.table_feed_mm.as_ref(), INCREMENT_MM);
    if let (Ok(feed), Ok(pitch)) = (feed, accepted(acquisition.pitch.as_ref(), PITCH))
        && feed.value / pitch.value <= COLLIMATION_MM[1]
    {
        let mm = feed.value / pitch.value;
        lines.assume(key, decimals(mm, 4), &format!("{} over {}; {why}", feed.source, pitch.source));
        return mm;
    }
    lines.assume(key, USUAL_COLLIMATION_MM, &format!("a usual value; {why}"));
    USUAL_COLLIMATION_MM
}

/// How the table moves.
pub(super) fn travel(
    lines: &mut Lines,
    acquisition: &RecordedAcquisition,
    mode: RecordedMode,
    collimation_mm: f64,
) {
    let pitch = accepted(acquisition.pitch.as_ref(), PITCH);
    let feed = accepted(acquisition.table_feed_mm.as_ref(), INCREMENT_MM);
    if mode == RecordedMode::Helical {
        return match (pitch, feed) {
            (Ok(pitch), _) => lines.key("pitch", decimals(pitch.value, 6), &pitch.source),
            (Err(why), Ok(feed)) if feed.value / collimation_mm <= PITCH[1] => {
                let why = format!("{} over the collimation; {why}", feed.source);
                lines.assume("pitch", decimals(feed.value / collimation_mm, 6), &why);
            }
            (Err(why), _) => lines.assume("pitch", USUAL_PITCH, &format!("a usual value; {why}")),
        };
    }
    match (mode, feed, pitch) {
        (RecordedMode::OnePlace, ..) => lines.comment("the table did not move: one rotation for all"),
        (_, Ok(feed), _) => lines.key("table_increment_mm", decimals(feed.value, 4), &feed.source),
        (_, Err(_), Ok(pitch)) => {
            let source = format!("{} times the collimation", pitch.source);
            lines.key("table_increment_mm", decimals(pitch.value * collimation_mm, 4), &source);
        }
        (_, Err(why), Err(_)) => {
            lines.assume(
                "table_increment_mm",
                decimals(collimation_mm, 4),
                &format!("the collimation; {why}"),
            );
        }
    }
}
