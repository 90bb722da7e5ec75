//! Content items of a structured report: a tree of concepts, each with a value.

use dicom_dictionary_std::tags;

use super::header::Elements;
use super::record::RecordedNumber;

/// Units and what they are in the unit that is wanted.
type Units = &'static [(&'static str, f64)];

/// A length in mm.
pub(super) const MM: Units = &[("mm", 1.0), ("cm", 10.0), ("m", 1000.0)];
/// A time in s.
pub(super) const S: Units = &[("s", 1.0), ("ms", 1e-3)];
/// A tube voltage in kV.
pub(super) const KV: Units = &[("kV", 1.0), ("V", 1e-3)];
/// A tube current in mA.
pub(super) const MA: Units = &[("mA", 1.0), ("A", 1000.0), ("uA", 1e-3)];
/// A CTDI in mGy.
pub(super) const MGY: Units = &[("mGy", 1.0), ("Gy", 1000.0)];
/// A ratio.
pub(super) const RATIO: Units = &[("{ratio}", 1.0), ("1", 1.0), ("", 1.0)];

/// Children of an item whose concept has a code (of DCM, which numbers do not share with other schemes).
pub(super) fn children<'a>(item: Elements<'a>, code: &'static str) -> impl Iterator<Item = Elements<'a>> {
    item.items(tags::CONTENT_SEQUENCE).filter(move |child| concept(*child).as_deref() == Some(code))
}

/// The code of an item's concept.
pub(super) fn concept(item: Elements) -> Option<String> {
    item.items(tags::CONCEPT_NAME_CODE_SEQUENCE).next()?.text(tags::CODE_VALUE)
}

/// Code value and meaning of a coded child.
pub(super) fn code(item: Elements, code: &'static str) -> Option<[String; 2]> {
    let value = children(item, code).next()?.items(tags::CONCEPT_CODE_SEQUENCE).next()?;
    let text = |tag| value.text(tag).unwrap_or_default();
    Some([text(tags::CODE_VALUE), text(tags::CODE_MEANING)])
}

/// The text of a child.
pub(super) fn text(item: Elements, code: &'static str) -> Option<String> {
    children(item, code).next()?.text(tags::TEXT_VALUE)
}

/// The number of a child in the unit that is wanted; a number in a unit that is not known is left aside.
pub(super) fn number(item: Elements, code: &'static str, name: &str, units: Units) -> Option<RecordedNumber> {
    let measured = children(item, code).next()?.items(tags::MEASURED_VALUE_SEQUENCE).next()?;
    let unit = measured.items(tags::MEASUREMENT_UNITS_CODE_SEQUENCE).next();
    let unit = unit.and_then(|unit| unit.text(tags::CODE_VALUE)).unwrap_or_default();
    let factor = units.iter().find(|(known, _)| *known == unit)?.1;
    let value = factor * measured.number(tags::NUMERIC_VALUE)?;
    Some(RecordedNumber { value, source: format!("{name} ({code}, DCM)") })
}
