//! Suite `paediatric`: organ dose per CTDIvol by age against NCICT (Lee et al., J. Radiol. Prot. 35 (2015) 891).
//!
//! NCICT's phantoms are voxel and surface models of the ICRP series; ours are stylised. Organs sit at other
//! depths and heights: agreement within 25 % inside the field is what can be asked, and a row outside it tells of
//! the phantoms before it tells of the transport. Rows are therefore verdicts at 25 % only where the organ lies
//! wholly in the field, and information at its edge.

use crate::error::Result;
use crate::tally::estimate::Estimate;
use crate::validation::Plan;
use crate::validation::ctdi;
use crate::validation::row::{Reference, Row};
use crate::validation::scan::{Scan, dose_mgy, play, ratio};

const SUITE: &str = "paediatric";
/// Stylised against voxel phantoms, inside the field: 25 %.
const TOLERANCE: f64 = 0.25;
const PHANTOMS: [&str; 3] = ["ce-00y-arms-raised", "ce-05y-arms-raised", "ce-15y-arms-raised"];

/// Scan, range, organ, NCICT's values for newborn, 5 and 15 years (male) per CTDIvol of the 16 cm phantom, and
/// whether the organ lies wholly in the field.
type Entry = (&'static str, &'static str, [f64; 3], bool);
const CHEST: [Entry; 5] = [
    ("chest", "lungs", [1.150, 0.963, 0.703], true),
    ("chest", "heart_wall", [1.177, 0.946, 0.736], true),
    ("chest", "thymus", [1.086, 0.988, 0.667], true),
    ("chest", "thyroid", [1.208, 1.070, 0.607], false),
    ("chest", "liver", [0.979, 0.491, 0.393], false),
];
const TRUNK: [Entry; 5] = [
    ("abdomen and pelvis", "liver", [1.147, 0.912, 0.729], true),
    ("abdomen and pelvis", "kidneys", [1.198, 1.012, 0.765], true),
    ("abdomen and pelvis", "stomach_wall", [1.154, 0.964, 0.779], true),
    ("abdomen and pelvis", "spleen", [1.155, 0.947, 0.761], true),
    ("abdomen and pelvis", "lungs", [0.652, 0.260, 0.182], false),
];

/// Both scans of every age.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    plan.tell("CTDIw, 16 cm");
    let ctdi_vol_mgy = ctdi::measure(plan, "head16", "large", 120.0)?.weighted_mgy();
    let mut found = Vec::new();
    for (age, phantom) in PHANTOMS.into_iter().enumerate() {
        for (entries, range) in
            [(CHEST, ["lung_apex+10mm", "diaphragm-10mm"]), (TRUNK, ["liver_top+10mm", "trunk_base"])]
        {
            let scan_name = entries[0].0;
            plan.tell(&format!("{phantom}, {scan_name}"));
            let keys = format!("id = \"{phantom}\"\nvoxel_mm = 2.0");
            let scan = Scan { phantom: &keys, bowtie: "large", tube_voltage_kv: 120.0, range };
            let prepared = scan.prepare(plan.histories(60_000, 2_000_000), plan.seed)?;
            let outcome = play(&prepared)?;
            for (_, organ, values, in_field) in entries {
                let value = ratio(&dose_mgy(&prepared.exam, &outcome, organ), &ctdi_vol_mgy);
                found.push(row(&format!("{phantom}, {scan_name}"), organ, values[age], in_field, value));
            }
        }
    }
    Ok(found)
}

fn row(case: &str, organ: &str, expected: f64, in_field: bool, value: Estimate) -> Row {
    let reference = Some(Reference::exact(expected, TOLERANCE));
    let quantity = format!("{organ} dose / CTDIvol16");
    let row = Row::new(SUITE, case, quantity, "mGy/mGy", reference, value);
    match in_field {
        true => row.with_note("stylised against voxel phantom, another scanner: 25 % inside the field"),
        false => row.for_information("at the edge of the field: the phantoms' anatomy decides"),
    }
}
