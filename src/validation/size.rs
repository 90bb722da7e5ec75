//! Suite `size`: mean dose of water cylinders of 8 to 40 cm against AAPM TG-204's size factors.
//!
//! One rotation of a 10 mm beam at the middle of a long cylinder leaves, in the slices within ±L/2, what a scan
//! of length L with contiguous rotations leaves in its middle slice: the cylinder looks the same from everywhere
//! along its axis.

use std::f64::consts::PI;

use nalgebra::Vector3;

use crate::data::material::Material;
use crate::error::Result;
use crate::simulation::Exam;
use crate::simulation::outcome::Outcome;
use crate::tally::estimate::Estimate;
use crate::validation::Plan;
use crate::validation::ctdi;
use crate::validation::row::{Reference, Row};
use crate::validation::scan::{Scan, dose_mgy, play, ratio};
use crate::validation::tg195::scene::{grid, scene};

const SUITE: &str = "size";
/// Diameter in cm, mean dose over CTDIw of the 32 cm phantom for an endless scan by another Monte Carlo code
/// (XCIST sample scanner, large bowtie, 120 kV), and for one of 10 cm where it was computed.
const COMPUTED: [(f64, f64, Option<f64>); 11] = [
    (8.0, 2.817, None),
    (10.0, 2.778, Some(2.582)),
    (12.0, 2.695, None),
    (15.0, 2.496, Some(2.194)),
    (18.0, 2.287, None),
    (20.0, 2.127, Some(1.783)),
    (25.0, 1.736, Some(1.404)),
    (30.0, 1.403, Some(1.099)),
    (32.0, 1.286, Some(0.997)),
    (35.0, 1.126, Some(0.865)),
    (40.0, 0.928, Some(0.700)),
];
/// Diameters of a quick run, cm.
const QUICK_CM: [f64; 3] = [10.0, 20.0, 32.0];
/// Both codes together: 5 %.
const TOLERANCE: f64 = 0.05;
/// AAPM Report 204 (2011), fit to the factors for the 32 cm phantom: a · exp(−b · diameter).
const TG204: (f64, f64) = (3.704369, 0.036_719_37);
/// What TG-204 says of endless scans: nothing.
const ENDLESS: &str = "TG-204's scans end: an endless one lies 8 to 20 % above, by the other code as well";
const HALF_LENGTH_CM: f64 = 40.0;

/// Every diameter, then the slope.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    plan.tell("CTDIw, 32 cm");
    let ctdi_w_mgy = ctdi::measure(plan, "body32", "large", 120.0)?.weighted_mgy;
    let mut found = Vec::new();
    let mut logs = Vec::new();
    for (diameter_cm, endless, ten_cm) in COMPUTED {
        if plan.quick && !QUICK_CM.contains(&diameter_cm) {
            continue;
        }
        let case = format!("water, {diameter_cm} cm, 120 kV");
        plan.tell(&case);
        let [whole, middle] = factors(plan, diameter_cm, &ctdi_w_mgy)?;
        let note = "reference computed by another Monte Carlo code for the same bowtie, itself good to 2 %";
        let mut push = |quantity: &str, reference: Option<f64>, value: Estimate| {
            let reference = reference.map(|value| Reference::exact(value, TOLERANCE));
            found.push(Row::new(SUITE, case.clone(), quantity, "mGy/mGy", reference, value).with_note(note));
        };
        push("mean dose / CTDIw32, endless scan", Some(endless), whole);
        push("mean dose / CTDIw32, 10 cm scan", ten_cm, middle);
        if (10.0..=35.0).contains(&diameter_cm) {
            let expected = TG204.0 * (-TG204.1 * diameter_cm).exp();
            for (scan, value) in [("endless", whole), ("10 cm", middle)] {
                let reference = Some(Reference::range(0.8 * expected, 1.2 * expected));
                let quantity = format!("mean dose / CTDIw32, {scan} scan, against TG-204");
                let row = Row::new(SUITE, case.clone(), quantity, "mGy/mGy", reference, value);
                found.push(match scan {
                    "endless" => row.with_note(ENDLESS),
                    _ => row.with_note("TG-204 pools scanners, phantoms and scan lengths: +-20 %"),
                });
            }
            logs.push((diameter_cm, whole.mean.ln(), whole.relative_error()));
        }
    }
    let reference = Some(Reference::range(TG204.1 - 0.006, TG204.1 + 0.006));
    let row = Row::new(
        SUITE,
        "water, 10 to 35 cm, endless scan",
        "exponential slope",
        "1/cm",
        reference,
        slope(&logs),
    );
    found.push(row);
    Ok(found)
}

/// Mean dose over CTDIw for an endless scan and for one of 10 cm.
fn factors(plan: &Plan, diameter_cm: f64, ctdi_w_mgy: &Estimate) -> Result<[Estimate; 2]> {
    let keys = format!("id = \"ctdi-body32\"\nlength_mm = {}\nvoxel_mm = 10.0", 20.0 * HALF_LENGTH_CM);
    let scan =
        Scan { phantom: &keys, bowtie: "large", tube_voltage_kv: 120.0, range: ["centre+5mm", "centre-5mm"] };
    let mut prepared = scan.prepare(plan.histories(60_000, 1_000_000), plan.seed)?;
    prepared.exam.phantom = {
        let radius_cm = 0.5 * diameter_cm;
        let water = Material::named("water")?;
        let half = [radius_cm, radius_cm, HALF_LENGTH_CM];
        let width_cm = diameter_cm / (diameter_cm / 0.2).round();
        let grid = grid(half.map(|h| -h), half, [width_cm, width_cm, 1.0]);
        let regions = vec![("rest".to_owned(), water.clone()), ("middle".to_owned(), water)];
        scene("water-cylinder", grid, regions, |p: &Vector3<f64>| match p.x.hypot(p.y) < radius_cm {
            true => 1 + u8::from(p.z.abs() < 5.0),
            false => 0,
        })
    };
    let outcome = play(&prepared)?;
    // Energy per slice of 1 cm: the rotations are 1 cm apart.
    let slice_g = PI * 0.25 * diameter_cm * diameter_cm;
    let middle = energy(&prepared.exam, &outcome, "middle");
    let whole = middle.plus(&energy(&prepared.exam, &outcome, "rest"));
    Ok([whole, middle].map(|energy| ratio(&energy.scaled(1.0 / slice_g), ctdi_w_mgy)))
}

/// Dose times mass of a region, mGy g.
fn energy(exam: &Exam, outcome: &Outcome, region: &str) -> Estimate {
    let masses_g = exam.phantom.organ_masses_g();
    let index = exam.phantom.organs.iter().position(|organ| organ.id == region);
    dose_mgy(exam, outcome, region).scaled(index.map_or(0.0, |index| masses_g[index]))
}

/// Slope of ln f against the diameter by least squares, 1/cm.
fn slope(points: &[(f64, f64, f64)]) -> Estimate {
    let n = points.len() as f64;
    let mean_x = points.iter().map(|p| p.0).sum::<f64>() / n;
    let squares: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let mean = -points.iter().map(|p| (p.0 - mean_x) * p.1).sum::<f64>() / squares;
    let variance: f64 = points.iter().map(|p| ((p.0 - mean_x) * p.2).powi(2)).sum();
    Estimate { mean, standard_error: variance.sqrt() / squares }
}
