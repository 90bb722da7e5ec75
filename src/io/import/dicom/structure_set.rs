//! DICOM structure sets (RTSTRUCT; PS3.3, C.8.8.5 and C.8.8.6): closed planar contours, and what they enclose.
//!
//! A contour belongs to the slice whose plane is within half a spacing; of several planes that fall on one slice the
//! nearest counts. Within a plane all contours of a structure are taken together, even-odd, so that holes and keyholes
//! stay empty. A voxel is enclosed if its centre is.

use std::collections::BTreeMap;

use dicom_dictionary_std::tags;

use super::attributes::{Object, items, list, need_text, need_whole, text, whole};
use crate::error::{Error, Result};
use crate::geometry::grid::VoxelGrid;
use crate::io::import::patient::polygon::Plane;
use crate::io::import::patient::structure::{Structure, Structures};
use crate::units::CM_PER_MM;

/// Points of a contour may lie off its plane by this much, mm.
const FLAT_MM: f64 = 0.05;
/// Structures of these types (RTROIInterpretedType) are no organs.
const NO_ORGANS: [&str; 13] = [
    "EXTERNAL",
    "PTV",
    "CTV",
    "GTV",
    "TREATED_VOLUME",
    "IRRAD_VOLUME",
    "BOLUS",
    "MARKER",
    "REGISTRATION",
    "ISOCENTER",
    "CONTROL",
    "DOSE_REGION",
    "SUPPORT",
];

/// The frame of reference of a structure set, if it names one.
pub(super) fn reference(header: &Object) -> Option<String> {
    text(items(header, tags::REFERENCED_FRAME_OF_REFERENCE_SEQUENCE).first()?, tags::FRAME_OF_REFERENCE_UID)
}

/// Reads all structures that may be organs.
pub(super) fn read(header: &Object, grid: &VoxelGrid) -> Result<Structures> {
    let mut structures = Structures::default();
    let kinds: BTreeMap<i64, String> = items(header, tags::RTROI_OBSERVATIONS_SEQUENCE)
        .iter()
        .filter_map(|item| {
            let number = whole(item, tags::REFERENCED_ROI_NUMBER).ok()??;
            Some((number, text(item, tags::RTROI_INTERPRETED_TYPE)?))
        })
        .collect();
    let mut left_out = Vec::new();
    for roi in items(header, tags::STRUCTURE_SET_ROI_SEQUENCE) {
        let number = need_whole(roi, tags::ROI_NUMBER, i64::from(i32::MIN), i64::from(i32::MAX))?;
        let name = need_text(roi, tags::ROI_NAME)?;
        if kinds.get(&number).is_some_and(|kind| NO_ORGANS.contains(&kind.as_str())) {
            left_out.push(format!("`{name}` ({})", kinds[&number]));
            continue;
        }
        let contours = items(header, tags::ROI_CONTOUR_SEQUENCE)
            .iter()
            .filter(|item| whole(item, tags::REFERENCED_ROI_NUMBER).is_ok_and(|found| found == Some(number)))
            .flat_map(|item| items(item, tags::CONTOUR_SEQUENCE));
        let mut roi = Roi::default();
        for contour in contours {
            roi.add(contour, grid).map_err(|error| error.within(&format!("structure `{name}`")))?;
        }
        structures.warnings.extend(roi.warning(&name));
        let mut structure = Structure { name, number: Some(number), runs: Vec::new() };
        roi.fill(grid, &mut structure);
        structures.list.push(structure);
    }
    if !left_out.is_empty() {
        structures
            .warnings
            .push(format!("structures that are no organs are left out: {}", left_out.join(", ")));
    }
    Ok(structures)
}

/// Corners of a contour along the two axes of its plane, in voxels.
type Corners = Vec<[f64; 2]>;

/// The contours of a structure.
#[derive(Default)]
struct Roi {
    /// By normal axis, slice, and distance from it in millionths of a spacing.
    planes: BTreeMap<(usize, usize), BTreeMap<i64, Vec<Corners>>>,
    outside: usize,
    others: usize,
}

impl Roi {
    fn add(&mut self, contour: &Object, grid: &VoxelGrid) -> Result<()> {
        if need_text(contour, tags::CONTOUR_GEOMETRIC_TYPE)? != "CLOSED_PLANAR" {
            self.others += 1;
            return Ok(());
        }
        let data = list(contour, tags::CONTOUR_DATA)?.unwrap_or_default();
        if data.len() < 9 || data.len() % 3 != 0 {
            return Err(Error::invalid(format!(
                "ContourData must be 3 points or more of 3 numbers, found {} numbers",
                data.len()
            )));
        }
        let normal = normal_axis(&data)?;
        let voxels =
            |point: &[f64], i: usize| (point[i] * CM_PER_MM - grid.corner_cm[i]) / grid.spacing_cm[i] - 0.5;
        let height = voxels(&data, normal);
        let slice = height.round();
        if slice < 0.0 || slice >= grid.counts[normal] as f64 {
            self.outside += 1;
            return Ok(());
        }
        let [u, v] = other_axes(normal);
        let corners = data.chunks_exact(3).map(|point| [voxels(point, u), voxels(point, v)]).collect();
        let distance = ((height - slice) * 1e6).round() as i64;
        let planes = self.planes.entry((normal, slice as usize)).or_default();
        planes.entry(distance).or_default().push(corners);
        Ok(())
    }

    fn warning(&self, name: &str) -> Option<String> {
        let mut said = Vec::new();
        if self.outside > 0 {
            said.push(format!("{} contours beyond the CT are left out", self.outside));
        }
        if self.others > 0 {
            said.push(format!("{} contours that are not CLOSED_PLANAR are left out", self.others));
        }
        let slices: Vec<usize> = self.planes.keys().map(|&(_, slice)| slice).collect();
        if let (Some(first), Some(last)) = (slices.iter().min(), slices.iter().max()) {
            let between = (last - first + 1).saturating_sub(slices.len());
            if between > 0 {
                said.push(format!("{between} slices between its ends have no contour and stay empty"));
            }
        }
        (!said.is_empty()).then(|| format!("structure `{name}`: {}", said.join("; ")))
    }

    fn fill(&self, grid: &VoxelGrid, structure: &mut Structure) {
        for (&(normal, slice), planes) in &self.planes {
            let Some((_, contours)) = planes.iter().min_by_key(|(distance, _)| distance.abs()) else {
                continue;
            };
            let [u, v] = other_axes(normal);
            let mut plane = Plane::new([grid.counts[u], grid.counts[v]]);
            contours.iter().for_each(|corners| plane.toggle(corners));
            plane.each(|at| {
                let mut voxel = [slice; 3];
                [voxel[u], voxel[v]] = at;
                structure.push(grid.index(voxel[0], voxel[1], voxel[2]));
            });
        }
    }
}

/// The patient's axis a contour's plane stands upright on.
fn normal_axis(data: &[f64]) -> Result<usize> {
    let width_mm = |axis: usize| {
        let along = data.iter().skip(axis).step_by(3).copied();
        along.clone().fold(f64::MIN, f64::max) - along.fold(f64::MAX, f64::min)
    };
    // The slices of most CTs are stacked along z.
    [2, 1, 0].into_iter().find(|&axis| width_mm(axis) <= FLAT_MM).ok_or_else(|| {
        Error::invalid(format!(
            "a contour must lie in a plane of the CT's axes, found one of {:.2} x {:.2} x {:.2} mm",
            width_mm(0),
            width_mm(1),
            width_mm(2)
        ))
    })
}

fn other_axes(normal: usize) -> [usize; 2] {
    [[1, 2], [0, 2], [0, 1]][normal]
}
