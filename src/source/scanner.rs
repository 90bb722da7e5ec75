//! A scanner: what the tube, its filters and the gantry are, the same for every acquisition.

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::source::bowtie::Bowtie;
use crate::source::spectrum::Spectrum;

/// Distance at which tube output is stated, cm.
const OUTPUT_DISTANCE_CM: f64 = 100.0;
const MGY_PER_UGY: f64 = 1e-3;

/// A flat filter in the beam.
#[derive(Clone, Debug, PartialEq)]
pub struct FlatFilter {
    /// What it is made of.
    pub material: Material,
    /// Thickness along the central ray, cm.
    pub thickness_cm: f64,
}

/// Where photons' energies come from.
#[derive(Clone, Debug, PartialEq)]
pub enum SpectrumSource {
    /// The tube model: tungsten at this anode angle (rad), at the acquisition's tube voltage.
    Model {
        /// Angle between the anode's face and the central ray, rad.
        anode_angle_rad: f64,
    },
    /// A spectrum of the user's own, before `filtration` and bowtie.
    Table(Spectrum),
}

/// A scanner.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanner {
    /// Name, for example `generic-64`.
    pub name: String,
    /// Distance from focal spot to isocentre, cm.
    pub source_to_isocentre_cm: f64,
    /// Full fan angle, rad.
    pub fan_angle_rad: f64,
    /// Spectrum before filtration.
    pub spectrum: SpectrumSource,
    /// Flat filters, the tube's own included.
    pub filtration: Vec<FlatFilter>,
    /// Bowtie, if any.
    pub bowtie: Option<Bowtie>,
}

impl Scanner {
    /// Refuses a scanner that could not be built.
    pub fn check(&self) -> Result<()> {
        if !(self.source_to_isocentre_cm > 1.0 && self.source_to_isocentre_cm <= 1000.0) {
            return Err(Error::invalid(format!(
                "scanner.source_to_isocentre_mm must be within 10..10000, found {}",
                self.source_to_isocentre_cm * 10.0
            )));
        }
        let fan_deg = self.fan_angle_rad.to_degrees();
        if !(fan_deg > 0.0 && fan_deg <= 120.0) {
            return Err(Error::invalid(format!(
                "scanner.fan_angle_deg must be above 0 and at most 120, found {fan_deg}"
            )));
        }
        self.bowtie.as_ref().map_or(Ok(()), |bowtie| self.check_bowtie(bowtie))
    }

    fn check_bowtie(&self, bowtie: &Bowtie) -> Result<()> {
        let half = self.fan_angle_rad / 2.0;
        let (low, high) = bowtie.coverage_rad();
        let tolerance = 1e-9;
        if low > -half + tolerance || high < half - tolerance {
            return Err(Error::invalid(format!(
                "scanner.bowtie `{}` covers fan angles {:.2}..{:.2} deg, the fan needs {:.2}..{:.2} deg",
                bowtie.name,
                low.to_degrees(),
                high.to_degrees(),
                -half.to_degrees(),
                half.to_degrees()
            ))
            .with_help("extend the bowtie profile or reduce scanner.fan_angle_deg"));
        }
        Ok(())
    }

    /// Spectrum on the central ray behind the bowtie, at a tube voltage.
    pub fn spectrum_on_axis(&self, tube_voltage_kv: f64) -> Result<Spectrum> {
        let before = self.spectrum_before_bowtie(tube_voltage_kv)?;
        let behind = self.bowtie.as_ref().map(|b| before.filtered(&b.material, b.thickness_cm(0.0)));
        Ok(behind.unwrap_or(before))
    }

    /// CTDI free in air, mGy/mAs: air kerma on the scanner's axis, behind the air from the focal spot. The collimator
    /// is ideal, so that the integral over z is the kerma times the collimation.
    pub fn ctdi_free_in_air_mgy_per_mas(&self, tube_voltage_kv: f64) -> Result<f64> {
        let air = Material::named("air")?;
        let beam = self.spectrum_on_axis(tube_voltage_kv)?.filtered(&air, self.source_to_isocentre_cm);
        let at_1_m_mgy = beam.air_kerma_ugy_per_mas() * MGY_PER_UGY;
        Ok(at_1_m_mgy * (OUTPUT_DISTANCE_CM / self.source_to_isocentre_cm).powi(2))
    }

    /// Spectrum on the central ray before the bowtie, at a tube voltage.
    pub fn spectrum_before_bowtie(&self, tube_voltage_kv: f64) -> Result<Spectrum> {
        let bare = match &self.spectrum {
            SpectrumSource::Model { anode_angle_rad } => {
                Spectrum::tube(tube_voltage_kv, anode_angle_rad.to_degrees())?
            }
            SpectrumSource::Table(spectrum) => spectrum.clone(),
        };
        Ok(self
            .filtration
            .iter()
            .fold(bare, |spectrum, filter| spectrum.filtered(&filter.material, filter.thickness_cm)))
    }
}
