//! The page of a result, made from `result.h5` alone, so that it is the same whoever asks for it.

mod along_z;
mod attributes;
mod coarse;
mod convergence;
mod organs;
mod pack;
mod plane;
mod volume;

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hdf5::File;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::volume::Volume;
use super::render;
use crate::error::Result;
use crate::io::result::map_file::broken;
use crate::io::result::read;

/// The viewer and the sorting of tables: plain JavaScript.
const SCRIPT: &str = include_str!("../templates/result.js");

/// The page of a result.
pub fn result(path: &Path) -> Result<String> {
    let file = read::open(path)?;
    let told = Told::read(&file).map_err(|error| broken(path, &error))?;
    let table = organs::table(&told.summary, &told.volumes_cm3);
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    let ranges: Vec<Value> = told.acquisitions.iter().map(range).collect();
    let viewer = told.volume.as_ref().map(|volume| pack::value(volume, &names, &ranges)).transpose()?;
    let page = json!({
        "software_version": told.summary["software_version"],
        "notice": told.summary["notice"],
        "groups": organs::groups(&table),
        "phases": table.phases,
        "organs_csv": organs::csv_link(&table, &told.summary)?,
        "convergence": convergence::value(&read::batches(path)?, &told.summary["organs"]),
        "pictures": told.volume.as_ref().map(|volume| volume.planes.value()).transpose()?,
        "voxels": told.volume.as_ref().map(|volume| json!({
            "result_mm": volume.fine_mm, "page_mm": volume.grid.spacing_mm, "has_dose": !volume.dose_mgy.is_empty(),
        })),
        "viewer_json": viewer.as_ref().map(pack::for_script),
        "along_z": told.along_z,
        "acquisitions": told.acquisitions,
        "provenance": told.provenance,
        "protocol": told.protocol,
        "summary": told.summary,
        "script": SCRIPT,
        "script_hash": BASE64_STANDARD.encode(Sha256::digest(SCRIPT)),
    });
    render("result.html", &page)
}

fn range(acquisition: &Value) -> Value {
    let number = |name: &str| acquisition[name].as_f64().unwrap_or(0.0);
    json!({
        "phase": acquisition["phase"],
        "top_mm": number("range_top_mm"),
        "bottom_mm": number("range_bottom_mm"),
        "first_mm": number("range_top_mm") + number("overrange_top_mm"),
        "last_mm": number("range_bottom_mm") - number("overrange_bottom_mm"),
    })
}

/// What the file tells.
struct Told {
    summary: Value,
    acquisitions: Vec<Value>,
    provenance: Value,
    protocol: Value,
    volumes_cm3: Vec<f64>,
    volume: Option<Volume>,
    along_z: Value,
}

impl Told {
    fn read(file: &File) -> hdf5::Result<Self> {
        let text = attributes::text(&file.group("summary")?, "json")?;
        let summary: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let acquisitions = attributes::acquisitions(file, &summary)?;
        let protocol = file.group("protocol")?;
        let volume = Volume::read(file, middle_mm(&acquisitions))?;
        Ok(Told {
            along_z: along_z::value(file, &acquisitions, volume.as_ref())?,
            provenance: Value::Object(attributes::attributes(&*file.group("provenance")?)?),
            protocol: json!({
                "toml": attributes::text(&protocol, "toml")?,
                "resolved_json": attributes::text(&protocol, "resolved_json")?,
            }),
            volumes_cm3: file.dataset("organs/volume")?.read_raw()?,
            summary,
            acquisitions,
            volume,
        })
    }
}

/// Middle of the first range, mm.
fn middle_mm(acquisitions: &[Value]) -> f64 {
    let end = |name: &str| acquisitions.first().and_then(|told| told[name].as_f64()).unwrap_or(0.0);
    0.5 * (end("range_top_mm") + end("range_bottom_mm"))
}
