//! What to set for a patient, and the doses that follow.
//!
//! Errors are those of the tables. Between two sizes at one tube voltage the dose of a slice is as sure as the slope of the
//! size factor; quotients of doses of different scans are taken as independent, which is cautious: the tables' scans of one
//! phantom share their histories.

use super::point::Point;
use super::{Held, Technique};
use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::size_tables::Bowtie;
use crate::analysis::size_tables::estimate::Part;
use crate::analysis::ssde::{head_size_factor, size_factor};
use crate::tally::estimate::Estimate;

/// A tube voltage with the mAs that hold something, and what follows.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What is held.
    pub held: Held,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// mAs over the adult's at the adult's tube voltage.
    pub mas_factor: Estimate,
    /// mAs per rotation over pitch.
    pub effective_mas: Estimate,
    /// CTDIvol of the 16 and the 32 cm phantom, mGy.
    pub ctdi_vol_mgy: [Estimate; 2],
    /// Mean dose of the slice in the middle by the tables, mGy.
    pub slice_mgy: Estimate,
    /// Size-specific dose estimate by AAPM 204 (bodies) or 293 (heads), mGy; `None` outside their sizes.
    pub ssde_mgy: Option<f64>,
    /// Effective dose (ICRP 103), mSv.
    pub effective_msv: Estimate,
    /// Doses of organs and tissues, mGy.
    pub organs: Vec<Part>,
    /// Noise of the image over the adult's, by quanta.
    pub relative_noise: f64,
}

/// The adult of a technique.
pub struct Adult {
    /// What the tables say.
    pub point: Point,
    effective_mas: f64,
    ctdi_vol_32_mgy: f64,
}

impl Adult {
    /// The adult of a technique.
    pub fn new(technique: &Technique, point: Point) -> Self {
        let ctdi_vol_32_mgy = match technique.phantom {
            CtdiPhantom::Body32 => technique.ctdi_vol_mgy,
            CtdiPhantom::Head16 => technique.ctdi_vol_mgy / point.answer.ctdi_vol_16_mgy,
        };
        Adult { point, effective_mas: technique.effective_mas, ctdi_vol_32_mgy }
    }

    /// What to set for a patient so that something is held.
    pub fn setting(&self, at: &Point, held: Held) -> Setting {
        let same = at.is_same(&self.point);
        // CTDIvol per mAs over that at the adult's tube voltage.
        let output = self.output(at);
        let (ctdi_32_mgy, mas_factor) = match held {
            Held::Noise => {
                let factor = exact(self.point.signal_per_mas / at.signal_per_mas);
                (times(&output, &factor).scaled(self.ctdi_vol_32_mgy), factor)
            }
            Held::Dose | Held::EffectiveDose => {
                let ratio = match held {
                    Held::Dose => self.slice_ratio(at),
                    _ if same => exact(1.0),
                    _ => quotient(&self.point.answer.effective[0].dose, &at.answer.effective[0].dose),
                };
                (ratio.scaled(self.ctdi_vol_32_mgy), quotient(&ratio, &output))
            }
        };
        let noise = self.point.signal_per_mas / (at.signal_per_mas * mas_factor.mean);
        let dose = |part: &Part| times(&part.dose, &ctdi_32_mgy);
        let effective = match held {
            // It is the adult's, however the mAs came about.
            Held::EffectiveDose => self.point.answer.effective[0].dose.scaled(self.ctdi_vol_32_mgy),
            _ => dose(&at.answer.effective[0]),
        };
        let slice = Estimate {
            mean: at.slice.mean * ctdi_32_mgy.mean,
            standard_error: at.slice.mean * ctdi_32_mgy.standard_error,
        };
        Setting {
            held,
            tube_voltage_kv: at.tube_voltage_kv,
            mas_factor,
            effective_mas: mas_factor.scaled(self.effective_mas),
            ctdi_vol_mgy: [ctdi_32_mgy.scaled(at.answer.ctdi_vol_16_mgy), ctdi_32_mgy],
            slice_mgy: slice,
            ssde_mgy: ssde_mgy(at, &ctdi_32_mgy),
            effective_msv: effective,
            organs: at.answer.organs.iter().map(|part| Part { dose: dose(part), ..part.clone() }).collect(),
            relative_noise: noise.sqrt(),
        }
    }

    /// CTDIvol per mAs over that at the adult's tube voltage, by the tables' scanner.
    fn output(&self, at: &Point) -> Estimate {
        match at.tube_voltage_kv == self.point.tube_voltage_kv {
            true => exact(1.0),
            false => quotient(&at.answer.ctdi_vol_32_mgy_per_mas, &self.point.answer.ctdi_vol_32_mgy_per_mas),
        }
    }

    /// CTDIvol over the adult's at which the slice in the middle gets the adult's dose.
    fn slice_ratio(&self, at: &Point) -> Estimate {
        let (own, other) = (&self.point.slice, &at.slice);
        let apart_cm =
            self.point.answer.water_equivalent_diameter_cm - at.answer.water_equivalent_diameter_cm;
        let of_tube_voltage = match at.tube_voltage_kv == self.point.tube_voltage_kv {
            true => 0.0,
            false => own.monte_carlo.hypot(other.monte_carlo),
        };
        let mean = own.mean / other.mean;
        let relative = (other.slope_error_per_cm * apart_cm).hypot(of_tube_voltage);
        Estimate { mean, standard_error: mean * relative }
    }
}

/// Size-specific dose estimate by the reports, mGy.
fn ssde_mgy(at: &Point, ctdi_32_mgy: &Estimate) -> Option<f64> {
    let dw_cm = at.answer.water_equivalent_diameter_cm;
    match at.region.bowtie {
        Bowtie::Head => head_size_factor(dw_cm).map(|f| f * ctdi_32_mgy.mean * at.answer.ctdi_vol_16_mgy),
        Bowtie::Body => size_factor(CtdiPhantom::Body32, dw_cm).map(|f| f * ctdi_32_mgy.mean),
    }
}

fn exact(mean: f64) -> Estimate {
    Estimate { mean, standard_error: 0.0 }
}

/// Product of independent estimates.
fn times(a: &Estimate, b: &Estimate) -> Estimate {
    let mean = a.mean * b.mean;
    Estimate { mean, standard_error: mean.abs() * a.relative_error().hypot(b.relative_error()) }
}

/// Quotient of independent estimates.
fn quotient(a: &Estimate, b: &Estimate) -> Estimate {
    let mean = a.mean / b.mean;
    Estimate { mean, standard_error: mean.abs() * a.relative_error().hypot(b.relative_error()) }
}
