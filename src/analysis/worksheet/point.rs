//! What the tables say of a patient in a region at a tube voltage, per CTDIvol and per mAs.

use crate::analysis::exposure_control::Transmission;
use crate::analysis::size_tables::estimate::{Answer, Question, about, estimate};
use crate::analysis::size_tables::table::SizeTables;
use crate::analysis::size_tables::{Bowtie, Region};
use crate::error::{Error, Result};
use crate::source::scanner::Scanner;

/// Length of the scans whose size factor is held, cm.
const SCAN_CM: f64 = 10.0;

/// Transmission of the tables' beams, by tube voltage, behind the bowtie of bodies and of heads.
pub struct Beams {
    beams: Vec<(f64, [Transmission; 2])>,
}

impl Beams {
    /// Beams at some tube voltages, kV.
    pub fn new(scanners: [&Scanner; 2], tube_voltages_kv: impl Iterator<Item = f64>) -> Result<Self> {
        let mut beams: Vec<(f64, [Transmission; 2])> = Vec::new();
        for kv in tube_voltages_kv {
            if beams.iter().all(|(known, _)| *known != kv) {
                let [body, head] = scanners.map(|scanner| Transmission::new(scanner, kv));
                beams.push((kv, [body?, head?]));
            }
        }
        Ok(Beams { beams })
    }

    /// Energy fluence per effective mAs behind so much water (cm), keV/cm² at a metre.
    fn signal_per_mas(&self, bowtie: Bowtie, kv: f64, water_cm: f64) -> Result<f64> {
        let found = self.beams.iter().find(|(known, _)| *known == kv);
        let (_, both) = found.ok_or_else(|| Error::Internal(format!("no beam of {kv} kV")))?;
        let through = &both[usize::from(bowtie == Bowtie::Head)];
        Ok(through.energy_fluence_kev(water_cm))
    }
}

/// Mean dose of the slice in the middle per CTDIvol of the 32 cm phantom, by the fit of the tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SliceFactor {
    /// The factor.
    pub mean: f64,
    /// Standard error of the fit's slope, 1/cm: the scatter of the phantoms about it.
    pub slope_error_per_cm: f64,
    /// Relative Monte Carlo error of the curve.
    pub monte_carlo: f64,
}

impl SliceFactor {
    /// At a size and tube voltage; between the tables' tube voltages logarithms lie on straight lines.
    fn at(tables: &SizeTables, part: &str, kv: f64, size_cm: f64) -> Result<Self> {
        let fits = tables.size_fits.iter().filter(|f| f.part == part && f.phantom == "body32");
        let mut kvs: Vec<f64> =
            fits.filter(|f| f.scan_cm == SCAN_CM).map(|fit| fit.tube_voltage_kv).collect();
        kvs.sort_by(f64::total_cmp);
        let (mut log, mut slope, mut monte_carlo) = (0.0, 0.0, 0.0);
        for (node, share) in about("tube_voltage_kv", "kV", &kvs, kv)? {
            let found = tables.size_fit("body32", part, node, SCAN_CM);
            let fit = found.map(|found| &found.fit).ok_or_else(|| {
                Error::invalid(format!("the tables must have a size factor of the {part} at {node} kV"))
            })?;
            // The means of regions lie within a millimetre of the slices that the fit is made of.
            log += share * fit.extrapolated(size_cm).mean.ln();
            slope += share * fit.covariance[2].max(0.0).sqrt();
            monte_carlo += share * fit.monte_carlo / (fit.points as f64).sqrt();
        }
        Ok(SliceFactor { mean: log.exp(), slope_error_per_cm: slope, monte_carlo })
    }
}

/// A patient in a region at a tube voltage.
#[derive(Clone, Debug)]
pub struct Point {
    /// Region.
    pub region: Region,
    /// Age, years.
    pub age_y: f64,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Doses at a CTDIvol of 1 mGy in the 32 cm phantom.
    pub answer: Answer,
    /// Dose of the middle slice at that CTDIvol.
    pub slice: SliceFactor,
    /// Energy fluence per effective mAs behind as much water as the patient is worth, keV/cm² at a metre.
    pub signal_per_mas: f64,
}

impl Point {
    /// Of an age and maybe another size (cm) than that of the age. Refuses what lies outside the tables.
    pub fn of(
        tables: &SizeTables,
        beams: &Beams,
        region: &Region,
        (age_y, size_cm): (f64, Option<f64>),
        tube_voltage_kv: f64,
    ) -> Result<Self> {
        let answer = estimate(
            tables,
            &Question {
                age_y,
                region: region.id.to_owned(),
                tube_voltage_kv,
                ctdi_vol_mgy: 1.0,
                body32: true,
                water_equivalent_diameter_cm: size_cm,
            },
        )?;
        let dw_cm = answer.water_equivalent_diameter_cm;
        let part = if region.bowtie == Bowtie::Head { "head" } else { "trunk" };
        Ok(Point {
            region: *region,
            age_y,
            tube_voltage_kv,
            slice: SliceFactor::at(tables, part, tube_voltage_kv, dw_cm)?,
            signal_per_mas: beams.signal_per_mas(region.bowtie, tube_voltage_kv, dw_cm)?,
            answer,
        })
    }

    /// Whether it is the same patient at the same tube voltage.
    pub fn is_same(&self, other: &Point) -> bool {
        self.age_y == other.age_y
            && self.tube_voltage_kv == other.tube_voltage_kv
            && self.answer.water_equivalent_diameter_cm == other.answer.water_equivalent_diameter_cm
    }
}
