#![no_main]
//! Phantoms in HDF5: finds what ends libhdf5, too, which the program survives in a process of its own.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("a.h5", bytes);
    let _ = childsize::io::import::import(&path, None);
});
