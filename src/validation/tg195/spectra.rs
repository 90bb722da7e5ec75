//! The spectra of TG-195.

use crate::error::Result;
use crate::source::spectrum::Spectrum;
use crate::validation::table::{number, rows};

/// A spectrum of the report by name: `RQR-8`, `RQR-9` or `RQR-M3`.
pub fn beam(name: &str) -> Result<Spectrum> {
    let of_beam = rows(include_str!("../reference/tg195_spectra.csv")).filter(|words| words[0] == name);
    let (energies_kev, weights): (Vec<f64>, Vec<f64>) =
        of_beam.map(|words| (number(words[1]), number(words[2]))).unzip();
    Spectrum::from_table(&energies_kev, &weights, name)
}

/// The spectrum behind a label of the reference table: `56.4 keV`, `120 kVp`, …
pub fn labelled(label: &str) -> Result<Spectrum> {
    match label {
        "30 kVp" => beam("RQR-M3"),
        "100 kVp" => beam("RQR-8"),
        "120 kVp" => beam("RQR-9"),
        _ => Spectrum::monoenergetic(number(label.trim_end_matches(" keV"))),
    }
}
