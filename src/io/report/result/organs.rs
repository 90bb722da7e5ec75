//! Organ doses of a page: in groups by the field, and as the rows of `organs.csv`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::analysis::organ_table::{InField, OrganDose, OrganRow, OrganTable};
use crate::error::Result;
use crate::io::organ_csv;
use crate::tally::estimate::Estimate;

/// The organ table that a summary was made of.
pub fn table(summary: &Value, volumes_cm3: &[f64]) -> OrganTable {
    let organs = summary["organs"].as_array().map_or(&[][..], Vec::as_slice);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |(organ, told): (usize, &Value)| {
        let parts = told["acquisitions"].as_array().map_or(&[][..], Vec::as_slice);
        OrganRow {
            organ,
            id: text(&told["id"]),
            name: text(&told["name"]),
            mass_g: told["mass_g"].as_f64().unwrap_or(0.0),
            target_mass_g: None,
            volume_cm3: volumes_cm3.get(organ).copied().unwrap_or(0.0),
            coverage: parts.iter().map(|part| part["coverage"].as_f64().unwrap_or(0.0)).collect(),
            doses: parts.iter().map(dose).collect(),
            total: dose(told),
        }
    };
    let acquisitions = summary["acquisitions"].as_array().map_or(&[][..], Vec::as_slice);
    OrganTable {
        phases: acquisitions.iter().map(|acquisition| text(&acquisition["phase"])).collect(),
        rows: organs.iter().enumerate().map(row).collect(),
    }
}

fn dose(told: &Value) -> OrganDose {
    match (told["dose_mgy"].as_f64(), told["upper_limit_mgy"].as_f64()) {
        (Some(mean), _) => {
            let standard_error = told["standard_error_mgy"].as_f64().unwrap_or(f64::NAN);
            OrganDose::Scored(Estimate { mean, standard_error })
        }
        (None, Some(limit_mgy)) => OrganDose::Below(limit_mgy),
        (None, None) => OrganDose::NoVoxels,
    }
}

/// Organs in, partly in and out of the field, the highest dose first.
pub fn groups(table: &OrganTable) -> Vec<Value> {
    let group = |class: InField| json!({ "words": class.words(), "rows": table.group(class).into_iter().map(row).collect::<Vec<_>>() });
    InField::ALL.map(group).to_vec()
}

fn row(row: &OrganRow) -> Value {
    json!({
        "id": row.id,
        "name": row.name,
        "mass_g": row.mass_g,
        "coverage": row.largest_coverage(),
        "dose": dose_value(&row.total),
        "phases": row.doses.iter().map(dose_value).collect::<Vec<_>>(),
    })
}

fn dose_value(dose: &OrganDose) -> Value {
    let estimate = dose.estimate();
    json!({
        "value": estimate.map(|estimate| estimate.mean),
        "standard_error": estimate.map(|estimate| estimate.standard_error),
        "upper_limit": dose.upper_limit_mgy(),
    })
}

/// `organs.csv` as a link.
pub fn csv_link(table: &OrganTable, summary: &Value) -> Result<String> {
    let acquisitions = summary["acquisitions"].as_array().map_or(&[][..], Vec::as_slice);
    let ctdi_vol_mgy: Vec<Option<f64>> =
        acquisitions.iter().map(|acquisition| acquisition["ctdi"]["ctdi_vol_mgy"].as_f64()).collect();
    let text = organ_csv::text(table, &ctdi_vol_mgy)?;
    Ok(format!("data:text/csv;charset=utf-8;base64,{}", BASE64_STANDARD.encode(text)))
}
