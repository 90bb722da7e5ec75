//! Which scanner of the library stands for the recorded one.

use super::region::Region;
use crate::io::dicom_record::{ExamRecord, RecordedAcquisition};
use crate::io::toml_lines::{Lines, decimals};
use crate::io::toml_text::quoted;

/// Words in names of models, and scanners of the library.
const MODELS: [(&str, &str); 8] = [
    ("lightspeed vct", "ge-vct"),
    ("sensation 64", "siemens-sensation-64"),
    ("sensation 16", "siemens-sensation-16"),
    ("definition as", "siemens-definition"),
    ("definition flash", "siemens-definition"),
    ("somatom force", "siemens-force"),
    ("brilliance 64", "philips-brilliance-64"),
    ("aquilion", "toshiba-aquilion"),
];
const ANY: &str = "generic-64";
/// Accepted distances, mm.
const DISTANCE_MM: [f64; 2] = [100.0, 2000.0];

/// Names of a scanner's bowties for heads and bodies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BowtieNames {
    pub head: &'static str,
    pub body: &'static str,
    /// Whether `[scanner]` has that for heads.
    pub is_head: bool,
}

/// Writes the section.
pub(super) fn write(
    lines: &mut Lines,
    record: &ExamRecord,
    main: Option<&RecordedAcquisition>,
    region: Option<Region>,
) -> BowtieNames {
    let name = record.scanner.as_deref().filter(|name| !record.patient.is_named_in(name));
    let lower = name.unwrap_or_default().to_lowercase();
    let found = MODELS.iter().find(|(words, _)| lower.contains(words)).map(|(_, id)| *id);
    let id = found.unwrap_or(ANY);
    lines.raw("\n[scanner]\n");
    let recorded = name.map_or("the record names no scanner".to_owned(), |name| {
        format!("the record's scanner: {name}, ManufacturerModelName (0008,1090)")
    });
    match found {
        Some(_) => lines.key("model", quoted(id), &recorded),
        None => lines.assume("model", quoted(id), &recorded),
    }
    let is_head = main.map_or_else(|| region.is_some_and(Region::is_head), |main| uses_head(main, region));
    let names = match id {
        "ge-vct" => BowtieNames { head: "small", body: "large", is_head },
        _ => BowtieNames { head: "head", body: "body", is_head },
    };
    let why =
        "by the CTDI phantom or the region; the record does not name the bowtie in words of this library";
    lines.assume("bowtie", quoted(if is_head { names.head } else { names.body }), why);
    if let Some(mm) = main.and_then(|main| main.source_to_isocentre_mm.as_ref()) {
        match (DISTANCE_MM[0]..=DISTANCE_MM[1]).contains(&mm.value) {
            true => lines.key("source_to_isocentre_mm", decimals(mm.value, 2), &mm.source),
            false => {
                lines.leave_out(&format!("{} must be within 100..2000 mm, found {}", mm.source, mm.value))
            }
        }
    }
    names
}

/// Whether an acquisition uses the bowtie for heads.
pub(super) fn uses_head(acquisition: &RecordedAcquisition, region: Option<Region>) -> bool {
    match &acquisition.ctdi_phantom {
        Some((phantom, _)) => *phantom == "head16",
        None => {
            acquisition.region.as_deref().and_then(Region::of_words).or(region).is_some_and(Region::is_head)
        }
    }
}
