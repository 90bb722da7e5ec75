//! `[phantom]`: which patient, how finely, and how placed.

use std::path::Path;

use serde_json::{Value, json};

use super::keys;
use super::model::{Model, refuse_ct_keys};
use crate::error::Result;
use crate::geometry::formula::Sex;
use crate::geometry::scaling::Scaling;
use crate::geometry::voxelize::VOXEL_EDGE_CM;
use crate::io::document::{Item, Value as Found};
use crate::io::phantom_file::Size;
use crate::io::scanner_library::named_material;
use crate::io::section::{Section, above_zero_up_to, within};
use crate::source::gantry::{PatientPosition, Placement};
use crate::units::{CM_PER_MM, MM_PER_CM};

/// Length of a CTDI phantom unless a protocol says otherwise, mm (IEC 60601-2-44 asks for 140 at least).
const CTDI_LENGTH_MM: f64 = 150.0;
/// Farthest a patient may lie off the isocentre, mm.
const FARTHEST_OFFSET_MM: f64 = 500.0;
const POSITIONS: [(&str, PatientPosition); 4] = [
    ("HFS", PatientPosition::Hfs),
    ("HFP", PatientPosition::Hfp),
    ("FFS", PatientPosition::Ffs),
    ("FFP", PatientPosition::Ffp),
];
const SEXES: [(&str, Sex); 2] = [("female", Sex::Female), ("male", Sex::Male)];

/// What `[phantom]` says, every default filled in.
#[derive(Clone, Debug)]
pub(super) struct PhantomEntry {
    pub model: Model,
    pub voxel_mm: [f64; 3],
    pub sex: Option<Sex>,
    /// What is said about how the phantom came to be.
    pub warnings: Vec<String>,
    size: Size,
    position: PatientPosition,
    offset_mm: [f64; 2],
    /// The key that chose the model, and what it said.
    chosen: (&'static str, Value),
}

impl PhantomEntry {
    /// Reads the section; files it names are looked up from `folder`.
    pub fn read(section: &Section, folder: &Path) -> Result<Self> {
        let one = section.exactly_one(&["id", "file", "dicom", "cylinder"])?;
        let is_file = ["file", "dicom"].contains(&one.key.as_str());
        if !is_file {
            refuse_ct_keys(section)?;
        }
        let ((model, warnings), chosen) = match one.key.as_str() {
            "file" => (Model::read(one, section, folder)?, ("file", json!(one.text()?))),
            "dicom" => (Model::read(one, section, folder)?, ("dicom", json!(one.text()?))),
            "cylinder" => cylinder(one).map(|(model, chosen)| ((model, Vec::new()), chosen))?,
            _ => ((by_id(section, one)?, Vec::new()), ("id", json!(one.text()?))),
        };
        if let (Some(item), false) = (section.find("length_mm"), matches!(model, Model::Ctdi { .. })) {
            return Err(item.refuse("belongs to the CTDI phantoms ctdi-head16 and ctdi-body32"));
        }
        if let (Some(item), false) = (section.find("sex"), matches!(model, Model::Declared(_))) {
            return Err(item.refuse("belongs to phantoms of people, not to cylinders"));
        }
        if let (Some(item), true) = (section.find("voxel_mm"), matches!(model, Model::Imported(_))) {
            return Err(item.refuse("belongs to phantoms without voxels of their own, the file has its own"));
        }
        if let (Some(item), false) = (section.find("labels"), is_file) {
            return Err(item.refuse("belongs to phantom files (file, dicom)"));
        }
        let sex = section.word("sex", &SEXES)?;
        let size = size(section, &model)?;
        let model = model.resized(sex, size)?;
        Ok(PhantomEntry {
            voxel_mm: voxel_mm(section, model.default_voxel_mm())?,
            sex,
            size,
            position: section.word("position", &POSITIONS)?.unwrap_or(PatientPosition::Hfs),
            offset_mm: offset_mm(section)?,
            model,
            chosen,
            warnings,
        })
    }

    /// Edges of a voxel, cm.
    pub fn voxel_cm(&self) -> [f64; 3] {
        self.voxel_mm.map(|mm| mm * CM_PER_MM)
    }

    /// Where the patient lies: moved by the offset, so the scanner's axis is seen moved the other way.
    pub fn placement(&self) -> Placement {
        let axis_cm = self.model.axis_cm();
        let isocentre_cm = std::array::from_fn(|i| axis_cm[i] - self.offset_mm[i] * CM_PER_MM);
        Placement { position: self.position, isocentre_cm }
    }

    /// The section with every default filled in.
    pub fn resolved(&self) -> Value {
        let word = |name: Option<&(&'static str, _)>| name.map(|(name, _)| *name);
        let sex = SEXES.iter().find(|(_, sex)| Some(*sex) == self.sex).map_or("both", |(name, _)| *name);
        let mut section = json!({
            "voxel_mm": self.voxel_mm,
            "position": word(POSITIONS.iter().find(|(_, position)| *position == self.position)),
            "offset_mm": self.offset_mm,
        });
        section[self.chosen.0] = self.chosen.1.clone();
        match &self.model {
            Model::Declared(model) => {
                section["sex"] = json!(sex);
                section["scaling"] = scaling(&model.scaling);
                for (key, value) in [("height_mm", self.size.height_mm), ("weight_kg", self.size.weight_kg)] {
                    if let Some(value) = value {
                        section[key] = json!(value);
                    }
                }
            }
            Model::Ctdi { length_cm, .. } => section["length_mm"] = json!(length_cm * MM_PER_CM),
            Model::Cylinder { .. } | Model::Imported(_) => {}
        }
        section
    }
}

/// What the height and weight came to.
fn scaling(scaling: &Scaling) -> Value {
    json!({ "height_factor": scaling.height, "girth_factor": scaling.girth, "mass_factor": scaling.mass() })
}

/// The height and weight the phantom is brought to.
fn size(section: &Section, model: &Model) -> Result<Size> {
    for item in ["height_mm", "weight_kg"].iter().filter_map(|key| section.find(key)) {
        if !matches!(model, Model::Declared(_)) {
            return Err(item.refuse("belongs to declarative phantoms of people, which alone can be scaled"));
        }
    }
    Ok(Size {
        height_mm: section.number("height_mm", within(200.0, 2500.0))?,
        weight_kg: section.number("weight_kg", within(0.5, 300.0))?,
    })
}

fn by_id(section: &Section, item: &Item) -> Result<Model> {
    let Some((id, diameter_cm)) = Model::ctdi_diameter_cm(item.text()?) else { return Model::shipped(item) };
    let length_mm = section.number("length_mm", within(100.0, 3000.0))?.unwrap_or(CTDI_LENGTH_MM);
    Ok(Model::Ctdi { id, diameter_cm, length_cm: length_mm * CM_PER_MM })
}

fn cylinder(item: &Item) -> Result<(Model, (&'static str, Value))> {
    let section = Section::open(item, keys::CYLINDER)?;
    let width_mm = section.need_number("width_mm", within(1.0, 2000.0))?;
    let height_mm = section.number("height_mm", within(1.0, 2000.0))?.unwrap_or(width_mm);
    let length_mm = section.need_number("length_mm", within(1.0, 3000.0))?;
    let mut material = named_material(section.need("material")?)?;
    if let Some(density_g_cm3) = section.number("density_g_cm3", above_zero_up_to(25.0))? {
        material = material.with_density(density_g_cm3)?;
    }
    let resolved = json!({
        "width_mm": width_mm,
        "height_mm": height_mm,
        "length_mm": length_mm,
        "material": material.name,
        "density_g_cm3": material.density_g_cm3,
    });
    let [width_cm, height_cm, length_cm] = [width_mm, height_mm, length_mm].map(|mm| mm * CM_PER_MM);
    Ok((Model::Cylinder { width_cm, height_cm, length_cm, material }, ("cylinder", resolved)))
}

fn voxel_mm(section: &Section, default_mm: [f64; 3]) -> Result<[f64; 3]> {
    let Some(item) = section.find("voxel_mm") else { return Ok(default_mm) };
    let edges_mm = edges_mm(item)?;
    let [least, most] = VOXEL_EDGE_CM.map(|cm| cm * MM_PER_CM);
    for edge_mm in edges_mm {
        within(least, most).check(item, edge_mm)?;
    }
    Ok(edges_mm)
}

/// One number for cubes, or three.
pub(super) fn edges_mm(item: &Item) -> Result<[f64; 3]> {
    match item.value {
        Found::List(_) => item.numbers::<3>(),
        _ => item
            .number()
            .map(|edge| [edge; 3])
            .map_err(|_| item.refuse_type("a number or a list of 3 numbers")),
    }
}

fn offset_mm(section: &Section) -> Result<[f64; 2]> {
    let Some(item) = section.find("offset_mm") else { return Ok([0.0; 2]) };
    let offset_mm = item.numbers::<2>()?;
    for mm in offset_mm {
        within(-FARTHEST_OFFSET_MM, FARTHEST_OFFSET_MM).check(item, mm)?;
    }
    Ok(offset_mm)
}
