//! Dimension scales: what tells h5py, xarray and netCDF that `x` is the coordinate of an axis.
//!
//! They are attributes (HDF5 Dimension Scale Specification): a scale says `CLASS` and `NAME`, a dataset
//! lists its scales in `DIMENSION_LIST`, a scale lists its datasets in `REFERENCE_LIST`.

use hdf5::types::{FixedAscii, VarLenArray};
use hdf5::{Group, H5Type, ObjectReference1, Result};

use super::hdf::{attribute, dataset, list_attribute};
use ndarray::ArrayView1;

/// One entry of `REFERENCE_LIST`: a dataset, and which of its axes the scale belongs to.
#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Use {
    dataset: ObjectReference1,
    dimension: u32,
}

/// Writes the coordinate of an axis.
pub fn write_scale(group: &Group, name: &str, units: &str, values: &[f64]) -> Result<()> {
    let scale = dataset(group, name, units, ArrayView1::from(values))?;
    attribute(&scale, "CLASS", ascii::<16>("DIMENSION_SCALE"))?;
    attribute(&scale, "NAME", ascii::<16>(name))
}

/// Joins datasets to the scales of their axes.
pub fn join(group: &Group, scales: &[&str], datasets: &[&str]) -> Result<()> {
    for name in datasets {
        let list = scales.iter().map(|scale| group.reference::<ObjectReference1>(scale));
        let list = list.map(|reference| reference.map(|reference| VarLenArray::from_slice(&[reference])));
        let list: Vec<VarLenArray<ObjectReference1>> = list.collect::<Result<_>>()?;
        let dataset = group.dataset(name)?;
        list_attribute(&dataset, "DIMENSION_LIST", &list)?;
    }
    for (dimension, scale) in scales.iter().enumerate() {
        let uses = datasets.iter().map(|name| {
            let dataset = group.reference::<ObjectReference1>(name)?;
            Ok(Use { dataset, dimension: dimension as u32 })
        });
        let uses: Vec<Use> = uses.collect::<Result<_>>()?;
        let scale = group.dataset(scale)?;
        list_attribute(&scale, "REFERENCE_LIST", &uses)?;
    }
    Ok(())
}

/// Text of a fixed length, filled up with NUL.
pub fn ascii<const N: usize>(text: &str) -> FixedAscii<N> {
    FixedAscii::from_ascii(text).unwrap_or_default()
}
