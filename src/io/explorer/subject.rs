//! What the explorer shows of a patient: a picture, slice sizes, landmarks, ranges.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::size::{REFERENCE_KEV, SliceSize, slice_sizes};
use crate::analysis::size_tables::{Bowtie, REGIONS};
use crate::analysis::ssde::size_factor;
use crate::error::Result;
use crate::geometry::phantom::{EXTERIOR, Phantom};
use crate::io::picture::overlay::over_anatomy;
use crate::io::picture::sheet;
use crate::units::MM_PER_CM;

/// Edge of a picture's pixel, about, cm.
const PIXEL_CM: f64 = 0.2;

/// A coronal picture between two heights in grey, as a data URI with its extent.
pub fn picture(phantom: &Phantom, [low_cm, high_cm]: [f64; 2]) -> Result<Value> {
    let grid = &phantom.grid;
    let step = |axis: usize| (PIXEL_CM / grid.spacing_cm[axis]).round().max(1.0) as usize;
    let place = |cm: f64| ((cm - grid.corner_cm[2]) / grid.spacing_cm[2]).clamp(0.0, grid.counts[2] as f64);
    let (first, last) = (place(low_cm).floor() as usize, place(high_cm).ceil() as usize);
    let iy = ((phantom.axis_cm[1] - grid.corner_cm[1]) / grid.spacing_cm[1]) as usize;
    let iy = iy.min(grid.counts[1] - 1);
    let (columns, rows) = (grid.counts[0] / step(0), (last - first) / step(2));
    let mut pixels = Vec::with_capacity(3 * columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let voxel = grid.index(column * step(0), iy, last - 1 - row * step(2));
            let colour = match phantom.labels[voxel] {
                EXTERIOR => [0; 3],
                _ => over_anatomy(phantom.density_g_cm3(voxel) as f32, 0.0),
            };
            pixels.extend(colour);
        }
    }
    let top_cm = grid.corner_cm[2] + last as f64 * grid.spacing_cm[2];
    let height_cm = (rows * step(2)) as f64 * grid.spacing_cm[2];
    let png = sheet::png([columns as u32, rows as u32], &pixels)?;
    Ok(json!({
        "uri": format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png)),
        "top_mm": top_cm * MM_PER_CM,
        "height_mm": height_cm * MM_PER_CM,
        "width_mm": (columns * step(0)) as f64 * grid.spacing_cm[0] * MM_PER_CM,
    }))
}

/// Middle, water-equivalent diameter and size factors of every slice, from foot to head; null where AAPM 204 has none.
pub fn slices(phantom: &Phantom) -> Result<Value> {
    let sizes = slice_sizes(phantom, REFERENCE_KEV)?;
    let all = |of: &dyn Fn(&SliceSize) -> Value| -> Value { sizes.iter().map(of).collect() };
    let factor =
        |phantom| move |size: &SliceSize| json!(size_factor(phantom, size.water_equivalent_diameter_cm));
    Ok(json!({
        "z_mm": all(&|size| json!(size.z_cm * MM_PER_CM)),
        "dw_cm": all(&|size| json!(size.water_equivalent_diameter_cm)),
        "factor": { "body32": all(&factor(CtdiPhantom::Body32)), "head16": all(&factor(CtdiPhantom::Head16)) },
    }))
}

/// Standard ranges in this phantom, mm.
pub fn regions(phantom: &Phantom) -> Result<Vec<Value>> {
    let region = |region: &crate::analysis::size_tables::Region| -> Result<Value> {
        let [bottom_cm, top_cm] = region.range_cm(phantom)?;
        Ok(json!({
            "id": region.id,
            "name": region.name,
            "head": region.bowtie == Bowtie::Head,
            "top_mm": top_cm * MM_PER_CM,
            "bottom_mm": bottom_cm * MM_PER_CM,
        }))
    };
    REGIONS.iter().map(region).collect()
}
