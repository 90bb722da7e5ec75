#![no_main]
//! Dose reports.

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = childsize::io::dicom_record::read_rdsr_bytes(bytes);
});
