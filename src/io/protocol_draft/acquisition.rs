//! `[[acquisition]]` sections of a draft.

use std::path::{Path, PathBuf};

use super::lines::{Lines, decimals};
use super::phantom::DraftedPhantom;
use super::range::{Anchor, Stretch, length_mm, stretch};
use super::region::Region;
use super::scanner::{BowtieNames, uses_head};
use crate::error::{Error, Result};
use crate::io::dicom_record::{ExamRecord, RecordedAcquisition, RecordedMode, RecordedNumber};
use crate::io::toml_text::quoted;

/// What protocols accept: from, to; the lower end is open where it is 0.
const KV: [f64; 2] = [50.0, 150.0];
const MA: [f64; 2] = [0.0, 2000.0];
const TIME_S: [f64; 2] = [0.0, 60.0];
const COLLIMATION_MM: [f64; 2] = [0.0, 400.0];
const PITCH: [f64; 2] = [0.0, 3.5];
const INCREMENT_MM: [f64; 2] = [0.0, 2000.0];
const CTDI_MGY: [f64; 2] = [0.0, 1000.0];
// What is assumed where a record says nothing; usual values of consoles, not of any one scanner.
const USUAL_ROTATION_S: f64 = 0.5;
const USUAL_COLLIMATION_MM: f64 = 20.0;
const USUAL_PITCH: f64 = 1.0;
/// Longest localizer, mm.
const LONGEST_LOCALIZER_MM: f64 = 2500.0;
const USUAL_LOCALIZER_MM: f64 = 5.0;
const USUAL_LOCALIZER_SPEED_MM_S: f64 = 100.0;
/// Points of a tube current are held this far beyond the range, mm.
const BEYOND_MM: f64 = 1.0;

/// Writes acquisitions one after the other.
pub(super) struct Drafter<'a> {
    record: &'a ExamRecord,
    phantom: Option<&'a DraftedPhantom>,
    anchor: Option<Anchor>,
    bowties: BowtieNames,
    path: &'a Path,
    phases: Vec<String>,
    /// Tables of the tube current.
    pub tables: Vec<(PathBuf, String)>,
    /// Sections that were written.
    pub count: usize,
}

/// A number that protocols accept, or why there is none.
fn accepted(
    number: Option<&RecordedNumber>,
    [low, high]: [f64; 2],
) -> std::result::Result<&RecordedNumber, String> {
    let number = number.ok_or_else(|| "not recorded".to_owned())?;
    let good = number.value <= high && (if low == 0.0 { number.value > 0.0 } else { number.value >= low });
    let range =
        if low == 0.0 { format!("above 0 and at most {high}") } else { format!("within {low}..{high}") };
    good.then_some(number).ok_or_else(|| format!("{} must be {range}, found {}", number.source, number.value))
}

impl<'a> Drafter<'a> {
    /// Begins a list for a protocol at `path`, on a phantom whose anchor stands for the main acquisition's upper end.
    pub fn new(
        record: &'a ExamRecord,
        (phantom, anchor): (Option<&'a DraftedPhantom>, Option<Anchor>),
        bowties: BowtieNames,
        path: &'a Path,
    ) -> Self {
        Drafter { record, phantom, anchor, bowties, path, phases: Vec::new(), tables: Vec::new(), count: 0 }
    }

    /// Where a stretch of an acquisition lies. Without recorded heights each lies where scans of its own region do.
    fn place(
        &self,
        acquisition: &RecordedAcquisition,
        ends: Option<[f64; 2]>,
        (below_mm, length_mm): (f64, Option<f64>),
    ) -> Result<Option<Stretch>> {
        let own = acquisition.region.as_deref().and_then(Region::of_words);
        let own = match (self.phantom, own, ends) {
            (Some(phantom), Some(region), None) if self.record.acquisitions.len() > 1 => {
                Some(Anchor::new(phantom, region, None)?)
            }
            _ => None,
        };
        Ok(stretch(own.as_ref().or(self.anchor.as_ref()), ends, below_mm, length_mm))
    }

    /// Writes an acquisition, or a comment that says why it cannot be stated.
    pub fn write(&mut self, lines: &mut Lines, acquisition: &RecordedAcquisition) -> Result<()> {
        let phase = self.phase(acquisition);
        if let Some((RecordedMode::Localizer(angle_deg), source)) = &acquisition.mode {
            return self.localizer(lines, acquisition, &phase, (*angle_deg, source));
        }
        let essential = |number, name: &str, range| {
            accepted(number, range).map_err(|why| {
                Error::invalid(format!("acquisition `{phase}`: {name} cannot be assumed: {why}"))
            })
        };
        let kv = essential(acquisition.tube_voltage_kv.as_ref(), "tube_voltage_kv", KV)?;
        let ma = essential(acquisition.tube_current_ma.as_ref(), "tube_current_ma", MA)?;
        self.begin(lines, acquisition, &phase);
        let mode = self.mode(lines, acquisition);
        lines.key("tube_voltage_kv", decimals(kv.value, 3), &kv.source);
        lines.key("tube_current_ma", decimals(ma.value, 3), &ma.source);
        times(lines, acquisition, mode);
        let collimation_mm = collimation_mm(lines, acquisition);
        travel(lines, acquisition, mode, collimation_mm);
        let place = self.range(lines, acquisition, mode, collimation_mm)?;
        self.current(lines, acquisition, &place);
        self.ctdi(lines, acquisition);
        Ok(())
    }

    /// A name that is not there yet and tells nothing of the patient.
    fn phase(&mut self, acquisition: &RecordedAcquisition) -> String {
        let good = |label: &&String| !label.trim().is_empty() && !self.record.patient.is_named_in(label);
        let number = self.phases.len() + 1;
        let name = acquisition.label.as_ref().filter(good).map_or(format!("acquisition {number}"), |label| {
            label.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect()
        });
        let name = if self.phases.contains(&name) { format!("{name} ({number})") } else { name };
        self.phases.push(name.clone());
        name
    }

    fn begin(&mut self, lines: &mut Lines, acquisition: &RecordedAcquisition, phase: &str) {
        self.count += 1;
        lines.raw("\n[[acquisition]]\n");
        lines.raw(&format!("phase = {}\n", quoted(phase)));
        acquisition.notes.iter().for_each(|note| lines.comment(note));
        let is_head = uses_head(acquisition, None);
        if acquisition.ctdi_phantom.is_some() && is_head != self.bowties.is_head {
            let name = if is_head { self.bowties.head } else { self.bowties.body };
            lines.assume("scanner", format!("{{ bowtie = {} }}", quoted(name)), "by the CTDI phantom");
        }
    }

    fn mode(&self, lines: &mut Lines, acquisition: &RecordedAcquisition) -> RecordedMode {
        match &acquisition.mode {
            Some((RecordedMode::Helical, source)) => {
                lines.key("mode", "\"helical\"", source);
                RecordedMode::Helical
            }
            Some((mode, source)) => {
                lines.key("mode", "\"axial\"", source);
                *mode
            }
            None => {
                lines.assume("mode", "\"helical\"", "the record states no type of acquisition");
                RecordedMode::Helical
            }
        }
    }

    fn range(
        &self,
        lines: &mut Lines,
        acquisition: &RecordedAcquisition,
        mode: RecordedMode,
        collimation_mm: f64,
    ) -> Result<Stretch> {
        let (ends, length) = match mode {
            RecordedMode::OnePlace => {
                let middle = acquisition.ends_z_mm.map(|[top, bottom]| 0.5 * (top + bottom));
                let half_mm = 0.5 * collimation_mm;
                (middle.map(|z| [z + half_mm, z - half_mm]), Some(collimation_mm))
            }
            _ => (acquisition.ends_z_mm, length_mm(acquisition)),
        };
        let place = self.place(acquisition, ends, (0.0, length))?.ok_or_else(|| {
            Error::invalid(
                "an acquisition's range cannot be stated: the record has neither heights nor a length",
            )
        })?;
        match &self.anchor {
            Some(_) => lines.assume("range", &place.toml, &place.source),
            None => lines.key("range", &place.toml, &place.source),
        }
        if mode == RecordedMode::Helical && acquisition.with_overrange {
            lines.key("overrange", "\"none\"", "the recorded length is that of the whole exposure");
        }
        Ok(place)
    }

    /// The current along z, where it varied.
    fn current(&mut self, lines: &mut Lines, acquisition: &RecordedAcquisition, place: &Stretch) {
        let points = &acquisition.currents;
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let within = |ma: f64| ma > 0.0 && ma <= MA[1];
        if !points.iter().all(|[_, ma]| within(*ma)) {
            return lines
                .leave_out("the tube current along z: every current must be above 0 and at most 2000 mA");
        }
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}-ma-{}.csv", self.count);
        let shifted = points.iter().map(|[z, ma]| [z + place.shift_mm, *ma]);
        let low = [(place.bottom_mm - BEYOND_MM).min(first[0] + place.shift_mm - BEYOND_MM), first[1]];
        let high = [(place.top_mm + BEYOND_MM).max(last[0] + place.shift_mm + BEYOND_MM), last[1]];
        let rows = std::iter::once(low).chain(shifted).chain([high]);
        let rows: String = rows.map(|[z, ma]| format!("{z:.4},{}\n", decimals(ma, 3))).collect();
        let head = "# XRayTubeCurrent (0018,1151) of every slice, held at both ends; heights in the phantom's frame\n";
        self.tables.push((self.path.with_file_name(&name), format!("{head}z_mm,tube_current_ma\n{rows}")));
        lines.key(
            "modulation",
            format!("{{ kind = \"profile\", file = {} }}", quoted(&name)),
            "XRayTubeCurrent (0018,1151) of every slice; its mean is tube_current_ma",
        );
    }

    fn ctdi(&self, lines: &mut Lines, acquisition: &RecordedAcquisition) {
        let dose = accepted(acquisition.ctdi_vol_mgy.as_ref(), CTDI_MGY);
        match (&acquisition.ctdi_phantom, dose) {
            (Some((phantom, source)), dose) => {
                lines.key("ctdi_phantom", quoted(phantom), source);
                match dose {
                    Ok(mgy) => lines.key("ctdi_vol_mgy", decimals(mgy.value, 4), &mgy.source),
                    Err(why) => lines.leave_out(&format!("ctdi_vol_mgy: {why}; dose is that of the tube model")),
                }
            }
            (None, Ok(mgy)) => lines.leave_out(&format!(
                "ctdi_vol_mgy = {}, {}: the record does not say in which phantom; dose is that of the tube model",
                decimals(mgy.value, 4),
                mgy.source
            )),
            (None, Err(why)) => {
                lines.leave_out(&format!("ctdi_phantom and ctdi_vol_mgy: {why}; dose is that of the tube model"));
            }
        }
    }

    /// A localizer: a narrow beam that goes along is stated as a wide one at rest that exposes every place as long.
    fn localizer(
        &mut self,
        lines: &mut Lines,
        acquisition: &RecordedAcquisition,
        phase: &str,
        (angle_deg, source): (Option<f64>, &str),
    ) -> Result<()> {
        let kv = accepted(acquisition.tube_voltage_kv.as_ref(), KV);
        let ma = accepted(acquisition.tube_current_ma.as_ref(), MA);
        let length = length_mm(acquisition).filter(|mm| *mm <= LONGEST_LOCALIZER_MM);
        let whole = self.place(acquisition, acquisition.ends_z_mm, (0.0, length))?;
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

/// The time of a rotation.
fn times(lines: &mut Lines, acquisition: &RecordedAcquisition, mode: RecordedMode) {
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
fn collimation_mm(lines: &mut Lines, acquisition: &RecordedAcquisition) -> f64 {
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
fn travel(lines: &mut Lines, acquisition: &RecordedAcquisition, mode: RecordedMode, collimation_mm: f64) {
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
