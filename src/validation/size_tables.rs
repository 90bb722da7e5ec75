//! Size tables beside what is published: rows with verdicts. Numbers are those of the sources named in each row; what
//! was recalled and not seen says so.

use std::f64::consts::PI;

use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::exposure_control::Transmission;
use crate::analysis::size_tables::table::{Entry, SizeTables};
use crate::analysis::ssde::{head_size_factor, size_factor};
use crate::error::Result;
use crate::source::scanner::Scanner;
use crate::tally::estimate::Estimate;
use crate::validation::row::{Reference, Row, computed};
use crate::validation::table::{number, rows};

const SUITE: &str = "size-tables";
/// Tube voltage of the references, kV.
const KV: f64 = 120.0;
/// Slope of AAPM Report 204's factor for the 32 cm phantom, 1/cm.
const TG204_SLOPE: f64 = 0.036_719_37;
/// Boone et al., Radiology 228 (2003) 352, abstract: mAs at constant contrast-to-noise ratio over those at 28 cm.
const BOONE: [(f64, f64); 3] = [(25.0, 0.557), (20.0, 0.196), (15.0, 0.054)];
/// Tables of Turner 2011 and Li 2011 as quoted in PMC3482255, table 11: stomach by perimeter, lungs by mean diameter.
const TURNER_STOMACH: (f64, f64) = (3.780, 0.0113);
const LI_LUNGS: (f64, f64) = (4.04, 0.035);
/// Khursheed et al., Br. J. Radiol. 75 (2002) 819: newborn over adult per axial air kerma.
const KHURSHEED: [(&str, f64, f64); 4] = [
    ("head", 2.2, 2.5),
    ("chest", 1.3, 2.4),
    ("abdomen-pelvis", 1.3, 2.4),
    ("chest-abdomen-pelvis", 1.3, 2.4),
];

/// All checks that the tables have entries for; `scanner` is that of bodies.
pub fn checks(tables: &SizeTables, scanner: &Scanner) -> Result<Vec<Row>> {
    let mut found = size_factors(tables);
    found.extend(noise(scanner)?);
    for entry in tables.entries.iter().filter(|entry| entry.tube_voltage_kv == KV) {
        found.extend(k_factors(entry));
        found.extend(ncict(entry));
        found.extend(over_ssde(entry));
        found.extend(other_fits(entry));
    }
    found.extend(newborn_over_adult(tables));
    Ok(found)
}

fn row(check: &str, case: String, quantity: &str, reference: Reference, value: Estimate) -> Row {
    Row::new(SUITE, format!("{check}, {case}"), quantity, "mGy/mGy", Some(reference), value)
}

/// C08 and C24: slices of the trunk against AAPM 204, brains against AAPM 293.
fn size_factors(tables: &SizeTables) -> Vec<Row> {
    let mut found = Vec::new();
    for slice in tables.slices.iter().filter(|s| s.tube_voltage_kv == KV && s.scan_cm == 10.0) {
        let (case, cm) = (format!("{}, {}", slice.age, slice.part), slice.water_equivalent_diameter_cm);
        if slice.part != "head" {
            found.extend(size_factor(CtdiPhantom::Body32, cm).map(|f| {
                let quantity = "slice mean / CTDIvol32, 10 cm scan, against AAPM 204";
                row("C08", case, quantity, Reference::exact(f, 0.20), slice.dose_per_ctdi_vol[1])
            }));
        }
    }
    for entry in tables.entries.iter().filter(|e| e.tube_voltage_kv == KV && e.region == "head") {
        let factor = head_size_factor(entry.water_equivalent_diameter_cm);
        found.extend(factor.zip(entry.organ("brain")).map(|(f, brain)| {
            let value = brain.dose_per_ctdi_vol.scaled(entry.ratio_32_to_16());
            let case = format!("{}, head", entry.age);
            let found =
                row("C24", case, "brain / CTDIvol16, against AAPM 293", Reference::exact(f, 0.15), value);
            found.with_note("at the diameter of the middle slice")
        }));
    }
    if let Some(fit) = tables.size_fit("body32", "trunk", KV, 10.0) {
        let value = Estimate { mean: fit.fit.b_per_cm, standard_error: fit.fit.covariance[2].sqrt() };
        let reference = Reference::range(TG204_SLOPE - 0.006, TG204_SLOPE + 0.006);
        let mut slope = row("C08", "trunks, 10 cm scan".into(), "exponential slope", reference, value);
        slope.unit = "1/cm".to_owned();
        found.push(slope);
    }
    found
}

/// C11: noise, in logarithms of the mAs.
fn noise(scanner: &Scanner) -> Result<Vec<Row>> {
    let through = Transmission::of_spectrum(&scanner.spectrum_on_axis(KV)?)?;
    let rows = BOONE.map(|(cm, factor)| {
        let value = through.energy_fluence_kev(28.0) / through.energy_fluence_kev(cm);
        let reference = Reference::exact(factor.ln(), 0.15);
        let row = row(
            "C11",
            format!("{cm} cm"),
            "ln(mAs over those at 28 cm), constant noise",
            reference,
            computed(value.ln()),
        );
        row.with_note("Boone 2003 holds the contrast-to-noise ratio; here quanta behind water")
    });
    Ok(rows.to_vec())
}

/// C12 and C13: effective dose per DLP. The adult's body is told for the 32 cm phantom, everything else for that of
/// 16 cm.
fn k_factors(entry: &Entry) -> Vec<Row> {
    let adult_body = entry.age == "adult" && entry.region != "head";
    let (phantom, phantom_cm) = if adult_body { (1, "32") } else { (0, "16") };
    let region = entry.region.replace('-', "_");
    let table = rows(include_str!("reference/k_factors.csv"));
    let mine = table.filter(|words| words[2] == region && words[3] == entry.age);
    let check = if entry.region == "head" { "C12" } else { "C13" };
    mine.map(|words| {
        let scheme = usize::from(words[1] == "ICRP 60");
        let quantity = format!("E ({}) / DLP{phantom_cm}, {}", words[1], words[0]);
        let reference = Reference::exact(number(words[4]), 0.30);
        let case = format!("{}, {}", entry.age, entry.region);
        let mut found = row(check, case, &quantity, reference, entry.k(phantom, scheme));
        found.unit = "mSv/(mGy cm)".to_owned();
        match words[0] {
            "AAPM 96" => found.with_note("the same family of phantoms, other scanners and ranges: 30 %"),
            _ => found.for_information("voxel phantoms and ranges of their own"),
        }
    })
    .collect()
}

/// C16 and C18: organ doses per CTDIvol by NCICT.
fn ncict(entry: &Entry) -> Vec<Row> {
    let region = entry.region.replace('-', "_");
    let check = if entry.region == "chest" { "C18" } else { "C16" };
    let table = rows(include_str!("reference/ncict_organs.csv"));
    let mine = table.filter(|words| words[0] == region && words[1] == entry.age);
    let found = mine.filter_map(|words| {
        let organ = entry.organ(words[2])?;
        let factor = if words[3] == "16" { entry.ratio_32_to_16() } else { 1.0 };
        let (lowest, highest) = (number(words[4]), number(words[5]));
        let middle = 0.5 * (lowest + highest);
        let reference =
            Reference { min: 0.75 * lowest, max: 1.25 * highest, ..Reference::exact(middle, 0.25) };
        let quantity = format!("{} dose / CTDIvol{}", words[2], words[3]);
        let value = organ.dose_per_ctdi_vol.scaled(factor);
        let found = row(check, format!("{}, {}", entry.age, entry.region), &quantity, reference, value);
        Some(match words[6] {
            "in" => found.with_note("NCICT 2015: stylised against voxel phantom, another scanner: 25 %"),
            _ => found.for_information("at the edge of the field: the phantoms' anatomy decides"),
        })
    });
    found.collect()
}

/// C21: organs in the field over the size-specific dose estimate.
fn over_ssde(entry: &Entry) -> Vec<Row> {
    let is_head = entry.region == "head";
    let factor = match is_head {
        true => head_size_factor(entry.water_equivalent_diameter_cm).map(|f| f / entry.ratio_32_to_16()),
        false => size_factor(CtdiPhantom::Body32, entry.water_equivalent_diameter_cm),
    };
    let Some(factor) = factor else { return Vec::new() };
    // Soft organs: bone is no organ of the comparison, contents are no organs.
    let soft = |id: &str| {
        !["skeleton", "contents", "skin", "soft_tissue", "lens"].iter().any(|part| id.contains(part))
    };
    let inside: Vec<(&str, Estimate)> = (entry.organs.iter())
        .filter(|o| o.coverage.is_some_and(|c| c >= 0.95) && o.mass_g >= 10.0 && soft(&o.id))
        .map(|o| (o.id.as_str(), o.dose_per_ctdi_vol.scaled(1.0 / factor)))
        .collect();
    if inside.is_empty() {
        return Vec::new();
    }
    let case = format!("{}, {}", entry.age, entry.region);
    let mean = inside.iter().map(|(_, value)| value.mean).sum::<f64>() / inside.len() as f64;
    // Organs of one matrix are correlated: their largest error stands for that of the mean.
    let standard_error = inside.iter().map(|(_, value)| value.standard_error).fold(0.0, f64::max);
    let mut found = vec![row(
        "C21",
        case.clone(),
        "organs in the field over SSDE, mean",
        Reference::range(0.85, 1.15),
        Estimate { mean, standard_error },
    )];
    let quantity = |id: &str| format!("{id} over SSDE");
    found.extend(
        inside
            .iter()
            .map(|(id, value)| row("C21", case.clone(), &quantity(id), Reference::range(0.7, 1.4), *value)),
    );
    found
}

/// C22: fits of other groups, at this phantom's size.
fn other_fits(entry: &Entry) -> Vec<Row> {
    let case = format!("{}, {}", entry.age, entry.region);
    let (a, b) = (0.5 * entry.ap_cm, 0.5 * entry.lateral_cm);
    let (organ, value, source) = match entry.region.as_str() {
        "abdomen-pelvis" => {
            // Perimeter of the ellipse (Ramanujan).
            let perimeter_cm = PI * (3.0 * (a + b) - ((3.0 * a + b) * (a + 3.0 * b)).sqrt());
            (
                "stomach_wall",
                TURNER_STOMACH.0 * (-TURNER_STOMACH.1 * perimeter_cm).exp(),
                "Turner 2011, by perimeter",
            )
        }
        "chest" => ("lungs", LI_LUNGS.0 * (-LI_LUNGS.1 * (a + b)).exp(), "Li 2011, by mean diameter"),
        _ => return Vec::new(),
    };
    let found = entry.organ(organ).map(|organ| organ.dose_per_ctdi_vol);
    let quantity = format!("{organ} / CTDIvol32, {source}");
    found
        .into_iter()
        .map(|found| row("C22", case.clone(), &quantity, Reference::exact(value, 0.20), found))
        .collect()
}

/// C20: the same beam on the newborn and on the adult.
fn newborn_over_adult(tables: &SizeTables) -> Vec<Row> {
    let ratio = |(region, low, high): (&str, f64, f64)| {
        let [newborn, adult] = ["00y", "adult"].map(|age| tables.entry(age, region, KV));
        let [newborn, adult] = [newborn?.effective_per_ctdi_vol[1], adult?.effective_per_ctdi_vol[1]];
        let mean = newborn.mean / adult.mean;
        let standard_error = mean * newborn.relative_error().hypot(adult.relative_error());
        let reference = Reference::range(0.85 * low, 1.15 * high);
        let quantity = "E (ICRP 60) of the newborn over the adult's, per air kerma on the axis";
        let found = row("C20", region.to_owned(), quantity, reference, Estimate { mean, standard_error });
        Some(match region {
            "head" => found.for_information("the reference is for head and neck, this for the head alone"),
            _ => found,
        })
    };
    KHURSHEED.into_iter().filter_map(ratio).collect()
}
