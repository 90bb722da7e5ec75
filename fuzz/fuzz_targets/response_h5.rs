#![no_main]
//! Responses in HDF5.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("response.h5", bytes);
    let _ = childsize::io::response::read(&path);
});
