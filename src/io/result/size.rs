//! `/size`: how large the patient is along z, slice by slice (AAPM Reports 204 and 220).

use hdf5::{File, Result};
use ndarray::Array1;

use super::hdf::{attribute, dataset, text_attribute};
use crate::analysis::size::{REFERENCE_KEV, SliceSize};
use crate::units::CM_PER_MM;

/// A column: name, unit, value of a slice.
type Column = (&'static str, &'static str, fn(&SliceSize) -> f64);

const COLUMNS: [Column; 5] = [
    ("z", "mm", |size| size.z_cm / CM_PER_MM),
    ("ap", "cm", |size| size.ap_cm),
    ("lateral", "cm", |size| size.lateral_cm),
    ("effective_diameter", "cm", |size| size.effective_diameter_cm),
    ("water_equivalent_diameter", "cm", |size| size.water_equivalent_diameter_cm),
];

/// Writes the sizes of all slices with a body, from foot to head.
pub fn write(file: &File, sizes: &[SliceSize]) -> Result<()> {
    let group = file.create_group("size")?;
    text_attribute(
        &group,
        "note",
        "of the phantom's slices; the ratio of attenuations is that at energy_kev",
    )?;
    attribute(&group, "energy_kev", REFERENCE_KEV)?;
    for (name, unit, value) in COLUMNS {
        let values: Array1<f64> = sizes.iter().map(value).collect();
        dataset(&group, name, unit, values.view())?;
    }
    Ok(())
}
