#![no_main]
//! Size tables as JSON.

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = childsize::io::size_tables::SizeTableFile::parse(text);
});
