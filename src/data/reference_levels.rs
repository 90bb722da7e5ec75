//! Diagnostic reference levels, pass/fail limits and quartiles of practice, each with its source and how sure it is
//! (`tables/reference_levels.csv`). A level is for orientation: it is no limit for one patient.

use std::sync::LazyLock;

const TABLE: &str = include_str!("tables/reference_levels.csv");

/// What a level is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelKind {
    /// A diagnostic reference level: that of three quarters of the sites.
    Level,
    /// A limit of an accreditation.
    Limit,
    /// First and third quartile of practice.
    Quartiles,
}

impl LevelKind {
    /// For people and programs.
    pub fn words(self) -> &'static str {
        match self {
            LevelKind::Level => "reference level",
            LevelKind::Limit => "pass/fail limit",
            LevelKind::Quartiles => "25 to 75 % of practice",
        }
    }
}

/// What a level is stated in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelQuantity {
    /// CTDIvol in the 16 cm phantom.
    CtdiVol16,
    /// CTDIvol in the 32 cm phantom.
    CtdiVol32,
    /// Size-specific dose estimate.
    Ssde,
}

impl LevelQuantity {
    /// For people and programs.
    pub fn words(self) -> &'static str {
        match self {
            LevelQuantity::CtdiVol16 => "CTDIvol (16 cm)",
            LevelQuantity::CtdiVol32 => "CTDIvol (32 cm)",
            LevelQuantity::Ssde => "SSDE",
        }
    }
}

/// A published level.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceLevel {
    /// Publication.
    pub source: &'static str,
    /// What it is.
    pub kind: LevelKind,
    /// Region, as size tables name it.
    pub region: &'static str,
    /// What it is stated in.
    pub quantity: LevelQuantity,
    /// Lower quartile, mGy; `None` for levels and limits.
    pub low_mgy: Option<f64>,
    /// The level, the limit or the upper quartile, mGy.
    pub high_mgy: f64,
    /// `FOUND: where`, or `RECALLED, how sure`.
    pub status: &'static str,
    age_y: [f64; 2],
    weight_kg: [f64; 2],
    width_cm: [f64; 2],
}

/// What decides which levels a patient has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelPatient {
    /// Age, years.
    pub age_y: f64,
    /// Weight, kg.
    pub weight_kg: f64,
    /// Width from side to side, cm.
    pub width_cm: f64,
}

impl ReferenceLevel {
    /// `European RP 185, reference level: CTDIvol (32 cm) 2.7 mGy (RECALLED, medium)`
    pub fn sentence(&self) -> String {
        let low = self.low_mgy.map_or(String::new(), |low| format!("{low} to "));
        format!(
            "{}, {}: {} {low}{} mGy ({})",
            self.source,
            self.kind.words(),
            self.quantity.words(),
            self.high_mgy,
            self.status
        )
    }
}

static LEVELS: LazyLock<Vec<ReferenceLevel>> = LazyLock::new(|| {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(TABLE.as_bytes());
    reader.records().map(|record| level(&record.expect("the table is whole"))).collect()
});

fn level(record: &csv::StringRecord) -> ReferenceLevel {
    // The texts of a table that is part of the program live as long as it.
    let word = |index: usize| -> &'static str { Box::leak(record[index].to_owned().into_boxed_str()) };
    let number = |index: usize| (!record[index].is_empty()).then(|| record[index].parse().expect("a number"));
    let between = |index: usize| [number(index).unwrap_or(0.0), number(index + 1).unwrap_or(f64::INFINITY)];
    ReferenceLevel {
        source: word(0),
        kind: match &record[1] {
            "level" => LevelKind::Level,
            "limit" => LevelKind::Limit,
            _ => LevelKind::Quartiles,
        },
        region: word(2),
        age_y: between(3),
        weight_kg: between(5),
        width_cm: between(7),
        quantity: match (&record[9], &record[12]) {
            ("CTDIvol", "head16") => LevelQuantity::CtdiVol16,
            ("CTDIvol", _) => LevelQuantity::CtdiVol32,
            _ => LevelQuantity::Ssde,
        },
        low_mgy: number(10),
        high_mgy: number(11).expect("a level"),
        status: word(13),
    }
}

/// All levels.
pub fn reference_levels() -> &'static [ReferenceLevel] {
    &LEVELS
}

/// The levels of a patient in a region, reference levels first.
pub fn levels_of(region: &str, patient: &LevelPatient) -> Vec<&'static ReferenceLevel> {
    let within = |[low, high]: [f64; 2], value: f64| value >= low && value < high;
    let is_of = |level: &&ReferenceLevel| {
        level.region == region
            && within(level.age_y, patient.age_y)
            && within(level.weight_kg, patient.weight_kg)
            && within(level.width_cm, patient.width_cm)
    };
    LEVELS.iter().filter(is_of).collect()
}

/// The first diagnostic reference level among some levels.
pub fn reference_level(levels: &[&'static ReferenceLevel]) -> Option<&'static ReferenceLevel> {
    levels.iter().find(|level| level.kind == LevelKind::Level).copied()
}

/// Reference weights by age, years and kg; the adult is the reference man (ICRP 89, RECALLED, high).
const REFERENCE_WEIGHTS_KG: [(f64, f64); 6] =
    [(0.0, 3.5), (1.0, 10.0), (5.0, 19.0), (10.0, 32.0), (15.0, 56.0), (20.0, 73.0)];

/// Reference weight at an age, kg; between the ages of ICRP 89 along straight lines.
pub fn reference_weight_kg(age_y: f64) -> f64 {
    let above = REFERENCE_WEIGHTS_KG.partition_point(|&(age, _)| age <= age_y).clamp(1, 5);
    let ((from_y, from_kg), (to_y, to_kg)) = (REFERENCE_WEIGHTS_KG[above - 1], REFERENCE_WEIGHTS_KG[above]);
    let share = ((age_y - from_y) / (to_y - from_y)).clamp(0.0, 1.0);
    from_kg + share * (to_kg - from_kg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient(age_y: f64, weight_kg: f64) -> LevelPatient {
        LevelPatient { age_y, weight_kg, width_cm: 20.0 }
    }

    #[test]
    fn levels_go_by_age_weight_and_width() {
        let first = |region, age_y, kg| levels_of(region, &patient(age_y, kg))[0].high_mgy;
        assert_eq!(first("head", 0.0, 3.5), 24.0);
        assert_eq!(first("head", 5.0, 19.0), 40.0);
        assert_eq!(first("chest", 5.0, 19.0), 2.7);
        assert_eq!(first("abdomen-pelvis", 20.0, 73.0), 25.0);
        let abdomen = levels_of("abdomen-pelvis", &patient(5.0, 19.0));
        let kinds: Vec<&str> = abdomen.iter().map(|level| level.kind.words()).collect();
        assert_eq!(kinds.len(), 4, "{abdomen:?}");
        assert_eq!(abdomen[3].low_mgy, Some(7.6));
        assert!(levels_of("knee", &patient(5.0, 19.0)).is_empty());
    }

    #[test]
    fn every_level_says_where_it_is_from() {
        let known = |level: &ReferenceLevel| {
            level.status.starts_with("FOUND: ") || level.status.starts_with("RECALLED, ")
        };
        assert!(reference_levels().len() > 30 && reference_levels().iter().all(known));
    }

    #[test]
    fn reference_weights_are_those_of_their_ages_and_lie_between_them() {
        assert_eq!([0.0, 5.0, 20.0].map(reference_weight_kg), [3.5, 19.0, 73.0]);
        assert_eq!(reference_weight_kg(7.5), 25.5);
    }
}
