//! Image noise, as far as quanta make it: a proxy that lets dose and image quality be weighed against each other.
//!
//! A detector behind a patient of water-equivalent diameter Dw receives, per effective mAs, the energy of the central ray
//! behind as much water; the noise of an image follows one over its square root (Boone, Geraghty, Seibert &
//! Wootton-Gorges, Radiology 228 (2003) 352, hold the same product constant). The index is 1 behind 20 cm of water at
//! 120 kV and 100 effective mAs, for a tungsten tube of 7 degrees behind 5 mm of aluminium, a metre away. Slice
//! thickness, kernel, electronics and the contrast of what is looked for are not in it: iodine gains at low kV.

use crate::analysis::exposure_control::Transmission;
use crate::analysis::size::SliceSize;
use crate::data::material::Material;
use crate::error::Result;
use crate::simulation::Exam;
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::spectrum::Spectrum;

/// Water behind which the index is 1, cm.
const REFERENCE_WATER_CM: f64 = 20.0;
/// Its tube voltage, kV, anode angle, degrees, aluminium, cm, and effective mAs.
const REFERENCE_BEAM: (f64, f64, f64, f64) = (120.0, 7.0, 0.5, 100.0);

/// Noise over the slices of a scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseIndex {
    /// Root of the mean square over the slices of the nominal range.
    pub mean: f64,
    /// Of the noisiest slice.
    pub largest: f64,
}

/// Noise index of an acquisition; `None` for a tube at rest or a range without a body. A tube output that differs from the
/// model's counts as so many more photons.
pub fn noise_index(
    exam: &Exam,
    acquisition: &Acquisition,
    sizes: &[SliceSize],
) -> Result<Option<NoiseIndex>> {
    if matches!(acquisition.mode, Mode::Stationary { .. }) {
        return Ok(None);
    }
    let spectrum = exam.scanner_of(acquisition).spectrum_on_axis(acquisition.tube_voltage_kv)?;
    let through = Transmission::of_spectrum(&spectrum)?;
    let signal_per_mas = reference_signal()?;
    let current = acquisition.modulated_current_ma();
    let effective_mas = |z_cm: f64| {
        let relative = current.as_ref().map_or(1.0, |c| c.mean_at(z_cm) / acquisition.tube_current_ma);
        acquisition.effective_mas() * acquisition.output_factor * relative
    };
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let inside = sizes.iter().filter(|size| (bottom_cm..=top_cm).contains(&size.z_cm));
    let variance = |size: &SliceSize| {
        signal_per_mas
            / (effective_mas(size.z_cm) * through.energy_fluence_kev(size.water_equivalent_diameter_cm))
    };
    let variances: Vec<f64> = inside.map(variance).collect();
    Ok((!variances.is_empty()).then(|| NoiseIndex {
        mean: (variances.iter().sum::<f64>() / variances.len() as f64).sqrt(),
        largest: variances.iter().copied().fold(0.0, f64::max).sqrt(),
    }))
}

/// Signal at which the index is 1, keV/cm² at a metre.
fn reference_signal() -> Result<f64> {
    let (kv, angle_deg, aluminium_cm, effective_mas) = REFERENCE_BEAM;
    let beam = Spectrum::tube(kv, angle_deg)?.filtered(&Material::named("aluminium")?, aluminium_cm);
    Ok(effective_mas * Transmission::of_spectrum(&beam)?.energy_fluence_kev(REFERENCE_WATER_CM))
}
