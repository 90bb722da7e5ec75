//! A scanner: what the tube, its filters and the gantry are, the same for every acquisition.

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::source::bowtie::Bowtie;
use crate::source::spectrum::Spectrum;

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
