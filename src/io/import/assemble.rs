//! From labels and tables to a phantom: its axis, its landmarks, its limits.

use std::collections::BTreeMap;

use super::table::Tables;
use crate::error::{Error, Result};
use crate::geometry::grid::VoxelGrid;
use crate::geometry::phantom::{EXTERIOR, Phantom};

/// Most voxels that are imported.
pub const MOST_VOXELS: u64 = 1 << 30;

/// Refuses sizes that are 0 or beyond what is imported.
pub(super) fn check_counts(counts: [u64; 3]) -> Result<[usize; 3]> {
    let product = counts.iter().try_fold(1_u64, |product, &count| product.checked_mul(count));
    match product {
        Some(voxels) if (1..=MOST_VOXELS).contains(&voxels) => Ok(counts.map(|count| count as usize)),
        _ => Err(Error::invalid(format!(
            "a phantom must have from 1 to {MOST_VOXELS} voxels, found {} x {} x {}",
            counts[0], counts[1], counts[2]
        ))),
    }
}

/// Puts a phantom together. Landmarks are `top` and `bottom` of the body and of every organ (`liver_top`); the
/// axis is the middle of the body's bounds.
pub(super) fn phantom(
    id: &str,
    grid: VoxelGrid,
    labels: Vec<u8>,
    voxel_media: Option<Vec<u8>>,
    tables: Tables,
) -> Result<Phantom> {
    let Tables { regions, organs, media, .. } = tables;
    let mut phantom = Phantom {
        id: id.to_owned(),
        name: id.to_owned(),
        grid,
        labels,
        voxel_media,
        regions,
        media,
        organs,
        bone_sites: Vec::new(),
        landmarks_z_cm: BTreeMap::new(),
        axis_cm: [0.0; 2],
    };
    let boxes = label_boxes(&phantom);
    // A region without an organ (a couch) is not the body.
    let body = boxes
        .iter()
        .zip(&phantom.regions)
        .filter(|(_, region)| region.organ.is_some())
        .filter_map(|(bounds, _)| *bounds)
        .reduce(union)
        .ok_or_else(|| Error::invalid("the phantom has no body: every voxel is the air around it"))?;
    let face_cm = |axis: usize, voxel: usize| {
        phantom.grid.corner_cm[axis] + voxel as f64 * phantom.grid.spacing_cm[axis]
    };
    let mut landmarks = BTreeMap::new();
    for (organ, about) in phantom.organs.iter().enumerate() {
        let of = phantom.regions.iter().zip(&boxes).filter(|(region, _)| region.organ == Some(organ as u16));
        if let Some([low, high]) = of.filter_map(|(_, bounds)| *bounds).reduce(union) {
            landmarks.insert(format!("{}_bottom", about.id), face_cm(2, low[2]));
            landmarks.insert(format!("{}_top", about.id), face_cm(2, high[2]));
        }
    }
    landmarks.insert("bottom".to_owned(), face_cm(2, body[0][2]));
    landmarks.insert("top".to_owned(), face_cm(2, body[1][2]));
    phantom.axis_cm =
        std::array::from_fn(|axis| 0.5 * (face_cm(axis, body[0][axis]) + face_cm(axis, body[1][axis])));
    phantom.landmarks_z_cm = landmarks;
    Ok(phantom)
}

/// Lowest voxel and the one beyond the highest, along x, y, z.
type VoxelBox = [[usize; 3]; 2];

fn union(a: VoxelBox, b: VoxelBox) -> VoxelBox {
    [std::array::from_fn(|i| a[0][i].min(b[0][i])), std::array::from_fn(|i| a[1][i].max(b[1][i]))]
}

/// Bounds of the voxels of every label.
fn label_boxes(phantom: &Phantom) -> Vec<Option<VoxelBox>> {
    let [nx, ny, _] = phantom.grid.counts;
    let mut boxes: Vec<Option<VoxelBox>> = vec![None; 256];
    for (row, labels) in phantom.labels.chunks_exact(nx).enumerate() {
        let (y, z) = (row % ny, row / ny);
        let mut start = 0;
        for run in labels.chunk_by(|a, b| a == b) {
            let found = [[start, y, z], [start + run.len(), y + 1, z + 1]];
            start += run.len();
            if run[0] != EXTERIOR {
                let known = &mut boxes[usize::from(run[0])];
                *known = Some(known.map_or(found, |known| union(known, found)));
            }
        }
    }
    boxes
}
