//! `childsize risk`: lifetime attributable risk of a result, by a table of the user's own.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::console::{self, digits};
use crate::analysis::attributable_risk::{AttributableRisk, CAVEAT, attributable_risk};
use crate::error::Result;
use crate::geometry::formula::Sex;
use crate::io::result::{NOTICE, read};
use crate::io::{output_file, risk_table};

const AFTER_HELP: &str = "\
Examples:
  childsize risk out/ --age-y 5 --sex female --coefficients beir7-12d1.csv

The table has the columns site, sex, age_at_exposure_y and cases_per_1e5_per_0p1_gy (cases in 100,000 persons exposed
to 0.1 Gy), as in tables 12D-1 and 12D-2 of BEIR VII (National Research Council, 2006). It is not part of childsize.
Sites: stomach, colon, liver, lung, breast, prostate, uterus, ovary, bladder, thyroid, oesophagus, leukemia (dose to
active marrow) and other (mean of the tissues of ICRP 103's remainder that have no site of their own). Rows that sum over
sites (all solid, all cancers) are left aside. Between ages the coefficient is linear; beyond them it is refused.

Errors are those of the simulated doses. The coefficients' own are far larger.";

/// Lifetime attributable risk by a table of coefficients that you bring; read its caveat.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct RiskArguments {
    /// A result (.h5) or a folder with result.h5
    result: PathBuf,
    /// Age at exposure, years
    #[arg(long, value_name = "YEARS")]
    age_y: f64,
    /// Sex whose coefficients are taken
    #[arg(long, value_enum)]
    sex: SexArgument,
    /// The table of coefficients (CSV)
    #[arg(long, value_name = "FILE")]
    coefficients: PathBuf,
    /// Write the risks to a JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Replace the JSON file if it is there
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SexArgument {
    Female,
    Male,
}

impl SexArgument {
    fn sex(self) -> Sex {
        match self {
            SexArgument::Female => Sex::Female,
            SexArgument::Male => Sex::Male,
        }
    }

    fn word(self) -> &'static str {
        match self {
            SexArgument::Female => "female",
            SexArgument::Male => "male",
        }
    }
}

/// Prints the risks.
pub fn run(arguments: &RiskArguments) -> Result<()> {
    if let Some(path) = &arguments.json {
        output_file::refuse_existing(path, arguments.force)?;
    }
    let table = risk_table::read(&arguments.coefficients, arguments.sex.sex())?;
    let path = &arguments.result;
    let file = read::file_of(path);
    let risk = attributable_risk(&table, arguments.age_y, &read::tissues(&file)?)?;
    console::print(&text(arguments, &risk))?;
    match &arguments.json {
        Some(path) => output_file::replace(path, format!("{:#}\n", value(arguments, &risk)).as_bytes()),
        None => Ok(()),
    }
}

fn text(arguments: &RiskArguments, risk: &AttributableRisk) -> String {
    let header =
        ["site", "dose mGy", "± %", "cases per 1e5 and 0.1 Gy", "cases per 1e5", "± %"].map(str::to_owned);
    let rows = risk.sites.iter().map(|site| {
        vec![
            console::plain(&site.site),
            digits(site.dose_mgy.mean, 4),
            digits(site.dose_mgy.relative_error() * 100.0, 2),
            digits(site.coefficient, 4),
            digits(site.cases_per_1e5.mean, 3),
            digits(site.cases_per_1e5.relative_error() * 100.0, 2),
        ]
    });
    let table = console::table(&header, 5, rows);
    let missing = match risk.missing.is_empty() {
        true => String::new(),
        false => format!(" Not counted, for want of the organ in the phantom: {}\n", risk.missing.join(", ")),
    };
    format!(
        "{table}\n {} of {} years at exposure: {} cases per 100,000 in all ± {} % by the simulation alone\n{missing} {CAVEAT}\n \
         coefficients: {}\n {NOTICE}\n",
        arguments.sex.word(),
        arguments.age_y,
        digits(risk.total_per_1e5.mean, 3),
        digits(risk.total_per_1e5.relative_error() * 100.0, 2),
        arguments.coefficients.display()
    )
}

fn value(arguments: &RiskArguments, risk: &AttributableRisk) -> serde_json::Value {
    let sites = risk.sites.iter().map(|site| {
        json!({
            "site": site.site,
            "dose_mgy": site.dose_mgy.mean,
            "dose_standard_error_mgy": site.dose_mgy.standard_error,
            "coefficient_per_1e5_per_0p1_gy": site.coefficient,
            "cases_per_1e5": site.cases_per_1e5.mean,
            "standard_error": site.cases_per_1e5.standard_error,
        })
    });
    json!({
        "schema": "childsize.risk/1",
        "notice": NOTICE,
        "caveat": CAVEAT,
        "age_at_exposure_y": arguments.age_y,
        "sex": arguments.sex.word(),
        "coefficients": arguments.coefficients,
        "sites": sites.collect::<Vec<_>>(),
        "missing_sites": risk.missing,
        "total_cases_per_1e5": risk.total_per_1e5.mean,
        "total_standard_error": risk.total_per_1e5.standard_error,
    })
}
