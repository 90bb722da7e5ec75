//! The exam at other tube voltages: at the same noise, and at the same contrast of iodine to noise.
//!
//! Noise goes with one over the square root of the energy behind the patient, contrast of a little iodine with its mean
//! attenuation over that energy. What is meant to stand out without iodine (fat against water, say) changes less with the tube
//! voltage than iodine and more than nothing.

use super::engine::{Doses, effective};
use super::{Asking, inside};
use crate::analysis::exposure_control::Transmission;
use crate::analysis::noise::noise_index;
use crate::analysis::size::SliceSize;
use crate::data::material::Material;
use crate::error::Result;
use crate::physics::cross_section::Attenuation;
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::scanner::Scanner;
use crate::tally::estimate::Estimate;

/// The exam at a tube voltage.
#[derive(Clone, Copy, Debug)]
pub struct VoltageRow {
    /// Tube voltage of all acquisitions, kV.
    pub tube_voltage_kv: f64,
    /// mAs of the first acquisition over its own, at the same noise and at the same contrast of iodine to noise.
    pub mas_factors: [f64; 2],
    /// Effective dose at the same noise, and what it saves, mSv.
    pub effective_msv: Estimate,
    /// What the exam saves at the same noise, mSv (below 0: what it adds).
    pub saved_msv: Estimate,
    /// Effective dose at the same contrast of iodine to noise, mSv.
    pub iodine_msv: Estimate,
}

/// The exam at every tube voltage that is not the own of all its acquisitions.
pub fn voltages(
    asking: &Asking,
    base: &Doses,
    sizes: &[SliceSize],
    tube_voltages_kv: &[f64],
    tell: &dyn Fn(&str),
) -> Result<Vec<VoltageRow>> {
    let acquisitions = &asking.exam.acquisitions;
    if acquisitions.iter().any(|a| matches!(a.mode, Mode::Stationary { .. })) {
        return Ok(Vec::new());
    }
    let others = tube_voltages_kv.iter().filter(|kv| acquisitions.iter().any(|a| a.tube_voltage_kv != **kv));
    others.filter_map(|&kv| row(asking, base, sizes, kv, tell).transpose()).collect()
}

fn row(
    asking: &Asking,
    base: &Doses,
    sizes: &[SliceSize],
    kv: f64,
    tell: &dyn Fn(&str),
) -> Result<Option<VoltageRow>> {
    let mut exam = asking.exam.clone();
    exam.acquisitions.iter_mut().for_each(|a| a.tube_voltage_kv = kv);
    let (mut noise_factors, mut iodine_factors) = (Vec::new(), Vec::new());
    for (own, other) in asking.exam.acquisitions.iter().zip(&exam.acquisitions) {
        let noise =
            |a: &Acquisition| noise_index(asking.exam, a, sizes).map(|found| found.map(|noise| noise.mean));
        let (Some(old), Some(new)) = (noise(own)?, noise(other)?) else { return Ok(None) };
        let same_noise = (new / old).powi(2);
        let scanner = asking.exam.scanner_of(own);
        let contrast = |a: &Acquisition| iodine_contrast(scanner, a, sizes);
        noise_factors.push(same_noise);
        iodine_factors.push(same_noise * (contrast(own)? / contrast(other)?).powi(2));
    }
    tell(&format!("{kv} kV at the same noise"));
    let doses = asking.engine.doses(&exam, &noise_factors)?;
    let own = effective();
    let (parts, effective_msv) = asking.engine.value(&doses, &own);
    let saved = asking.engine.saved(base, &doses);
    let saved_msv = saved.iter().find(|(quantity, _)| quantity.id == own.id).map(|(_, saved)| *saved);
    let more = parts
        .iter()
        .zip(iodine_factors.iter().zip(&noise_factors))
        .map(|(part, (iodine, noise))| part.scaled(iodine / noise));
    Ok(Some(VoltageRow {
        tube_voltage_kv: kv,
        mas_factors: [noise_factors[0], iodine_factors[0]],
        effective_msv,
        saved_msv: saved_msv.unwrap_or_default(),
        iodine_msv: more.fold(Estimate::default(), |sum, part| sum.plus(&part)),
    }))
}

/// Attenuation of iodine (cm²/g) averaged over the energy behind the patient's mean water-equivalent diameter.
fn iodine_contrast(scanner: &Scanner, acquisition: &Acquisition, sizes: &[SliceSize]) -> Result<f64> {
    let (sum_cm, count) = inside(sizes, acquisition)
        .fold((0.0, 0.0), |(sum, count), size| (sum + size.water_equivalent_diameter_cm, count + 1.0));
    contrast_behind(scanner, acquisition.tube_voltage_kv, sum_cm / count)
}

fn contrast_behind(scanner: &Scanner, kv: f64, water_cm: f64) -> Result<f64> {
    let iodine = Attenuation::new(&Material::from_mass_fractions("iodine", 4.93, &[("I", 1.0)])?);
    let through = Transmission::new(scanner, kv)?;
    Ok(through.mean_behind(water_cm, |kev| iodine.mu_over_rho_cm2_g(kev)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::scanner::{FlatFilter, SpectrumSource};

    #[test]
    fn iodine_stands_out_more_at_low_tube_voltage() {
        let filter = FlatFilter { material: Material::named("aluminium").unwrap(), thickness_cm: 0.7 };
        let scanner = Scanner {
            name: "test".to_owned(),
            source_to_isocentre_cm: 60.0,
            fan_angle_rad: 0.9,
            spectrum: SpectrumSource::Model { anode_angle_rad: 0.12 },
            filtration: vec![filter],
            bowtie: None,
        };
        let water = Attenuation::new(&Material::named("water").unwrap());
        // In CT numbers: over the attenuation of water.
        let hounsfield = |kv| {
            let of_water = Transmission::new(&scanner, kv).unwrap();
            let of_water = of_water.mean_behind(20.0, |kev| water.mu_over_rho_cm2_g(kev));
            contrast_behind(&scanner, kv, 20.0).unwrap() / of_water
        };
        // Measured CT numbers of iodine at 80 kV are 1.6 to 1.8 times those at 120 kV (RECALLED, medium).
        let ratio = hounsfield(80.0) / hounsfield(120.0);
        assert!((1.5..1.9).contains(&ratio), "{ratio}");
    }
}
