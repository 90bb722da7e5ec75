//! A folder of CT images: their headers become acquisitions.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;

use super::ct_header::{Slice, slice};
use super::header::{Elements, header_of, read_header};
use super::record::{ExamRecord, RecordedAcquisition, RecordedMode, RecordedNumber, RecordedPatient};
use crate::error::{Error, Result};
use crate::io::trial::{self, Subject};

/// Files of a folder at most.
const MOST_FILES: usize = 20_000;
/// Deepest folder below the one that is named.
pub(crate) const DEEPEST: usize = 4;
/// Currents that differ by this share of their mean are taken for one.
const SAME_CURRENT: f64 = 0.01;

/// Reads the headers of all CT images of a folder and of those in it, after another process has tried to where there is one
/// for it. Other files are left aside and told of.
pub fn read_series(folder: &Path) -> Result<ExamRecord> {
    trial::try_first(folder, &Subject::Headers)?;
    read_series_untried(folder)
}

/// Reads the headers of a folder in this process.
pub(in crate::io) fn read_series_untried(folder: &Path) -> Result<ExamRecord> {
    let mut files = Vec::new();
    list(folder, 0, &mut files)?;
    files.sort();
    let mut exam = Exam::default();
    for file in &files {
        match read_header(file)? {
            Some(header) => {
                exam.add(Elements(&header)).map_err(|error| error.within(&file.display().to_string()))?
            }
            None => exam.others += 1,
        }
    }
    exam.record().map_err(|error| error.within(&folder.display().to_string()))
}

/// Tube current along z of a series: height (mm, ascending, in the patient's frame) and mA of every slice, held to the ends
/// of the first and the last one. The folder must hold one acquisition with slices; localizers are left aside.
pub fn current_of_series(folder: &Path) -> Result<Vec<[f64; 2]>> {
    let record = read_series(folder)?;
    let localizer = |a: &RecordedAcquisition| matches!(a.mode, Some((RecordedMode::Localizer(_), _)));
    let scans: Vec<_> = record.acquisitions.iter().filter(|a| !localizer(a)).collect();
    let refuse = |sentence: String| Error::invalid(format!("{}: {sentence}", folder.display()));
    let [scan] = scans.as_slice() else {
        let sentence = format!("a tube current needs one acquisition with slices, found {}", scans.len());
        return Err(refuse(sentence).with_help("put the images of one acquisition into a folder of its own"));
    };
    let (Some([top, bottom]), Some(mean)) = (scan.ends_z_mm, &scan.tube_current_ma) else {
        return Err(refuse(
            "a tube current needs ImagePositionPatient and XRayTubeCurrent in the images, found none"
                .to_owned(),
        ));
    };
    let (first_ma, last_ma) = match (scan.currents.first(), scan.currents.last()) {
        (Some(first), Some(last)) => (first[1], last[1]),
        _ => (mean.value, mean.value),
    };
    let mut points = vec![[bottom, first_ma]];
    points.extend(scan.currents.iter().filter(|[z, _]| *z > bottom && *z < top));
    if points.last().is_some_and(|[z, _]| top > *z) {
        points.push([top, last_ma]);
    }
    match points.iter().find(|[_, ma]| *ma <= 0.0) {
        Some([z, ma]) => Err(refuse(format!("XRayTubeCurrent must be above 0, found {ma} mA at {z} mm"))),
        None if points.len() < 2 => {
            Err(refuse("a tube current needs slices of a thickness, found none".to_owned()))
        }
        None => Ok(points),
    }
}

/// The record of one image alone, from the bytes of its file.
pub fn slice_record(bytes: &[u8]) -> Result<ExamRecord> {
    let header: InMemDicomObject = header_of(bytes)?;
    let mut exam = Exam::default();
    exam.add(Elements(&header))?;
    exam.record()
}

fn list(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<()> {
    let unreadable =
        |error: std::io::Error| Error::Unreadable { path: folder.to_owned(), reason: error.to_string() };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() && depth < DEEPEST {
            list(&entry.path(), depth + 1, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
        if files.len() > MOST_FILES {
            return Err(Error::invalid(format!(
                "{}: a folder may hold {MOST_FILES} files, found more",
                folder.display()
            )));
        }
    }
    Ok(())
}

/// What has been read so far.
#[derive(Default)]
struct Exam {
    patient: RecordedPatient,
    scanner: Option<String>,
    studies: BTreeSet<String>,
    /// Images by irradiation event, in the order of their acquisition numbers.
    events: BTreeMap<(i64, bool, String), Vec<Slice>>,
    /// Files of no DICOM, and DICOM files of another kind, by modality.
    others: usize,
    other_kinds: BTreeSet<String>,
}

impl Exam {
    fn add(&mut self, header: Elements) -> Result<()> {
        let class = header.text(tags::SOP_CLASS_UID).unwrap_or_default();
        if class == uids::ENHANCED_CT_IMAGE_STORAGE {
            return Err(Error::invalid(
                "enhanced (multi-frame) CT images are not offered: export classic CT images",
            ));
        }
        if class != uids::CT_IMAGE_STORAGE {
            self.other_kinds.insert(header.text(tags::MODALITY).unwrap_or_else(|| "no modality".to_owned()));
            return Ok(());
        }
        self.studies.insert(header.text(tags::STUDY_INSTANCE_UID).unwrap_or_default());
        if self.studies.len() > 1 {
            return Err(Error::invalid("a folder must hold the images of one study, found two studies"));
        }
        if self.events.is_empty() {
            self.patient = RecordedPatient::of(header);
            self.scanner = header.text(tags::MANUFACTURER_MODEL_NAME);
        }
        let slice = slice(header);
        let localizer = matches!(slice.acquisition.mode, Some((RecordedMode::Localizer(_), _)));
        let number = header.number(tags::ACQUISITION_NUMBER);
        let event = header.text(tags::IRRADIATION_EVENT_UID);
        let name = event.or_else(|| number.is_none().then(|| header.text(tags::SERIES_INSTANCE_UID))?);
        let key = (number.unwrap_or(f64::MAX) as i64, localizer, name.unwrap_or_default());
        self.events.entry(key).or_default().push(slice);
        Ok(())
    }

    fn record(self) -> Result<ExamRecord> {
        if self.events.is_empty() {
            let kinds = self.other_kinds.into_iter().collect::<Vec<_>>().join(", ");
            let found = match kinds.is_empty() {
                true => format!("{} other files", self.others),
                false => format!("DICOM files of {kinds}"),
            };
            let error = Error::invalid(format!("a CT series must hold CT images, found {found}"));
            return Err(error.with_help("a dose report is read by `childsize protocol from-rdsr FILE`"));
        }
        let mut notes = Vec::new();
        let left = self.others + self.other_kinds.len();
        if left > 0 {
            notes.push("files that are no CT images were left aside".to_owned());
        }
        let acquisitions = self.events.into_values().map(acquisition).collect();
        let (scanner, patient) = (self.scanner, self.patient);
        Ok(ExamRecord { kind: "a CT series", scanner, patient, acquisitions, notes })
    }
}

/// An irradiation event from its images; of several reconstructions of a place the first is taken.
fn acquisition(mut slices: Vec<Slice>) -> RecordedAcquisition {
    slices.sort_by(|a, b| a.z_mm.unwrap_or(f64::NAN).total_cmp(&b.z_mm.unwrap_or(f64::NAN)));
    let mut whole = slices[0].acquisition.clone();
    let ends = || slices.iter().filter_map(|slice| slice.ends_z_mm);
    let low = ends().map(|[low, _]| low).reduce(f64::min);
    let high = ends().map(|[_, high]| high).reduce(f64::max);
    whole.ends_z_mm = high.zip(low).map(|(high, low)| [high, low]);
    varying_values(&slices, &mut whole);
    let mut currents: Vec<[f64; 2]> = Vec::new();
    for slice in &slices {
        let current = slice.acquisition.tube_current_ma.as_ref().map(|ma| ma.value).filter(|ma| *ma > 0.0);
        let (Some(z_mm), Some(ma)) = (slice.z_mm, current) else { continue };
        if currents.last().is_none_or(|[last_mm, _]| z_mm > *last_mm + 1e-6) {
            currents.push([z_mm, ma]);
        }
    }
    if currents.is_empty() || matches!(whole.mode, Some((RecordedMode::Localizer(_), _))) {
        return whole;
    }
    let mean_ma = currents.iter().map(|[_, ma]| ma).sum::<f64>() / currents.len() as f64;
    let differs = |[_, ma]: &[f64; 2]| (ma / mean_ma - 1.0).abs() > SAME_CURRENT;
    let source = format!("XRayTubeCurrent {}, mean of {} slices", tags::X_RAY_TUBE_CURRENT, currents.len());
    whole.tube_current_ma = Some(RecordedNumber { value: mean_ma, source });
    if currents.len() > 1 && currents.iter().any(differs) {
        whole.currents = currents;
    }
    whole
}

/// Notes values that should be one for the event and are not.
fn varying_values(slices: &[Slice], whole: &mut RecordedAcquisition) {
    type Get = fn(&RecordedAcquisition) -> &Option<RecordedNumber>;
    let numbers: [(&str, Get); 3] = [
        ("KVP", |a| &a.tube_voltage_kv),
        ("RevolutionTime", |a| &a.rotation_time_s),
        ("CTDIvol", |a| &a.ctdi_vol_mgy),
    ];
    for (name, get) in numbers {
        let values = || slices.iter().filter_map(|slice| get(&slice.acquisition).as_ref()).map(|n| n.value);
        let (low, high) = (values().reduce(f64::min), values().reduce(f64::max));
        if let (Some(low), Some(high)) = (low, high)
            && high - low > 1e-6 * high.abs()
        {
            whole.notes.push(format!(
                "{name} goes from {low} to {high} over the slices; that of the lowest is taken"
            ));
        }
    }
}
