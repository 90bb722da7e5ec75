//! MetaImage, one byte per voxel, LPS, mm: `.mha` in one file, `.mhd` beside a `.raw`.

use std::path::Path;

use crate::error::Result;
use crate::geometry::phantom::Phantom;
use crate::units::MM_PER_CM;

/// Writes the labels.
pub(super) fn write(phantom: &Phantom, path: &Path) -> Result<()> {
    if path.extension().is_none_or(|end| end != "mhd") {
        let header = header(phantom, "LOCAL");
        return super::write_file(path, |out| {
            out.write_all(header.as_bytes())?;
            out.write_all(&phantom.labels)
        });
    }
    let raw = path.with_extension("raw");
    super::write_file(&raw, |out| out.write_all(&phantom.labels))?;
    let name = raw.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let header = header(phantom, &name);
    super::write_file(path, |out| out.write_all(header.as_bytes()))
}

fn header(phantom: &Phantom, data: &str) -> String {
    let grid = &phantom.grid;
    let three =
        |value: &dyn Fn(usize) -> f64| (0..3).map(|i| value(i).to_string()).collect::<Vec<_>>().join(" ");
    let edge_mm = |axis: usize| grid.spacing_cm[axis] * MM_PER_CM;
    let first_mm = |axis: usize| grid.corner_cm[axis] * MM_PER_CM + 0.5 * edge_mm(axis);
    format!(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n\
         TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = {}\nCenterOfRotation = 0 0 0\nAnatomicalOrientation = RAI\n\
         ElementSpacing = {}\nDimSize = {}\nElementType = MET_UCHAR\nElementDataFile = {data}\n",
        three(&first_mm),
        three(&edge_mm),
        three(&|axis| grid.counts[axis] as f64),
    )
}
