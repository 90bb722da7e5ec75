#![no_main]
//! Results in HDF5.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("result.h5", bytes);
    let _ = childsize::io::result::read::batches(&path);
});
