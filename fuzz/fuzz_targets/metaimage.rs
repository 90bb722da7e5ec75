#![no_main]
//! MetaImage label maps.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("a.mha", bytes);
    let _ = childsize::io::import::import(&path, Some(&childsize_fuzz::sample("data/import/labels.csv")));
});
