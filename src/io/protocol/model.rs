//! Which phantom a protocol is about, as far as it is known before it is turned into voxels.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::formula::Sex;
use crate::geometry::phantom::Phantom;
use crate::geometry::standard::{CTDI_ROD_DIAMETER_CM, ctdi_cylinder, elliptic_cylinder};
use crate::geometry::stylised::DeclarativePhantom;
use crate::geometry::voxelize::{MOST_VOXELS, Voxelization, voxelize};
use crate::io::document::Item;
use crate::io::import;
use crate::io::phantom_file::{self, Size, load_shipped, shipped_ids};
use crate::io::profile_csv::read_text;
use crate::io::reference;
use crate::io::section::{Section, nearest};
use crate::units::MM_PER_CM;

/// Largest phantom file that is read, bytes.
const LONGEST_BYTES: u64 = 16 << 20;
/// The standard phantoms, and their diameters, cm.
const CTDI_PHANTOMS: [(&str, f64); 2] = [("ctdi-head16", 16.0), ("ctdi-body32", 32.0)];
/// Keys that say how a CT series is read.
const CT_KEYS: [&str; 4] = ["organs", "calibration", "couch", "series"];
/// Edge of a voxel unless a protocol says otherwise, mm.
const VOXEL_MM: f64 = 2.0;
/// The same for children under [`SMALL_AGE_Y`], whose organs are small.
const SMALL_VOXEL_MM: f64 = 1.0;
/// Age from which voxels are [`VOXEL_MM`] wide, years.
const SMALL_AGE_Y: f64 = 2.0;

/// Refuses keys that belong to CT series.
pub(super) fn refuse_ct_keys(section: &Section) -> Result<()> {
    match CT_KEYS.iter().find_map(|key| section.find(key)) {
        Some(item) => Err(item.refuse("belongs to CT series (dicom)")),
        None => Ok(()),
    }
}

/// What voxels are imported with.
fn options(section: &Section, folder: &Path) -> Result<import::Options> {
    let file = |key: &str| section.find(key).map(|item| reference::of_item(folder, item)).transpose();
    Ok(import::Options {
        labels: file("labels")?,
        organs: file("organs")?,
        calibration: file("calibration")?,
        couch: section.word("couch", &import::COUCHES)?,
        series: section.text("series")?.map(str::to_owned),
    })
}

/// A phantom before it is turned into voxels.
#[derive(Clone, Debug)]
pub(super) enum Model {
    /// Shipped, or a declarative file of the user's own.
    Declared(Box<DeclarativePhantom>),
    /// Voxels of another program, or of the user's own.
    Imported(Arc<Phantom>),
    /// A CTDI phantom.
    Ctdi { id: &'static str, diameter_cm: f64, length_cm: f64 },
    /// An elliptic cylinder.
    Cylinder { width_cm: f64, height_cm: f64, length_cm: f64, material: Material },
}

impl Model {
    /// The diameter of a standard phantom, cm, if that is what an id names.
    pub fn ctdi_diameter_cm(id: &str) -> Option<(&'static str, f64)> {
        CTDI_PHANTOMS.into_iter().find(|&(known, _)| known == id)
    }

    /// A shipped phantom.
    pub fn shipped(item: &Item) -> Result<Self> {
        let id = item.text()?;
        let known = || shipped_ids().chain(CTDI_PHANTOMS.map(|(id, _)| id));
        if !shipped_ids().any(|known| known == id) {
            let error = item.refuse(format!("must be a shipped phantom, found \"{id}\""));
            let list = known().collect::<Vec<_>>().join(", ");
            return Err(error.with_help(match nearest(id, known()) {
                Some(near) => format!("did you mean \"{near}\"? Shipped phantoms: {list}"),
                None => format!("shipped phantoms: {list}"),
            }));
        }
        load_shipped(id).map(Box::new).map(Model::Declared)
    }

    /// A file of the user's own, declarative or of voxels, and what is said about its voxels. The section's other keys
    /// say what they mean.
    pub fn read(item: &Item, section: &Section, folder: &Path) -> Result<(Self, Vec<String>)> {
        let path = reference::of_item(folder, item)?;
        let format = import::format_of(&path);
        if item.key == "dicom" && path.exists() && format != Some(import::Format::Dicom) {
            return Err(item.refuse(format!("must be a folder or a file of DICOM, found {}", item.shown())));
        }
        if format != Some(import::Format::Dicom) && item.key != "dicom" {
            refuse_ct_keys(section)?;
        }
        if format.is_some() {
            let imported = import::import_with(&path, &options(section, folder)?)?;
            return Ok((Model::Imported(Arc::new(imported.phantom)), imported.warnings));
        }
        if let Some(labels) = section.find("labels").filter(|_| item.key != "dicom") {
            return Err(labels.refuse("belongs to voxel files, not to declarative phantoms"));
        }
        if item.key == "dicom" {
            let reason = "it is neither a folder nor a file".to_owned();
            return Err(Error::Unreadable { path, reason });
        }
        if path.extension().is_none_or(|extension| extension != "toml") {
            return Err(item
                .refuse(format!(
                    "must be a declarative phantom, a file whose name ends in .toml, or voxels, found \"{}\"",
                    item.text()?
                ))
                .with_help(format!(
                    "voxel files end in {}; a folder is a CT series in DICOM or a phantom of the ICRP",
                    import::endings()
                )));
        }
        let text = read_text(&path, LONGEST_BYTES)?;
        let declared =
            phantom_file::parse(&text).map_err(|error| error.within(&path.display().to_string()))?;
        Ok((Model::Declared(Box::new(declared)), Vec::new()))
    }

    /// A declared phantom brought to a height and a weight.
    pub fn resized(self, sex: Option<Sex>, size: Size) -> Result<Self> {
        match self {
            Model::Declared(model) if size != Size::default() => {
                let resized = phantom_file::resized(*model, sex, size).map_err(|e| e.within("[phantom]"))?;
                Ok(Model::Declared(Box::new(resized)))
            }
            other => Ok(other),
        }
    }

    /// Whether every voxel has a medium of its own.
    pub fn has_voxel_media(&self) -> bool {
        matches!(self, Model::Imported(phantom) if phantom.voxel_media.is_some())
    }

    /// Edge of a voxel unless the protocol says otherwise, mm.
    pub fn default_voxel_mm(&self) -> [f64; 3] {
        match self {
            Model::Imported(phantom) => phantom.grid.spacing_cm.map(|cm| cm * MM_PER_CM),
            Model::Declared(model) if model.age_y.is_some_and(|age_y| age_y < SMALL_AGE_Y) => {
                [SMALL_VOXEL_MM; 3]
            }
            _ => [VOXEL_MM; 3],
        }
    }

    /// Heights landmarks name, cm.
    pub fn landmarks_z_cm(&self) -> BTreeMap<String, f64> {
        match self {
            Model::Declared(model) => model.landmarks_z_cm.clone(),
            Model::Imported(phantom) => phantom.landmarks_z_cm.clone(),
            Model::Ctdi { length_cm, .. } | Model::Cylinder { length_cm, .. } => BTreeMap::from(
                [("centre", 0.0), ("top", 0.5 * length_cm), ("bottom", -0.5 * length_cm)]
                    .map(|(name, z_cm)| (name.to_owned(), z_cm)),
            ),
        }
    }

    /// The box that holds the phantom, cm.
    pub fn bounds_cm(&self) -> [[f64; 2]; 3] {
        let around = |size_cm: [f64; 3]| size_cm.map(|edge_cm| [-0.5 * edge_cm, 0.5 * edge_cm]);
        match self {
            Model::Declared(model) => model.bounds_cm,
            Model::Imported(phantom) => [0, 1, 2].map(|axis| phantom.grid.extent_cm(axis).into()),
            Model::Ctdi { diameter_cm, length_cm, .. } => around([*diameter_cm, *diameter_cm, *length_cm]),
            Model::Cylinder { width_cm, height_cm, length_cm, .. } => {
                around([*width_cm, *height_cm, *length_cm])
            }
        }
    }

    /// Lowest and highest point of the phantom, cm: of the body where landmarks name both, else of the box.
    pub fn extent_z_cm(&self) -> [f64; 2] {
        let landmarks = self.landmarks_z_cm();
        let [low, high] = match self {
            Model::Imported(_) => ["bottom", "top"],
            _ => ["sole", "vertex"],
        };
        match (landmarks.get(low), landmarks.get(high)) {
            (Some(&low), Some(&high)) if low < high => [low, high],
            _ => self.bounds_cm()[2],
        }
    }

    /// The point of the phantom that is put on the scanner's axis, cm.
    pub fn axis_cm(&self) -> [f64; 2] {
        match self {
            Model::Declared(model) => model.axis_cm,
            Model::Imported(phantom) => phantom.axis_cm,
            _ => [0.0; 2],
        }
    }

    /// Ids of the organs, where they are known before the voxels are.
    pub fn organ_ids(&self, sex: Option<Sex>) -> BTreeSet<String> {
        let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
        match self {
            Model::Declared(model) => {
                let kept = model.regions.iter().filter(|region| region.is_in(sex));
                kept.map(|region| region.organ.clone()).collect()
            }
            Model::Imported(phantom) => phantom.organs.iter().map(|organ| organ.id.clone()).collect(),
            Model::Ctdi { .. } => ids(&[
                "ctdi_body",
                "ctdi_centre",
                "ctdi_periphery_000",
                "ctdi_periphery_090",
                "ctdi_periphery_180",
                "ctdi_periphery_270",
            ]),
            Model::Cylinder { .. } => ids(&["body"]),
        }
    }

    /// Number of voxels of an edge that the phantom takes.
    pub fn voxel_counts(&self, voxel_cm: [f64; 3]) -> [u64; 3] {
        if let Model::Imported(phantom) = self {
            return phantom.grid.counts.map(|count| count as u64);
        }
        let margin = if matches!(self, Model::Declared(_)) { 0.0 } else { 1.0 };
        let bounds_cm = self.bounds_cm();
        std::array::from_fn(|i| {
            let [low, high] = bounds_cm[i];
            ((high - low) / voxel_cm[i] + margin - 1e-9).ceil().max(1.0) as u64
        })
    }

    /// Turns the phantom into voxels.
    pub fn voxelize(&self, voxel_cm: [f64; 3], sex: Option<Sex>) -> Result<Phantom> {
        let named = |phantom: Phantom, id: &str| Phantom { id: id.to_owned(), ..phantom };
        match self {
            Model::Declared(model) => {
                voxelize(model, &Voxelization { voxel_cm, sex, memory_limit_bytes: MOST_VOXELS })
            }
            Model::Imported(phantom) => Ok(Phantom::clone(phantom)),
            Model::Ctdi { id, diameter_cm, length_cm } => {
                let phantom = ctdi_cylinder(*diameter_cm, *length_cm, CTDI_ROD_DIAMETER_CM, voxel_cm)?;
                Ok(named(phantom, id))
            }
            Model::Cylinder { width_cm, height_cm, length_cm, material } => {
                elliptic_cylinder(*width_cm, *height_cm, *length_cm, material.clone(), voxel_cm)
            }
        }
        .map_err(|error: Error| error.within("[phantom]"))
    }
}
