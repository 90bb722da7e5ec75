//! Which phantom stands for the patient.

use std::path::Path;

use super::region::Region;
use crate::error::{Error, Result};
use crate::geometry::formula::Sex;
use crate::geometry::stylised::DeclarativePhantom;
use crate::io::dicom_record::RecordedPatient;
use crate::io::phantom_file::{self, Size, load_shipped, shipped_figures, shipped_ids};
use crate::io::toml_lines::{Lines, decimals};
use crate::io::toml_text::quoted;

/// Phantoms by age, years. The 15-year-old is also the adult woman.
const AGES_Y: [(&str, f64); 6] = [
    ("ce-00y", 0.0),
    ("ce-01y", 1.0),
    ("ce-05y", 5.0),
    ("ce-10y", 10.0),
    ("ce-15y", 15.0),
    ("ce-adult", 20.0),
];
const POSITIONS: [&str; 4] = ["HFS", "HFP", "FFS", "FFP"];

/// A shipped phantom, scaled to the patient as far as it may be.
pub(super) struct DraftedPhantom {
    id: String,
    why: String,
    assumed: bool,
    pub model: DeclarativePhantom,
    sex: Option<Sex>,
    size: Size,
    /// What could not be taken over.
    refused: Vec<String>,
}

impl DraftedPhantom {
    /// The phantom the user names, else the nearest one.
    pub fn choose(patient: &RecordedPatient, named: Option<&str>, region: Region) -> Result<Self> {
        let (id, why, assumed) = match named {
            Some(id) => (known(id)?, "named on the command line".to_owned(), false),
            None => {
                let (id, why) = nearest(patient)?;
                let arms = if region.arms_raised { "-arms-raised" } else { "" };
                let held = if region.arms_raised { "arms raised" } else { "arms down" };
                (format!("{id}{arms}"), format!("{why}; {held}, as usual for {}", region.name), true)
            }
        };
        let sex = match patient.sex {
            Some("female") => Some(Sex::Female),
            Some("male") => Some(Sex::Male),
            _ => None,
        };
        let whole = Size { height_mm: patient.height_mm, weight_kg: patient.weight_kg };
        let sizes = [whole, Size { weight_kg: None, ..whole }, Size::default()];
        let mut refused = Vec::new();
        for size in sizes {
            if size == Size::default() {
                break;
            }
            match phantom_file::resized(load_shipped(&id)?, sex, size) {
                Ok(model) => return Ok(DraftedPhantom { id, why, assumed, model, sex, size, refused }),
                Err(error) => refused.push(error.to_string()),
            }
        }
        let model = load_shipped(&id)?;
        Ok(DraftedPhantom { id, why, assumed, model, sex, size: Size::default(), refused })
    }

    /// Writes the section.
    pub fn write(&self, lines: &mut Lines, patient: &RecordedPatient) {
        lines.raw("\n[phantom]\n");
        match self.assumed {
            true => lines.assume("id", quoted(&self.id), &self.why),
            false => lines.key("id", quoted(&self.id), &self.why),
        }
        if let (Some(_), Some(sex)) = (self.sex, patient.sex) {
            lines.key("sex", quoted(sex), "PatientSex (0010,0040)");
        }
        let taken = [
            ("height_mm", self.size.height_mm, "PatientSize (0010,1020)"),
            ("weight_kg", self.size.weight_kg, "PatientWeight (0010,1030)"),
        ];
        for (key, value, source) in taken {
            if let Some(value) = value {
                lines.key(key, decimals(value, 1), source);
            }
        }
        for sentence in &self.refused {
            lines.leave_out(&format!("the recorded size does not fit the phantom: {sentence}"));
        }
        if patient.height_mm.is_none() && patient.weight_kg.is_none() {
            lines.comment("PatientSize and PatientWeight are not recorded: the phantom keeps its own size");
        }
        write_position(lines, patient);
    }
}

/// The section for a patient's own images.
pub(super) fn write_patient(lines: &mut Lines, folder: &Path, patient: &RecordedPatient) -> Result<()> {
    let folder = std::path::absolute(folder)
        .map_err(|error| Error::Unreadable { path: folder.to_owned(), reason: error.to_string() })?;
    lines.raw("\n[phantom]\n");
    lines.key(
        "dicom",
        quoted(&folder.to_string_lossy()),
        "--patient-ct; ranges below are in its frame; needs --allow-outside",
    );
    write_position(lines, patient);
    Ok(())
}

fn write_position(lines: &mut Lines, patient: &RecordedPatient) {
    let source = "PatientPosition (0018,5100)";
    match patient.position.as_deref() {
        Some(position) if POSITIONS.contains(&position) => lines.key("position", quoted(position), source),
        Some(_) => lines.assume("position", "\"HFS\"", &format!("{source} is none of HFS, HFP, FFS, FFP")),
        None => lines.assume("position", "\"HFS\"", &format!("{source} is missing")),
    }
}

fn known(id: &str) -> Result<String> {
    match shipped_ids().any(|known| known == id) {
        true => Ok(id.to_owned()),
        false => {
            let list = shipped_ids().collect::<Vec<_>>().join(", ");
            Err(Error::invalid(format!("--phantom must be a shipped phantom of a person, found \"{id}\""))
                .with_help(list))
        }
    }
}

/// The nearest phantom by age, else by height, else by weight.
fn nearest(patient: &RecordedPatient) -> Result<(String, String)> {
    if let Some(age_y) = patient.age_y {
        let gap = |&(_, own_y): &(&str, f64)| (own_y - age_y).abs();
        let (id, _) = AGES_Y.into_iter().min_by(|a, b| gap(a).total_cmp(&gap(b))).unwrap_or(AGES_Y[5]);
        return Ok((
            id.to_owned(),
            format!("the nearest to the recorded age of {} years", decimals(age_y, 1)),
        ));
    }
    let figures = shipped_figures()?;
    let plain = || figures.iter().filter(|figure| AGES_Y.iter().any(|(id, _)| *id == figure.id));
    let by = |gap: &dyn Fn(&phantom_file::Figures) -> f64, why: &str| {
        let near = plain().min_by(|a, b| gap(a).total_cmp(&gap(b)));
        near.map(|figure| {
            (figure.id.clone(), format!("the nearest to the recorded {why}; no age is recorded"))
        })
    };
    let found = match (patient.height_mm, patient.weight_kg) {
        (Some(mm), _) => by(&|figure| (10.0 * figure.height_cm - mm).abs(), "height"),
        (None, Some(kg)) => by(&|figure| (figure.weight_kg / kg).ln().abs(), "weight"),
        (None, None) => None,
    };
    found.ok_or_else(|| {
        Error::invalid("the record has no PatientAge, PatientBirthDate, PatientSize or PatientWeight")
            .with_help("name the phantom: --phantom ce-05y")
    })
}
