#![no_main]
//! Scanner files.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("scanner.toml", bytes);
    let _ = childsize::io::library_scanner::LibraryScanner::read(&path);
});
