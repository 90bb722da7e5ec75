#![no_main]
//! Protocols.

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = childsize::io::protocol::Protocol::parse(text, &childsize_fuzz::sample("protocols/good"));
});
