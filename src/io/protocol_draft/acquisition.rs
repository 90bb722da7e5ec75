//! `[[acquisition]]` sections of a draft.

use std::path::{Path, PathBuf};

use super::motion::{CTDI_MGY, KV, MA, accepted, collimation_mm, times, travel};
use super::phantom::DraftedPhantom;
use super::range::{Anchor, Stretch, length_mm, stretch};
use super::region::Region;
use super::scanner::{BowtieNames, uses_head};
use crate::error::{Error, Result};
use crate::io::dicom_record::{ExamRecord, RecordedAcquisition, RecordedMode};
use crate::io::toml_lines::{Lines, decimals};
use crate::io::toml_text::quoted;

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
    pub(super) fn place(
        &self,
        acquisition: &RecordedAcquisition,
        ends: Option<[f64; 2]>,
        (below_mm, length_mm): (f64, Option<f64>),
    ) -> Result<Option<Stretch>> {
        let own = acquisition.region.as_deref().and_then(Region::of_words);
        let own = match (self.phantom, own, ends) {
            (Some(phantom), Some(region), None) if self.is_elsewhere(region) => {
                Some(Anchor::new(phantom, region, None)?)
            }
            _ => None,
        };
        Ok(stretch(own.as_ref().or(self.anchor.as_ref()), ends, below_mm, length_mm))
    }

    /// Whether a region is another one than that of the main acquisition.
    fn is_elsewhere(&self, region: Region) -> bool {
        self.anchor.as_ref().is_some_and(|anchor| anchor.stands_for != Some(region))
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

    pub(super) fn begin(&mut self, lines: &mut Lines, acquisition: &RecordedAcquisition, phase: &str) {
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
}
