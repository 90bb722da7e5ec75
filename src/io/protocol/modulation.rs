//! `modulation` of an acquisition: how the tube current follows the patient, a table, or the gantry angle.

use std::f64::consts::TAU;
use std::path::Path;

use serde_json::{Value, json};

use super::keys;
use crate::analysis::exposure_control::{ExposureControl, Sector, Shape};
use crate::error::Result;
use crate::io::dicom_record::current_of_series;
use crate::io::document::{Item, Value as Found};
use crate::io::profile_csv::read_current_profile;
use crate::io::reference;
use crate::io::section::{Section, above_zero_up_to, within};
use crate::units::{CM_PER_MM, MM_PER_CM, RAD_PER_DEG};

/// Highest tube current of any generator, mA.
pub(super) const MOST_MA: f64 = 2000.0;

/// Kinds: their names, and whether they follow z and the angle.
const KINDS: [(&str, Option<[bool; 2]>); 5] = [
    ("none", Some([false, false])),
    ("z", Some([true, false])),
    ("angular", Some([false, true])),
    ("xyz", Some([true, true])),
    ("profile", None),
];
/// Keys that belong to some kinds only.
const KIND_KEYS: [(&str, &[&str]); 3] =
    [("strength", &["z", "angular", "xyz"]), ("file", &["profile"]), ("dicom", &["profile"])];

/// What the key says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ModulationEntry {
    /// What the engine is to do; `None` for a constant current.
    pub control: Option<ExposureControl>,
    resolved: Value,
}

impl ModulationEntry {
    /// Reads the key; a file it names is looked up from `folder`.
    pub fn read(item: Option<&Item>, folder: &Path) -> Result<Self> {
        let constant = || ModulationEntry { control: None, resolved: json!("none") };
        let Some(item) = item else { return Ok(constant()) };
        let section = match item.value {
            Found::Table(_) => Section::open(item, keys::MODULATION)?,
            _ => return Self::of_word(item, constant()),
        };
        let kind = section.need("kind")?;
        let follows = crate::io::section::word(kind, &KINDS)?;
        refuse_keys_of_other_kinds(&section, kind)?;
        let strength = section.number("strength", above_zero_up_to(2.0))?.unwrap_or(1.0);
        let shape = shape(follows, strength, || section.exactly_one(&["file", "dicom"]), folder)?;
        let sector = section.find("sector").map(sector).transpose()?;
        let limits_ma = limits_ma(&section)?;
        if shape == Shape::Constant && sector.is_none() {
            return match section.find("min_ma").or(section.find("max_ma")) {
                Some(item) => Err(item.refuse("has no use where the tube current is constant")),
                None => Ok(constant()),
            };
        }
        Ok(ModulationEntry {
            resolved: json!({
                "kind": kind.text()?,
                "strength": matches!(shape, Shape::Automatic { .. }).then_some(strength),
                "file": section.text("file")?,
                "dicom": section.text("dicom")?,
                "min_ma": limits_ma[0],
                "max_ma": limits_ma[1],
                "sector": sector.as_ref().map(resolved_sector),
            }),
            control: Some(ExposureControl { shape, sector, limits_ma }),
        })
    }

    /// A kind that needs no other key.
    fn of_word(item: &Item, constant: Self) -> Result<Self> {
        let follows = crate::io::section::word(item, &KINDS)
            .map_err(|error| error.with_help("or a table: { kind = \"z\", strength = 0.7, max_ma = 300 }"))?;
        let no_file =
            || Err(item.refuse("= \"profile\" needs its file: { kind = \"profile\", file = \"ma.csv\" }"));
        let shape = shape(follows, 1.0, no_file, Path::new(""))?;
        if shape == Shape::Constant {
            return Ok(constant);
        }
        let control = ExposureControl { shape, sector: None, limits_ma: [0.0, MOST_MA] };
        let resolved = json!({ "kind": item.text()?, "strength": 1.0, "min_ma": 0.0, "max_ma": MOST_MA });
        Ok(ModulationEntry { control: Some(control), resolved })
    }

    /// The key with every default filled in.
    pub fn resolved(&self) -> Value {
        self.resolved.clone()
    }

    /// Points of the user's own profile: z (cm), mA.
    pub fn profile(&self) -> Option<&[[f64; 2]]> {
        match &self.control.as_ref()?.shape {
            Shape::Profile(points) => Some(points),
            _ => None,
        }
    }

    /// Refuses a profile that ends before the range does.
    pub fn check_range(&self, item: Option<&Item>, [bottom_cm, top_cm]: [f64; 2]) -> Result<()> {
        let (Some(points), Some(item)) = (self.profile(), item) else { return Ok(()) };
        let [low_cm, high_cm] = [points[0][0], points[points.len() - 1][0]];
        if low_cm <= bottom_cm + 1e-9 && high_cm >= top_cm - 1e-9 {
            return Ok(());
        }
        let mm = |cm: f64| cm * MM_PER_CM;
        Err(item
            .refuse(format!(
                "must cover the range {:.1} to {:.1} mm, found a profile from {:.1} to {:.1} mm",
                mm(bottom_cm),
                mm(top_cm),
                mm(low_cm),
                mm(high_cm)
            ))
            .with_help("over the overrange the profile keeps its last value"))
    }

    /// Refuses a mean current outside the limits.
    pub fn check_mean(&self, item: Option<&Item>, mean_ma: f64) -> Result<()> {
        let (Some(control), Some(item)) = (&self.control, item) else { return Ok(()) };
        let [low, high] = control.limits_ma;
        if (low..=high).contains(&mean_ma) {
            return Ok(());
        }
        Err(item.refuse(format!("must allow the mean current of {mean_ma} mA, found {low} to {high} mA")))
    }
}

fn refuse_keys_of_other_kinds(section: &Section, kind: &Item) -> Result<()> {
    for (key, kinds) in KIND_KEYS {
        if let (Some(item), false) = (section.find(key), kinds.contains(&kind.text()?)) {
            let sentence =
                format!("belongs to kind {}, found it with kind = {}", kinds.join(", "), kind.shown());
            return Err(item.refuse(sentence));
        }
    }
    Ok(())
}

fn shape<'a>(
    follows: Option<[bool; 2]>,
    strength: f64,
    file: impl FnOnce() -> Result<&'a Item>,
    folder: &Path,
) -> Result<Shape> {
    match follows {
        Some([false, false]) => Ok(Shape::Constant),
        Some([along_z, angular]) => Ok(Shape::Automatic { along_z, angular, strength }),
        None => {
            let item = file()?;
            let path = reference::of_item(folder, item)?;
            let points = match item.key.as_str() {
                "dicom" => current_of_series(&path)?,
                _ => read_current_profile(&path)?,
            };
            Ok(Shape::Profile(points.into_iter().map(|[z_mm, ma]| [z_mm * CM_PER_MM, ma]).collect()))
        }
    }
}

fn limits_ma(section: &Section) -> Result<[f64; 2]> {
    let low = section.number("min_ma", within(0.0, MOST_MA))?.unwrap_or(0.0);
    let high = section.number("max_ma", above_zero_up_to(MOST_MA))?.unwrap_or(MOST_MA);
    match section.find("max_ma") {
        Some(item) if high <= low => {
            Err(item.refuse(format!("must be above min_ma, found {high} with min_ma = {low}")))
        }
        _ => Ok([low, high]),
    }
}

fn sector(item: &Item) -> Result<Sector> {
    let section = Section::open(item, keys::SECTOR)?;
    let width_deg = section.need_number("width_deg", above_zero_up_to(359.0))?;
    let sector = Sector {
        centre_rad: section.number("centre_deg", within(-360.0, 360.0))?.unwrap_or(0.0) * RAD_PER_DEG,
        width_rad: width_deg * RAD_PER_DEG,
        factor: section.need_number("factor", above_zero_up_to(10.0))?,
        compensate: section.find("compensate").map(Item::flag).transpose()?.unwrap_or(true),
    };
    if sector.compensate && sector.factor * sector.width_rad >= TAU {
        return Err(item.refuse("leaves nothing for the rest of the rotation: lower factor or width_deg"));
    }
    Ok(sector)
}

fn resolved_sector(sector: &Sector) -> Value {
    json!({
        "centre_deg": sector.centre_rad / RAD_PER_DEG,
        "width_deg": sector.width_rad / RAD_PER_DEG,
        "factor": sector.factor,
        "compensate": sector.compensate,
    })
}
