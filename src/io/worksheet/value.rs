//! The worksheet as a JSON value, which the page is filled with.

use serde_json::{Value, json};

use super::{SCHEMA, WorksheetFile};
use crate::analysis::size_tables::estimate::Part;
use crate::analysis::worksheet::setting::Setting;
use crate::analysis::worksheet::{Held, Line, Sheet};
use crate::data::image_gently;
use crate::data::reference_levels::{LevelQuantity, ReferenceLevel};
use crate::io::result::NOTICE;
use crate::tally::estimate::Estimate;

/// Organs that the page names, by region.
const SHOWN: [(&str, [&str; 2]); 4] = [
    ("head", ["brain", "eye_lens"]),
    ("chest", ["lungs", "breasts"]),
    ("abdomen-pelvis", ["liver", "gonads"]),
    ("chest-abdomen-pelvis", ["lungs", "liver"]),
];

/// Everything.
pub fn value(file: &WorksheetFile) -> Value {
    let (site, tables) = (file.site, file.tables);
    json!({
        "schema": SCHEMA,
        "notice": NOTICE,
        "software_version": env!("CARGO_PKG_VERSION"),
        "site": site.name,
        "columns_kv": site.columns_kv,
        "warnings": site.warnings,
        "tables": {
            "scanner": tables.scanner, "bowties": tables.bowties, "histories": tables.tables.histories,
            "digest": tables.digest,
        },
        "image_gently_status": image_gently::STATUS,
        "sheets": file.sheets.iter().map(|sheet| sheet_value(sheet, &site.columns_kv)).collect::<Vec<_>>(),
        "sources": sources(&file.sheets),
    })
}

/// The publications of all levels that are shown, each once.
fn sources(sheets: &[Sheet]) -> Vec<Value> {
    let mut found: Vec<(&str, &str, &str)> = Vec::new();
    for level in sheets.iter().flat_map(|sheet| &sheet.lines).flat_map(|line| &line.levels) {
        let source = (level.source, level.kind.words(), level.status);
        if !found.contains(&source) {
            found.push(source);
        }
    }
    found
        .iter()
        .map(|(source, kind, status)| json!({ "source": source, "kind": kind, "status": status }))
        .collect()
}

fn sheet_value(sheet: &Sheet, columns_kv: &[f64]) -> Value {
    let technique = &sheet.technique;
    let shown = SHOWN.iter().find(|(region, _)| *region == technique.region.id).map(|(_, organs)| organs);
    let shown: Vec<&str> = shown.into_iter().flatten().copied().collect();
    let named = |id: &&str| sheet.baseline.organs.iter().find(|organ| organ.id == **id);
    json!({
        "region": technique.region.id,
        "region_name": technique.region.name,
        "scanner": technique.scanner,
        "adult": {
            "tube_voltage_kv": technique.tube_voltage_kv,
            "effective_mas": technique.effective_mas,
            "ctdi_vol_mgy": technique.ctdi_vol_mgy,
            "ctdi_phantom": technique.phantom.name(),
            "water_equivalent_diameter_cm": sheet.adult_size_cm,
            "doses": of_setting(&sheet.baseline),
        },
        "phantom_index": usize::from(technique.phantom.name() == "body32"),
        "phantom_cm": technique.phantom.diameter_cm(),
        "shown_organs": shown.iter().filter_map(named).map(|part| json!({ "id": part.id, "name": part.name })).collect::<Vec<_>>(),
        "lines": sheet.lines.iter().map(|line| line_value(line, technique.tube_voltage_kv, columns_kv)).collect::<Vec<_>>(),
    })
}

fn line_value(line: &Line, adult_kv: f64, columns_kv: &[f64]) -> Value {
    let (pa_cm, factor) = line.image_gently.unzip();
    // What the page shows of doses: those at the adult's tube voltage, else at the nearest of its columns.
    let apart = |kv: &f64| (kv - adult_kv).abs();
    let shown_kv =
        columns_kv.iter().copied().min_by(|a, b| apart(a).total_cmp(&apart(b))).unwrap_or(adult_kv);
    let shown = line.setting(shown_kv, Held::Dose);
    json!({
        "patient": line.patient.name,
        "age_y": line.patient.age_y,
        "weight_kg": line.weight_kg,
        "pa_cm": line.ap_lateral_cm[0],
        "lateral_cm": line.ap_lateral_cm[1],
        "water_equivalent_diameter_cm": line.water_equivalent_diameter_cm,
        "shown_kv": shown_kv,
        "image_gently_pa_cm": pa_cm,
        "image_gently_factor": factor,
        "levels": levels(&line.levels, shown),
        "reference_level": levels(line.reference_level().as_slice(), shown)[0],
        "settings": line.settings.iter().map(of_setting).collect::<Vec<_>>(),
    })
}

/// Published levels; with a setting, its own figure in what each level is stated in.
pub(in crate::io) fn levels(levels: &[&ReferenceLevel], setting: Option<&Setting>) -> Value {
    let own = |level: &ReferenceLevel| {
        let setting = setting?;
        match level.quantity {
            LevelQuantity::CtdiVol16 => Some(setting.ctdi_vol_mgy[0].mean),
            LevelQuantity::CtdiVol32 => Some(setting.ctdi_vol_mgy[1].mean),
            LevelQuantity::Ssde => setting.ssde_mgy,
        }
    };
    let one = |level: &&ReferenceLevel| {
        json!({
            "source": level.source, "kind": level.kind.words(), "quantity": level.quantity.words(), "low_mgy": level.low_mgy,
            "high_mgy": level.high_mgy, "status": level.status, "own_mgy": own(level),
        })
    };
    levels.iter().map(one).collect()
}

/// A setting with everything that follows from it.
pub(in crate::io) fn of_setting(setting: &Setting) -> Value {
    json!({
        "held": setting.held,
        "tube_voltage_kv": setting.tube_voltage_kv,
        "mas_factor": estimate(&setting.mas_factor),
        "effective_mas": estimate(&setting.effective_mas),
        "ctdi_vol_16_mgy": estimate(&setting.ctdi_vol_mgy[0]),
        "ctdi_vol_32_mgy": estimate(&setting.ctdi_vol_mgy[1]),
        "slice_dose_mgy": estimate(&setting.slice_mgy),
        "ssde_mgy": setting.ssde_mgy,
        "effective_msv": estimate(&setting.effective_msv),
        "relative_noise": setting.relative_noise,
        "organs": setting.organs.iter().map(organ).collect::<Vec<_>>(),
    })
}

fn organ(part: &Part) -> Value {
    json!({
        "id": part.id, "name": part.name, "coverage": part.coverage, "dose_mgy": estimate(&part.dose),
        "anatomy_relative": part.anatomy,
    })
}

/// A value with its standard error, as pages expect it.
pub(in crate::io) fn estimate(value: &Estimate) -> Value {
    json!({ "value": value.mean, "standard_error": value.standard_error })
}
