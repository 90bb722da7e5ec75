//! The dose report of a CT exam: X-Ray Radiation Dose SR with the templates 10011 and 10013 (PS3.16).

use std::path::Path;

use dicom_dictionary_std::{tags, uids};

use super::ct_header::phantom_of_code;
use super::header::{Elements, header_of, read_header};
use super::record::{ExamRecord, RecordedAcquisition, RecordedMode, RecordedNumber, RecordedPatient};
use super::sr::{self, KV, MA, MGY, MM, RATIO, S};
use crate::error::{Error, Result};
use crate::io::trial::{self, Subject};

/// SOP classes a dose report may have.
const CLASSES: [&str; 3] =
    [uids::X_RAY_RADIATION_DOSE_SR_STORAGE, uids::ENHANCED_SR_STORAGE, uids::COMPREHENSIVE_SR_STORAGE];
// Concepts of DCM, as in pydicom 3.0's dictionary of PS3.16.
const REPORT: &str = "113701";
const PROCEDURE: &str = "121058";
const ACQUISITION: &str = "113819";
const ACQUISITION_TYPE: &str = "113820";
const PROTOCOL: &str = "125203";
const TARGET_REGION: &str = "123014";
const PARAMETERS: &str = "113822";
const SOURCE: &str = "113831";
const DOSE: &str = "113829";
const PHANTOM_TYPE: &str = "113835";
/// Types of acquisition (CID 10013): DCM, and SNOMED's spiral under its two codes.
const TYPES: [(&str, RecordedMode); 5] = [
    ("116152004", RecordedMode::Helical),
    ("P5-08001", RecordedMode::Helical),
    ("113804", RecordedMode::Axial),
    ("113806", RecordedMode::OnePlace),
    ("113805", RecordedMode::Localizer(None)),
];

/// Reads the dose report of a CT exam, after another process has tried to where there is one for it.
pub fn read_rdsr(path: &Path) -> Result<ExamRecord> {
    trial::try_first(path, &Subject::DoseReport)?;
    read_rdsr_untried(path)
}

/// Reads a dose report in this process.
pub(in crate::io) fn read_rdsr_untried(path: &Path) -> Result<ExamRecord> {
    let header = read_header(path)?.ok_or_else(|| {
        Error::invalid(format!("{}: a dose report must be a DICOM file, found none", path.display()))
    })?;
    report(Elements(&header)).map_err(|error| error.within(&path.display().to_string()))
}

/// Reads the dose report in the bytes of a file.
pub fn read_rdsr_bytes(bytes: &[u8]) -> Result<ExamRecord> {
    report(Elements(&header_of(bytes)?))
}

fn report(header: Elements) -> Result<ExamRecord> {
    check_kind(header)?;
    let mut record = ExamRecord {
        kind: "a dose report",
        scanner: header.text(tags::MANUFACTURER_MODEL_NAME),
        patient: RecordedPatient::of(header),
        ..ExamRecord::default()
    };
    for item in sr::children(header, ACQUISITION) {
        record.acquisitions.extend(acquisition(item));
    }
    match record.acquisitions.is_empty() {
        false => Ok(record),
        true => Err(Error::invalid("a dose report must hold a CT Acquisition (113819, DCM), found none")),
    }
}

/// Refuses another document, and a dose report of another modality.
fn check_kind(header: Elements) -> Result<()> {
    let class = header.text(tags::SOP_CLASS_UID).unwrap_or_else(|| "no SOP class".to_owned());
    if !CLASSES.contains(&class.as_str()) {
        let modality = header.text(tags::MODALITY).unwrap_or_else(|| "none".to_owned());
        let error = Error::invalid(format!(
            "a dose report must be an X-Ray Radiation Dose SR, found SOP class {class}, modality {modality}"
        ));
        return Err(error.with_help("CT images are read by `childsize protocol from-dicom DIR`"));
    }
    let concept = sr::concept(header).unwrap_or_else(|| "none".to_owned());
    let template = header.items(tags::CONTENT_TEMPLATE_SEQUENCE).next();
    let template = template.and_then(|item| item.text(tags::TEMPLATE_IDENTIFIER));
    let procedure = sr::code(header, PROCEDURE).map(|[_, meaning]| meaning);
    let is_ct = sr::children(header, ACQUISITION).next().is_some();
    if concept != REPORT || (!is_ct && (template.is_some() || procedure.is_some())) {
        return Err(Error::invalid(format!(
            "a dose report must be one of a CT exam (template 10011), found concept {concept}, template {}, procedure {}",
            template.unwrap_or_else(|| "none".to_owned()),
            procedure.unwrap_or_else(|| "none".to_owned())
        )));
    }
    Ok(())
}

/// One acquisition, or one for every tube.
fn acquisition(item: Elements) -> Vec<RecordedAcquisition> {
    let parameters = sr::children(item, PARAMETERS).next();
    let dose = sr::children(item, DOSE).next();
    let of = |container: Option<Elements>, code, name: &str, units| sr::number(container?, code, name, units);
    let parameter = |code, name: &str, units| of(parameters, code, name, units);
    let scanning = parameter("113825", "Scanning Length", MM);
    let volume = parameter("113893", "Length of Reconstructable Volume", MM);
    let ends = |top, bottom| {
        let end = |code| parameter(code, "", MM).map(|number| number.value);
        end(top).zip(end(bottom)).map(|(top, bottom)| [top.max(bottom), top.min(bottom)])
    };
    let volume_ends = ends("113895", "113896");
    let with_overrange = volume_ends.is_none() && volume.is_none();
    let base = RecordedAcquisition {
        label: sr::text(item, PROTOCOL),
        mode: mode(item),
        region: sr::code(item, TARGET_REGION).map(|[_, meaning]| meaning),
        exposure_time_s: parameter("113824", "Exposure Time", S),
        total_collimation_mm: parameter("113827", "Nominal Total Collimation Width", MM),
        pitch: parameter("113828", "Pitch Factor", RATIO),
        ctdi_vol_mgy: of(dose, "113830", "Mean CTDIvol", MGY),
        ctdi_phantom: dose.and_then(|dose| sr::code(dose, PHANTOM_TYPE)).and_then(|[code, _]| {
            phantom_of_code(&code)
                .map(|phantom| (phantom, format!("CTDIw Phantom Type (113835, DCM) of code {code}")))
        }),
        ends_z_mm: if with_overrange { ends("113897", "113898") } else { volume_ends },
        length_mm: volume.or_else(|| scanning.clone()),
        with_overrange,
        notes: dose_notes(dose, scanning.as_ref()),
        ..RecordedAcquisition::default()
    };
    let sources: Vec<_> = parameters.iter().flat_map(|p| sr::children(*p, SOURCE)).collect();
    match sources.as_slice() {
        [] => vec![base],
        [source] => vec![with_source(base, *source)],
        sources => tubes(&base, sources),
    }
}

fn mode(item: Elements) -> Option<(RecordedMode, String)> {
    let [code, _] = sr::code(item, ACQUISITION_TYPE)?;
    let (known, mode) = TYPES.iter().find(|(known, _)| *known == code)?;
    Some((*mode, format!("CT Acquisition Type (113820, DCM) of code {known}")))
}

/// What the report says of dose that a protocol has no key for.
fn dose_notes(dose: Option<Elements>, scanning: Option<&RecordedNumber>) -> Vec<String> {
    let dlp = dose.and_then(|dose| {
        let measured = sr::children(dose, "113838").next()?.items(tags::MEASURED_VALUE_SEQUENCE).next()?;
        measured.number(tags::NUMERIC_VALUE)
    });
    let dlp = dlp.map(|dlp| format!("the report's DLP (113838, DCM) is {dlp} mGy cm"));
    let scanning = scanning.map(|mm| format!("the report's {} is {} mm", mm.source, mm.value));
    dlp.into_iter().chain(scanning).collect()
}

fn with_source(base: RecordedAcquisition, source: Elements) -> RecordedAcquisition {
    let mut notes = base.notes.clone();
    if let Some(most) = sr::number(source, "113833", "Maximum X-Ray Tube Current", MA) {
        notes.push(format!("the report's {} is {} mA", most.source, most.value));
    }
    RecordedAcquisition {
        tube_voltage_kv: sr::number(source, "113733", "KVP", KV),
        tube_current_ma: sr::number(source, "113734", "X-Ray Tube Current", MA),
        rotation_time_s: sr::number(source, "113834", "Exposure Time per Rotation", S),
        notes,
        ..base
    }
}

/// One acquisition for every tube; CTDIvol goes to each by its mAs where both have one tube voltage.
fn tubes(base: &RecordedAcquisition, sources: &[Elements]) -> Vec<RecordedAcquisition> {
    let mut tubes: Vec<_> = sources.iter().map(|source| with_source(base.clone(), *source)).collect();
    let kv = |tube: &RecordedAcquisition| tube.tube_voltage_kv.as_ref().map(|kv| kv.value);
    let mas = |tube: &RecordedAcquisition| {
        Some(tube.tube_current_ma.as_ref()?.value * tube.rotation_time_s.as_ref().map_or(1.0, |s| s.value))
    };
    let total: Option<f64> = tubes.iter().map(mas).sum();
    let one_voltage = tubes.iter().all(|tube| kv(tube).is_some() && kv(tube) == kv(&tubes[0]));
    let count = tubes.len();
    let shares: Vec<_> = tubes.iter().map(|tube| Some(mas(tube)? / total?)).collect();
    for (index, (tube, share)) in tubes.iter_mut().zip(shares).enumerate() {
        let letter = char::from(b'A' + (index % 26) as u8);
        tube.label = Some(format!("{} tube {letter}", base.label.as_deref().unwrap_or("scan")));
        tube.notes.push(format!(
            "tube {letter} of {count}: the report states one scan; the tubes' offset in angle is not modelled"
        ));
        let whole = base.ctdi_vol_mgy.clone();
        tube.ctdi_vol_mgy = match (whole, share) {
            (Some(whole), Some(share)) if one_voltage && share.is_finite() => Some(RecordedNumber {
                value: whole.value * share,
                source: format!("{} of {} mGy, by share of mAs", whole.source, whole.value),
            }),
            (Some(whole), _) => {
                tube.notes.push(format!(
                    "{} of {} mGy is that of all tubes and cannot be split between tube voltages",
                    whole.source, whole.value
                ));
                None
            }
            (None, _) => None,
        };
    }
    tubes
}
