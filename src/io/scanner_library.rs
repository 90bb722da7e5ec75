//! Scanners that are part of the program, and scanner files of the user's own: one format for both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::io::document::{self, Item};
use crate::io::profile_csv::{read_bowtie, read_text};
use crate::io::reference;
use crate::io::section::{Accepted, Keys, Section, above_zero_up_to, nearest, within};
use crate::source::bowtie::Bowtie;
use crate::units::{CM_PER_MM, RAD_PER_DEG};

const FILES: [(&str, &str); 9] = [
    ("generic-64", include_str!("scanners/generic-64.toml")),
    ("generic-16", include_str!("scanners/generic-16.toml")),
    ("ge-vct", include_str!("scanners/ge-vct.toml")),
    ("siemens-sensation-16", include_str!("scanners/siemens-sensation-16.toml")),
    ("siemens-sensation-64", include_str!("scanners/siemens-sensation-64.toml")),
    ("siemens-definition", include_str!("scanners/siemens-definition.toml")),
    ("siemens-force", include_str!("scanners/siemens-force.toml")),
    ("philips-brilliance-64", include_str!("scanners/philips-brilliance-64.toml")),
    ("toshiba-aquilion", include_str!("scanners/toshiba-aquilion.toml")),
];

const XCIST_BOWTIES: &str = include_str!("scanners/bowtie_xcist.csv");
const PROFILES: [&str; 3] = ["xcist-large", "xcist-medium", "xcist-small"];

/// Accepted distances from focal spot to isocentre, mm.
pub(crate) const SOURCE_TO_ISOCENTRE_MM: Accepted = within(100.0, 2000.0);
/// Accepted fan angles, degrees.
pub(crate) const FAN_ANGLE_DEG: Accepted = above_zero_up_to(120.0);
/// Anode angles of the tube model, degrees.
const ANODE_ANGLE_DEG: Accepted = within(6.0, 14.0);
/// Accepted thicknesses of a flat filter, mm.
const THICKNESS_MM: Accepted = within(0.0, 100.0);
/// Largest scanner file that is read, bytes.
const LONGEST_BYTES: u64 = 1 << 20;

pub(crate) const SCANNER_FILE: Keys = Keys::plain(
    "a scanner file",
    &[
        "id",
        "name",
        "source_to_isocentre_mm",
        "fan_angle_deg",
        "anode",
        "filtration",
        "default_bowtie",
        "bowties",
        "assumed",
    ],
);
pub(crate) const BOWTIE: Keys = Keys::plain("a bowtie", &["profile", "file", "material"]);
pub(crate) const ANODE: Keys = Keys::plain("anode", &["material", "angle_deg"]);
pub(crate) const FILTER: Keys = Keys::plain("filtration", &["material", "thickness_mm"]);

/// A flat filter as files state it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FilterEntry {
    pub material: Material,
    pub thickness_mm: f64,
}

/// Where a bowtie's profile is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BowtieEntry {
    /// A profile of the library.
    Profile(&'static str),
    /// A CSV, and its material where the file does not name it.
    File(PathBuf, Option<Material>),
}

impl BowtieEntry {
    /// The bowtie under the name the scanner gives it.
    pub fn bowtie(&self, name: &str) -> Result<Bowtie> {
        match self {
            BowtieEntry::Profile(profile) => library_bowtie(name, profile),
            BowtieEntry::File(path, material) => {
                let mut bowtie = read_bowtie(path, material.clone())?;
                bowtie.name = name.to_owned();
                Ok(bowtie)
            }
        }
    }
}

/// A scanner file, in the units of files.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScannerModel {
    pub id: String,
    pub name: String,
    pub source_to_isocentre_mm: f64,
    pub fan_angle_deg: f64,
    pub anode_angle_deg: f64,
    pub filtration: Vec<FilterEntry>,
    pub bowties: BTreeMap<String, BowtieEntry>,
    pub default_bowtie: String,
    /// What the file says is assumed.
    pub assumed: Vec<String>,
}

/// Ids of the scanners that are part of the program.
pub fn scanner_ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|&(id, _)| id)
}

/// Text of the file of a scanner that is part of the program: its comments say what is assumed.
pub fn scanner_text(id: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == id).map(|&(_, text)| text)
}

/// A scanner that is part of the program.
pub(crate) fn load(item: &Item) -> Result<ScannerModel> {
    let id = item.text()?;
    let text = scanner_text(id).ok_or_else(|| {
        let known = scanner_ids().collect::<Vec<_>>().join(", ");
        let error = item.refuse(format!("must be one of {known}, found \"{id}\""));
        match nearest(id, scanner_ids()) {
            Some(near) => error.with_help(format!("did you mean \"{near}\"?")),
            None => error,
        }
    })?;
    parse_shipped(id, text)
}

/// Reads the text of a scanner that is part of the program.
pub(crate) fn parse_shipped(id: &str, text: &str) -> Result<ScannerModel> {
    parse(text, Path::new(""))
        .map_err(|error| Error::Internal(format!("the scanner {id} is refused: {error}")))
}

/// A scanner file of the user's own.
pub(crate) fn read(path: &Path) -> Result<ScannerModel> {
    let text = read_text(path, LONGEST_BYTES)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder).map_err(|error| error.within(&path.display().to_string()))
}

fn parse(text: &str, folder: &Path) -> Result<ScannerModel> {
    let file = Section::open(&document::read(text)?, SCANNER_FILE)?;
    let mut bowties = BTreeMap::new();
    for item in file.find("bowties").map_or(Ok(&[][..]), Item::table)? {
        bowties.insert(item.key.clone(), bowtie_entry(item, folder)?);
    }
    let default_bowtie = file.text("default_bowtie")?.unwrap_or("none").to_owned();
    if default_bowtie != "none" && !bowties.contains_key(&default_bowtie) {
        return Err(file
            .need("default_bowtie")?
            .refuse(format!("must be in bowties, found \"{default_bowtie}\"")));
    }
    Ok(ScannerModel {
        id: file.need("id")?.text()?.to_owned(),
        name: file.text("name")?.unwrap_or(file.need("id")?.text()?).to_owned(),
        assumed: file.find("assumed").map_or(Ok(Vec::new()), texts)?,
        source_to_isocentre_mm: file.need_number("source_to_isocentre_mm", SOURCE_TO_ISOCENTRE_MM)?,
        fan_angle_deg: file.need_number("fan_angle_deg", FAN_ANGLE_DEG)?,
        anode_angle_deg: anode_angle_deg(file.need("anode")?)?,
        filtration: filtration(file.need("filtration")?)?,
        bowties,
        default_bowtie,
    })
}

/// The texts of a list.
fn texts(item: &Item) -> Result<Vec<String>> {
    item.list()?.iter().map(|item| item.text().map(str::to_owned)).collect()
}

fn bowtie_entry(item: &Item, folder: &Path) -> Result<BowtieEntry> {
    let entry = Section::open(item, BOWTIE)?;
    let one = entry.exactly_one(&["profile", "file"])?;
    if one.key == "file" {
        let material = entry.find("material").map(named_material).transpose()?;
        return Ok(BowtieEntry::File(reference::of_item(folder, one)?, material));
    }
    if let Some(item) = entry.find("material") {
        return Err(item.refuse("belongs to a file: the profiles of the library are of aluminium"));
    }
    crate::io::section::word(one, &PROFILES.map(|name| (name, name))).map(BowtieEntry::Profile)
}

/// The angle of a tungsten anode, degrees.
pub(crate) fn anode_angle_deg(item: &Item) -> Result<f64> {
    let anode = Section::open(item, ANODE)?;
    anode.word("material", &[("W", ())])?;
    anode.need_number("angle_deg", ANODE_ANGLE_DEG)
}

/// Flat filters.
pub(crate) fn filtration(item: &Item) -> Result<Vec<FilterEntry>> {
    let filter = |item: &Item| {
        let filter = Section::open(item, FILTER)?;
        Ok(FilterEntry {
            material: named_material(filter.need("material")?)?,
            thickness_mm: filter.need_number("thickness_mm", THICKNESS_MM)?,
        })
    };
    item.list()?.iter().map(filter).collect()
}

/// A material of the library, named by an item.
pub(crate) fn named_material(item: &Item) -> Result<Material> {
    let name = item.text()?;
    Material::named(name).map_err(|error| {
        let refusal = item.refuse(format!("must be a material of the library, found \"{name}\""));
        refusal.with_help(error.help().unwrap_or_default())
    })
}

fn library_bowtie(name: &str, profile: &str) -> Result<Bowtie> {
    let size = profile.trim_start_matches("xcist-");
    let rows = XCIST_BOWTIES.lines().filter_map(|line| {
        let mut cells = line.split(',');
        let of_this = cells.next() == Some(size);
        let number = |cell: Option<&str>| cell.and_then(|text| text.parse::<f64>().ok());
        of_this
            .then(|| Some((number(cells.next())? * RAD_PER_DEG, number(cells.next())? * CM_PER_MM)))
            .flatten()
    });
    let (angles_rad, thicknesses_cm): (Vec<f64>, Vec<f64>) = rows.unzip();
    Bowtie::new(name, Material::named("aluminium")?, &angles_rad, &thicknesses_cm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::spectrum::Spectrum;

    #[test]
    fn every_scanner_of_the_library_has_bowties_as_wide_as_its_fan() {
        for (id, text) in FILES {
            let scanner = parse(text, Path::new("")).unwrap();
            assert_eq!(scanner.id, id);
            assert!(scanner.bowties.contains_key(&scanner.default_bowtie));
            for (name, entry) in &scanner.bowties {
                let (low, high) = entry.bowtie(name).unwrap().coverage_rad();
                let half = scanner.fan_angle_deg / 2.0 * RAD_PER_DEG;
                assert!(low <= -half + 1e-9 && high >= half - 1e-9, "{id} {name}");
            }
        }
    }

    #[test]
    fn a_bowtie_is_thin_in_the_middle_and_thick_at_the_edge() {
        for (profile, middle_mm) in [("xcist-large", 2.55), ("xcist-medium", 0.94), ("xcist-small", 1.10)] {
            let bowtie = library_bowtie("b", profile).unwrap();
            assert!((bowtie.thickness_cm(0.0) * 10.0 - middle_mm).abs() < 0.01);
            assert!(bowtie.thickness_cm(-27.0 * RAD_PER_DEG) > 3.5);
        }
    }

    /// Half-value layer on the axis behind a scanner's default bowtie, mm of aluminium.
    fn hvl_mm_al(id: &str, tube_voltage_kv: f64) -> f64 {
        let scanner = parse(scanner_text(id).unwrap(), Path::new("")).unwrap();
        let bowtie = scanner.bowties[&scanner.default_bowtie].bowtie("b").unwrap();
        let bare = Spectrum::tube(tube_voltage_kv, scanner.anode_angle_deg).unwrap();
        let filters = scanner
            .filtration
            .iter()
            .map(|filter| (filter.material.clone(), filter.thickness_mm * CM_PER_MM));
        let layers: Vec<_> = filters.chain([(bowtie.material.clone(), bowtie.thickness_cm(0.0))]).collect();
        bare.filtered_all(&layers).hvl_mm_al()
    }

    #[test]
    fn scanners_with_an_assumed_filter_are_as_hard_as_ct_scanners_are() {
        let assumed = scanner_ids().filter(|&id| id != "ge-vct").collect::<Vec<_>>();
        for (kv, least, most) in [(80.0, 4.5, 5.5), (100.0, 5.5, 6.7), (120.0, 6.5, 8.2), (140.0, 7.5, 9.2)] {
            for &id in &assumed {
                assert!((least..most).contains(&hvl_mm_al(id, kv)), "{id} {kv} kV: {}", hvl_mm_al(id, kv));
            }
        }
    }

    #[test]
    fn the_vct_is_as_hard_as_in_xcist() {
        // Computed from the spectra and the large bowtie of gecatsim 1.6.9.
        for (kv, xcist_mm) in [(80.0, 5.74), (100.0, 7.02), (120.0, 8.16), (140.0, 9.24)] {
            let ratio = hvl_mm_al("ge-vct", kv) / xcist_mm;
            assert!((0.98..1.02).contains(&ratio), "{kv} kV: {ratio}");
        }
    }
}
