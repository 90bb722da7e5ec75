//! Size tables: doses of standard scans by age, region and tube voltage, and what follows from them.
//!
//! Everything is an answer of response matrices, two per child (behind the body's and the head's bowtie) and two more
//! of the same child cut into slices. Doses are per CTDIvol of the 32 cm phantom; that of the 16 cm phantom stands
//! beside it.

pub mod asked;
pub mod child;
pub mod console;
pub mod estimate;
pub mod fit;
pub mod reduction;
pub mod slabs;
pub mod table;

use crate::error::Result;
use crate::geometry::phantom::Phantom;

/// An age of the phantom family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Age {
    /// In files and ids: `05y`.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Years; the adult stands for 20.
    pub years: f64,
}

const fn age(id: &'static str, name: &'static str, years: f64) -> Age {
    Age { id, name, years }
}

/// The ages.
pub const AGES: [Age; 6] = [
    age("00y", "newborn", 0.0),
    age("01y", "1 year", 1.0),
    age("05y", "5 years", 5.0),
    age("10y", "10 years", 10.0),
    age("15y", "15 years", 15.0),
    age("adult", "adult", 20.0),
];

/// Which bowtie, and so which matrix, a region is scanned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bowtie {
    /// That of bodies.
    Body,
    /// That of heads.
    Head,
}

/// A region that is scanned: landmarks with offsets, cm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// In files: `abdomen-pelvis`.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Upper end.
    pub top: (&'static str, f64),
    /// Lower end.
    pub bottom: (&'static str, f64),
    /// Bowtie.
    pub bowtie: Bowtie,
}

const fn region(
    id: &'static str,
    name: &'static str,
    top: (&'static str, f64),
    bottom: (&'static str, f64),
    bowtie: Bowtie,
) -> Region {
    Region { id, name, top, bottom, bowtie }
}

impl Region {
    /// Lower and upper end in a phantom, cm.
    pub fn range_cm(&self, phantom: &Phantom) -> Result<[f64; 2]> {
        let end = |(name, offset_cm): (&str, f64)| phantom.landmark_cm(name).map(|cm| cm + offset_cm);
        Ok([end(self.bottom)?, end(self.top)?])
    }
}

/// The regions.
pub const REGIONS: [Region; 4] = [
    region("head", "head", ("vertex", 0.0), ("brain_bottom", 0.0), Bowtie::Head),
    region("chest", "chest", ("lung_apex", 1.0), ("diaphragm", -1.0), Bowtie::Body),
    region("abdomen-pelvis", "abdomen and pelvis", ("liver_top", 1.0), ("trunk_base", 0.0), Bowtie::Body),
    region(
        "chest-abdomen-pelvis",
        "chest, abdomen and pelvis",
        ("lung_apex", 1.0),
        ("trunk_base", 0.0),
        Bowtie::Body,
    ),
];

/// Tube voltages that scanners have, kV, which tables and explorers are made for: the steps of ten that most makes have, and
/// Canon's 135.
pub const TUBE_VOLTAGES_KV: [f64; 9] = [70.0, 80.0, 90.0, 100.0, 110.0, 120.0, 130.0, 135.0, 140.0];
/// Beam width of the standard scans, cm. They are helices of pitch 1 without overrange.
pub const COLLIMATION_CM: f64 = 2.0;
/// Share of an organ that must lie in the range for a fit.
pub const LEAST_COVERAGE: f64 = 0.9;
