//! What was recorded, in console units, each number with the name of the element it came from.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::header::Elements;

/// A number and where it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedNumber {
    /// The number, in the unit of its key in a protocol.
    pub value: f64,
    /// The element, such as `KVP (0018,0060)`.
    pub source: String,
}

/// How tube and table moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RecordedMode {
    /// The tube turned and the table moved.
    Helical,
    /// The tube turned, the table moved in between.
    Axial,
    /// The tube turned, the table did not move.
    OnePlace,
    /// The tube stood at an angle (degrees, where it is known), the table moved.
    Localizer(Option<f64>),
}

/// One irradiation event, or what one tube did in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedAcquisition {
    /// Name.
    pub label: Option<String>,
    /// Mode, and where it was recorded.
    pub mode: Option<(RecordedMode, String)>,
    /// Part of the body, in the scanner's words.
    pub region: Option<String>,
    /// kV.
    pub tube_voltage_kv: Option<RecordedNumber>,
    /// Mean, mA.
    pub tube_current_ma: Option<RecordedNumber>,
    /// Time of a rotation, s.
    pub rotation_time_s: Option<RecordedNumber>,
    /// Time of the whole exposure, s.
    pub exposure_time_s: Option<RecordedNumber>,
    /// mm.
    pub total_collimation_mm: Option<RecordedNumber>,
    /// Pitch factor.
    pub pitch: Option<RecordedNumber>,
    /// mm.
    pub table_feed_mm: Option<RecordedNumber>,
    /// mm/s.
    pub table_speed_mm_s: Option<RecordedNumber>,
    /// mGy.
    pub ctdi_vol_mgy: Option<RecordedNumber>,
    /// `head16` or `body32`, and where it was recorded.
    pub ctdi_phantom: Option<(&'static str, String)>,
    /// mm.
    pub source_to_isocentre_mm: Option<RecordedNumber>,
    /// Upper and lower end in the patient's frame, mm.
    pub ends_z_mm: Option<[f64; 2]>,
    /// Length, mm, where the ends are not known.
    pub length_mm: Option<RecordedNumber>,
    /// Whether ends and length are those of the exposed length.
    pub with_overrange: bool,
    /// Height (mm, ascending) and tube current (mA), if it varied.
    pub currents: Vec<[f64; 2]>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

/// Who was scanned, as far as a phantom can be chosen by it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedPatient {
    /// Years.
    pub age_y: Option<f64>,
    /// mm.
    pub height_mm: Option<f64>,
    /// kg.
    pub weight_kg: Option<f64>,
    /// `female` or `male`.
    pub sex: Option<&'static str>,
    /// `HFS`, `HFP`, `FFS`, `FFP`, or another word.
    pub position: Option<String>,
    /// Words that must not be handed on.
    pub(crate) identifiers: Vec<String>,
}

/// An exam.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExamRecord {
    /// What was read: `a CT series` or `a dose report`.
    pub kind: &'static str,
    /// The scanner's model.
    pub scanner: Option<String>,
    /// Who was scanned.
    pub patient: RecordedPatient,
    /// In the order they were made.
    pub acquisitions: Vec<RecordedAcquisition>,
    /// What a reader should know of the whole.
    pub notes: Vec<String>,
}

impl RecordedNumber {
    /// A number of an element.
    pub(super) fn of(elements: Elements, tag: Tag, name: &str, factor: f64) -> Option<Self> {
        let value = factor * elements.number(tag)?;
        Some(RecordedNumber { value, source: format!("{name} {tag}") })
    }
}

/// Elements that tell who a patient is.
const IDENTIFYING: [Tag; 6] = [
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::ACCESSION_NUMBER,
    tags::OTHER_PATIENT_NAMES,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::PATIENT_BIRTH_DATE,
];
/// Shortest part of a name that is looked for.
const SHORTEST_PART: usize = 3;

impl RecordedPatient {
    /// Reads what a header says.
    pub(super) fn of(header: Elements) -> Self {
        let parts = |text: String| {
            let cut = |c: char| !c.is_alphanumeric();
            text.split(cut).map(str::to_lowercase).collect::<Vec<_>>()
        };
        let identifiers = IDENTIFYING.iter().filter_map(|&tag| header.text(tag)).flat_map(parts);
        RecordedPatient {
            age_y: age_y(header),
            height_mm: header.number(tags::PATIENT_SIZE).filter(|m| *m > 0.0).map(|m| 1000.0 * m),
            weight_kg: header.number(tags::PATIENT_WEIGHT).filter(|kg| *kg > 0.0),
            sex: match header.text(tags::PATIENT_SEX).as_deref() {
                Some("F") => Some("female"),
                Some("M") => Some("male"),
                _ => None,
            },
            position: header.text(tags::PATIENT_POSITION),
            identifiers: identifiers.filter(|part| part.chars().count() >= SHORTEST_PART).collect(),
        }
    }

    /// Whether a text holds a part of the patient's name or numbers, or a number as long as a date.
    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let long_number = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 6);
        long_number || self.identifiers.iter().any(|part| text.contains(part))
    }
}

/// The age: stated, or from birth to study, in years.
fn age_y(header: Elements) -> Option<f64> {
    let stated = header.text(tags::PATIENT_AGE).and_then(|text| {
        let unit = text.chars().last()?;
        let number: f64 = text.get(..text.len() - unit.len_utf8())?.parse().ok()?;
        let years = match unit {
            'Y' => 1.0,
            'M' => 1.0 / 12.0,
            'W' => 7.0 / 365.25,
            'D' => 1.0 / 365.25,
            _ => return None,
        };
        Some(number * years)
    });
    stated
        .or_else(|| {
            let day = |tag| header.text(tag)?.parse::<jiff::civil::Date>().ok();
            let (birth, study) = (day(tags::PATIENT_BIRTH_DATE)?, day(tags::STUDY_DATE)?);
            Some(f64::from(birth.until(study).ok()?.get_days()) / 365.25)
        })
        .filter(|years| (0.0..=130.0).contains(years))
}
