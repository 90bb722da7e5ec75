//! The file of measurements: half-value layers, CTDI free in air and outputs across the fan, bowtie by bowtie.

use std::path::Path;

use super::fan_table::{MeasuredAlong, read_fan};
use crate::analysis::equivalent_scanner::{MeasuredBowtie, MeasuredScanner};
use crate::analysis::equivalent_source::{MeasuredFan, MeasuredHvl};
use crate::data::material::Material;
use crate::error::Result;
use crate::io::document::{self, Item};
use crate::io::profile_csv::read_text;
use crate::io::reference;
use crate::io::scanner_library::{FAN_ANGLE_DEG, SOURCE_TO_ISOCENTRE_MM, anode_angle_deg, named_material};
use crate::io::section::{Keys, Section, above_zero_up_to, within};
use crate::units::{CM_PER_MM, RAD_PER_DEG};

/// Largest file that is read, bytes.
const LONGEST_BYTES: u64 = 1 << 20;
const ALONG: [(&str, MeasuredAlong); 2] =
    [("arc", MeasuredAlong::Arc), ("isocentre-plane", MeasuredAlong::IsocentrePlane)];

const MEASUREMENTS: Keys = Keys {
    section: "a file of measurements",
    known: &[
        "id",
        "name",
        "source_to_isocentre_mm",
        "fan_angle_deg",
        "anode",
        "filter_material",
        "second_filter_material",
        "default_bowtie",
        "bowties",
    ],
    other_words: &[("bowtie", "bowties"), ("DistanceSourceToIsocenter", "source_to_isocentre_mm")],
    not_offered: &[],
};
const BOWTIE: Keys = Keys {
    section: "a measured bowtie",
    known: &["material", "hvl", "fan"],
    other_words: &[("half_value_layers", "hvl"), ("fans", "fan")],
    not_offered: &[],
};
const HVL: Keys = Keys {
    section: "hvl",
    known: &["tube_voltage_kv", "hvl_mm_al", "second_hvl_mm_al", "ctdi_free_in_air_mgy_100mas"],
    other_words: &[("kv", "tube_voltage_kv"), ("hvl2_mm_al", "second_hvl_mm_al")],
    not_offered: &[],
};
const FAN: Keys = Keys::plain("fan", &["file", "tube_voltage_kv", "measured_along"]);

/// Sections and keys of the file of measurements, for the page that documents them.
pub fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    let sections = [MEASUREMENTS, BOWTIE, HVL, FAN];
    sections.into_iter().flat_map(|keys| keys.known.iter().map(move |&key| (keys.section, key)))
}

/// Measurements on a scanner.
#[derive(Clone, Debug)]
pub struct ScannerMeasurements {
    /// Key of the scanner file that is to be written.
    pub id: String,
    /// What was measured; its first bowtie is the default.
    pub measured: MeasuredScanner,
}

impl ScannerMeasurements {
    /// Reads a file of measurements; tables are looked up from its folder.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path, LONGEST_BYTES)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|error| error.within(&path.display().to_string()))
    }

    /// Reads the text of a file of measurements; tables are looked up from `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self> {
        let file = Section::open(&document::read(text)?, MEASUREMENTS)?;
        let source_to_isocentre_mm = file.need_number("source_to_isocentre_mm", SOURCE_TO_ISOCENTRE_MM)?;
        let fan_angle_deg = file.need_number("fan_angle_deg", FAN_ANGLE_DEG)?;
        let geometry = [source_to_isocentre_mm, 0.5 * fan_angle_deg];
        let id = file.need("id")?;
        let second = file.find("second_filter_material");
        let filter =
            file.find("filter_material").map_or_else(|| Material::named("aluminium"), named_material)?;
        let second_filter = second.map(named_material).transpose()?;
        if let (Some(item), Some(material)) = (second, &second_filter)
            && *material == filter
        {
            return Err(
                item.refuse(format!("must differ from filter_material, found \"{}\" twice", filter.name))
            );
        }
        Ok(ScannerMeasurements {
            id: file_word(id)?.to_owned(),
            measured: MeasuredScanner {
                name: file.text("name")?.unwrap_or(id.text()?).to_owned(),
                source_to_isocentre_cm: source_to_isocentre_mm * CM_PER_MM,
                fan_angle_rad: fan_angle_deg * RAD_PER_DEG,
                anode_angle_deg: anode_angle_deg(file.need("anode")?)?,
                filter,
                second_filter,
                bowties: bowties(&file, geometry, folder)?,
            },
        })
    }
}

/// The bowties, the default one first.
fn bowties(file: &Section, geometry: [f64; 2], folder: &Path) -> Result<Vec<MeasuredBowtie>> {
    let item = file.need("bowties")?;
    let read = |item: &Item| bowtie(item, geometry, folder);
    let mut bowties = item.table()?.iter().map(read).collect::<Result<Vec<_>>>()?;
    if bowties.is_empty() {
        return Err(item.refuse("must hold a bowtie, found none"));
    }
    if let Some(item) = file.find("default_bowtie") {
        let name = item.text()?;
        let Some(at) = bowties.iter().position(|bowtie| bowtie.name == name) else {
            return Err(item.refuse(format!("must be in bowties, found \"{name}\"")));
        };
        bowties[..=at].rotate_right(1);
    }
    Ok(bowties)
}

fn bowtie(item: &Item, geometry: [f64; 2], folder: &Path) -> Result<MeasuredBowtie> {
    let section = Section::open(item, BOWTIE)?;
    if item.key == "none" || !is_file_word(&item.key) {
        return Err(item.key_place.refuse(&format!(
            "the name of a bowtie must be of letters, digits, - and _, and not \"none\", found \"{}\"",
            item.key
        )));
    }
    let hvl = section.need("hvl")?;
    let (mut layers, mut free_in_air) = (Vec::new(), Vec::new());
    for item in hvl.list()? {
        let row = Section::open(item, HVL)?;
        let tube_voltage_kv = row.need_number("tube_voltage_kv", within(50.0, 150.0))?;
        layers.push(MeasuredHvl {
            tube_voltage_kv,
            hvl_mm_al: row.need_number("hvl_mm_al", above_zero_up_to(30.0))?,
            second_hvl_mm_al: row.number("second_hvl_mm_al", above_zero_up_to(50.0))?,
        });
        let output = row.number("ctdi_free_in_air_mgy_100mas", above_zero_up_to(1000.0))?;
        free_in_air.extend(output.map(|mgy| [tube_voltage_kv, mgy]));
    }
    if layers.is_empty() {
        return Err(hvl.refuse("must hold a half-value layer, found none"));
    }
    let fan = section.need("fan")?;
    let fans = fan.list()?.iter().map(|item| one_fan(item, geometry, folder)).collect::<Result<Vec<_>>>()?;
    if fans.is_empty() {
        return Err(fan.refuse("must hold a table, found none"));
    }
    let material = section.find("material").map_or_else(|| Material::named("aluminium"), named_material)?;
    Ok(MeasuredBowtie { name: item.key.clone(), material, layers, free_in_air, fans })
}

fn one_fan(
    item: &Item,
    [source_to_isocentre_mm, half_fan_deg]: [f64; 2],
    folder: &Path,
) -> Result<MeasuredFan> {
    let row = Section::open(item, FAN)?;
    let along = crate::io::section::word(row.need("measured_along")?, &ALONG)?;
    let path = reference::of_item(folder, row.need("file")?)?;
    Ok(MeasuredFan {
        tube_voltage_kv: row.need_number("tube_voltage_kv", within(50.0, 150.0))?,
        outputs: read_fan(&path, along, source_to_isocentre_mm, half_fan_deg)?,
    })
}

fn file_word(item: &Item) -> Result<&str> {
    let word = item.text()?;
    match is_file_word(word) {
        true => Ok(word),
        false => Err(item.refuse(format!("must be of letters, digits, - and _, found {}", item.shown()))),
    }
}

/// Whether a word may be part of the name of a file.
fn is_file_word(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    (1..=60).contains(&word.len()) && word.chars().all(plain)
}
