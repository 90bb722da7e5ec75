//! What a response says of a protocol, as JSON (`childsize.evaluation/1`).

use serde_json::{Value, json};

use crate::analysis::console::AcquisitionCtdi;
use crate::analysis::effective_dose::CAVEAT;
use crate::analysis::response::table::Evaluation;
use crate::io::protocol::Prepared;
use crate::io::response::Response;
use crate::io::result::NOTICE;
use crate::io::summary::{ctdi_value, organ};
use crate::tally::estimate::Estimate;

/// Name and version of the format.
pub const SCHEMA: &str = "childsize.evaluation/1";

/// The evaluation of a protocol.
pub fn value(
    prepared: &Prepared,
    response: &Response,
    found: &Evaluation,
    ctdi: &[Option<AcquisitionCtdi>],
) -> Value {
    let rows = &response.rows;
    let estimate = |value: &Estimate| json!({ "value": value.mean, "standard_error": value.standard_error });
    let others = rows.rows.iter().enumerate().skip(prepared.exam.phantom.organs.len()).map(|(index, row)| {
        let mut value = estimate(&found.total[index]);
        value["kind"] = json!(row.kind);
        value["id"] = json!(row.id);
        value["unit"] = json!(row.kind.unit());
        value
    });
    let effective = found.effective_msv(rows).into_iter().map(|(scheme, total, parts)| {
        json!({
            "scheme": scheme.name(),
            "note": CAVEAT,
            "value_msv": total.mean,
            "standard_error_msv": total.standard_error,
            "acquisitions": parts.iter().map(estimate).collect::<Vec<_>>(),
        })
    });
    let acquisitions = prepared.exam.acquisitions.iter().zip(ctdi).map(|(acquisition, ctdi)| {
        json!({
            "phase": acquisition.phase,
            "tube_voltage_kv": acquisition.tube_voltage_kv,
            "effective_mas": acquisition.effective_mas(),
            "total_mas": acquisition.total_mas(),
            "ctdi": ctdi.as_ref().map(ctdi_value),
        })
    });
    json!({
        "schema": SCHEMA,
        "notice": NOTICE,
        "software_version": env!("CARGO_PKG_VERSION"),
        "name": prepared.name,
        "protocol_sha256": prepared.protocol_sha256,
        "response": response.about,
        "response_histories": response.matrix.histories,
        "warnings": prepared.warnings,
        "acquisitions": acquisitions.collect::<Vec<_>>(),
        "effective_dose": effective.collect::<Vec<_>>(),
        "organs": found.table.rows.iter().map(|row| organ(row, &found.table.phases)).collect::<Vec<_>>(),
        "other_rows": others.collect::<Vec<_>>(),
    })
}
