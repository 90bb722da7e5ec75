//! Spectra of a tungsten x-ray tube without filter, from spekpy 2.5.4, physics model casim.
//!
//! Poludniowski, Omar, Bujila, Andreo, Med. Phys. 48 (2021) 3630. The table is made by
//! `scripts/make_tube_spectra.py`; its head says what it holds.

use std::sync::LazyLock;

pub(super) const TEXT: &str = include_str!("tables/tube_spectra.txt");

/// Width of a bin, keV.
pub const BIN_WIDTH_KEV: f64 = 0.5;
/// Centre of the first bin, keV.
pub const FIRST_CENTRE_KEV: f64 = 1.25;
/// Unit of the tabled numbers of photons.
const SCALE: f64 = 1000.0;

/// The spectrum of one tube voltage and anode angle: on the axis, 100 cm from the focal spot, per mAs.
#[derive(Debug)]
pub struct TubeSpectrum {
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Anode angle, deg.
    pub anode_angle_deg: f64,
    /// Bremsstrahlung of every bin as N·E/(kV − E), with N in photons per cm² and mAs: a smooth function of the
    /// tube voltage.
    pub bremsstrahlung: Vec<f64>,
    /// Characteristic lines: bin centre, keV, and photons per cm² and mAs.
    pub lines: Vec<(f64, f64)>,
}

/// Every tabled spectrum, ascending in tube voltage, then in anode angle.
pub fn spectra() -> &'static [TubeSpectrum] {
    static SPECTRA: LazyLock<Vec<TubeSpectrum>> = LazyLock::new(parse);
    &SPECTRA
}

/// The spectrum at a node of the table.
pub fn spectrum(tube_voltage_kv: f64, anode_angle_deg: f64) -> Option<&'static TubeSpectrum> {
    let is_node =
        |s: &&TubeSpectrum| (s.tube_voltage_kv, s.anode_angle_deg) == (tube_voltage_kv, anode_angle_deg);
    spectra().iter().find(is_node)
}

/// Reads the table. The text is the project's own, so that a fault in it is a fault of the build.
fn parse() -> Vec<TubeSpectrum> {
    let body = TEXT.lines().filter(|line| !line.starts_with('#'));
    let mut words = body.flat_map(str::split_ascii_whitespace).peekable();
    let mut spectra = Vec::new();
    while words.next_if_eq(&"tube").is_some() {
        let mut real = || words.next().and_then(|word| word.parse::<f64>().ok()).expect("a number");
        let (tube_voltage_kv, anode_angle_deg) = (real(), real());
        assert_eq!(words.next(), Some("bremsstrahlung"));
        let mut real = || words.next().and_then(|word| word.parse::<f64>().ok()).expect("a number");
        let bins = real() as usize;
        let bremsstrahlung = (0..bins).map(|_| SCALE * real()).collect();
        assert_eq!(words.next(), Some("lines"));
        let mut real = || words.next().and_then(|word| word.parse::<f64>().ok()).expect("a number");
        let pairs = real() as usize;
        let lines = (0..pairs).map(|_| (real(), SCALE * real())).collect();
        spectra.push(TubeSpectrum { tube_voltage_kv, anode_angle_deg, bremsstrahlung, lines });
    }
    spectra
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_covers_50_to_150_kv_and_6_to_14_degrees() {
        assert_eq!(spectra().len(), 11 * 5);
        for tube in spectra() {
            let last_centre = FIRST_CENTRE_KEV + BIN_WIDTH_KEV * (tube.bremsstrahlung.len() - 1) as f64;
            assert_eq!(last_centre, tube.tube_voltage_kv - 0.5 * BIN_WIDTH_KEV);
        }
        assert!(spectrum(150.0, 14.0).is_some() && spectrum(150.0, 15.0).is_none());
    }

    #[test]
    fn k_lines_appear_above_the_k_edge_of_tungsten() {
        let has_k_lines = |kv| spectrum(kv, 8.0).unwrap().lines.iter().any(|line| line.0 > 50.0);
        assert!(!has_k_lines(60.0) && has_k_lines(70.0));
    }
}
