//! mAs reduction factors of the Image Gently worksheet, "Development of Pediatric CT Protocols". RECALLED: the worksheet
//! itself was not seen; the head of the table says how sure its numbers are.

use std::sync::LazyLock;

const TABLE: &str = include_str!("tables/image_gently.csv");

/// What the table's numbers rest on, for people.
pub const STATUS: &str =
    "Image Gently, \"Development of Pediatric CT Protocols\" worksheet: RECALLED, the worksheet was not seen";
/// Age that stands for adults, years.
const ADULT_Y: f64 = 20.0;

/// A row of the worksheet: mAs over those of the medium adult (25 cm from back to front, heads 19 cm).
#[derive(Clone, Debug, PartialEq)]
pub struct ReductionFactor {
    /// `head` or `body`.
    pub region: &'static str,
    /// Patient.
    pub patient: &'static str,
    /// Thickness from back to front, cm.
    pub pa_cm: f64,
    /// Effective diameter of that thickness by AAPM Report 204, cm; `None` for heads.
    pub effective_cm: Option<f64>,
    /// Factor of the abdomen, or of the head.
    pub abdomen_or_head: f64,
    /// Factor of the thorax.
    pub thorax: Option<f64>,
}

static ROWS: LazyLock<Vec<ReductionFactor>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(|line| row(&line.split(',').collect::<Vec<_>>())).collect()
});

fn row(words: &[&'static str]) -> ReductionFactor {
    let optional = |word: &str| (!word.is_empty()).then(|| word.parse().expect("a number"));
    ReductionFactor {
        region: words[0],
        patient: words[1],
        pa_cm: words[2].parse().expect("a number"),
        effective_cm: optional(words[3]),
        abdomen_or_head: words[4].parse().expect("a number"),
        thorax: optional(words[5]),
    }
}

/// The rows of the worksheet.
pub fn image_gently() -> &'static [ReductionFactor] {
    &ROWS
}

impl ReductionFactor {
    /// Age of the patient, years; `None` for adults who are not of medium size.
    fn years(&self) -> Option<f64> {
        match self.patient {
            "newborn" => Some(0.0),
            "medium adult" => Some(ADULT_Y),
            other => other.strip_suffix(" y")?.parse().ok(),
        }
    }
}

/// Thickness (cm) and factor of a patient of just this age in a region of scans (`head`, `chest` or one with the abdomen);
/// `None` where the worksheet has no such patient.
pub fn of_age(region: &str, age_y: f64) -> Option<(f64, f64)> {
    let part = if region == "head" { "head" } else { "body" };
    let row = ROWS.iter().find(|row| row.region == part && row.years() == Some(age_y))?;
    let factor = if region == "chest" { row.thorax? } else { row.abdomen_or_head };
    Some((row.pa_cm, factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worksheet_is_read_by_age_and_region() {
        assert_eq!(image_gently().len(), 12);
        assert_eq!(of_age("chest", 5.0), Some((14.0, 0.57)));
        assert_eq!(of_age("abdomen-pelvis", 20.0), Some((25.0, 1.0)));
        assert_eq!((of_age("head", 6.0), of_age("head", 5.0)), (Some((17.0, 0.93)), None));
    }
}
