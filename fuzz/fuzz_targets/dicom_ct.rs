#![no_main]
//! CT images.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("a.dcm", bytes);
    let _ = childsize::io::import::import(&path, None);
});
