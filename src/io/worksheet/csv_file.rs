//! The worksheet as CSV: one row for every patient, tube voltage and quantity that is held.

use super::WorksheetFile;
use crate::analysis::worksheet::setting::Setting;
use crate::analysis::worksheet::{Line, Sheet};
use crate::error::{Error, Result};
use crate::io::organ_csv::{neutral, number};
use crate::tally::estimate::Estimate;

/// Organs and tissues that have columns.
const ORGANS: [&str; 12] = [
    "brain",
    "eye_lens",
    "thyroid",
    "lungs",
    "breasts",
    "heart_wall",
    "liver",
    "stomach_wall",
    "colon",
    "kidneys",
    "gonads",
    "active marrow",
];

/// The file.
pub fn csv(file: &WorksheetFile) -> Result<Vec<u8>> {
    records(file).map_err(|error| Error::Internal(format!("the worksheet as CSV: {error}")))
}

fn records(file: &WorksheetFile) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header())?;
    for sheet in &file.sheets {
        for line in &sheet.lines {
            for setting in &line.settings {
                writer.write_record(record(sheet, line, setting))?;
            }
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn header() -> Vec<String> {
    let plain = [
        "region",
        "scanner",
        "patient",
        "age_y",
        "weight_kg",
        "pa_cm",
        "water_equivalent_diameter_cm",
        "tube_voltage_kv",
        "held",
        "mas_factor",
        "mas_factor_standard_error",
        "effective_mas",
        "effective_mas_standard_error",
        "ctdi_vol_16_mgy",
        "ctdi_vol_16_standard_error_mgy",
        "ctdi_vol_32_mgy",
        "ctdi_vol_32_standard_error_mgy",
        "slice_dose_mgy",
        "slice_dose_standard_error_mgy",
        "ssde_mgy",
        "relative_noise",
        "effective_dose_msv",
        "effective_dose_standard_error_msv",
        "image_gently_pa_cm",
        "image_gently_factor_recalled",
        "level_source",
        "level_kind",
        "level_mgy",
        "level_status",
    ];
    let organ = |id: &str| {
        let id = id.replace(' ', "_");
        [format!("{id}_mgy"), format!("{id}_standard_error_mgy")]
    };
    plain.into_iter().map(str::to_owned).chain(ORGANS.into_iter().flat_map(organ)).collect()
}

fn record(sheet: &Sheet, line: &Line, setting: &Setting) -> Vec<String> {
    let some = |value: f64| number(Some(value));
    let pair = |value: &Estimate| [some(value.mean), some(value.standard_error)];
    let technique = &sheet.technique;
    let mut row = vec![
        technique.region.id.to_owned(),
        neutral(&technique.scanner),
        neutral(&line.patient.name),
        some(line.patient.age_y),
        some(line.weight_kg),
        some(line.ap_lateral_cm[0]),
        some(line.water_equivalent_diameter_cm),
        some(setting.tube_voltage_kv),
        setting.held.name().to_owned(),
    ];
    let [of_16, of_32] = &setting.ctdi_vol_mgy;
    for value in [&setting.mas_factor, &setting.effective_mas, of_16, of_32, &setting.slice_mgy] {
        row.extend(pair(value));
    }
    row.extend([number(setting.ssde_mgy), some(setting.relative_noise)]);
    row.extend(pair(&setting.effective_msv));
    let (pa_cm, factor) = line.image_gently.unzip();
    row.extend([number(pa_cm), number(factor)]);
    match line.reference_level() {
        Some(level) => row.extend([
            level.source.to_owned(),
            level.kind.words().to_owned(),
            some(level.high_mgy),
            level.status.to_owned(),
        ]),
        None => row.extend([const { String::new() }; 4]),
    }
    for id in ORGANS {
        match setting.organs.iter().find(|organ| organ.id == id) {
            Some(organ) => row.extend(pair(&organ.dose)),
            None => row.extend([const { String::new() }; 2]),
        }
    }
    row
}
