//! Doses of a scan from the tables: between ages and tube voltages, at another size, never beyond them.

use super::table::{EFFECTIVE, Entry, OrganEntry, SizeTables};
use super::{AGES, REGIONS};
use crate::error::{Error, Result};
use crate::tally::estimate::Estimate;

/// Length of the slice scans whose slope stands in where an organ has no fit, cm.
const SCAN_CM: f64 = 10.0;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Age, years; the adult of the tables is 20.
    pub age_y: f64,
    /// Id of the region.
    pub region: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// The console's CTDIvol, mGy.
    pub ctdi_vol_mgy: f64,
    /// Whether it is for the 32 cm phantom (else that of 16 cm).
    pub body32: bool,
    /// Mean water-equivalent diameter of the range, cm, where it is known.
    pub water_equivalent_diameter_cm: Option<f64>,
}

/// A dose with the parts of its uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Id.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Share of the organ in the range, the smaller of the two ages'.
    pub coverage: Option<f64>,
    /// Dose and its Monte Carlo error, mGy or mSv.
    pub dose: Estimate,
    /// Anatomy, relative: root mean square deviation of an age from the fit to the others; `None` without a fit.
    pub anatomy: Option<f64>,
}

/// Another tube voltage at the same noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alternative {
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// mAs over those that were asked about.
    pub mas_factor: f64,
    /// CTDIvol of the same phantom, mGy.
    pub ctdi_vol_mgy: f64,
    /// Effective dose (ICRP 103), mSv.
    pub effective_msv: f64,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Water-equivalent diameter it is for, cm.
    pub water_equivalent_diameter_cm: f64,
    /// CTDIvol of the 32 cm phantom, mGy.
    pub ctdi_vol_32_mgy: f64,
    /// CTDIvol of the 16 cm phantom, mGy.
    pub ctdi_vol_16_mgy: f64,
    /// CTDIvol of the 32 cm phantom per effective mAs of the tables' scanner, mGy.
    pub ctdi_vol_32_mgy_per_mas: Estimate,
    /// Mean thickness from front to back and width in the range, of the age, cm.
    pub ap_lateral_cm: [f64; 2],
    /// Organs and tissues.
    pub organs: Vec<Part>,
    /// Effective dose by ICRP 103 and 60, mSv.
    pub effective: [Part; 2],
    /// Every tube voltage of the tables at the noise of the scan.
    pub alternatives: Vec<Alternative>,
}

/// Answers a question; refuses what lies outside the tables.
pub fn estimate(tables: &SizeTables, question: &Question) -> Result<Answer> {
    let corners = Corners::of(tables, question)?;
    let of_age_cm = corners.mean(|entry| entry.water_equivalent_diameter_cm);
    let dw_cm = question.water_equivalent_diameter_cm.unwrap_or(of_age_cm);
    let ratio = corners.mean(Entry::ratio_32_to_16);
    let ctdi_vol_32_mgy = if question.body32 { question.ctdi_vol_mgy } else { question.ctdi_vol_mgy * ratio };
    let size = Size { tables, question, corners: &corners, change_cm: dw_cm - of_age_cm };
    let valid = valid_sizes_cm(tables, &question.region);
    if question.water_equivalent_diameter_cm.is_some_and(|cm| !(valid[0]..=valid[1]).contains(&cm)) {
        return Err(Error::invalid(format!(
            "--dw must be within {:.1}..{:.1} cm for the region {}, found {dw_cm}",
            valid[0], valid[1], question.region
        )));
    }
    let organs = size.organs(ctdi_vol_32_mgy);
    let effective = [0, 1].map(|scheme| size.effective(scheme, ctdi_vol_32_mgy));
    Ok(Answer {
        water_equivalent_diameter_cm: dw_cm,
        ctdi_vol_32_mgy,
        ctdi_vol_16_mgy: ctdi_vol_32_mgy / ratio,
        ctdi_vol_32_mgy_per_mas: corners
            .geometric(|entry| Some(entry.ctdi_vol_mgy_per_mas[1]))
            .unwrap_or_default(),
        ap_lateral_cm: [corners.mean(|entry| entry.ap_cm), corners.mean(|entry| entry.lateral_cm)],
        alternatives: alternatives(tables, question, &effective[0].dose)?,
        organs,
        effective,
    })
}

/// Water-equivalent diameters that the tables of a region were made from, smallest and largest, cm.
pub fn valid_sizes_cm(tables: &SizeTables, region: &str) -> [f64; 2] {
    let mine = tables.entries.iter().filter(|entry| entry.region == region);
    let sizes: Vec<f64> = mine.map(|entry| entry.water_equivalent_diameter_cm).collect();
    [sizes.iter().copied().fold(f64::INFINITY, f64::min), sizes.iter().copied().fold(0.0, f64::max)]
}

/// The entries about a question, with their shares.
struct Corners<'a> {
    entries: Vec<(&'a Entry, f64)>,
}

impl<'a> Corners<'a> {
    fn of(tables: &'a SizeTables, question: &Question) -> Result<Self> {
        Self::at(tables, question, question.tube_voltage_kv)
    }

    fn at(tables: &'a SizeTables, question: &Question, tube_voltage_kv: f64) -> Result<Self> {
        let region = REGIONS.iter().find(|region| region.id == question.region).ok_or_else(|| {
            let ids = REGIONS.map(|region| region.id).join(", ");
            Error::invalid(format!("--region must be one of {ids}, found {}", question.region))
        })?;
        let mine: Vec<&Entry> = tables.entries.iter().filter(|entry| entry.region == region.id).collect();
        let years = AGES.iter().filter(|age| mine.iter().any(|entry| entry.age == age.id));
        let ages = about("--age", "years", &years.map(|age| age.years).collect::<Vec<_>>(), question.age_y)?;
        let mut kvs: Vec<f64> = mine.iter().map(|entry| entry.tube_voltage_kv).collect();
        kvs.sort_by(f64::total_cmp);
        kvs.dedup();
        let kvs = about("--kv", "kV", &kvs, tube_voltage_kv)?;
        let mut entries = Vec::new();
        for (years, age_share) in ages {
            for &(kv, kv_share) in &kvs {
                let age = AGES.iter().find(|age| age.years == years).map_or("", |age| age.id);
                let entry = tables.entry(age, region.id, kv).ok_or_else(|| {
                    Error::invalid(format!("the tables have no entry for {age}, {}, {kv} kV", region.id))
                })?;
                entries.push((entry, age_share * kv_share));
            }
        }
        Ok(Corners { entries })
    }

    fn mean(&self, of: impl Fn(&Entry) -> f64) -> f64 {
        self.entries.iter().map(|(entry, share)| share * of(entry)).sum()
    }

    /// Geometric mean of estimates; `None` where a corner has none.
    fn geometric(&self, of: impl Fn(&Entry) -> Option<Estimate>) -> Option<Estimate> {
        let (mut log, mut variance) = (0.0, 0.0);
        for (entry, share) in &self.entries {
            let value = of(entry)?;
            log += share * value.mean.ln();
            variance += (share * value.relative_error()).powi(2);
        }
        let mean = log.exp();
        Some(Estimate { mean, standard_error: mean * f64::sqrt(variance) })
    }
}

/// The nodes about a value with their shares; refuses a value beyond the outermost.
pub(in crate::analysis) fn about(
    key: &str,
    unit: &str,
    nodes: &[f64],
    value: f64,
) -> Result<Vec<(f64, f64)>> {
    let (Some(&first), Some(&last)) = (nodes.first(), nodes.last()) else {
        return Err(Error::invalid("the tables have no entry for this region"));
    };
    if !(first..=last).contains(&value) {
        return Err(Error::invalid(format!("{key} must be within {first}..{last} {unit}, found {value}")));
    }
    let above = nodes.partition_point(|&node| node <= value).clamp(1, nodes.len().max(2) - 1);
    if nodes.len() == 1 || value == nodes[above - 1] {
        return Ok(vec![(nodes[above - 1], 1.0)]);
    }
    let (low, high) = (nodes[above - 1], nodes[above]);
    let share = (value - low) / (high - low);
    Ok(vec![(low, 1.0 - share), (high, share)].into_iter().filter(|(_, share)| *share > 0.0).collect())
}

/// A size that differs from that of the age.
struct Size<'a> {
    tables: &'a SizeTables,
    question: &'a Question,
    corners: &'a Corners<'a>,
    change_cm: f64,
}

impl Size<'_> {
    /// Node of the tube voltages that is nearest, kV.
    fn node_kv(&self) -> f64 {
        let distance = |entry: &Entry| (entry.tube_voltage_kv - self.question.tube_voltage_kv).abs();
        let nearest = self.corners.entries.iter().min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
        nearest.map_or(self.question.tube_voltage_kv, |(entry, _)| entry.tube_voltage_kv)
    }

    /// How a dose per CTDIvol changes with the size, and what is known of the anatomy.
    fn scale(&self, organ: &str) -> (f64, Option<f64>) {
        let kv = self.node_kv();
        let own = self.tables.organ_fit(organ, &self.question.region, kv).map(|found| &found.fit);
        let part = if self.question.region == "head" { "head" } else { "trunk" };
        let slope = own.or_else(|| self.tables.size_fit("body32", part, kv, SCAN_CM).map(|found| &found.fit));
        let factor = slope.map_or(1.0, |fit| (-fit.b_per_cm * self.change_cm).exp());
        (factor, own.map(|fit| fit.anatomy[0]))
    }

    fn organs(&self, ctdi_vol_32_mgy: f64) -> Vec<Part> {
        let part = |organ: &OrganEntry| {
            let dose = self.corners.geometric(|entry| entry.organ(&organ.id).map(|o| o.dose_per_ctdi_vol))?;
            let (factor, anatomy) = self.scale(&organ.id);
            let covered =
                self.corners.entries.iter().filter_map(|(entry, _)| entry.organ(&organ.id)?.coverage);
            let coverage = covered.fold(f64::INFINITY, f64::min);
            Some(Part {
                id: organ.id.clone(),
                name: organ.name.clone(),
                coverage: coverage.is_finite().then_some(coverage),
                dose: dose.scaled(factor * ctdi_vol_32_mgy),
                anatomy,
            })
        };
        self.corners.entries[0].0.organs.iter().filter_map(part).collect()
    }

    fn effective(&self, scheme: usize, ctdi_vol_32_mgy: f64) -> Part {
        let dose = self.corners.geometric(|entry| Some(entry.effective_per_ctdi_vol[scheme]));
        let (factor, anatomy) = self.scale(EFFECTIVE);
        Part {
            id: EFFECTIVE.to_owned(),
            name: ["Effective dose, ICRP 103", "Effective dose, ICRP 60"][scheme].to_owned(),
            coverage: None,
            dose: dose.unwrap_or_default().scaled(factor * ctdi_vol_32_mgy),
            anatomy,
        }
    }
}

/// The tube voltages of the tables, ascending, at the noise of the scan. Noise alone favours high ones; contrast, above all
/// iodine's, favours low ones and is not in it.
fn alternatives(tables: &SizeTables, question: &Question, effective: &Estimate) -> Result<Vec<Alternative>> {
    let per_mas = |kv: f64| -> Result<[f64; 3]> {
        let corners = Corners::at(tables, question, kv)?;
        let phantom = usize::from(question.body32);
        let ctdi = corners.mean(|entry| entry.ctdi_vol_mgy_per_mas[phantom].mean);
        let msv =
            |entry: &Entry| Some(entry.effective_per_ctdi_vol[0].scaled(entry.ctdi_vol_mgy_per_mas[1].mean));
        let msv = corners.geometric(msv).map_or(f64::NAN, |msv| msv.mean);
        let signal =
            corners.geometric(|entry| Some(Estimate { mean: entry.signal_per_mas, standard_error: 0.0 }));
        Ok([ctdi, msv, signal.map_or(f64::NAN, |signal| signal.mean)])
    };
    let [ctdi, msv, signal] = per_mas(question.tube_voltage_kv)?;
    let mut kvs: Vec<f64> = tables.entries.iter().map(|entry| entry.tube_voltage_kv).collect();
    kvs.sort_by(f64::total_cmp);
    kvs.dedup();
    let mut found = Vec::new();
    for kv in kvs {
        let [other_ctdi, other_msv, other_signal] = per_mas(kv)?;
        let mas_factor = signal / other_signal;
        found.push(Alternative {
            tube_voltage_kv: kv,
            mas_factor,
            ctdi_vol_mgy: question.ctdi_vol_mgy * mas_factor * other_ctdi / ctdi,
            effective_msv: effective.mean * mas_factor * other_msv / msv,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_between_nodes_are_shared_and_beyond_them_refused() {
        assert_eq!(about("--age", "years", &[0.0, 1.0, 5.0], 2.0).unwrap(), [(1.0, 0.75), (5.0, 0.25)]);
        assert_eq!(about("--age", "years", &[0.0, 1.0, 5.0], 5.0).unwrap(), [(5.0, 1.0)]);
        assert_eq!(about("--age", "years", &[0.0, 1.0, 5.0], 0.0).unwrap(), [(0.0, 1.0)]);
        assert_eq!(about("--kv", "kV", &[120.0], 120.0).unwrap(), [(120.0, 1.0)]);
        let refusal = about("--kv", "kV", &[70.0, 140.0], 60.0).unwrap_err().to_string();
        assert_eq!(refusal, "--kv must be within 70..140 kV, found 60");
        assert!(about("--age", "years", &[0.0, 20.0], f64::NAN).is_err());
    }
}
