//! The explorer: one page that holds the responses of some children and answers any helix of a constant tube current.
//!
//! The page holds matrices folded with the spectra of a few tube voltages, and the script adds them up as
//! `childsize evaluate` does. Its protocol can be copied and run by the program.

mod pack;
mod subject;

use serde_json::{Value, json};

use crate::analysis::ctdi::{Beam, CTDI_PHANTOMS};
use crate::analysis::effective_dose::icrp60_tissues;
use crate::analysis::response::folded::fold;
use crate::analysis::response::rows::RowKind;
use crate::analysis::ssde::HEAD_FIT;
use crate::error::Result;
use crate::geometry::mass::OrganProfile;
use crate::io::picture::palette::gas_organs;
use crate::io::protocol::Subject;
use crate::io::report::{self, result::pack::for_script};
use crate::io::response::Response;
use crate::io::result::NOTICE;
use crate::source::acquisition::AUTO_OVERRANGE_FEEDS;
use crate::source::beam::REFERENCE_DISTANCE_CM;
use crate::source::cell_weights::STEPS_PER_PLANE;
use crate::units::{CM_PER_MM, MM_PER_CM};

/// Beam widths that the page offers, mm.
pub const COLLIMATIONS_MM: [f64; 3] = [10.0, 20.0, 40.0];
/// Largest page, bytes.
pub const LARGEST_BYTES: usize = 5_000_000;

/// What the page needs of one child behind one bowtie.
///
/// # Errors
/// Refuses a scanner that the response is not of, and tube voltages outside it.
pub fn entry(response: &Response, of: &Subject, tube_voltages_kv: &[f64]) -> Result<Value> {
    let (phantom, matrix, about) = (&of.phantom, &response.matrix, &response.about);
    for &kv in tube_voltages_kv {
        about.check_scanner(&of.scanner, kv)?;
    }
    let grid = &matrix.grid;
    let profile = OrganProfile::of(phantom);
    // Rows begin with the phantom's organs.
    let gas = gas_organs(phantom);
    let (bottom_cm, thickness_cm) = profile.place_cm();
    Ok(json!({
        "phantom": about.phantom_id,
        "name": about.phantom_name,
        "voxel_mm": about.resolved["phantom"]["voxel_mm"][0],
        "scanner": about.scanner,
        "bowtie": about.bowtie,
        "distance_mm": about.source_to_isocentre_mm,
        "low_mm": grid.low_z_cm * MM_PER_CM,
        "plane_mm": grid.plane_cm * MM_PER_CM,
        "rows": response.rows.rows.iter().enumerate().map(|(at, row)| json!({
            "kind": row.kind, "id": row.id, "name": row.name, "unit": row.kind.unit(), "mass_g": row.mass_g,
            "gas": row.kind == RowKind::Organ && gas[at],
        })).collect::<Vec<_>>(),
        "tissues": response.rows.tissues,
        "one_photon": matrix.one_photon,
        "packed": pack::value(&fold(matrix, &of.scanner, tube_voltages_kv)?, &profile)?,
        "profile": {
            "bottom_mm": bottom_cm * MM_PER_CM, "step_mm": thickness_cm * MM_PER_CM, "slices": profile.slices_g().len(),
        },
        "ctdi": ctdi(response, of, tube_voltages_kv)?,
        "slices": subject::slices(phantom)?,
        "landmarks_mm": phantom.landmarks_z_cm.iter().map(|(name, cm)| (name.clone(), json!(cm * MM_PER_CM))).collect::<serde_json::Map<_, _>>(),
        "regions": subject::regions(phantom)?,
        "picture": subject::picture(phantom, [grid.low_z_cm, grid.high_z_cm()])?,
        "histories": matrix.histories,
        "reached": matrix.reached,
        "phantom_digest": about.phantom_digest,
    }))
}

/// CTDIw per mAs with its error, by phantom, tube voltage and beam width, mGy.
fn ctdi(response: &Response, of: &Subject, tube_voltages_kv: &[f64]) -> Result<Value> {
    let mut found = serde_json::Map::new();
    for (name, phantom) in CTDI_PHANTOMS {
        let mut by_voltage = Vec::new();
        for &tube_voltage_kv in tube_voltages_kv {
            let width = |mm: &f64| -> Result<Value> {
                let scanner = of.scanner.clone();
                let beam = Beam { scanner, tube_voltage_kv, collimation_cm: mm * CM_PER_MM, phantom };
                let weighted = response.ctdi(&beam)?.weighted_mgy_per_mas;
                Ok(json!([weighted.mean, weighted.standard_error]))
            };
            by_voltage.push(COLLIMATIONS_MM.iter().map(width).collect::<Result<Vec<_>>>()?);
        }
        found.insert(name.to_owned(), json!(by_voltage));
    }
    Ok(Value::Object(found))
}

/// The page of some entries.
pub fn page(entries: &[Value], tube_voltages_kv: &[f64]) -> Result<String> {
    let (named, remainder) = icrp60_tissues();
    let (a, b_per_cm, valid_cm) = HEAD_FIT;
    let data = json!({
        "entries": entries,
        "tube_voltages_kv": tube_voltages_kv,
        "collimations_mm": COLLIMATIONS_MM,
        "steps_per_plane": STEPS_PER_PLANE,
        "reference_mm": REFERENCE_DISTANCE_CM * MM_PER_CM,
        "overrange_feeds": AUTO_OVERRANGE_FEEDS,
        "icrp60": { "named": named, "remainder": remainder },
        "head_fit": { "a": a, "b_per_cm": b_per_cm, "valid_cm": valid_cm },
        "in_field": crate::simulation::settings::IN_FIELD_COVERAGE,
    });
    let histories: u64 = entries.iter().filter_map(|entry| entry["histories"].as_u64()).sum();
    let worst = entries.iter().filter_map(|entry| entry["reached"].as_f64()).fold(0.0, f64::max);
    report::explorer(&json!({
        "software_version": env!("CARGO_PKG_VERSION"),
        "notice": NOTICE,
        "histories": histories,
        "worst_percent": 100.0 * worst,
        "data_json": for_script(&data),
    }))
}
