//! Attributes and texts of a result as JSON.

use hdf5::types::{TypeDescriptor, VarLenUnicode};
use hdf5::{Attribute, File, Group, Location, Result};
use serde_json::{Map, Value, json};

/// Attributes of an acquisition that not every one has: `null` where they are missing.
const OPTIONAL: [&str; 4] = ["pitch", "table_increment_mm", "angle_deg", "noise_index"];

/// Every number and text among the attributes of a group.
pub fn attributes(place: &Location) -> Result<Map<String, Value>> {
    let mut found = Map::new();
    for name in place.attr_names()? {
        if let Some(value) = value(&place.attr(&name)?)? {
            found.insert(name, value);
        }
    }
    Ok(found)
}

fn value(attribute: &Attribute) -> Result<Option<Value>> {
    if !attribute.is_scalar() {
        return Ok(None);
    }
    Ok(match attribute.dtype()?.to_descriptor()? {
        TypeDescriptor::Float(_) => Some(json!(attribute.read_scalar::<f64>()?)),
        TypeDescriptor::Unsigned(_) => Some(json!(attribute.read_scalar::<u64>()?)),
        TypeDescriptor::Boolean => Some(json!(attribute.read_scalar::<bool>()?)),
        TypeDescriptor::VarLenUnicode => Some(json!(attribute.read_scalar::<VarLenUnicode>()?.as_str())),
        _ => None,
    })
}

/// What the console was set to, by acquisition, joined to what the summary says of it.
pub fn acquisitions(file: &File, summary: &Value) -> Result<Vec<Value>> {
    let groups = file.group("acquisitions")?;
    let told = summary["acquisitions"].as_array().map_or(&[][..], Vec::as_slice);
    let one = |(index, told): (usize, &Value)| -> Result<Value> {
        let mut all = attributes(&*groups.group(&format!("{index:03}"))?)?;
        for name in OPTIONAL {
            all.entry(name).or_insert(Value::Null);
        }
        all.extend(told.as_object().cloned().unwrap_or_default());
        Ok(Value::Object(all))
    };
    told.iter().enumerate().map(one).collect()
}

/// A dataset of one text.
pub fn text(group: &Group, name: &str) -> Result<String> {
    Ok(group.dataset(name)?.read_scalar::<VarLenUnicode>()?.as_str().to_owned())
}
