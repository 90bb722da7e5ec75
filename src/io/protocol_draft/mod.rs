//! A protocol drafted from what a scanner recorded: every value with the element it came from, everything that was
//! missing with what is assumed in its place.

mod acquisition;
mod localizer;
mod motion;
mod phantom;
mod range;
mod region;
mod scanner;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::io::dicom_record::{ExamRecord, RecordedAcquisition, RecordedMode};
use crate::io::protocol::{Protocol, SCHEMA};
use crate::io::toml_text::quoted;

use crate::io::toml_lines::Lines;
use acquisition::Drafter;
use phantom::DraftedPhantom;
use range::Anchor;

pub use region::{REGIONS, Region};

/// What the user says about the draft.
#[derive(Clone, Debug, Default)]
pub struct DraftOptions {
    /// Part of the body that was scanned; else the record's.
    pub region: Option<Region>,
    /// Phantom; else the nearest by age or size.
    pub phantom: Option<String>,
    /// Folder of the patient's own images, which are then the phantom.
    pub patient_ct: Option<PathBuf>,
}

/// A drafted protocol.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its files: tables of the tube current, and the protocol last.
    pub files: Vec<(PathBuf, String)>,
    /// What was assumed or left out.
    pub assumptions: Vec<String>,
}

/// Drafts a protocol that is to lie at `path`.
pub fn draft(record: &ExamRecord, options: &DraftOptions, path: &Path) -> Result<Draft> {
    let main = main_acquisition(record);
    let region = options.region.or_else(|| region_of(record, main));
    let phantom = match &options.patient_ct {
        Some(_) => None,
        None => Some(DraftedPhantom::choose(&record.patient, options.phantom.as_deref(), need(region)?)?),
    };
    let mut lines = Lines::default();
    head(&mut lines, record);
    match (&phantom, &options.patient_ct) {
        (Some(phantom), _) => phantom.write(&mut lines, &record.patient),
        (None, Some(folder)) => phantom::write_patient(&mut lines, folder, &record.patient)?,
        (None, None) => {}
    }
    let head_scan = scanner::write(&mut lines, record, main, region);
    let anchor = phantom.as_ref().zip(region).map(|(phantom, region)| Anchor::new(phantom, region, main));
    let mut drafter = Drafter::new(record, (phantom.as_ref(), anchor.transpose()?), head_scan, path);
    for acquisition in &record.acquisitions {
        drafter.write(&mut lines, acquisition)?;
    }
    if drafter.count == 0 {
        return Err(Error::invalid(format!(
            "no acquisition of the record can be stated: {}",
            lines.assumptions.join("; ")
        )));
    }
    let (mut files, text) = (drafter.tables, lines.text);
    if phantom.is_some() {
        check(&text, &files)?;
    }
    files.push((path.to_owned(), text));
    Ok(Draft { files, assumptions: lines.assumptions })
}

fn head(lines: &mut Lines, record: &ExamRecord) {
    lines.comment(&format!(
        "Drafted by childsize {} from {}. Behind every value stands the element it was read from; ASSUMED marks what \
         the record does not say. Look at those before you use the doses. No name, number or date of the patient is \
         here.",
        env!("CARGO_PKG_VERSION"),
        record.kind
    ));
    lines.raw(&format!("schema = {}\n", quoted(SCHEMA)));
    lines.raw(&format!("name = {}\n", quoted(&format!("Exam drafted from {}", record.kind))));
    record.notes.iter().for_each(|note| lines.comment(note));
}

/// The longest acquisition in which the tube turned.
fn main_acquisition(record: &ExamRecord) -> Option<&RecordedAcquisition> {
    let turning = |a: &&RecordedAcquisition| !matches!(a.mode, Some((RecordedMode::Localizer(_), _)));
    let length = |a: &RecordedAcquisition| range::length_mm(a).unwrap_or(0.0);
    record.acquisitions.iter().filter(turning).max_by(|a, b| length(a).total_cmp(&length(b)))
}

fn region_of(record: &ExamRecord, main: Option<&RecordedAcquisition>) -> Option<Region> {
    let texts = main.into_iter().chain(&record.acquisitions);
    texts.filter_map(|a| a.region.as_deref()).find_map(Region::of_words)
}

fn need(region: Option<Region>) -> Result<Region> {
    region.ok_or_else(|| {
        let names = REGIONS.iter().map(|region| region.name).collect::<Vec<_>>().join(", ");
        Error::invalid("the record does not say which part of the body was scanned").with_help(format!(
            "--region places the range on the phantom: {names}; or --patient-ct takes the patient's own images"
        ))
    })
}

/// Reads the draft as the program will read it.
fn check(text: &str, tables: &[(PathBuf, String)]) -> Result<()> {
    let refused = |error: std::io::Error| Error::Internal(format!("a draft cannot be checked: {error}"));
    let folder = tempfile::tempdir().map_err(refused)?;
    for (path, table) in tables {
        let name = path.file_name().unwrap_or_default();
        std::fs::write(folder.path().join(name), table).map_err(refused)?;
    }
    Protocol::parse(text, folder.path())
        .map(|_| ())
        .map_err(|error| error.within("the drafted protocol is refused"))
}
