//! What the shipped phantoms measure and weigh, computed once and kept in `phantoms/figures.csv`, so that a list of
//! them needs no voxels. A test computes them anew.

use std::collections::BTreeSet;

use super::{load_shipped, shipped_ids};
use crate::analysis::size::{REFERENCE_KEV, part_diameters_cm, slice_sizes};
use crate::error::{Error, Result};
use crate::geometry::mass::body_mass_g;
use crate::geometry::voxelize::{Voxelization, voxelize};
use crate::units::CM_PER_MM;

const FIGURES: &str = include_str!("../../../phantoms/figures.csv");
const COLUMNS: [&str; 10] = [
    "id",
    "age_y",
    "height_cm",
    "weight_kg",
    "dw_head_cm",
    "dw_chest_cm",
    "dw_abdomen_cm",
    "dw_pelvis_cm",
    "organs",
    "name",
];

/// Figures of a shipped phantom.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Key.
    pub id: String,
    /// Age, years; an adult's is that of its file.
    pub age_y: f64,
    /// From sole to vertex, cm.
    pub height_cm: f64,
    /// Mass of the body with the organs of both sexes, kg.
    pub weight_kg: f64,
    /// Mean water-equivalent diameter of head, chest, abdomen and pelvis, cm, see
    /// [`BODY_PARTS`](crate::analysis::size::BODY_PARTS).
    pub part_diameters_cm: [f64; 4],
    /// Number of organs and tissues.
    pub organs: usize,
    /// Name for people.
    pub name: String,
}

impl Figures {
    /// Computes the figures of a shipped phantom from voxels of an edge.
    pub fn compute(id: &str, voxel_mm: f64) -> Result<Self> {
        let model = load_shipped(id)?;
        let phantom = voxelize(&model, &Voxelization::cubes(voxel_mm * CM_PER_MM))?;
        let sizes = slice_sizes(&phantom, REFERENCE_KEV)?;
        let organs: BTreeSet<&str> = model.regions.iter().map(|region| region.organ.as_str()).collect();
        Ok(Figures {
            id: id.to_owned(),
            age_y: model.age_y.unwrap_or(f64::NAN),
            height_cm: model.height_cm().unwrap_or(f64::NAN),
            weight_kg: 1e-3 * body_mass_g(&phantom),
            part_diameters_cm: part_diameters_cm(&phantom, &sizes).map(|cm| cm.unwrap_or(f64::NAN)),
            organs: organs.len(),
            name: model.name.clone(),
        })
    }

    fn read(record: &csv::StringRecord) -> Option<Self> {
        let number = |column: usize| record.get(column)?.parse::<f64>().ok();
        Some(Figures {
            id: record.get(0)?.to_owned(),
            age_y: number(1)?,
            height_cm: number(2)?,
            weight_kg: number(3)?,
            part_diameters_cm: [number(4)?, number(5)?, number(6)?, number(7)?],
            organs: record.get(8)?.parse().ok()?,
            name: record.get(9)?.to_owned(),
        })
    }

    fn record(&self) -> Vec<String> {
        let mut record = vec![self.id.clone(), self.age_y.to_string()];
        record.extend([format!("{:.2}", self.height_cm), format!("{:.3}", self.weight_kg)]);
        record.extend(self.part_diameters_cm.map(|cm| format!("{cm:.2}")));
        record.extend([self.organs.to_string(), self.name.clone()]);
        record
    }
}

/// Figures of all shipped phantoms, in the order of [`shipped_ids`].
pub fn shipped_figures() -> Result<Vec<Figures>> {
    let broken = || Error::Internal("phantoms/figures.csv is not whole".to_owned());
    let mut reader = csv::Reader::from_reader(FIGURES.as_bytes());
    reader.records().map(|record| Figures::read(&record.map_err(|_| broken())?).ok_or_else(broken)).collect()
}

/// The text of `phantoms/figures.csv`, computed anew from voxels of an edge.
pub fn figures_csv(voxel_mm: f64) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let broken = |error: csv::Error| Error::Internal(error.to_string());
    writer.write_record(COLUMNS).map_err(broken)?;
    for id in shipped_ids() {
        writer.write_record(Figures::compute(id, voxel_mm)?.record()).map_err(broken)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| Error::Internal(error.to_string()))
}
