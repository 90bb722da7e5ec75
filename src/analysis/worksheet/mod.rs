//! The paediatric worksheet: from a site's adult techniques to the mAs of children, at every tube voltage of the size
//! tables, that hold the dose, the effective dose or the noise of the adult.
//!
//! The site brings kV, mAs and CTDIvol of its adults; CTDIvol follows the mAs. What the site does not bring, how CTDIvol
//! per mAs goes with the tube voltage, is that of the tables' scanner. Nothing is simulated.

pub mod point;
pub mod setting;

use serde::Serialize;

use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::size_tables::table::SizeTables;
use crate::analysis::size_tables::{AGES, Region};
use crate::data::image_gently;
use crate::data::reference_levels::{
    LevelPatient, ReferenceLevel, levels_of, reference_level, reference_weight_kg,
};
use crate::error::Result;
use crate::source::scanner::Scanner;
use point::{Beams, Point};
use setting::{Adult, Setting};

/// What is held as it is in the adult.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// Mean dose of the slice in the middle (what SSDE estimates).
    Dose,
    /// Effective dose of the scan (ICRP 103).
    EffectiveDose,
    /// Noise of the image, by quanta.
    Noise,
}

impl Held {
    /// All of them.
    pub const ALL: [Held; 3] = [Held::Dose, Held::EffectiveDose, Held::Noise];

    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Held::Dose => "dose",
            Held::EffectiveDose => "effective-dose",
            Held::Noise => "noise",
        }
    }
}

/// How a site scans the adults of a region on a scanner.
#[derive(Clone, Debug, PartialEq)]
pub struct Technique {
    /// Region.
    pub region: Region,
    /// Name of the scanner, for people.
    pub scanner: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// mAs per rotation over pitch.
    pub effective_mas: f64,
    /// The console's CTDIvol, mGy.
    pub ctdi_vol_mgy: f64,
    /// The phantom it is for.
    pub phantom: CtdiPhantom,
    /// Water-equivalent diameter of the adult it is for, cm; `None` for the adult of the tables.
    pub adult_size_cm: Option<f64>,
}

/// A patient of the worksheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Patient {
    /// For people.
    pub name: String,
    /// Age, years; 20 is the adult.
    pub age_y: f64,
    /// Weight, kg; `None` for the reference weight of the age.
    pub weight_kg: Option<f64>,
    /// Water-equivalent diameters by region, cm, where they are not those of the age.
    pub sizes_cm: Vec<(String, f64)>,
}

impl Patient {
    /// The six patients of the tables.
    pub fn of_tables() -> Vec<Patient> {
        let patient = |age: &crate::analysis::size_tables::Age| Patient {
            name: age.name.to_owned(),
            age_y: age.years,
            weight_kg: None,
            sizes_cm: Vec::new(),
        };
        AGES.iter().map(patient).collect()
    }

    /// Size in a region, where it is stated, cm.
    pub fn size_cm(&self, region: &str) -> Option<f64> {
        self.sizes_cm.iter().find(|(known, _)| known == region).map(|(_, cm)| *cm)
    }
}

/// One patient under one technique.
#[derive(Clone, Debug)]
pub struct Line {
    /// Patient.
    pub patient: Patient,
    /// Weight that reference levels go by, kg.
    pub weight_kg: f64,
    /// Thickness from front to back and width of the age, cm.
    pub ap_lateral_cm: [f64; 2],
    /// Water-equivalent diameter, cm.
    pub water_equivalent_diameter_cm: f64,
    /// What to set, by tube voltage and then by what is held.
    pub settings: Vec<Setting>,
    /// Thickness (cm) and mAs factor of the Image Gently worksheet for a patient of this age (RECALLED).
    pub image_gently: Option<(f64, f64)>,
    /// Published levels for the patient.
    pub levels: Vec<&'static ReferenceLevel>,
}

impl Line {
    /// The first published diagnostic reference level of the patient.
    pub fn reference_level(&self) -> Option<&'static ReferenceLevel> {
        reference_level(&self.levels)
    }

    /// What to set at a tube voltage to hold something.
    pub fn setting(&self, tube_voltage_kv: f64, held: Held) -> Option<&Setting> {
        self.settings.iter().find(|s| s.tube_voltage_kv == tube_voltage_kv && s.held == held)
    }
}

/// The lines of one technique.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The technique.
    pub technique: Technique,
    /// Water-equivalent diameter of its adult, cm.
    pub adult_size_cm: f64,
    /// What the adult gets.
    pub baseline: Setting,
    /// Children, and the adult of the tables.
    pub lines: Vec<Line>,
}

/// Makes the sheets of some techniques for some patients. `scanners` are the tables' with the bowtie of bodies and of heads.
/// Refuses what lies outside the tables.
pub fn worksheet(
    tables: &SizeTables,
    scanners: [&Scanner; 2],
    techniques: &[Technique],
    patients: &[Patient],
) -> Result<Vec<Sheet>> {
    let mut kvs: Vec<f64> = tables.entries.iter().map(|entry| entry.tube_voltage_kv).collect();
    kvs.sort_by(f64::total_cmp);
    kvs.dedup();
    worksheet_at(tables, scanners, techniques, patients, &kvs)
}

/// The same at some tube voltages, kV.
pub fn worksheet_at(
    tables: &SizeTables,
    scanners: [&Scanner; 2],
    techniques: &[Technique],
    patients: &[Patient],
    kvs: &[f64],
) -> Result<Vec<Sheet>> {
    let all = kvs.iter().copied().chain(techniques.iter().map(|technique| technique.tube_voltage_kv));
    let beams = Beams::new(scanners, all)?;
    techniques.iter().map(|technique| sheet(tables, &beams, technique, patients, kvs)).collect()
}

fn sheet(
    tables: &SizeTables,
    beams: &Beams,
    technique: &Technique,
    patients: &[Patient],
    kvs: &[f64],
) -> Result<Sheet> {
    let region = &technique.region;
    let of = |age_y, size_cm, kv| Point::of(tables, beams, region, (age_y, size_cm), kv);
    let adult_y = AGES[AGES.len() - 1].years;
    let adult = Adult::new(technique, of(adult_y, technique.adult_size_cm, technique.tube_voltage_kv)?);
    let line = |patient: &Patient| -> Result<Line> {
        let points = kvs.iter().map(|&kv| of(patient.age_y, patient.size_cm(region.id), kv));
        let points = points.collect::<Result<Vec<Point>>>()?;
        let weight_kg = patient.weight_kg.unwrap_or_else(|| reference_weight_kg(patient.age_y));
        let ap_lateral_cm = points[0].answer.ap_lateral_cm;
        let level_patient = LevelPatient { age_y: patient.age_y, weight_kg, width_cm: ap_lateral_cm[1] };
        Ok(Line {
            weight_kg,
            ap_lateral_cm,
            water_equivalent_diameter_cm: points[0].answer.water_equivalent_diameter_cm,
            settings: points.iter().flat_map(|at| Held::ALL.map(|held| adult.setting(at, held))).collect(),
            image_gently: image_gently::of_age(region.id, patient.age_y),
            levels: levels_of(region.id, &level_patient),
            patient: patient.clone(),
        })
    };
    Ok(Sheet {
        adult_size_cm: adult.point.answer.water_equivalent_diameter_cm,
        baseline: adult.setting(&adult.point, Held::Dose),
        lines: patients.iter().map(line).collect::<Result<_>>()?,
        technique: technique.clone(),
    })
}
