//! The tables, as programs read them.

use serde::{Deserialize, Serialize};

use super::fit::{ExponentialFit, Point};
use super::{AGES, LEAST_COVERAGE, REGIONS};
use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::ssde::{head_size_factor, size_factor};
use crate::tally::estimate::Estimate;

/// One organ in one scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrganEntry {
    /// Id of the organ, or name of a tissue that is not one organ.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Mass, g.
    pub mass_g: f64,
    /// Share of its mass in the range; `None` for tissues.
    pub coverage: Option<f64>,
    /// Dose per CTDIvol of the 32 cm phantom.
    pub dose_per_ctdi_vol: Estimate,
}

/// The scan of a region of a child at a tube voltage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Id of the age.
    pub age: String,
    /// Id of the region.
    pub region: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Mean water-equivalent diameter of the range, of a head that of the middle slice, cm.
    pub water_equivalent_diameter_cm: f64,
    /// Mean thickness from front to back in the range, cm.
    pub ap_cm: f64,
    /// Mean width in the range, cm.
    pub lateral_cm: f64,
    /// Length of the range, cm.
    pub length_cm: f64,
    /// CTDIvol of the 16 and the 32 cm phantom per effective mAs, mGy.
    pub ctdi_vol_mgy_per_mas: [Estimate; 2],
    /// Organs and tissues.
    pub organs: Vec<OrganEntry>,
    /// Effective dose by ICRP 103 and 60 per CTDIvol of the 32 cm phantom, mSv/mGy.
    pub effective_per_ctdi_vol: [Estimate; 2],
    /// ICRP 103 per centimetre that the range is longer at the head end and at the foot end, and CTDIvol32, mSv/(mGy
    /// cm).
    pub effective_per_cm: [Estimate; 2],
    /// Energy fluence per effective mAs behind as much water as the range is worth, keV/cm² at a metre.
    pub signal_per_mas: f64,
    /// Relative change of the ICRP 103 dose per CTDIvol with a millimetre more of aluminium: the source model's part.
    pub with_more_aluminium: f64,
}

impl Entry {
    /// Quotient of the CTDIvol of the 32 cm phantom and that of the 16 cm phantom.
    pub fn ratio_32_to_16(&self) -> f64 {
        self.ctdi_vol_mgy_per_mas[1].mean / self.ctdi_vol_mgy_per_mas[0].mean
    }

    /// Effective dose per DLP of a phantom (0: 16 cm, 1: 32 cm) by a scheme (0: ICRP 103, 1: ICRP 60), mSv/(mGy cm).
    pub fn k(&self, phantom: usize, scheme: usize) -> Estimate {
        let per_32 = self.effective_per_ctdi_vol[scheme].scaled(1.0 / self.length_cm);
        per_32.scaled(if phantom == 0 { self.ratio_32_to_16() } else { 1.0 })
    }

    /// An organ.
    pub fn organ(&self, id: &str) -> Option<&OrganEntry> {
        self.organs.iter().find(|organ| organ.id == id)
    }
}

/// Mean dose of a slice in the middle of a part of the body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceEntry {
    /// Id of the age.
    pub age: String,
    /// Part of the body: head, chest, abdomen, pelvis.
    pub part: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Length of the scan about the slice, cm.
    pub scan_cm: f64,
    /// Water-equivalent diameter of the slice, cm.
    pub water_equivalent_diameter_cm: f64,
    /// Mean dose of the slice per CTDIvol of the 16 and the 32 cm phantom.
    pub dose_per_ctdi_vol: [Estimate; 2],
}

/// A slice beside the size factor that a report of the AAPM has for its diameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside {
    /// The report.
    pub report: &'static str,
    /// Its factor.
    pub factor: f64,
    /// Found over published.
    pub ratio: f64,
    /// Difference in Monte Carlo standard errors. The report's own doubt (a tenth to a fifth) is not in it.
    pub z: f64,
}

impl SliceEntry {
    /// Trunks per CTDIvol of the 32 cm phantom by AAPM 204, heads per that of the 16 cm phantom by AAPM 293; `None` outside
    /// their diameters.
    pub fn beside_published(&self) -> Option<Beside> {
        let cm = self.water_equivalent_diameter_cm;
        let (report, factor, found) = match self.part == "head" {
            true => ("AAPM 293", head_size_factor(cm)?, self.dose_per_ctdi_vol[0]),
            false => ("AAPM 204", size_factor(CtdiPhantom::Body32, cm)?, self.dose_per_ctdi_vol[1]),
        };
        Some(Beside {
            report,
            factor,
            ratio: found.mean / factor,
            z: (found.mean - factor) / found.standard_error,
        })
    }
}

/// A fit of slices: a size factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizeFit {
    /// Phantom of the CTDIvol: `head16` or `body32`.
    pub phantom: String,
    /// `head` or `trunk`.
    pub part: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Length of the scan, cm.
    pub scan_cm: f64,
    /// The fit.
    pub fit: ExponentialFit,
}

/// A fit of an organ's dose per CTDIvol32 against the mean Dw of the range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrganFit {
    /// Organ, or `effective dose (ICRP 103)`.
    pub organ: String,
    /// Region.
    pub region: String,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// The fit.
    pub fit: ExponentialFit,
}

/// All tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SizeTables {
    /// Scans.
    pub entries: Vec<Entry>,
    /// Slices.
    pub slices: Vec<SliceEntry>,
    /// Size factors.
    pub size_fits: Vec<SizeFit>,
    /// Organs against size.
    pub organ_fits: Vec<OrganFit>,
    /// Histories of all matrices.
    pub histories: u64,
}

impl SizeTables {
    /// The scan of an age, region and tube voltage.
    pub fn entry(&self, age: &str, region: &str, tube_voltage_kv: f64) -> Option<&Entry> {
        let is_it = |e: &&Entry| {
            e.age == age && e.region == region && (e.tube_voltage_kv - tube_voltage_kv).abs() < 1e-9
        };
        self.entries.iter().find(is_it)
    }

    /// The fit of an organ.
    pub fn organ_fit(&self, organ: &str, region: &str, tube_voltage_kv: f64) -> Option<&OrganFit> {
        let is_it = |f: &&OrganFit| {
            f.organ == organ && f.region == region && (f.tube_voltage_kv - tube_voltage_kv).abs() < 1e-9
        };
        self.organ_fits.iter().find(is_it)
    }

    /// The size factor of a phantom, part, tube voltage and scan length.
    pub fn size_fit(
        &self,
        phantom: &str,
        part: &str,
        tube_voltage_kv: f64,
        scan_cm: f64,
    ) -> Option<&SizeFit> {
        let is_it = |f: &&SizeFit| {
            f.phantom == phantom
                && f.part == part
                && (f.tube_voltage_kv - tube_voltage_kv).abs() < 1e-9
                && (f.scan_cm - scan_cm).abs() < 1e-9
        };
        self.size_fits.iter().find(is_it)
    }
}

/// Fits through the entries and slices.
pub fn fits(tables: &mut SizeTables) {
    tables.size_fits = size_fits(&tables.slices);
    tables.organ_fits = organ_fits(&tables.entries);
}

fn size_fits(slices: &[SliceEntry]) -> Vec<SizeFit> {
    let mut found = Vec::new();
    for tube_voltage_kv in distinct(slices.iter().map(|slice| slice.tube_voltage_kv)) {
        for scan_cm in distinct(slices.iter().map(|slice| slice.scan_cm)) {
            for part in ["head", "trunk"] {
                for (index, phantom) in ["head16", "body32"].into_iter().enumerate() {
                    let mine = slices.iter().filter(|slice| {
                        slice.tube_voltage_kv == tube_voltage_kv
                            && slice.scan_cm == scan_cm
                            && (slice.part == "head") == (part == "head")
                    });
                    let points: Vec<Point> = mine
                        .map(|slice| Point {
                            x_cm: slice.water_equivalent_diameter_cm,
                            value: slice.dose_per_ctdi_vol[index],
                            age: age_index(&slice.age),
                        })
                        .collect();
                    found.extend(ExponentialFit::through(&points).map(|fit| SizeFit {
                        phantom: phantom.to_owned(),
                        part: part.to_owned(),
                        tube_voltage_kv,
                        scan_cm,
                        fit,
                    }));
                }
            }
        }
    }
    found
}

/// Name of the fit of the effective dose.
pub const EFFECTIVE: &str = "effective dose (ICRP 103)";

/// Fits of organs that lie in the range at every age, and of the effective dose.
fn organ_fits(entries: &[Entry]) -> Vec<OrganFit> {
    let mut found = Vec::new();
    for region in REGIONS {
        for tube_voltage_kv in distinct(entries.iter().map(|entry| entry.tube_voltage_kv)) {
            let mine: Vec<&Entry> = entries
                .iter()
                .filter(|e| e.region == region.id && e.tube_voltage_kv == tube_voltage_kv)
                .collect();
            let Some(first) = mine.first() else { continue };
            let point = |entry: &Entry, value: Estimate| Point {
                x_cm: entry.water_equivalent_diameter_cm,
                value,
                age: age_index(&entry.age),
            };
            let mut push = |organ: &str, points: Vec<Point>| {
                found.extend(ExponentialFit::through(&points).map(|fit| OrganFit {
                    organ: organ.to_owned(),
                    region: region.id.to_owned(),
                    tube_voltage_kv,
                    fit,
                }));
            };
            push(EFFECTIVE, mine.iter().map(|entry| point(entry, entry.effective_per_ctdi_vol[0])).collect());
            for organ in &first.organs {
                let inside = |entry: &&Entry| {
                    let organ =
                        entry.organ(&organ.id).filter(|o| o.coverage.is_some_and(|c| c >= LEAST_COVERAGE));
                    organ.map(|organ| point(entry, organ.dose_per_ctdi_vol))
                };
                if let Some(points) = mine.iter().map(inside).collect::<Option<Vec<_>>>() {
                    push(&organ.id, points);
                }
            }
        }
    }
    found
}

fn age_index(id: &str) -> usize {
    AGES.iter().position(|age| age.id == id).unwrap_or(usize::MAX)
}

fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}
