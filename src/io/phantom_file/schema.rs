//! The keys of a declarative phantom file.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::solid_entry::SolidEntry;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhantomFile {
    pub phantom: PhantomEntry,
    #[serde(default)]
    pub landmarks: BTreeMap<String, f64>,
    #[serde(default)]
    pub organ_names: BTreeMap<String, String>,
    #[serde(default, rename = "material")]
    pub materials: Vec<Spanned<MaterialEntry>>,
    #[serde(default)]
    pub marrow: Vec<Spanned<MarrowEntry>>,
    #[serde(default, rename = "solid")]
    pub solids: Vec<Spanned<SolidEntry>>,
    #[serde(default, rename = "define")]
    pub defines: Vec<Spanned<DefineEntry>>,
    #[serde(default, rename = "region")]
    pub regions: Vec<Spanned<RegionEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhantomEntry {
    pub id: String,
    pub name: Option<String>,
    pub age_y: Option<f64>,
    pub revision: Option<String>,
    pub units: Option<String>,
    pub bounds: [[f64; 2]; 3],
    pub axis: Option<[f64; 2]>,
    // For readers of the file.
    #[serde(rename = "family")]
    _family: Option<String>,
    #[serde(rename = "axes")]
    _axes: Option<String>,
    #[serde(rename = "height_cm")]
    _height_cm: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MaterialEntry {
    pub id: String,
    pub density: f64,
    pub mass_percent: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MarrowEntry {
    pub organs: Vec<String>,
    pub active_marrow_percent: f64,
    pub endosteum_percent: Option<f64>,
    pub source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefineEntry {
    pub id: String,
    pub expr: String,
    pub sex: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionEntry {
    pub id: String,
    pub organ: Option<String>,
    pub expr: String,
    pub material: String,
    pub density: Option<f64>,
    pub target_mass_g: Option<f64>,
    pub sex: Option<String>,
    // For readers of the file.
    #[serde(rename = "table_volume_cm3")]
    _table_volume_cm3: Option<f64>,
    #[serde(rename = "source")]
    _source: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
}
