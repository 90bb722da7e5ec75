//! The page of a result, made from `result.h5` alone, so that it is the same whoever asks for it.

pub(in crate::io) mod along_z;
mod attributes;
mod coarse;
pub(in crate::io) mod convergence;
mod organs;
pub(in crate::io) mod pack;
mod plane;
mod volume;

use std::path::Path;

use hdf5::File;
use serde_json::{Value, json};

use self::volume::Volume;
use super::{TABLES, render, scripts};
use crate::analysis::organ_table::OrganTable;
use crate::error::Result;
use crate::io::result::map_file::broken;
use crate::io::result::read;

/// The viewer of the maps: plain JavaScript.
const VIEWER: &str = include_str!("../templates/viewer.js");

/// The page of a result.
pub fn result(path: &Path) -> Result<String> {
    let told = Told::open(path)?;
    let table = told.organs();
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    let ranges: Vec<Value> = told.acquisitions.iter().map(range).collect();
    let viewer = told.volume.as_ref().map(|volume| pack::value(volume, &names, &ranges)).transpose()?;
    let page = json!({
        "software_version": told.summary["software_version"],
        "notice": told.summary["notice"],
        "groups": organs::groups(&table),
        "phases": table.phases,
        "organs_csv": organs::csv_link(&table, &told.summary)?,
        "convergence": convergence::value(&told.convergence(path)?),
        "pictures": told.volume.as_ref().map(|volume| volume.planes.value()).transpose()?,
        "voxels": told.volume.as_ref().map(|volume| json!({
            "result_mm": volume.fine_mm, "page_mm": volume.grid.spacing_mm, "has_dose": !volume.dose_mgy.is_empty(),
        })),
        "viewer_json": viewer.as_ref().map(pack::for_script),
        "along_z": along_z::value(&told.acquisitions, &told.currents, told.volume.as_ref()),
        "acquisitions": told.acquisitions,
        "provenance": told.provenance,
        "protocol": told.protocol,
        "summary": told.summary,
        "scripts": scripts(&[TABLES, VIEWER]),
    });
    render("result.html", &page)
}

pub(in crate::io) fn range(acquisition: &Value) -> Value {
    let number = |name: &str| acquisition[name].as_f64().unwrap_or(0.0);
    json!({
        "phase": acquisition["phase"],
        "top_mm": number("range_top_mm"),
        "bottom_mm": number("range_bottom_mm"),
        "first_mm": number("range_top_mm") + number("overrange_top_mm"),
        "last_mm": number("range_bottom_mm") - number("overrange_bottom_mm"),
    })
}

/// Planes through two results at the same height on one scale, and their difference where both are of one phantom; null
/// where one has no dose map.
pub fn side_by_side(paths: [&Path; 2]) -> Result<Value> {
    let told_a = Told::open(paths[0])?;
    let height_mm = middle_mm(&told_a.acquisitions);
    let told_b = Told::open_at(paths[1], Some(height_mm))?;
    let [a, b] = [told_a, told_b].map(|told| told.volume.filter(|volume| !volume.dose_mgy.is_empty()));
    let (Some(a), Some(b)) = (a, b) else { return Ok(Value::Null) };
    let most_mgy = a.planes.most_mgy().max(b.planes.most_mgy());
    Ok(json!({
        "most_mgy": most_mgy,
        "a": a.planes.value_on(most_mgy)?,
        "b": b.planes.value_on(most_mgy)?,
        "difference": b.planes.less(&a.planes)?,
    }))
}

/// What a result tells people: what its page and its figures are made of.
pub(in crate::io) struct Told {
    /// `summary.json`.
    pub summary: Value,
    /// What the console was set to, joined to what the summary says of it.
    pub acquisitions: Vec<Value>,
    /// Attributes of `/provenance`.
    pub provenance: Value,
    /// The protocol, as it was read and as it was resolved.
    pub protocol: Value,
    volumes_cm3: Vec<f64>,
    /// The maps in coarser voxels, or the anatomy alone.
    pub volume: Option<Volume>,
    /// Tube current along z by acquisition, mA.
    pub currents: Vec<along_z::Curve>,
}

impl Told {
    /// Reads a result; its axial plane lies in the middle of the first range.
    pub fn open(path: &Path) -> Result<Self> {
        Told::open_at(path, None)
    }

    /// Reads a result; its axial plane lies at this height, mm, or in the middle of the first range.
    fn open_at(path: &Path, axial_z_mm: Option<f64>) -> Result<Self> {
        let file = read::open_with_maps(path)?;
        Told::read(&file, axial_z_mm).map_err(|error| broken(path, &error))
    }

    /// The organ table.
    pub fn organs(&self) -> OrganTable {
        organs::table(&self.summary, &self.volumes_cm3)
    }

    /// How the errors of the organs that are known worst fell; `path` is that of the result.
    pub fn convergence(&self, path: &Path) -> Result<Vec<convergence::Curve>> {
        Ok(convergence::curves(&read::batches(path)?, &self.summary["organs"]))
    }

    fn read(file: &File, axial_z_mm: Option<f64>) -> hdf5::Result<Self> {
        let text = attributes::text(&file.group("summary")?, "json")?;
        let summary: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let acquisitions = attributes::acquisitions(file, &summary)?;
        let protocol = file.group("protocol")?;
        Ok(Told {
            volume: Volume::read(file, axial_z_mm.unwrap_or_else(|| middle_mm(&acquisitions)))?,
            currents: along_z::currents(file, &acquisitions)?,
            provenance: Value::Object(attributes::attributes(&*file.group("provenance")?)?),
            protocol: json!({
                "toml": attributes::text(&protocol, "toml")?,
                "resolved_json": attributes::text(&protocol, "resolved_json")?,
            }),
            volumes_cm3: file.dataset("organs/volume")?.read_raw()?,
            summary,
            acquisitions,
        })
    }
}

/// Middle of the first range, mm.
pub(in crate::io) fn middle_mm(acquisitions: &[Value]) -> f64 {
    let end = |name: &str| acquisitions.first().and_then(|told| told[name].as_f64()).unwrap_or(0.0);
    0.5 * (end("range_top_mm") + end("range_bottom_mm"))
}
