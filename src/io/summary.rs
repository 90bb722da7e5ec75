//! `summary.json`: the run in one small file, schema `childsize.summary/1`.
//!
//! Numbers that are not finite are `null`. `coverage` of an organ is the largest of any acquisition;
//! the acquisitions' own stand in `acquisitions`. `dose_mgy` is that of all acquisitions together.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::analysis::console::AcquisitionCtdi;
use crate::analysis::effective_dose::{CAVEAT, SCHEMES, Scheme, TissueDose, effective_dose};
use crate::analysis::noise::noise_index;
use crate::analysis::organ_table::{OrganDose, OrganRow, OrganTable};
use crate::analysis::peak_skin_dose::peak_skin_dose;
use crate::error::Result;
use crate::io::output_file;
use crate::io::result::{NOTICE, ResultFile};
use crate::simulation::outcome::{AcquisitionOutcome, Outcome};
use crate::source::exposure::ExposureShares;
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::skin_patches::PATCH_EDGE_CM;
use crate::units::CM_PER_MM;

/// Name and version of the layout.
pub const SCHEMA: &str = "childsize.summary/1";

/// Writes the summary.
pub fn write(path: &Path, result: &ResultFile) -> Result<()> {
    let text = format!("{:#}\n", value(result));
    output_file::replace(path, text.as_bytes())
}

/// The summary as a JSON value.
pub fn value(result: &ResultFile) -> Value {
    let outcome = result.outcome;
    let table = OrganTable::new(&result.exam.phantom, outcome);
    json!({
        "schema": SCHEMA,
        "notice": NOTICE,
        "software_version": env!("CARGO_PKG_VERSION"),
        "git_commit": result.git_commit(),
        "created": result.created(),
        "complete": outcome.complete,
        "warnings": result.warnings,
        "protocol": { "name": result.protocol.name, "sha256": result.protocol.sha256 },
        "phantom": {
            "id": result.exam.phantom.id,
            "name": result.exam.phantom.name,
            "digest": result.phantom_digest,
            "mass_g": result.exam.phantom.organ_masses_g().iter().sum::<f64>(),
        },
        "seed": result.settings.seed,
        "estimator": result.settings.estimator.name(),
        "histories": outcome.histories(),
        "threads": outcome.threads,
        "cpu_s": outcome.cpu_s,
        "wall_s": outcome.wall_s,
        "histories_per_cpu_s": histories_per_cpu_s(outcome),
        "energy_balance": balance(&outcome.energy_balance()),
        "acquisitions": outcome.acquisitions.iter().enumerate()
            .map(|(index, acquisition)| acquisition_value(acquisition, result, index))
            .collect::<Vec<_>>(),
        "peak_skin_dose": skin(outcome),
        "effective_dose": SCHEMES.map(|scheme| effective(result, scheme)),
        "organs": table.rows.iter().map(|row| organ(row, &table.phases)).collect::<Vec<_>>(),
    })
}

/// Peak skin dose over about a square centimetre; `null` without a dose map or skin.
fn skin(outcome: &Outcome) -> Value {
    let peak = outcome.skin.as_ref().and_then(|skin| peak_skin_dose(skin, &outcome.acquisitions));
    peak.map_or(Value::Null, |peak| {
        json!({
            "dose_mgy": peak.dose_mgy.mean,
            "standard_error_mgy": peak.dose_mgy.standard_error,
            "patch_edge_mm": PATCH_EDGE_CM / CM_PER_MM,
            "place_mm": peak.place_cm.iter().map(|cm| cm / CM_PER_MM).collect::<Vec<_>>(),
        })
    })
}

fn histories_per_cpu_s(outcome: &Outcome) -> f64 {
    outcome.histories() as f64 / outcome.cpu_s
}

fn balance(balance: &EnergyBalance) -> Value {
    json!({
        "emitted_kev": balance.emitted_kev,
        "deposited_kev": balance.deposited_kev,
        "escaped_kev": balance.escaped_kev,
        "closure": balance.closure(),
    })
}

fn acquisition_value(outcome: &AcquisitionOutcome, result: &ResultFile, index: usize) -> Value {
    let scanner = result.exam.scanner_of(&outcome.acquisition);
    let ctdi = result.ctdi.get(index);
    let noise = noise_index(result.exam, &outcome.acquisition, result.sizes).ok().flatten();
    let shares = ExposureShares::of(&outcome.acquisition, scanner.source_to_isocentre_cm);
    json!({
        "phase": outcome.acquisition.phase,
        "scanner": scanner.name,
        "finish": outcome.finish.name(),
        "histories": outcome.histories,
        "batches": outcome.records.len(),
        "photons": outcome.photons,
        "effective_mas": outcome.acquisition.effective_mas(),
        "total_mas": outcome.acquisition.total_mas(),
        "tube_current_ma": outcome.acquisition.tube_current_ma,
        "tube_current_range_ma": outcome.acquisition.tube_current_range_ma(),
        "exposed_length_mm": outcome.acquisition.exposed_length_cm() / CM_PER_MM,
        "overrange_share": shares.overrange,
        "open_share": shares.open,
        "wall_s": outcome.wall_s,
        "smoothing_bias": outcome.smoothing_bias,
        "noise_index": noise.map(|noise| noise.mean),
        "largest_noise_index": noise.map(|noise| noise.largest),
        "energy_balance": balance(&outcome.energy_balance),
        "ctdi": ctdi.and_then(Option::as_ref).map(ctdi_value),
    })
}

pub(in crate::io) fn ctdi_value(ctdi: &AcquisitionCtdi) -> Value {
    json!({
        "phantom": ctdi.console.phantom.name(),
        "ctdi_vol_mgy": ctdi.volume_mgy.mean,
        "ctdi_vol_standard_error_mgy": ctdi.volume_mgy.standard_error,
        "ctdi_vol_of_console_mgy": ctdi.console.ctdi_vol_mgy,
        "ctdi_vol_of_model_mgy": ctdi.model_mgy.mean,
        "output_factor": ctdi.output_factor,
        "ssde_mgy": ctdi.ssde_mgy.map(|ssde| ssde.mean),
        "head_ssde_mgy": ctdi.head_ssde_mgy.map(|ssde| ssde.mean),
        "water_equivalent_diameter_cm": ctdi.water_equivalent_diameter_cm,
        "dlp_mgy_cm": ctdi.dlp_mgy_cm.mean,
        "dlp_standard_error_mgy_cm": ctdi.dlp_mgy_cm.standard_error,
    })
}

/// Effective dose by one scheme; without a value, the tissues that are missing.
fn effective(result: &ResultFile, scheme: Scheme) -> Value {
    let acquisitions = &result.outcome.acquisitions;
    match effective_dose(&result.exam.phantom, acquisitions, scheme) {
        Err(missing) => json!({ "scheme": scheme.name(), "value_msv": null, "missing_tissues": missing }),
        Ok(dose) => json!({
            "scheme": scheme.name(),
            "note": CAVEAT,
            "value_msv": dose.total_msv.mean,
            "standard_error_msv": dose.total_msv.standard_error,
            "acquisitions": dose.by_acquisition_msv.iter().map(|part| json!({
                "value_msv": part.mean, "standard_error_msv": part.standard_error,
            })).collect::<Vec<_>>(),
            "tissues": dose.tissues.iter().map(tissue).collect::<Vec<_>>(),
        }),
    }
}

fn tissue(tissue: &TissueDose) -> Value {
    json!({
        "tissue": tissue.tissue,
        "weight": tissue.weight,
        "in_remainder": tissue.in_remainder,
        "dose_mgy": tissue.dose_mgy.mean,
        "standard_error_mgy": tissue.dose_mgy.standard_error,
    })
}

pub(in crate::io) fn organ(row: &OrganRow, phases: &[String]) -> Value {
    let mut organ = Map::new();
    organ.insert("id".to_owned(), json!(row.id));
    organ.insert("name".to_owned(), json!(row.name));
    organ.insert("mass_g".to_owned(), json!(row.mass_g));
    organ.insert("coverage".to_owned(), json!(row.largest_coverage()));
    organ.extend(dose(&row.total));
    let by_acquisition = phases.iter().zip(row.coverage.iter().zip(&row.doses));
    let by_acquisition = by_acquisition.map(|(phase, (coverage, organ_dose))| {
        let mut entry = Map::new();
        entry.insert("phase".to_owned(), json!(phase));
        entry.insert("coverage".to_owned(), json!(coverage));
        entry.extend(dose(organ_dose));
        Value::Object(entry)
    });
    organ.insert("acquisitions".to_owned(), by_acquisition.collect());
    Value::Object(organ)
}

/// Dose and standard error (`null` without a score) and, only without a score, the upper limit.
fn dose(dose: &OrganDose) -> Map<String, Value> {
    let estimate = dose.estimate();
    let mut fields = Map::new();
    fields.insert("dose_mgy".to_owned(), json!(estimate.map(|e| e.mean)));
    fields.insert("standard_error_mgy".to_owned(), json!(estimate.map(|e| e.standard_error)));
    if let Some(limit_mgy) = dose.upper_limit_mgy() {
        fields.insert("upper_limit_mgy".to_owned(), json!(limit_mgy));
    }
    fields
}
