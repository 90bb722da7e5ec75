//! A table of risk coefficients, CSV: `site, sex, age_at_exposure_y, cases_per_1e5_per_0p1_gy`. Lines that begin with `#` are
//! comments.

use std::path::Path;

use serde::Deserialize;

use crate::analysis::attributable_risk::{SUMS, SiteCoefficients};
use crate::error::{Error, Result};
use crate::geometry::formula::Sex;
use crate::io::profile_csv::read_text;

/// Largest table that is read, bytes.
const LONGEST_BYTES: u64 = 4 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    site: String,
    sex: String,
    age_at_exposure_y: f64,
    cases_per_1e5_per_0p1_gy: f64,
}

/// Reads the coefficients of one sex; rows that sum over sites are left aside.
pub fn read(path: &Path, sex: Sex) -> Result<Vec<SiteCoefficients>> {
    let text = read_text(path, LONGEST_BYTES)?;
    parse(&text, sex).map_err(|error| error.within(&path.display().to_string()))
}

fn parse(text: &str, sex: Sex) -> Result<Vec<SiteCoefficients>> {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut sites: Vec<SiteCoefficients> = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.map_err(|error| {
            let columns = "site, sex, age_at_exposure_y, cases_per_1e5_per_0p1_gy";
            Error::invalid(error.to_string()).with_help(format!("the columns are {columns}"))
        })?;
        let is_wanted = match row.sex.to_lowercase().as_str() {
            "female" | "f" => sex == Sex::Female,
            "male" | "m" => sex == Sex::Male,
            other => {
                return Err(Error::invalid(format!(
                    "sex must be female, F, male or M, found `{}`",
                    other.escape_debug()
                )));
            }
        };
        let (age_y, cases) = (row.age_at_exposure_y, row.cases_per_1e5_per_0p1_gy);
        if !(age_y.is_finite() && age_y >= 0.0 && cases.is_finite() && cases >= 0.0) {
            return Err(Error::invalid(format!(
                "ages and cases must be 0 or more, found {age_y} and {cases} for `{}`",
                row.site
            )));
        }
        if is_wanted && !SUMS.contains(&row.site.as_str()) {
            push(&mut sites, row.site, [age_y, cases])?;
        }
    }
    match sites.is_empty() {
        true => Err(Error::invalid(format!("the table holds no site for {sex:?} persons").to_lowercase())),
        false => Ok(sites),
    }
}

fn push(sites: &mut Vec<SiteCoefficients>, site: String, point: [f64; 2]) -> Result<()> {
    let known = sites.iter_mut().find(|known| known.site == site);
    let Some(known) = known else {
        sites.push(SiteCoefficients { site, by_age: vec![point] });
        return Ok(());
    };
    if known.by_age.last().is_some_and(|last| last[0] >= point[0]) {
        return Err(Error::invalid(format!(
            "ages must ascend within a site and sex, found {} again or out of order for `{site}`",
            point[0]
        ))
        .with_help("a table that holds several, such as incidence and mortality, is given one at a time"));
    }
    known.by_age.push(point);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "site,sex,age_at_exposure_y,cases_per_1e5_per_0p1_gy\n";

    fn read(rows: &str) -> Result<Vec<SiteCoefficients>> {
        parse(&format!("# made up\n{HEADER}{rows}"), Sex::Female)
    }

    #[test]
    fn rows_of_one_sex_are_read_and_sums_left_aside() {
        let rows = "lung,F,0,10\nlung,F,5,8\nlung,male,0,99\nall solid,F,0,100\nbreast,female,0,7\n";
        let table = read(rows).unwrap();
        assert_eq!(table.len(), 2);
        assert_eq!((table[0].site.as_str(), &table[0].by_age), ("lung", &vec![[0.0, 10.0], [5.0, 8.0]]));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let refusal = |rows| read(rows).unwrap_err().to_string();
        assert!(refusal("lung,F,5,8\nlung,F,5,9\n").starts_with("ages must ascend"));
        assert!(refusal("lung,X,5,8\n").starts_with("sex must be female"));
        assert!(refusal("lung,F,NaN,8\n").starts_with("ages and cases must be 0 or more"));
        assert!(refusal("lung,M,5,8\n").contains("no site for female persons"));
        assert!(read("lung,F,5\n").is_err());
    }
}
