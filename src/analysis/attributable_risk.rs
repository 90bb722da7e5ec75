//! Lifetime attributable risk: organ doses times the coefficients of a table by cancer site, sex and age at exposure, such as
//! those of BEIR VII (2006), table 12D-1.
//!
//! No table is part of the program: none could be read in its document. The user brings one, and says with it where it is
//! from.

use crate::error::{Error, Result};
use crate::tally::estimate::Estimate;

/// What has to stand beside a lifetime attributable risk.
pub const CAVEAT: &str = "lifetime attributable risk is that of a population exposed alike, by a linear model without \
    threshold; at these doses it is uncertain by a factor of two or more, and it is not the risk of this patient";
/// Dose that coefficients are stated for, mGy.
pub const TABLE_DOSE_MGY: f64 = 100.0;

/// Sites of BEIR VII and the tissues whose dose they take. Sums over sites in a table are left aside: the sum is made here.
const SITES: [(&str, &[&str]); 14] = [
    ("stomach", &["stomach"]),
    ("colon", &["colon"]),
    ("liver", &["liver"]),
    ("lung", &["lungs"]),
    ("breast", &["breasts"]),
    ("prostate", &["prostate"]),
    ("uterus", &["uterus"]),
    ("ovary", &["ovaries"]),
    ("bladder", &["bladder"]),
    ("thyroid", &["thyroid"]),
    ("leukemia", &["active marrow"]),
    ("leukaemia", &["active marrow"]),
    ("oesophagus", &["oesophagus"]),
    ("other", &OTHER),
];
/// Tissues whose mean dose stands for the other solid cancers: those of ICRP 103's remainder that have no site of their own.
const OTHER: [&str; 10] = [
    "adrenals",
    "extrathoracic region",
    "gall bladder",
    "heart",
    "kidneys",
    "oral mucosa",
    "pancreas",
    "small intestine",
    "spleen",
    "thymus",
];
/// Rows of tables that sum over sites.
pub const SUMS: [&str; 3] = ["all solid", "all cancers", "all"];

/// Cases in 100,000 persons exposed to 0.1 Gy, for one site and one sex, by age at exposure.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteCoefficients {
    /// Site, as the table calls it.
    pub site: String,
    /// Age at exposure (years), ascending, and cases per 100,000 and 0.1 Gy.
    pub by_age: Vec<[f64; 2]>,
}

/// Doses of a tissue, batch by batch, of every acquisition, mGy.
#[derive(Clone, Debug, PartialEq)]
pub struct TissueBatches {
    /// Name, as in [`crate::analysis::tissue`].
    pub tissue: String,
    /// By acquisition and batch: replicates whose mean is the dose, mGy.
    pub batches_mgy: Vec<Vec<f64>>,
}

/// The risk of one site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteRisk {
    /// Site.
    pub site: String,
    /// Dose that it takes, mGy.
    pub dose_mgy: Estimate,
    /// Coefficient at the age, cases per 100,000 and 0.1 Gy.
    pub coefficient: f64,
    /// Cases per 100,000. The error is that of the dose alone.
    pub cases_per_1e5: Estimate,
}

/// Risks by site, and their sum.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributableRisk {
    /// Sites, in the order of the table.
    pub sites: Vec<SiteRisk>,
    /// Sum over the sites, cases per 100,000; its error knows that organs of one history are correlated.
    pub total_per_1e5: Estimate,
    /// Sites whose tissues the phantom lacks.
    pub missing: Vec<String>,
}

/// Tissues that stand for a site; `None` for a site that is not known.
pub fn tissues_of(site: &str) -> Option<&'static [&'static str]> {
    SITES.iter().find(|(known, _)| *known == site).map(|&(_, tissues)| tissues)
}

/// Names of the sites that are known.
pub fn sites() -> impl Iterator<Item = &'static str> {
    SITES.iter().map(|(site, _)| *site)
}

/// Risk of doses at an age, by a table of one sex; sites of unknown name and ages outside the table are refused.
pub fn attributable_risk(
    table: &[SiteCoefficients],
    age_y: f64,
    tissues: &[TissueBatches],
) -> Result<AttributableRisk> {
    let mut found =
        AttributableRisk { sites: Vec::new(), total_per_1e5: Estimate::default(), missing: Vec::new() };
    let mut sum: Option<Vec<Vec<f64>>> = None;
    for row in table {
        let wanted = tissues_of(&row.site).ok_or_else(|| {
            let known = sites().collect::<Vec<_>>().join(", ");
            Error::invalid(format!("site must be one of {known}, found `{}`", row.site))
        })?;
        let coefficient = at_age(row, age_y)?;
        let parts: Vec<&TissueBatches> =
            tissues.iter().filter(|t| wanted.contains(&t.tissue.as_str())).collect();
        if parts.is_empty() {
            found.missing.push(row.site.clone());
            continue;
        }
        let doses = mean_of(&parts);
        let scale = coefficient / TABLE_DOSE_MGY;
        let dose_mgy = total(&doses);
        found.sites.push(SiteRisk {
            site: row.site.clone(),
            dose_mgy,
            coefficient,
            cases_per_1e5: dose_mgy.scaled(scale),
        });
        add(&mut sum, &doses, scale);
    }
    found.total_per_1e5 = sum.map_or(Estimate::default(), |sum| total(&sum));
    Ok(found)
}

/// The coefficient at an age, linear between the table's.
fn at_age(row: &SiteCoefficients, age_y: f64) -> Result<f64> {
    let (first, last) = (row.by_age[0][0], row.by_age[row.by_age.len() - 1][0]);
    if !(first..=last).contains(&age_y) {
        return Err(Error::invalid(format!(
            "age must be within the table's {first}..{last} years for `{}`, found {age_y}",
            row.site
        )));
    }
    let above = row.by_age.partition_point(|[age, _]| *age <= age_y);
    let Some(&[high, at_high]) = row.by_age.get(above) else { return Ok(row.by_age[above - 1][1]) };
    let [low, at_low] = row.by_age[above - 1];
    Ok(at_low + (at_high - at_low) * (age_y - low) / (high - low))
}

fn mean_of(parts: &[&TissueBatches]) -> Vec<Vec<f64>> {
    let mut sum = None;
    parts.iter().for_each(|part| add(&mut sum, &part.batches_mgy, 1.0 / parts.len() as f64));
    sum.unwrap_or_default()
}

fn add(sum: &mut Option<Vec<Vec<f64>>>, doses: &[Vec<f64>], factor: f64) {
    let zero = || doses.iter().map(|batches| vec![0.0; batches.len()]).collect();
    let sum = sum.get_or_insert_with(zero);
    for (sum, batches) in sum.iter_mut().zip(doses) {
        sum.iter_mut().zip(batches).for_each(|(sum, dose)| *sum += factor * dose);
    }
}

/// Of independent acquisitions together.
fn total(doses: &[Vec<f64>]) -> Estimate {
    let each = doses.iter().map(|batches| Estimate::from_replicates(batches.iter().copied()));
    each.fold(Estimate::default(), |sum, dose| sum.plus(&dose))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(site: &str, by_age: &[[f64; 2]]) -> SiteCoefficients {
        SiteCoefficients { site: site.to_owned(), by_age: by_age.to_vec() }
    }

    fn tissue(tissue: &str, batches: &[f64]) -> TissueBatches {
        TissueBatches { tissue: tissue.to_owned(), batches_mgy: vec![batches.to_vec()] }
    }

    #[test]
    fn cases_are_dose_times_coefficient_and_errors_of_the_sum_know_their_correlation() {
        // Lungs and liver rise and fall together: errors of their risks add.
        let tissues = [tissue("lungs", &[9.0, 10.0, 11.0]), tissue("liver", &[18.0, 20.0, 22.0])];
        let table =
            [site("lung", &[[0.0, 300.0], [10.0, 200.0]]), site("liver", &[[0.0, 60.0], [10.0, 40.0]])];
        let risk = attributable_risk(&table, 5.0, &tissues).unwrap();
        assert_eq!(risk.sites[0].coefficient, 250.0);
        assert!((risk.total_per_1e5.mean - (25.0 + 10.0)).abs() < 1e-12);
        let errors: f64 = risk.sites.iter().map(|site| site.cases_per_1e5.standard_error).sum();
        assert!((risk.total_per_1e5.standard_error / errors - 1.0).abs() < 1e-12);
    }

    #[test]
    fn ages_outside_the_table_and_unknown_sites_are_refused_and_missing_tissues_named() {
        let tissues = [tissue("lungs", &[1.0, 2.0])];
        let table = [site("lung", &[[0.0, 300.0], [80.0, 20.0]]), site("breast", &[[0.0, 1.0], [80.0, 1.0]])];
        assert_eq!(attributable_risk(&table, 80.0, &tissues).unwrap().missing, ["breast"]);
        let refusal = attributable_risk(&table, 81.0, &tissues).unwrap_err().to_string();
        assert_eq!(refusal, "age must be within the table's 0..80 years for `lung`, found 81");
        let refusal = attributable_risk(&[site("nose", &[[0.0, 1.0]])], 0.0, &tissues).unwrap_err();
        assert!(refusal.to_string().ends_with("found `nose`"));
    }
}
