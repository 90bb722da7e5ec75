//! `[scanner]`: a scanner of the library or of the user's own, and what is different about it.

use std::path::Path;

use serde_json::{Value, json};

use crate::error::Result;
use crate::io::document::Item;
use crate::io::profile_csv::{read_bowtie, read_spectrum};
use crate::io::reference;
use crate::io::scanner_library::{
    self, FAN_ANGLE_DEG, FilterEntry, SOURCE_TO_ISOCENTRE_MM, ScannerModel, anode_angle_deg, filtration,
    named_material,
};
use crate::io::section::{Section, nearest};
use crate::source::bowtie::Bowtie;
use crate::source::scanner::{FlatFilter, Scanner, SpectrumSource};
use crate::units::{CM_PER_MM, RAD_PER_DEG};

/// Anode angle of a scanner that is described by keys alone, degrees.
const ANODE_ANGLE_DEG: f64 = 7.0;

/// What `[scanner]` says, every default filled in.
#[derive(Clone, Debug)]
pub(super) struct ScannerEntry {
    /// The scanner, in the library's units.
    pub scanner: Scanner,
    /// Highest energy of a spectrum of the user's own, keV.
    pub highest_kev: Option<f64>,
    resolved: Value,
}

impl ScannerEntry {
    /// Reads the section; files it names are looked up from `folder`.
    pub fn read(section: &Section, folder: &Path) -> Result<Self> {
        let base = match section.at_most_one(&["model", "file"])? {
            Some(item) if item.key == "model" => Some(scanner_library::load(item)?),
            Some(item) => Some(scanner_library::read(&reference::of_item(folder, item)?)?),
            None => None,
        };
        let parts = Parts::read(section, base.as_ref())?;
        let bowtie = bowtie(section, base.as_ref(), folder)?;
        let (spectrum, highest_kev, spectrum_name) = spectrum(section, parts.anode_angle_deg, folder)?;
        let resolved = parts.resolved(bowtie.as_ref(), &spectrum_name);
        let filter = |filter: &FilterEntry| FlatFilter {
            material: filter.material.clone(),
            thickness_cm: filter.thickness_mm * CM_PER_MM,
        };
        let scanner = Scanner {
            name: parts.name,
            source_to_isocentre_cm: parts.source_to_isocentre_mm * CM_PER_MM,
            fan_angle_rad: parts.fan_angle_deg * RAD_PER_DEG,
            spectrum,
            filtration: parts.filtration.iter().map(filter).collect(),
            bowtie,
        };
        scanner.check()?;
        Ok(ScannerEntry { scanner, highest_kev, resolved })
    }

    /// The section with every default filled in.
    pub fn resolved(&self) -> Value {
        self.resolved.clone()
    }
}

/// The numbers of a scanner, in the units of files.
struct Parts {
    name: String,
    source_to_isocentre_mm: f64,
    fan_angle_deg: f64,
    anode_angle_deg: f64,
    filtration: Vec<FilterEntry>,
}

impl Parts {
    /// What the section says; what it leaves out is the library's, or must be there.
    fn read(section: &Section, base: Option<&ScannerModel>) -> Result<Self> {
        if base.is_none() {
            needs_all(section)?;
        }
        let or = |own: Option<f64>, base: Option<f64>| own.or(base).unwrap_or(f64::NAN);
        Ok(Parts {
            name: base.map_or("own".to_owned(), |base| base.id.clone()),
            source_to_isocentre_mm: or(
                section.number("source_to_isocentre_mm", SOURCE_TO_ISOCENTRE_MM)?,
                base.map(|base| base.source_to_isocentre_mm),
            ),
            fan_angle_deg: or(
                section.number("fan_angle_deg", FAN_ANGLE_DEG)?,
                base.map(|base| base.fan_angle_deg),
            ),
            anode_angle_deg: match section.find("anode") {
                Some(item) => anode_angle_deg(item)?,
                None => base.map_or(ANODE_ANGLE_DEG, |base| base.anode_angle_deg),
            },
            filtration: match section.find("filtration") {
                Some(item) => filtration(item)?,
                None => base.map_or(Vec::new(), |base| base.filtration.clone()),
            },
        })
    }

    fn resolved(&self, bowtie: Option<&Bowtie>, spectrum: &str) -> Value {
        let filter = |filter: &FilterEntry| json!({ "material": filter.material.name, "thickness_mm": filter.thickness_mm });
        json!({
            "model": self.name,
            "source_to_isocentre_mm": self.source_to_isocentre_mm,
            "fan_angle_deg": self.fan_angle_deg,
            "anode": { "material": "W", "angle_deg": self.anode_angle_deg },
            "filtration": self.filtration.iter().map(filter).collect::<Vec<_>>(),
            "bowtie": bowtie.map_or("none", |bowtie| bowtie.name.as_str()),
            "bowtie_material": bowtie.map(|bowtie| bowtie.material.name.as_str()),
            "spectrum": spectrum,
        })
    }
}

/// Refuses a scanner without a model that does not say what it is.
fn needs_all(section: &Section) -> Result<()> {
    for key in ["source_to_isocentre_mm", "fan_angle_deg", "filtration", "bowtie"] {
        section.need(key).map_err(|error| {
            error.with_help(format!(
                "name a model ({}) or a file, or describe the scanner by source_to_isocentre_mm, fan_angle_deg, \
                 filtration and bowtie",
                scanner_library::scanner_ids().collect::<Vec<_>>().join(", ")
            ))
        })?;
    }
    Ok(())
}

fn bowtie(section: &Section, base: Option<&ScannerModel>, folder: &Path) -> Result<Option<Bowtie>> {
    let item = section.find("bowtie");
    let name = match (item, base) {
        (Some(item), _) => item.text()?,
        (None, base) => base.map_or("none", |base| base.default_bowtie.as_str()),
    };
    let material = section.find("bowtie_material").map(named_material).transpose()?;
    if is_table(name) {
        let path =
            item.map_or_else(|| reference::resolve(folder, name), |item| reference::of_item(folder, item))?;
        return read_bowtie(&path, material).map(Some);
    }
    if let Some(item) = section.find("bowtie_material") {
        return Err(item.refuse("belongs to a bowtie of your own, a file whose name ends in .csv"));
    }
    if name == "none" {
        return Ok(None);
    }
    match (base.and_then(|base| base.bowties.get(name)), item) {
        (Some(entry), _) => entry.bowtie(name).map(Some),
        (None, Some(item)) => Err(unknown_bowtie(item, name, base)),
        (None, None) => Ok(None),
    }
}

fn unknown_bowtie(item: &Item, name: &str, base: Option<&ScannerModel>) -> crate::error::Error {
    let own = || base.into_iter().flat_map(|base| base.bowties.keys().map(String::as_str));
    let known = own().chain(["none"]).collect::<Vec<_>>().join(", ");
    let error =
        item.refuse(format!("must be one of {known}, or a file whose name ends in .csv, found \"{name}\""));
    match nearest(name, own()) {
        Some(near) => error.with_help(format!("did you mean \"{near}\"?")),
        None => error,
    }
}

fn spectrum(
    section: &Section,
    anode_angle_deg: f64,
    folder: &Path,
) -> Result<(SpectrumSource, Option<f64>, String)> {
    let name = section.text("spectrum")?.unwrap_or("model");
    if name == "model" {
        let model = SpectrumSource::Model { anode_angle_rad: anode_angle_deg * RAD_PER_DEG };
        return Ok((model, None, name.to_owned()));
    }
    if !is_table(name) {
        let item = section.need("spectrum")?;
        return Err(
            item.refuse(format!("must be \"model\" or a file whose name ends in .csv, found \"{name}\""))
        );
    }
    let spectrum = read_spectrum(&reference::of_item(folder, section.need("spectrum")?)?)?;
    let highest_kev = spectrum.energies_kev.last().copied();
    Ok((SpectrumSource::Table(spectrum), highest_kev, name.to_owned()))
}

fn is_table(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}
