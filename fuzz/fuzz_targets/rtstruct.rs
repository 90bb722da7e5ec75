#![no_main]
//! Structure sets and segmentations on a CT.

use childsize::io::import::{Options, import_with};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (_folder, path) = childsize_fuzz::file("organs.dcm", bytes);
    let options = Options { organs: Some(path), ..Options::default() };
    let _ = import_with(&childsize_fuzz::sample("data/dicom/enhanced.dcm"), &options);
});
