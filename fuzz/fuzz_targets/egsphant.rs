#![no_main]
//! EGSnrc phantoms.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("a.egsphant", bytes);
    let _ = childsize::io::import::import(&path, None);
});
