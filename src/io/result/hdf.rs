//! HDF5 in the few words this file format needs.

use std::str::FromStr;

use bytemuck::{NoUninit, Zeroable};
use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type, Location, Result};
use ndarray::{ArrayView, ArrayView1, Dimension};

use super::chunks::write_chunks;

/// Unit of a plain number.
pub const NO_UNIT: &str = "1";
/// Unit of text.
pub const TEXT: &str = "none";

/// Level of deflate: the first leaves a seventh (dose) to a third (its error) more, higher ones hardly less of shuffled floats.
const DEFLATE_LEVEL: u8 = 2;
/// Longest edge of a chunk.
const CHUNK_EDGE: usize = 32;

/// Why HDF5 could not write: what the system said, where it tells, else the first line of its report.
pub fn write_reason(error: &hdf5::Error) -> String {
    let report = error.to_string();
    let system = report.split("error message = '").nth(1).and_then(|rest| rest.split('\'').next());
    system.or(report.lines().next()).unwrap_or_default().to_owned()
}

/// Text as HDF5 stores it: UTF-8 of any length. It cannot hold NUL, which becomes its visible picture.
pub fn text(value: &str) -> VarLenUnicode {
    VarLenUnicode::from_str(&value.replace('\0', "\u{2400}")).unwrap_or_default()
}

/// A text attribute.
pub fn text_attribute(place: &Location, name: &str, value: &str) -> Result<()> {
    place.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&text(value))
}

/// An attribute that is one number.
pub fn attribute<T: H5Type>(place: &Location, name: &str, value: T) -> Result<()> {
    place.new_attr::<T>().create(name)?.write_scalar(&value)
}

/// An attribute that is a list.
pub fn list_attribute<T: H5Type>(place: &Location, name: &str, values: &[T]) -> Result<()> {
    place.new_attr_builder().with_data(values).create(name).map(drop)
}

/// A dataset of one text.
pub fn text_dataset(group: &Group, name: &str, value: &str) -> Result<()> {
    let dataset = group.new_dataset::<VarLenUnicode>().create(name)?;
    dataset.write_scalar(&text(value))?;
    text_attribute(&dataset, "units", TEXT)
}

/// A dataset of texts.
pub fn texts_dataset<'a>(group: &Group, name: &str, values: impl Iterator<Item = &'a str>) -> Result<()> {
    let values: Vec<VarLenUnicode> = values.map(text).collect();
    dataset(group, name, TEXT, ArrayView1::from(&values)).map(drop)
}

/// A small dataset, stored in one piece.
pub fn dataset<T: H5Type, D: Dimension>(
    group: &Group,
    name: &str,
    units: &str,
    values: ArrayView<T, D>,
) -> Result<Dataset> {
    let dataset = group.new_dataset_builder().with_data(values).create(name)?;
    text_attribute(&dataset, "units", units)?;
    Ok(dataset)
}

/// A large dataset: in chunks, shuffled, deflated, each chunk with a checksum.
pub fn packed_dataset<T: H5Type + NoUninit + Zeroable + Sync, D: Dimension>(
    group: &Group,
    name: &str,
    units: &str,
    values: ArrayView<T, D>,
) -> Result<Dataset> {
    if values.is_empty() {
        return dataset(group, name, units, values);
    }
    let chunk: Vec<usize> = values.shape().iter().map(|&length| chunk_edge(length)).collect();
    let builder = group.new_dataset::<T>().shape(values.shape()).chunk(&chunk);
    let dataset = builder.shuffle().deflate(DEFLATE_LEVEL).fletcher32().create(name)?;
    text_attribute(&dataset, "units", units)?;
    write_chunks(&dataset, &chunk, values, u32::from(DEFLATE_LEVEL))?;
    // What HDF5 keeps back until a file is closed could fail unseen then, on a full disk.
    dataset.file()?.flush()?;
    Ok(dataset)
}

/// Writes what HDF5 keeps back of a file, and closes it. A closing alone does not say what could not be written.
pub fn close(file: File) -> Result<()> {
    file.flush()?;
    file.close()
}

/// Edge of the chunks along an axis: equal parts of at most [`CHUNK_EDGE`], so that little is padding.
fn chunk_edge(length: usize) -> usize {
    length.div_ceil(length.div_ceil(CHUNK_EDGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_equal_parts_of_an_axis() {
        assert_eq!([1, 32, 33, 64, 131].map(chunk_edge), [1, 32, 17, 32, 27]);
    }

    #[test]
    fn what_the_system_said_is_the_reason() {
        let full = "H5Dwrite(): can't write data: file write failed: time = Sat\n, filename = 'a', errno = 28, error \
                    message = 'No space left on device', buf = 0x1";
        assert_eq!(write_reason(&full.into()), "No space left on device");
        assert_eq!(write_reason(&"one\ntwo".into()), "one");
    }

    #[test]
    fn text_may_be_any_unicode() {
        assert_eq!(text("Phase portale é 動脈\0").as_str(), "Phase portale é 動脈\u{2400}");
    }
}
