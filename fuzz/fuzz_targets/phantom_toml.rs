#![no_main]
//! Declarative phantoms.

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = childsize::io::phantom_file::parse(text);
});
