//! Writing a response file: beside its place, synced, then renamed.

use std::f64::consts::TAU;
use std::path::Path;

use hdf5::{File, Group};
use jiff::{Timestamp, Unit};
use ndarray::{ArrayView1, ArrayView4};

use super::{FORMAT, FORMAT_VERSION, Made, Response};
use crate::error::Result;
use crate::io::output_file;
use crate::io::result::dimension::{join, write_scale};
use crate::io::result::hdf::{
    attribute, close, dataset, packed_dataset, text_attribute, text_dataset, texts_dataset, write_reason,
};
use crate::io::result::{NOTICE, git_commit};
use crate::io::seal::seal;
use crate::simulation::response::ResponseMatrix;
use crate::units::MM_PER_CM;

/// Writes the file.
pub fn write(path: &Path, response: &Response) -> Result<()> {
    let digest = response.digest()?;
    let temporary = output_file::beside(path)?.into_temp_path();
    fill(&temporary, response, &digest)
        .map_err(|error| output_file::unwritable(path, &write_reason(&error)))?;
    output_file::publish(temporary, path)
}

fn fill(path: &Path, response: &Response, digest: &str) -> hdf5::Result<()> {
    let now = Timestamp::now();
    let file = File::create(path)?;
    text_attribute(&file, "format", FORMAT)?;
    text_attribute(&file, "format_version", FORMAT_VERSION)?;
    text_attribute(&file, "software_version", &response.about.software_version)?;
    text_attribute(&file, "git_commit", git_commit())?;
    text_attribute(&file, "created", &now.round(Unit::Second).unwrap_or(now).to_string())?;
    text_attribute(&file, "notice", NOTICE)?;
    text_attribute(&file, "digest", digest)?;
    text_dataset(&file.create_group("about")?, "json", &json(&response.about)?)?;
    write_rows(&file.create_group("rows")?, response)?;
    write_matrix(&file.create_group("matrix")?, &response.matrix)?;
    let ctdi = file.create_group("ctdi")?;
    for (phantom, matrix) in &response.ctdi {
        let group = ctdi.create_group(phantom.name())?;
        texts_dataset(&group, "row", ["centre", "periphery", "weighted"].into_iter())?;
        write_matrix(&group, matrix)?;
    }
    seal(&file)?;
    close(file)
}

fn json(value: &impl serde::Serialize) -> hdf5::Result<String> {
    serde_json::to_string(value).map_err(|error| error.to_string().into())
}

fn write_rows(group: &Group, response: &Response) -> hdf5::Result<()> {
    let rows = &response.rows.rows;
    text_dataset(group, "json", &json(&response.rows)?)?;
    let kinds = rows.iter().map(|row| json(&row.kind)).collect::<hdf5::Result<Vec<_>>>()?;
    texts_dataset(group, "kind", kinds.iter().map(|kind| kind.trim_matches('"')))?;
    texts_dataset(group, "id", rows.iter().map(|row| row.id.as_str()))?;
    texts_dataset(group, "name", rows.iter().map(|row| row.name.as_str()))?;
    texts_dataset(group, "unit", rows.iter().map(|row| row.kind.unit()))?;
    let masses_g: Vec<f64> = rows.iter().map(|row| row.mass_g).collect();
    dataset(group, "mass", "g", ArrayView1::from(&masses_g)).map(drop)
}

/// Dimension scales of a matrix.
const SCALES: [&str; 4] = ["z", "angle", "energy", "row_index"];

fn write_matrix(group: &Group, matrix: &ResponseMatrix) -> hdf5::Result<()> {
    let grid = &matrix.grid;
    let middle = |plane: usize| (grid.low_z_cm + (plane as f64 + 0.5) * grid.plane_cm) * MM_PER_CM;
    write_scale(group, "z", "mm", &(0..grid.planes).map(middle).collect::<Vec<_>>())?;
    let angle = |bin: usize| (bin as f64 / grid.angles as f64 * TAU).to_degrees();
    write_scale(group, "angle", "deg", &(0..grid.angles).map(angle).collect::<Vec<_>>())?;
    write_scale(group, "energy", "keV", &grid.mean_energies_kev)?;
    write_scale(group, "row_index", "1", &(0..matrix.rows).map(|row| row as f64).collect::<Vec<_>>())?;
    dataset(group, "energy_edges", "keV", ArrayView1::from(&grid.energy_edges_kev))?;
    dataset(group, "photons", "1", ArrayView1::from(&matrix.photons))?;
    dataset(group, "one_photon", "unit of the row", ArrayView1::from(&matrix.one_photon))?;
    attribute(group, "low_z_mm", grid.low_z_cm * MM_PER_CM)?;
    attribute(group, "plane_mm", grid.plane_cm * MM_PER_CM)?;
    let made = Made { histories: matrix.histories, reached: matrix.reached, wall_s: matrix.wall_s };
    text_attribute(group, "made", &json(&made)?)?;
    let shape = (grid.planes, grid.angles, grid.energies(), matrix.rows);
    for (name, values) in [("mean", &matrix.mean), ("standard_error", &matrix.standard_error)] {
        let values = ArrayView4::from_shape(shape, values).map_err(|error| error.to_string())?;
        let set = packed_dataset(group, name, "unit of the row", values)?;
        text_attribute(&set, "long_name", "per 1e9 photons per radian of fan angle before the bowtie")?;
    }
    if let Some(tilt) = &matrix.tilt {
        let slopes = [("tilt_slope", &tilt.slope), ("tilt_slope_standard_error", &tilt.standard_error)];
        for (name, values) in slopes {
            let values = ArrayView4::from_shape(shape, values).map_err(|error| error.to_string())?;
            let set = packed_dataset(group, name, "unit of the row", values)?;
            text_attribute(
                &set,
                "long_name",
                "change of the mean from rays in the plane of rotation to the most tilted",
            )?;
        }
        attribute(group, "tilt_sin_cone", tilt.sin_cone)?;
    }
    let values = ["mean", "standard_error", "tilt_slope", "tilt_slope_standard_error"];
    join(group, &SCALES, if matrix.tilt.is_some() { &values } else { &values[..2] })
}
