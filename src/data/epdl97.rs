//! EPDL97 and EADL: photon cross sections, form factors and K fluorescence of every element, 1 to 200 keV.
//!
//! Cullen, Hubbell, Kissel, EPDL97, UCRL-50400 vol. 6 rev. 5 (1997); Perkins et al., EADL, UCRL-50400 vol. 30
//! (1991). The table is made by `scripts/make_epdl97.py`; an element is parsed when it is first asked for.

use std::sync::{LazyLock, OnceLock};

use crate::data::element::Z_MAX;
use crate::numerics::table::{LinearTable, LogLogTable};

pub(super) const TEXT: &str = include_str!("tables/epdl97.txt");

/// What the library says about the atoms of one element.
#[derive(Debug)]
pub struct Element {
    /// Atomic number.
    pub z: u8,
    /// Binding energy of the K shell, keV.
    pub k_binding_kev: f64,
    /// Probability that a vacancy of the K shell is filled under emission of an x ray.
    pub k_fluorescence_yield: f64,
    /// Energy, keV, and probability per K vacancy of every K line.
    pub k_lines: Vec<(f64, f64)>,
    /// Coherent (Rayleigh) cross section, barn per atom, by energy in keV.
    pub coherent_barn: LogLogTable,
    /// Incoherent (Compton) cross section, barn per atom, by energy in keV.
    pub incoherent_barn: LogLogTable,
    /// Photoelectric cross section of all shells, barn per atom, by energy in keV.
    pub photoelectric_barn: LogLogTable,
    /// Mean energy of all x rays that follow one photoelectric event, keV, by photon energy in keV.
    pub fluorescence_kev: LinearTable,
    /// Atomic form factor F, by x = sin(θ/2)/λ in 1/Å.
    pub form_factor: LogLogTable,
    /// Incoherent scattering function S, by x = sin(θ/2)/λ in 1/Å.
    pub scattering_function: LogLogTable,
    k_photoelectric_barn: LogLogTable,
}

impl Element {
    /// Photoelectric cross section of the K shell, barn per atom: zero below its edge.
    pub fn k_photoelectric_barn(&self, energy_kev: f64) -> f64 {
        if energy_kev < self.k_edge_kev() { 0.0 } else { self.k_photoelectric_above_edge_barn(energy_kev) }
    }

    /// Photoelectric cross section of the K shell, its law continued below the edge, barn per atom.
    pub fn k_photoelectric_above_edge_barn(&self, energy_kev: f64) -> f64 {
        self.k_photoelectric_barn.value(energy_kev)
    }

    /// Energy from which K-shell photoelectric events happen, keV; 1 keV, where the tables begin, at least.
    pub fn k_edge_kev(&self) -> f64 {
        self.k_photoelectric_barn.first_x()
    }

    /// Mean energy of the K x ray that follows a vacancy of the K shell, keV (zero if none follows).
    pub fn mean_k_line_kev(&self) -> f64 {
        self.k_lines.iter().map(|&(energy_kev, probability)| energy_kev * probability).sum()
    }
}

/// The tables of one element, Z = 1 to 92.
pub fn element(z: u8) -> &'static Element {
    static ELEMENTS: [OnceLock<Element>; Z_MAX as usize] = [const { OnceLock::new() }; Z_MAX as usize];
    ELEMENTS[usize::from(z) - 1].get_or_init(|| parse(z))
}

/// The text of one element, without its first line.
fn text_of(z: u8) -> &'static str {
    static STARTS: LazyLock<Vec<usize>> =
        LazyLock::new(|| TEXT.match_indices("\nelement ").map(|(at, _)| at + 1).collect());
    let start = STARTS[usize::from(z) - 1];
    let end = STARTS.get(usize::from(z)).copied().unwrap_or(TEXT.len());
    TEXT[start..end].split_once('\n').expect("an element has tables").1
}

/// Reads one element. The text is the project's own, so that a fault in it is a fault of the build.
fn parse(z: u8) -> Element {
    let mut words = text_of(z).split_ascii_whitespace();
    let mut pairs = |name: &str| -> Vec<(f64, f64)> {
        assert_eq!(words.next(), Some(name), "element {z}");
        let count = words.next().and_then(|word| word.parse().ok()).expect("a count of pairs");
        let mut real = || words.next().and_then(|word| word.parse().ok()).expect("a number");
        (0..count).map(|_| (real(), real())).collect()
    };
    let (k_binding_kev, k_fluorescence_yield) = pairs("k_shell")[0];
    Element {
        z,
        k_binding_kev,
        k_fluorescence_yield,
        k_lines: pairs("k_lines"),
        coherent_barn: LogLogTable::new(pairs("coherent")),
        incoherent_barn: LogLogTable::new(pairs("incoherent")),
        photoelectric_barn: LogLogTable::new(pairs("photoelectric")),
        k_photoelectric_barn: LogLogTable::new(pairs("photoelectric_k")),
        fluorescence_kev: LinearTable::new(pairs("fluorescence")),
        form_factor: LogLogTable::new(pairs("form_factor")),
        scattering_function: LogLogTable::new(pairs("scattering_function")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::element::symbol;

    #[test]
    fn every_element_is_there_under_its_own_name() {
        for z in 1..=Z_MAX {
            assert!(TEXT.contains(&format!("\nelement {z} {}\n", symbol(z))));
            assert_eq!(element(z).z, z);
        }
    }

    #[test]
    fn form_factor_starts_at_z_and_scattering_function_ends_there() {
        for z in 1..=Z_MAX {
            let atom = element(z);
            assert!((atom.form_factor.value(0.0) / f64::from(z) - 1.0).abs() < 1e-4);
            assert_eq!(atom.scattering_function.value(0.0), 0.0);
            let bound = 1.0 - atom.scattering_function.value(16.0) / f64::from(z);
            assert!((-1e-4..0.04).contains(&bound), "Z {z}: {bound}");
        }
    }

    #[test]
    fn iodine_has_its_k_edge_and_its_k_lines() {
        // Binding 33.169 keV, yield 0.884, Kα1 28.612 keV: X-ray Data Booklet (LBNL, 2009), tables 1-1, 1-2 and 1-3.
        let iodine = element(53);
        assert!((iodine.k_binding_kev - 33.169).abs() < 0.02);
        assert!((iodine.k_fluorescence_yield - 0.884).abs() < 0.01);
        let strongest = iodine.k_lines.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert!((strongest.0 - 28.612).abs() < 0.1, "{strongest:?}");
        assert_eq!(iodine.k_photoelectric_barn(33.0), 0.0);
        let k_share = iodine.k_photoelectric_barn(40.0) / iodine.photoelectric_barn.value(40.0);
        assert!((0.82..0.88).contains(&k_share), "{k_share}");
    }
}
