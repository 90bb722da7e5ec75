//! Declarative phantom files (TOML): the shipped ones by id, and those users write.

mod figures;
mod resize;
mod schema;
mod shipped;
mod solid_entry;

pub use figures::{Figures, figures_csv, shipped_figures};
pub use resize::{Size, resized};
pub use shipped::shipped_ids;

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;

use self::schema::{DefineEntry, MarrowEntry, MaterialEntry, PhantomFile, RegionEntry};
use self::solid_entry::SolidEntry;
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::formula::Sex;
use crate::geometry::stylised::{DeclarativePhantom, MarrowShare, RegionDeclaration};
use crate::io::profile_csv::read_text;

/// Largest length a file may state, cm.
const FARTHEST_CM: f64 = 1.0e4;

/// Largest density a file may state, g/cm³ (osmium has 22.6).
const DENSEST_G_CM3: f64 = 25.0;

/// Largest file that is read, bytes.
const LONGEST_BYTES: usize = 16 << 20;

/// Reads a shipped phantom by its id, for example `ce-05y`.
pub fn load_shipped(id: &str) -> Result<DeclarativePhantom> {
    let text = shipped::text_of(id).ok_or_else(|| unknown_id(id))?;
    parse(text).map_err(|refusal| Error::Internal(format!("the shipped phantom {id} is refused: {refusal}")))
}

/// Reads a declarative phantom from a file.
pub fn load_file(path: &Path) -> Result<DeclarativePhantom> {
    parse(&read_text(path, LONGEST_BYTES as u64)?).map_err(|error| error.within(&path.display().to_string()))
}

/// Reads a declarative phantom from the text of its file.
pub fn parse(text: &str) -> Result<DeclarativePhantom> {
    if text.len() > LONGEST_BYTES {
        return Err(Error::invalid(format!("a phantom file may have 16 MiB, found {} bytes", text.len())));
    }
    let lines = Lines { text };
    let file: PhantomFile = toml::from_str(text).map_err(|refusal| lines.malformed(&refusal))?;
    let mut model = header(&file)?;
    for entry in &file.materials {
        lines.at(
            entry,
            "material",
            &entry.get_ref().id,
            material(entry.get_ref()).and_then(|m| model.declare_material(m)),
        )?;
    }
    for entry in &file.solids {
        lines.at(entry, "solid", &entry.get_ref().id, declare_solid(&mut model, entry.get_ref()))?;
    }
    for entry in &file.defines {
        lines.at(entry, "define", &entry.get_ref().id, declare_combination(&mut model, entry.get_ref()))?;
    }
    for entry in &file.regions {
        lines.at(entry, "region", &entry.get_ref().id, declare_region(&mut model, entry.get_ref()))?;
    }
    for entry in &file.marrow {
        let share = marrow_share(entry.get_ref());
        model.marrow.push(lines.at(entry, "marrow", &entry.get_ref().organs.join(", "), share)?);
    }
    Ok(model)
}

/// Where blocks begin in a file, for sentences that name a line.
struct Lines<'a> {
    text: &'a str,
}

impl Lines<'_> {
    fn line(&self, byte: usize) -> usize {
        1 + self.text.bytes().take(byte).filter(|&b| b == b'\n').count()
    }

    /// Puts line, kind and id of a block before the sentence of its refusal.
    fn at<B, T>(&self, block: &Spanned<B>, kind: &str, id: &str, outcome: Result<T>) -> Result<T> {
        let line = self.line(block.span().start);
        outcome.map_err(|refusal| refusal.within(&format!("line {line}, {kind} `{id}`")))
    }

    fn malformed(&self, refusal: &toml::de::Error) -> Error {
        let sentence = refusal.message().replace('\n', ", ");
        match refusal.span() {
            Some(span) => Error::invalid(format!("line {}: {sentence}", self.line(span.start))),
            None => Error::invalid(sentence),
        }
    }
}

fn header(file: &PhantomFile) -> Result<DeclarativePhantom> {
    let about = &file.phantom;
    if about.units.as_deref().is_some_and(|units| units != "cm") {
        let found = about.units.as_deref().unwrap_or_default();
        return Err(Error::invalid(format!("phantom.units must be \"cm\", found \"{found}\"")));
    }
    if about.id.is_empty() {
        return Err(Error::invalid("phantom.id must not be empty"));
    }
    if file.regions.is_empty() {
        return Err(Error::invalid("a phantom needs at least one [[region]], found none"));
    }
    let mut organ_names: BTreeMap<String, String> = shipped::organ_names()?;
    organ_names.extend(file.organ_names.clone());
    Ok(DeclarativePhantom {
        id: about.id.clone(),
        name: about.name.clone().unwrap_or_else(|| about.id.clone()),
        age_y: about.age_y,
        revision: about.revision.clone().unwrap_or_default(),
        bounds_cm: bounds(&about.bounds)?,
        organ_names,
        landmarks_z_cm: landmarks(&file.landmarks)?,
        axis_cm: axis(about.axis.unwrap_or_default())?,
        ..DeclarativePhantom::default()
    })
}

fn bounds(bounds: &[[f64; 2]; 3]) -> Result<[[f64; 2]; 3]> {
    let fit = |&[low, high]: &[f64; 2]| low < high && is_length(low) && is_length(high);
    match bounds.iter().all(fit) {
        true => Ok(*bounds),
        false => Err(Error::invalid(format!(
            "phantom.bounds must be three pairs [low, high] with low below high, each within ±{FARTHEST_CM} cm, \
             found {bounds:?}"
        ))),
    }
}

fn axis(axis: [f64; 2]) -> Result<[f64; 2]> {
    match axis.iter().all(|&x| is_length(x)) {
        true => Ok(axis),
        false => {
            Err(Error::invalid(format!("phantom.axis must be within ±{FARTHEST_CM} cm, found {axis:?}")))
        }
    }
}

fn landmarks(landmarks: &BTreeMap<String, f64>) -> Result<BTreeMap<String, f64>> {
    match landmarks.iter().find(|(_, z)| !is_length(**z)) {
        None => Ok(landmarks.clone()),
        Some((name, z)) => {
            Err(Error::invalid(format!("landmarks.{name} must be within ±{FARTHEST_CM} cm, found {z}")))
        }
    }
}

fn declare_solid(model: &mut DeclarativePhantom, entry: &SolidEntry) -> Result<()> {
    model.declare_solid(&entry.id, entry.solid()?)
}

fn declare_combination(model: &mut DeclarativePhantom, entry: &DefineEntry) -> Result<()> {
    model.declare_combination(&entry.id, &entry.expr, sex(entry.sex.as_deref())?)
}

fn declare_region(model: &mut DeclarativePhantom, entry: &RegionEntry) -> Result<()> {
    if let Some(density) = entry.density {
        check_density(density)?;
    }
    if let Some(mass) = entry.target_mass_g.filter(|mass| !(mass.is_finite() && *mass > 0.0)) {
        return Err(Error::invalid(format!("target_mass_g must be above 0, found {mass}")));
    }
    model.declare_region(&RegionDeclaration {
        id: &entry.id,
        organ: entry.organ.as_deref().unwrap_or(&entry.id),
        expression: &entry.expr,
        material: &entry.material,
        density_g_cm3: entry.density,
        target_mass_g: entry.target_mass_g,
        sex: sex(entry.sex.as_deref())?,
    })
}

fn sex(key: Option<&str>) -> Result<Option<Sex>> {
    match key {
        None => Ok(None),
        Some("F") => Ok(Some(Sex::Female)),
        Some("M") => Ok(Some(Sex::Male)),
        Some(other) => Err(Error::invalid(format!("sex must be \"F\" or \"M\", found \"{other}\""))),
    }
}

fn marrow_share(entry: &MarrowEntry) -> Result<MarrowShare> {
    let percents = [Some(entry.active_marrow_percent), entry.endosteum_percent];
    if let Some(found) = percents.into_iter().flatten().find(|percent| !(0.0..=100.0).contains(percent)) {
        return Err(Error::invalid(format!("a share must be from 0 to 100 percent, found {found}")));
    }
    Ok(MarrowShare {
        organs: entry.organs.clone(),
        active_marrow_percent: entry.active_marrow_percent,
        endosteum_percent: entry.endosteum_percent,
        source: entry.source.clone().unwrap_or_default(),
    })
}

fn check_density(density_g_cm3: f64) -> Result<()> {
    match density_g_cm3 > 0.0 && density_g_cm3 <= DENSEST_G_CM3 {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "density must be above 0 and at most {DENSEST_G_CM3} g/cm3, found {density_g_cm3}"
        ))),
    }
}

/// The material of a file, its percents brought to a sum of 1.
fn material(entry: &MaterialEntry) -> Result<Material> {
    check_density(entry.density)?;
    if let Some((symbol, found)) = entry.mass_percent.iter().find(|(_, p)| !(0.0..=100.0).contains(*p)) {
        return Err(Error::invalid(format!("mass_percent.{symbol} must be from 0 to 100, found {found}")));
    }
    let sum: f64 = entry.mass_percent.values().sum();
    if !(99.0..=101.0).contains(&sum) {
        return Err(Error::invalid(format!("mass_percent must sum to 100 within 1, found {sum:.3}")));
    }
    let fractions: Vec<(&str, f64)> =
        entry.mass_percent.iter().map(|(symbol, percent)| (symbol.as_str(), percent / sum)).collect();
    Material::from_mass_fractions(&entry.id, entry.density, &fractions)
}

/// Whether a number is a length a file may state.
fn is_length(cm: f64) -> bool {
    cm.abs() <= FARTHEST_CM
}

fn unknown_id(id: &str) -> Error {
    let mut known: Vec<&str> = shipped_ids().collect();
    known.sort_by(|a, b| strsim::jaro_winkler(id, b).total_cmp(&strsim::jaro_winkler(id, a)));
    Error::invalid(format!("no shipped phantom is called `{id}`; the nearest are {}", known[..3].join(", ")))
        .with_help(format!("shipped phantoms: {}", shipped_ids().collect::<Vec<_>>().join(", ")))
}
