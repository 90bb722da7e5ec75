#![no_main]
//! Voxels of MC-GPU and penEasy.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("a.vox", bytes);
    let _ = childsize::io::import::import(&path, Some(&childsize_fuzz::sample("data/import/labels.csv")));
});
