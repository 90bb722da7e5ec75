#![no_main]
//! NRRD label maps.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("a.nrrd", bytes);
    let _ = childsize::io::import::import(&path, Some(&childsize_fuzz::sample("data/import/labels.csv")));
});
