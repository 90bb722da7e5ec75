//! A whole equivalent scanner: one set of flat filters for all its bowties, and how far it is from what was measured.

use crate::analysis::equivalent_source::{
    MeasuredFan, MeasuredHvl, fit_bowtie, fit_filter, fit_two_filters, output_ratio,
};
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::source::bowtie::Bowtie;
use crate::source::scanner::{FlatFilter, Scanner, SpectrumSource};
use crate::source::spectrum::Spectrum;
use crate::units::RAD_PER_DEG;

/// Differences of filter thickness between bowties that are taken for none, cm.
const SAME_CM: f64 = 1e-6;
/// Exposure that CTDI free in air is stated for, mAs.
const MAS: f64 = 100.0;

/// What was measured behind one bowtie.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredBowtie {
    /// Name.
    pub name: String,
    /// What its equivalent is to be made of.
    pub material: Material,
    /// On the axis.
    pub layers: Vec<MeasuredHvl>,
    /// Tube voltage (kV) and CTDI free in air (mGy/100 mAs).
    pub free_in_air: Vec<[f64; 2]>,
    /// Across the fan: the first one is fitted, the others are compared.
    pub fans: Vec<MeasuredFan>,
}

/// What was measured on a scanner, and what its equivalent is to be made of.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredScanner {
    /// Name.
    pub name: String,
    /// Distance from focal spot to isocentre, cm.
    pub source_to_isocentre_cm: f64,
    /// Full fan angle, rad.
    pub fan_angle_rad: f64,
    /// Anode angle, degrees.
    pub anode_angle_deg: f64,
    /// Material of the flat filter.
    pub filter: Material,
    /// Material of a second one.
    pub second_filter: Option<Material>,
    /// Its bowties; the first one's layers fix the second filter.
    pub bowties: Vec<MeasuredBowtie>,
}

/// What a comparison is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// First half-value layer, mm Al.
    Hvl,
    /// Second half-value layer, mm Al.
    SecondHvl,
    /// Output over that on the axis, at a fan angle (degrees).
    Output(f64),
    /// CTDI free in air, mGy/100 mAs; not fitted, the fitted value is the tube model's.
    FreeInAir,
}

/// A measured value beside the fitted one.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Name of the bowtie.
    pub bowtie: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// What it is.
    pub quantity: Quantity,
    /// As measured.
    pub measured: f64,
    /// Of the equivalent scanner.
    pub fitted: f64,
}

impl Comparison {
    /// Fitted over measured, less 1.
    pub fn difference(&self) -> f64 {
        self.fitted / self.measured - 1.0
    }
}

/// The equivalent of a measured scanner.
#[derive(Clone, Debug, PartialEq)]
pub struct EquivalentScanner {
    /// Materials and thicknesses (cm) of the flat filters.
    pub filters: Vec<(Material, f64)>,
    /// Bowties, in the order of the measured ones.
    pub bowties: Vec<Bowtie>,
    /// Every measured value beside the fitted one.
    pub comparisons: Vec<Comparison>,
}

impl MeasuredScanner {
    /// Finds filters and bowties that give what was measured. The flat filter is the one the softest beam needs; a
    /// bowtie with a harder beam is that much thicker everywhere.
    pub fn fit(&self) -> Result<EquivalentScanner> {
        let first =
            self.bowties.first().ok_or_else(|| Error::invalid("a scanner needs a bowtie, found none"))?;
        let within = |error: Error, name: &str| error.within(&format!("bowtie `{name}`"));
        let second = match &self.second_filter {
            None => None,
            Some(material) => {
                let [_, cm] = fit_two_filters(self.anode_angle_deg, [&self.filter, material], &first.layers)
                    .map_err(|error| within(error, &first.name))?;
                Some((material.clone(), if cm > SAME_CM { cm } else { 0.0 }))
            }
        };
        let before: Vec<_> = second.into_iter().collect();
        let own_cm = |bowtie: &MeasuredBowtie| {
            fit_filter(self.anode_angle_deg, &before, &self.filter, &bowtie.layers)
                .map_err(|error| within(error, &bowtie.name))
        };
        let own_cm = self.bowties.iter().map(own_cm).collect::<Result<Vec<_>>>()?;
        let common_cm = own_cm.iter().copied().fold(f64::INFINITY, f64::min);
        let pairs = self.bowties.iter().zip(&own_cm);
        let bowties = pairs
            .map(|(bowtie, &cm)| {
                self.bowtie(bowtie, &before, [common_cm, cm]).map_err(|error| within(error, &bowtie.name))
            })
            .collect::<Result<Vec<_>>>()?;
        let filters = std::iter::once((self.filter.clone(), common_cm)).chain(before).collect();
        let mut found = EquivalentScanner { filters, bowties, comparisons: Vec::new() };
        found.comparisons = self.compare(&found)?;
        Ok(found)
    }

    /// A bowtie behind the common filter, whose own beam needs a filter of `own_cm`.
    fn bowtie(
        &self,
        measured: &MeasuredBowtie,
        before: &[(Material, f64)],
        [common_cm, own_cm]: [f64; 2],
    ) -> Result<Bowtie> {
        let fan = measured
            .fans
            .first()
            .ok_or_else(|| Error::invalid("needs outputs across the fan, found none"))?;
        let more_cm = own_cm - common_cm;
        if more_cm > SAME_CM && measured.material != self.filter {
            return Err(Error::invalid(format!(
                "its beam is harder than that of another bowtie, so that it must be of the filter's material, {}, \
                 found {}",
                self.filter.name, measured.material.name
            )));
        }
        let beam = Spectrum::tube(fan.tube_voltage_kv, self.anode_angle_deg)?
            .filtered_all(before)
            .filtered(&self.filter, own_cm);
        let bare = fit_bowtie(&measured.name, &beam, &measured.material, &fan.outputs)?;
        let (angles, thicknesses): (Vec<f64>, Vec<f64>) = bare
            .points()
            .map(|[angle, cm]| (angle, if more_cm > SAME_CM { cm + more_cm } else { cm }))
            .unzip();
        Bowtie::new(&measured.name, measured.material.clone(), &angles, &thicknesses)
    }

    /// The equivalent scanner with one of its bowties.
    pub fn scanner(&self, found: &EquivalentScanner, bowtie: &Bowtie) -> Scanner {
        let filter =
            |(material, cm): &(Material, f64)| FlatFilter { material: material.clone(), thickness_cm: *cm };
        Scanner {
            name: self.name.clone(),
            source_to_isocentre_cm: self.source_to_isocentre_cm,
            fan_angle_rad: self.fan_angle_rad,
            spectrum: SpectrumSource::Model { anode_angle_rad: self.anode_angle_deg * RAD_PER_DEG },
            filtration: found.filters.iter().map(filter).collect(),
            bowtie: Some(bowtie.clone()),
        }
    }

    fn compare(&self, found: &EquivalentScanner) -> Result<Vec<Comparison>> {
        let mut rows = Vec::new();
        for (measured, bowtie) in self.bowties.iter().zip(&found.bowties) {
            let scanner = self.scanner(found, bowtie);
            scanner.check()?;
            let mut row = |tube_voltage_kv: f64, quantity: Quantity, [measured_value, fitted]: [f64; 2]| {
                let bowtie = measured.name.clone();
                rows.push(Comparison { bowtie, tube_voltage_kv, quantity, measured: measured_value, fitted });
            };
            for hvl in &measured.layers {
                let beam = scanner.spectrum_on_axis(hvl.tube_voltage_kv)?;
                row(hvl.tube_voltage_kv, Quantity::Hvl, [hvl.hvl_mm_al, beam.hvl_mm_al()]);
                if let Some(second) = hvl.second_hvl_mm_al {
                    row(hvl.tube_voltage_kv, Quantity::SecondHvl, [second, beam.second_hvl_mm_al()]);
                }
            }
            for fan in &measured.fans {
                let beam = scanner.spectrum_before_bowtie(fan.tube_voltage_kv)?;
                for &[angle_rad, ratio] in &fan.outputs {
                    let fitted = output_ratio(&beam, bowtie, angle_rad);
                    row(fan.tube_voltage_kv, Quantity::Output(angle_rad / RAD_PER_DEG), [ratio, fitted]);
                }
            }
            for &[kv, mgy] in &measured.free_in_air {
                row(kv, Quantity::FreeInAir, [mgy, MAS * scanner.ctdi_free_in_air_mgy_per_mas(kv)?]);
            }
        }
        Ok(rows)
    }
}
