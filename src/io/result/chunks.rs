//! Chunks of large datasets, packed by all threads and written as they are.
//!
//! HDF5 packs on one thread, while the others wait. What its filters do is little: bytes of a kind put side by side (shuffle),
//! deflate, and a checksum. Whoever reads the file leaves it to HDF5.

use std::io::Write;

use bytemuck::{NoUninit, Zeroable, cast_slice};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use hdf5::sync::sync;
use hdf5::{Dataset, Result, h5check};
use hdf5_sys::h5d::H5Dwrite_chunk;
use hdf5_sys::h5p::H5P_DEFAULT;
use ndarray::{ArrayD, ArrayView, ArrayViewD, Dimension, Slice};
use rayon::prelude::*;

/// Chunks that are packed before they are written, so that they take little memory.
const CHUNKS_AT_A_TIME: usize = 256;

/// Writes all values of a new dataset, whose filters are shuffle, deflate and Fletcher's checksum, in chunks of this shape.
pub(super) fn write_chunks<T: NoUninit + Zeroable + Sync, D: Dimension>(
    dataset: &Dataset,
    chunk: &[usize],
    values: ArrayView<T, D>,
    deflate_level: u32,
) -> Result<()> {
    let values = values.into_dyn();
    for places in places(values.shape(), chunk).chunks(CHUNKS_AT_A_TIME) {
        let pack = |place: &Vec<usize>| packed(&values, place, chunk, deflate_level);
        let packed: Vec<std::io::Result<Vec<u8>>> = places.par_iter().map(pack).collect();
        for (place, bytes) in places.iter().zip(packed) {
            write_chunk(dataset, place, &bytes.map_err(|error| hdf5::Error::from(error.to_string()))?)?;
        }
    }
    Ok(())
}

/// Where the chunks of a dataset begin, the last axis fastest.
fn places(shape: &[usize], chunk: &[usize]) -> Vec<Vec<usize>> {
    let axes = shape.iter().zip(chunk);
    axes.fold(vec![Vec::new()], |places, (&length, &edge)| {
        let along = |place: Vec<usize>| {
            (0..length).step_by(edge).map(move |start| place.iter().copied().chain([start]).collect())
        };
        places.into_iter().flat_map(along).collect()
    })
}

/// The bytes of a chunk as HDF5's filters would leave them. Chunks at an end are filled up with zeros.
fn packed<T: NoUninit + Zeroable>(
    values: &ArrayViewD<T>,
    place: &[usize],
    chunk: &[usize],
    deflate_level: u32,
) -> std::io::Result<Vec<u8>> {
    let part = values.slice_each_axis(|axis| {
        let (start, end) = (place[axis.axis.0], place[axis.axis.0] + chunk[axis.axis.0]);
        Slice::from(start..end.min(axis.len))
    });
    let mut whole = ArrayD::from_elem(chunk, T::zeroed());
    whole.slice_each_axis_mut(|axis| Slice::from(..part.shape()[axis.axis.0])).assign(&part);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(deflate_level));
    encoder.write_all(&shuffled(cast_slice(&whole.into_raw_vec_and_offset().0), size_of::<T>()))?;
    let mut bytes = encoder.finish()?;
    let sum = fletcher32(&bytes);
    bytes.extend_from_slice(&sum.to_le_bytes());
    Ok(bytes)
}

/// First bytes of all values, then their second bytes, and so on.
fn shuffled(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut shuffled = Vec::with_capacity(bytes.len());
    (0..size).for_each(|byte| shuffled.extend(bytes.iter().skip(byte).step_by(size)));
    shuffled
}

/// HDF5's checksum (Fletcher 1982) over words of 16 bits, the first byte in the upper half; an odd byte at the end is an upper half.
fn fletcher32(bytes: &[u8]) -> u32 {
    /// So many words add up to less than 32 bits.
    const WORDS: usize = 360;
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    let (mut first, mut second) = (0_u32, 0_u32);
    for bytes in bytes.chunks(2 * WORDS) {
        for word in bytes.chunks(2) {
            first += u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0));
            second += first;
        }
        (first, second) = (fold(first), fold(second));
    }
    fold(second) << 16 | fold(first)
}

/// Writes a packed chunk that begins there.
fn write_chunk(dataset: &Dataset, place: &[usize], bytes: &[u8]) -> Result<()> {
    let offset: Vec<u64> = place.iter().map(|&start| start as u64).collect();
    assert_eq!(offset.len(), dataset.ndim(), "a chunk has as many axes as its dataset");
    // HDF5 reads as many offsets as the dataset has axes, and the bytes, and keeps neither.
    #[allow(unsafe_code)]
    let write = || unsafe {
        H5Dwrite_chunk(dataset.id(), H5P_DEFAULT, 0, offset.as_ptr(), bytes.len(), bytes.as_ptr().cast())
    };
    sync(|| h5check(write())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::result::hdf::{NO_UNIT, packed_dataset};
    use ndarray::{Array, IxDyn};

    #[test]
    fn hdf5_reads_back_what_was_packed_and_holds_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = hdf5::File::create(folder.path().join("packed.h5")).unwrap();
        // Of one chunk, of chunks that fill the axes, and of some that do not; HDF5 checks the sums as it reads.
        for (index, shape) in
            [vec![5], vec![64, 3], vec![40, 33, 70], vec![1, 1, 100]].into_iter().enumerate()
        {
            let floats = Array::from_shape_fn(IxDyn(&shape), |at| {
                let sum = at.as_array_view().iter().fold(0, |sum, &i| sum * 71 + i);
                (sum as f32 * 0.37).sin()
            });
            let written = packed_dataset(&file, &format!("f{index}"), NO_UNIT, floats.view()).unwrap();
            assert_eq!(written.read_dyn::<f32>().unwrap(), floats);
            let bytes = floats.mapv(|value| (100.0 * value) as u8);
            let written = packed_dataset(&file, &format!("b{index}"), NO_UNIT, bytes.view()).unwrap();
            assert_eq!(written.read_dyn::<u8>().unwrap(), bytes);
            let doubles = floats.mapv(f64::from);
            // Not in the order of memory.
            let turned = doubles.view().reversed_axes();
            let written = packed_dataset(&file, &format!("d{index}"), NO_UNIT, turned.view()).unwrap();
            assert_eq!(written.read_dyn::<f64>().unwrap(), turned);
        }
    }

    #[test]
    fn chunks_begin_at_every_edge() {
        assert_eq!(places(&[3, 5], &[2, 3]), [[0, 0], [0, 3], [2, 0], [2, 3]].map(Vec::from));
        assert_eq!(places(&[4], &[4]), [vec![0]]);
    }

    #[test]
    fn a_sum_is_that_of_its_definition() {
        // Words 0x0102, 0x0304, 0x0500: sums 0x0906, and 0x0102 + 0x0406 + 0x0906.
        assert_eq!(fletcher32(&[1, 2, 3, 4, 5]), 0x0e0e_0906);
        // The largest sums there can be stay within 32 bits: overflow would end this test.
        assert_eq!(fletcher32(&[0xff; 4 * 720]), 0xffff_ffff);
        assert_eq!(shuffled(&[1, 2, 3, 4, 5, 6], 2), [1, 3, 5, 2, 4, 6]);
    }
}
