#![no_main]
//! Spectra, as a protocol names them.

use childsize::io::protocol::Protocol;

const PROTOCOL: &str = "[phantom]\ncylinder = { width_mm = 200, length_mm = 200, material = \"water\" }\n[scanner]\n\
    model = \"generic-64\"\nspectrum = \"spectrum.csv\"\n[[acquisition]]\nmode = \"helical\"\ntube_voltage_kv = 100\n\
    tube_current_ma = 100\nrotation_time_s = 0.5\ntotal_collimation_mm = 20\npitch = 1\n\
    range = { top = \"top-20mm\", bottom = \"centre\" }\n";

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (folder, _path) = childsize_fuzz::file("spectrum.csv", bytes);
    let _ = Protocol::parse(PROTOCOL, folder.path());
});
