//! The digest of what an object of an HDF5 file holds.

use bytemuck::{NoUninit, cast_slice};
use hdf5::types::{FixedAscii, FloatSize, IntSize, TypeDescriptor, VarLenUnicode};
use hdf5::{Container, Dataset, File, H5Type, Hyperslab, Location, Result, SliceOrIndex};
use ndarray::{Array, IxDyn};
use sha2::{Digest, Sha256};

use super::walk::Object;

/// Values are read in pieces of about so many bytes.
const PIECE_BYTES: usize = 1 << 24;
/// Layers that lie together are read together up to so many bytes.
const LAYERS_BYTES: usize = 4 * PIECE_BYTES;
/// Deflate makes data smaller by at most this factor (RFC 1951: 258 bytes from 2 bits).
const MOST_DEFLATED: u64 = 1032;
/// Attributes that name places in the file: no values of it.
const PLACES: [&str; 2] = ["DIMENSION_LIST", "REFERENCE_LIST"];
/// Longest text of fixed length: what dimension scales are named by.
const FIXED_TEXT: usize = 16;

/// SHA-256 of an object, in hexadecimal.
pub(super) fn digest(file: &File, object: &Object) -> Result<String> {
    let mut digest = Sha256::new();
    match object {
        Object::Dataset(set) => {
            digest.update(b"dataset\n");
            check_size(file, set)?;
            add(set, layers(set), &mut digest)?;
            add_attributes(set, &mut digest)?;
        }
        Object::Group(group) => {
            digest.update(b"group\n");
            add_attributes(group, &mut digest)?;
        }
    }
    Ok(crate::io::digest::hex(&digest.finalize()))
}

/// Refuses a dataset that promises more than the bytes of the file can hold.
fn check_size(file: &File, set: &Container) -> Result<()> {
    let values = set.shape().iter().try_fold(1_u64, |product, &length| product.checked_mul(length as u64));
    let bytes = values.and_then(|values| values.checked_mul(set.dtype().ok()?.size() as u64));
    match bytes.is_some_and(|bytes| bytes <= file.size().saturating_mul(MOST_DEFLATED)) {
        true => Ok(()),
        false => Err("it promises more values than the file can hold".into()),
    }
}

fn add_attributes(place: &Location, digest: &mut Sha256) -> Result<()> {
    let mut names = place.attr_names()?;
    names.sort();
    for name in names.iter().filter(|name| !PLACES.contains(&name.as_str())) {
        digest.update(format!("\n{name}\n"));
        add(&*place.attr(name)?, 1, digest)?;
    }
    Ok(())
}

/// Layers of the first axis that a dataset keeps together: read apart, they would be unpacked more than once.
fn layers(set: &Dataset) -> usize {
    set.chunk().and_then(|chunk| chunk.first().copied()).unwrap_or(1).max(1)
}

/// Adds type, shape and values, numbers in little endian; `layers` are read together.
fn add(values: &Container, layers: usize, digest: &mut Sha256) -> Result<()> {
    let kind = values.dtype()?.to_descriptor()?;
    digest.update(format!("{kind} {:?}\n", values.shape()));
    match kind {
        TypeDescriptor::Integer(IntSize::U1) => add_numbers(values, layers, digest, i8::to_le_bytes),
        TypeDescriptor::Integer(IntSize::U2) => add_numbers(values, layers, digest, i16::to_le_bytes),
        TypeDescriptor::Integer(IntSize::U4) => add_numbers(values, layers, digest, i32::to_le_bytes),
        TypeDescriptor::Integer(IntSize::U8) => add_numbers(values, layers, digest, i64::to_le_bytes),
        TypeDescriptor::Unsigned(IntSize::U1) => add_numbers(values, layers, digest, u8::to_le_bytes),
        TypeDescriptor::Unsigned(IntSize::U2) => add_numbers(values, layers, digest, u16::to_le_bytes),
        TypeDescriptor::Unsigned(IntSize::U4) => add_numbers(values, layers, digest, u32::to_le_bytes),
        TypeDescriptor::Unsigned(IntSize::U8) => add_numbers(values, layers, digest, u64::to_le_bytes),
        TypeDescriptor::Float(FloatSize::U4) => add_numbers(values, layers, digest, f32::to_le_bytes),
        TypeDescriptor::Float(FloatSize::U8) => add_numbers(values, layers, digest, f64::to_le_bytes),
        TypeDescriptor::Boolean => add_numbers(values, layers, digest, |flag: bool| [u8::from(flag)]),
        TypeDescriptor::VarLenUnicode => {
            for text in values.read_raw::<VarLenUnicode>()? {
                add_text(text.as_bytes(), digest)?;
            }
            Ok(())
        }
        TypeDescriptor::FixedAscii(length) if length <= FIXED_TEXT => {
            add_text(values.read_scalar::<FixedAscii<FIXED_TEXT>>()?.as_bytes(), digest)
        }
        other => Err(format!("it has the type {other}, which this program does not write").into()),
    }
}

/// Adds a text. Refuses bytes that are not UTF-8: readers take them for it.
fn add_text(bytes: &[u8], digest: &mut Sha256) -> Result<()> {
    std::str::from_utf8(bytes).map_err(|_| hdf5::Error::from("a text is not UTF-8"))?;
    digest.update((bytes.len() as u64).to_le_bytes());
    digest.update(bytes);
    Ok(())
}

/// Adds numbers, a piece of the first axis at a time: as many times so many layers as fit into it, once at least.
fn add_numbers<T: H5Type + Copy + NoUninit, const N: usize>(
    values: &Container,
    layers: usize,
    digest: &mut Sha256,
    little_endian: impl Fn(T) -> [u8; N],
) -> Result<()> {
    let mut update = |piece: &[T]| match cfg!(target_endian = "little") {
        true => digest.update(cast_slice::<T, u8>(piece)),
        false => piece.iter().for_each(|&value| digest.update(little_endian(value))),
    };
    let shape = values.shape();
    let row_bytes = shape.iter().skip(1).product::<usize>().max(1) * N;
    if shape.iter().product::<usize>() * N <= PIECE_BYTES {
        update(&values.read_raw::<T>()?);
        return Ok(());
    }
    // Of a file made to be large, no more is read at once than of others.
    let layers = if layers.saturating_mul(row_bytes) <= LAYERS_BYTES { layers } else { 1 };
    let rows = (PIECE_BYTES / row_bytes / layers).max(1) * layers;
    for start in (0..shape[0]).step_by(rows) {
        let whole = shape[1..].iter().map(|&length| (0, length));
        let slab = std::iter::once((start, rows.min(shape[0] - start))).chain(whole);
        let slab: Vec<SliceOrIndex> =
            slab.map(|(start, count)| SliceOrIndex::SliceCount { start, step: 1, count, block: 1 }).collect();
        let piece: Array<T, IxDyn> = values.read_slice(Hyperslab::new(slab))?;
        update(&piece.into_raw_vec_and_offset().0);
    }
    Ok(())
}
