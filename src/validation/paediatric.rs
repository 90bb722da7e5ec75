//! Suite `paediatric`: organ dose per CTDIvol by age against NCICT, effective dose per DLP against AAPM Report 96.
//!
//! NCICT's phantoms are voxel and surface models of the ICRP series, ours are stylised: organs sit at other depths and
//! heights. Agreement within 25 % inside the field is what can be asked; at its edge a row is for information. AAPM 96's
//! factors come from phantoms of our own family, on other scanners and with ranges of their own: 30 %. Those of Lee et al.
//! are for voxel phantoms with other ranges and stand for information.

use crate::analysis::effective_dose::{SCHEMES, Scheme, effective_dose};
use crate::error::Result;
use crate::io::protocol::Prepared;
use crate::simulation::outcome::Outcome;
use crate::tally::estimate::Estimate;
use crate::validation::Plan;
use crate::validation::ctdi;
use crate::validation::row::{Reference, Row};
use crate::validation::scan::{Scan, dose_mgy, play, ratio};
use crate::validation::table::{number, rows};

const SUITE: &str = "paediatric";
/// Stylised against voxel phantoms, inside the field: 25 %.
const ORGAN_TOLERANCE: f64 = 0.25;
/// Other scanners and ranges: 30 %.
const K_TOLERANCE: f64 = 0.30;
const AGES: [&str; 6] = ["00y", "01y", "05y", "10y", "15y", "adult"];
/// Ages of a quick run.
const QUICK: [&str; 3] = ["00y", "05y", "adult"];

/// A region that is scanned.
struct Region {
    name: &'static str,
    /// Words for people.
    words: &'static str,
    /// Whether arms are raised.
    arms_raised: bool,
    bowtie: &'static str,
    /// Top and bottom.
    range: [&'static str; 2],
}

const REGIONS: [Region; 3] = [
    Region {
        name: "head",
        words: "head",
        arms_raised: false,
        bowtie: "small",
        range: ["vertex", "brain_bottom"],
    },
    Region {
        name: "chest",
        words: "chest",
        arms_raised: true,
        bowtie: "large",
        range: ["lung_apex+10mm", "diaphragm-10mm"],
    },
    Region {
        name: "abdomen_pelvis",
        words: "abdomen and pelvis",
        arms_raised: true,
        bowtie: "large",
        range: ["liver_top+10mm", "trunk_base"],
    },
];

/// CTDIw of 100 mAs behind a bowtie, mGy.
struct CtdiW {
    bowtie: &'static str,
    phantom_cm: &'static str,
    mgy: Estimate,
}

/// Every scan of every age.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    let ctdi_w = ctdi_w(plan)?;
    let mut found = Vec::new();
    for age in AGES.into_iter().filter(|age| !plan.quick || QUICK.contains(age)) {
        for region in &REGIONS {
            plan.tell(&format!("{age}, {}", region.words));
            let prepared = prepare(plan, region, age)?;
            let outcome = play(&prepared)?;
            let child = Child { region, age, prepared: &prepared, outcome: &outcome, ctdi_w: &ctdi_w };
            found.extend(child.organs());
            found.extend(child.k_factors());
        }
    }
    Ok(found)
}

fn ctdi_w(plan: &Plan) -> Result<Vec<CtdiW>> {
    let mut known = Vec::new();
    for (bowtie, phantom, phantom_cm) in
        [("small", "head16", "16"), ("large", "head16", "16"), ("large", "body32", "32")]
    {
        plan.tell(&format!("CTDIw, {phantom_cm} cm, bowtie {bowtie}"));
        let mgy = ctdi::measure(plan, phantom, bowtie, 120.0)?.weighted_mgy;
        known.push(CtdiW { bowtie, phantom_cm, mgy });
    }
    Ok(known)
}

fn prepare(plan: &Plan, region: &Region, age: &str) -> Result<Prepared> {
    let arms = if region.arms_raised { "-arms-raised" } else { "" };
    let voxel_mm = match age {
        "00y" | "01y" | "05y" => 2.0,
        _ => 3.0,
    };
    let keys = format!("id = \"ce-{age}{arms}\"\nvoxel_mm = {voxel_mm:.1}");
    let scan = Scan { phantom: &keys, bowtie: region.bowtie, tube_voltage_kv: 120.0, range: region.range };
    scan.prepare(plan.histories(60_000, 2_000_000), plan.seed)
}

/// One scan of one child (or the adult).
struct Child<'a> {
    region: &'a Region,
    age: &'static str,
    prepared: &'a Prepared,
    outcome: &'a Outcome,
    ctdi_w: &'a [CtdiW],
}

impl Child<'_> {
    fn case(&self) -> String {
        format!("{}, {}", self.prepared.exam.phantom.id, self.region.words)
    }

    /// CTDIvol for the phantom of this diameter, mGy: rotations as far apart as the beam is wide.
    fn ctdi_vol_mgy(&self, phantom_cm: &str) -> &Estimate {
        let is_it = |known: &&CtdiW| known.bowtie == self.region.bowtie && known.phantom_cm == phantom_cm;
        &self.ctdi_w.iter().find(is_it).expect("every bowtie has its phantoms").mgy
    }

    fn organs(&self) -> Vec<Row> {
        let table = rows(include_str!("reference/ncict_organs.csv"));
        let mine = table.filter(|words| words[0] == self.region.name && words[1] == self.age);
        mine.map(|words| self.organ(&words)).collect()
    }

    fn organ(&self, words: &[&str]) -> Row {
        let (organ, phantom_cm) = (words[2], words[3]);
        let dose = dose_mgy(&self.prepared.exam, self.outcome, organ);
        let value = ratio(&dose, self.ctdi_vol_mgy(phantom_cm));
        let (lowest, highest) = (number(words[4]), number(words[5]));
        let reference = Reference {
            min: (1.0 - ORGAN_TOLERANCE) * lowest,
            max: (1.0 + ORGAN_TOLERANCE) * highest,
            ..Reference::exact(0.5 * (lowest + highest), ORGAN_TOLERANCE)
        };
        let quantity = format!("{organ} dose / CTDIvol{phantom_cm}");
        let row = Row::new(SUITE, self.case(), quantity, "mGy/mGy", Some(reference), value);
        match words[6] {
            "in" => row.with_note("stylised against voxel phantom, another scanner: 25 % inside the field"),
            _ => row.for_information("at the edge of the field: the phantoms' anatomy decides"),
        }
    }

    fn k_factors(&self) -> Vec<Row> {
        SCHEMES.iter().flat_map(|&scheme| self.k_factors_by(scheme)).collect()
    }

    fn k_factors_by(&self, scheme: Scheme) -> Vec<Row> {
        let acquisitions = &self.outcome.acquisitions;
        // The smallest organs of a small child may have no voxels; then there is no effective dose either.
        let Ok(dose) = effective_dose(&self.prepared.exam.phantom, acquisitions, scheme) else {
            return Vec::new();
        };
        let adult_body = self.age == "adult" && self.region.name != "head";
        let phantom_cm = if adult_body { "32" } else { "16" };
        let per_ctdi = ratio(&dose.total_msv, self.ctdi_vol_mgy(phantom_cm));
        let value = per_ctdi.scaled(1.0 / acquisitions[0].acquisition.exposed_length_cm());
        let table = rows(include_str!("reference/k_factors.csv"));
        let mine = table.filter(|words| words[1..4] == [scheme.name(), self.region.name, self.age]);
        mine.map(|words| self.k_factor(&words, phantom_cm, value)).collect()
    }

    fn k_factor(&self, words: &[&str], phantom_cm: &str, value: Estimate) -> Row {
        let reference = Some(Reference::exact(number(words[4]), K_TOLERANCE));
        let quantity = format!("E ({}) / DLP{phantom_cm}, {}", words[1], words[0]);
        let row = Row::new(SUITE, self.case(), quantity, "mSv/(mGy cm)", reference, value);
        match words[0] {
            "AAPM 96" => row.with_note("the same family of phantoms, other scanners and ranges: 30 %"),
            _ => row.for_information("voxel phantoms and ranges of their own"),
        }
    }
}
