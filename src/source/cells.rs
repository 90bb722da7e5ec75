//! Cells of a response matrix: where on the scanner's axis a ray crosses, from which gantry angle, with which energy.
//!
//! A ray's height is taken on the scanner's axis, not at the focal spot, so that one matrix serves any collimation: a
//! wider beam sends more rays through a height, tilted a little more, and tilts up and down cancel.

use std::f64::consts::TAU;

use crate::error::{Error, Result};
use crate::source::scanner::{Scanner, SpectrumSource};
use crate::source::spectrum::Spectrum;

/// Tube voltages whose spectra a matrix is made with, kV.
pub const TUBE_VOLTAGES_KV: [f64; 8] = [70.0, 80.0, 90.0, 100.0, 110.0, 120.0, 130.0, 140.0];
/// Edges of the narrow energy bins, keV, where a body's response changes fast.
const NARROW_KEV: [f64; 2] = [10.0, 20.0];
const NARROW_BIN_KEV: f64 = 2.5;
/// Width of the energy bins above, keV.
const BIN_KEV: f64 = 5.0;
/// Highest energy, keV.
const HIGHEST_KEV: f64 = 140.0;

/// The cells: planes along z × gantry angles × energies. A *column* is a plane and an angle, planes first.
#[derive(Clone, Debug, PartialEq)]
pub struct CellGrid {
    /// Lower edge of the lowest plane, cm.
    pub low_z_cm: f64,
    /// Thickness of a plane, cm.
    pub plane_cm: f64,
    /// Number of planes.
    pub planes: usize,
    /// Number of gantry angles; the first bin is centred on angle 0.
    pub angles: usize,
    /// Edges of the energy bins, keV, ascending.
    pub energy_edges_kev: Vec<f64>,
    /// Mean energy of the photons that a bin was made with, keV.
    pub mean_energies_kev: Vec<f64>,
}

impl CellGrid {
    /// Cells that cover an interval along z, with energy bins for photons of a spectrum.
    pub fn new(z_cm: [f64; 2], plane_cm: f64, angles: usize, made_with: &Spectrum) -> Result<Self> {
        let length_cm = z_cm[1] - z_cm[0];
        if !(plane_cm > 0.0 && length_cm > 0.0 && angles > 0) {
            return Err(Error::Internal("a response matrix needs planes and angles".into()));
        }
        let planes = (length_cm / plane_cm - 1e-9).ceil() as usize;
        let low_z_cm = 0.5 * (z_cm[0] + z_cm[1]) - 0.5 * planes as f64 * plane_cm;
        let edges = energy_edges_kev();
        let mean = |edges: &[f64]| mean_energy_kev(made_with, edges[0], edges[1]);
        let mean_energies_kev = edges.windows(2).map(mean).collect();
        Ok(CellGrid { low_z_cm, plane_cm, planes, angles, energy_edges_kev: edges, mean_energies_kev })
    }

    /// Planes times angles.
    pub fn columns(&self) -> usize {
        self.planes * self.angles
    }

    /// Number of energy bins.
    pub fn energies(&self) -> usize {
        self.mean_energies_kev.len()
    }

    /// Highest point, cm.
    pub fn high_z_cm(&self) -> f64 {
        self.low_z_cm + self.planes as f64 * self.plane_cm
    }

    /// The energy bin a photon belongs to.
    pub fn energy_bin(&self, energy_kev: f64) -> Option<usize> {
        let above = self.energy_edges_kev.partition_point(|&edge| edge <= energy_kev);
        (above > 0 && above < self.energy_edges_kev.len()).then(|| above - 1)
    }

    /// Height and gantry angle (rad) in a column, for deviates in [0, 1).
    pub fn place(&self, column: usize, z: f64, angle: f64) -> (f64, f64) {
        let (plane, bin) = (column / self.angles, column % self.angles);
        let z_cm = self.low_z_cm + (plane as f64 + z) * self.plane_cm;
        (z_cm, (bin as f64 + angle - 0.5) / self.angles as f64 * TAU)
    }
}

/// Edges of the energy bins, keV: multiples of half a keV, in which tube spectra are tabled.
fn energy_edges_kev() -> Vec<f64> {
    let narrow = ((NARROW_KEV[1] - NARROW_KEV[0]) / NARROW_BIN_KEV) as usize;
    let wide = ((HIGHEST_KEV - NARROW_KEV[1]) / BIN_KEV) as usize;
    let below = (0..narrow).map(|bin| NARROW_KEV[0] + bin as f64 * NARROW_BIN_KEV);
    below.chain((0..=wide).map(|bin| NARROW_KEV[1] + bin as f64 * BIN_KEV)).collect()
}

/// Mean energy of the photons between two energies; the middle where there are none.
fn mean_energy_kev(spectrum: &Spectrum, low_kev: f64, high_kev: f64) -> f64 {
    let bins = spectrum.energies_kev.iter().zip(&spectrum.photons_per_cm2_mas);
    let inside = bins.filter(|(energy_kev, _)| (low_kev..high_kev).contains(*energy_kev));
    let (sum, photons) = inside.fold((0.0, 0.0), |(sum, photons), (e, n)| (sum + e * n, photons + n));
    if photons > 0.0 { sum / photons } else { 0.5 * (low_kev + high_kev) }
}

/// What a matrix is made with: the mean of the tube's spectra of [`TUBE_VOLTAGES_KV`] before the bowtie, each of one
/// photon; or the scanner's own table. Only its shape within an energy bin matters to the answers.
pub fn making_spectrum(scanner: &Scanner) -> Result<Spectrum> {
    if let SpectrumSource::Table(_) = &scanner.spectrum {
        return scanner.spectrum_before_bowtie(0.0);
    }
    let mut mean = scanner.spectrum_before_bowtie(HIGHEST_KEV)?;
    mean.photons_per_cm2_mas.fill(0.0);
    for kv in TUBE_VOLTAGES_KV {
        let spectrum = scanner.spectrum_before_bowtie(kv)?;
        let photons = spectrum.fluence_total() * TUBE_VOLTAGES_KV.len() as f64;
        for (sum, n) in mean.photons_per_cm2_mas.iter_mut().zip(&spectrum.photons_per_cm2_mas) {
            *sum += n / photons;
        }
    }
    Ok(mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photon_belongs_to_the_bin_between_whose_edges_it_lies() {
        let spectrum = Spectrum::tube(100.0, 7.0).unwrap();
        let grid = CellGrid::new([-10.0, 10.0], 1.0, 12, &spectrum).unwrap();
        assert_eq!((grid.planes, grid.columns(), grid.energies()), (20, 240, 28));
        assert_eq!(
            [9.9, 10.0, 12.5, 139.9, 140.0].map(|e| grid.energy_bin(e)),
            [None, Some(0), Some(1), Some(27), None]
        );
        for (edges, mean) in grid.energy_edges_kev.windows(2).zip(&grid.mean_energies_kev) {
            assert!((edges[0]..edges[1]).contains(mean));
        }
    }

    #[test]
    fn planes_cover_the_interval_about_its_middle_and_angle_0_is_the_middle_of_a_bin() {
        let spectrum = Spectrum::tube(100.0, 7.0).unwrap();
        let grid = CellGrid::new([0.0, 10.5], 1.0, 4, &spectrum).unwrap();
        assert_eq!((grid.low_z_cm, grid.high_z_cm()), (-0.25, 10.75));
        let (z_cm, angle_rad) = grid.place(5, 0.5, 0.5);
        assert!((z_cm - 1.25).abs() < 1e-12 && (angle_rad - TAU / 4.0).abs() < 1e-12);
    }
}
