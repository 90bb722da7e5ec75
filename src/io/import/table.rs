//! What labels mean: a CSV with `label, organ, material, density_g_cm3` and, if wanted, `name`, `region` and
//! `composition`.

use std::collections::HashMap;
use std::path::Path;

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::phantom::{Medium, Organ, Region};
use crate::io::profile_csv::read_text;

/// Largest table that is read, bytes.
const LONGEST_BYTES: u64 = 4 << 20;
/// Densest matter, g/cm³ (osmium has 22.6).
const DENSEST_G_CM3: f64 = 25.0;
/// Most regions, the exterior among them: a label is one byte.
const MOST_REGIONS: usize = 256;
const NEEDED: [&str; 4] = ["label", "organ", "material", "density_g_cm3"];
const OPTIONAL: [&str; 3] = ["name", "region", "composition"];

/// What one label means.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The label in the file.
    pub label: i64,
    /// Organ; `None` for the air around the body.
    pub organ: Option<String>,
    /// Name of the organ for people.
    pub name: Option<String>,
    /// Key of the region; else the organ's.
    pub region: Option<String>,
    /// What it is made of.
    pub medium: Medium,
}

/// What the labels of a file mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LabelTable {
    /// Row by row.
    pub rows: Vec<Row>,
}

/// Tables of a phantom, and the engine's label for each of the file's.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub regions: Vec<Region>,
    pub organs: Vec<Organ>,
    pub media: Vec<Medium>,
    pub label_of: HashMap<i64, u8>,
}

impl LabelTable {
    /// Reads a CSV file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path, LONGEST_BYTES)?;
        Self::parse(&text).map_err(|error| error.within(&path.display().to_string()))
    }

    /// Reads the text of a CSV.
    pub fn parse(text: &str) -> Result<Self> {
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| Error::invalid(error.to_string()))?.clone();
        check_columns(&header)?;
        let mut table = LabelTable::default();
        for record in reader.records() {
            let record = record.map_err(|error| Error::invalid(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |column: &str| {
                let at = header.iter().position(|name| name == column)?;
                record.get(at).filter(|cell| !cell.is_empty())
            };
            let row = row(&cell).map_err(|error| error.within(&format!("line {line}")))?;
            if table.rows.iter().any(|other| other.label == row.label) {
                return Err(Error::invalid(format!("line {line}: the label {} is there twice", row.label)));
            }
            table.rows.push(row);
        }
        match table.rows.is_empty() {
            true => Err(Error::invalid("a table of labels needs at least one row, found none")),
            false => Ok(table),
        }
    }

    /// Gathers rows into regions, organs and media. Label 0 of the engine is the air around the body.
    pub fn tables(&self) -> Result<Tables> {
        let air = self.rows.iter().find(|row| row.organ.is_none()).map(|row| row.medium.clone());
        let exterior = Region { id: "exterior".to_owned(), organ: None, medium: 0 };
        let mut tables = Tables {
            regions: vec![exterior],
            organs: Vec::new(),
            media: vec![air.map_or_else(air_medium, Ok)?],
            label_of: HashMap::from([(0, 0)]),
        };
        for row in &self.rows {
            let label = match &row.organ {
                None => 0,
                Some(organ) => tables.add_region(row, organ)?,
            };
            tables.label_of.insert(row.label, label);
        }
        Ok(tables)
    }
}

impl Tables {
    fn add_region(&mut self, row: &Row, organ: &str) -> Result<u8> {
        if self.regions.len() == MOST_REGIONS {
            return Err(Error::invalid(format!(
                "a phantom may have {} labelled regions, found more",
                MOST_REGIONS - 1
            )));
        }
        let id = row.region.clone().unwrap_or_else(|| organ.to_owned());
        let id = match self.regions.iter().any(|region| region.id == id) {
            true => format!("{id}_{}", row.label),
            false => id,
        };
        let region = Region {
            id,
            organ: Some(self.organ(organ, row.name.as_deref())),
            medium: self.medium(&row.medium),
        };
        self.regions.push(region);
        Ok((self.regions.len() - 1) as u8)
    }

    fn organ(&mut self, id: &str, name: Option<&str>) -> u16 {
        let index = self.organs.iter().position(|organ| organ.id == id).unwrap_or_else(|| {
            let name = name.map_or_else(|| id.replace('_', " "), str::to_owned);
            self.organs.push(Organ { id: id.to_owned(), name, target_mass_g: None });
            self.organs.len() - 1
        });
        index as u16
    }

    /// Index of a medium; there is at most one for each region, so a byte holds it.
    fn medium(&mut self, medium: &Medium) -> u8 {
        let index = self.media.iter().position(|known| known == medium).unwrap_or_else(|| {
            self.media.push(medium.clone());
            self.media.len() - 1
        });
        index as u8
    }
}

/// Dry air.
pub(super) fn air_medium() -> Result<Medium> {
    let material = Material::named("air")?;
    Ok(Medium { density_g_cm3: material.density_g_cm3, material })
}

fn check_columns(header: &csv::StringRecord) -> Result<()> {
    let listed = || NEEDED.iter().chain(&OPTIONAL).copied().collect::<Vec<_>>().join(", ");
    if let Some(missing) = NEEDED.iter().find(|needed| !header.iter().any(|name| name == **needed)) {
        return Err(Error::invalid(format!("the columns must be {}, found no `{missing}`", listed())));
    }
    match header.iter().find(|name| !NEEDED.contains(name) && !OPTIONAL.contains(name)) {
        Some(other) => {
            Err(Error::invalid(format!("the columns must be {}, found `{}`", listed(), other.escape_debug())))
        }
        None => Ok(()),
    }
}

fn row<'a>(cell: &dyn Fn(&str) -> Option<&'a str>) -> Result<Row> {
    let label = cell("label").unwrap_or_default();
    let label: i64 =
        label.parse().ok().filter(|label| (0..=0xffff_ffff).contains(label)).ok_or_else(|| {
            Error::invalid(format!("label must be a whole number of 0 or more, found `{label}`"))
        })?;
    let material = cell("material").unwrap_or_default();
    let material = match cell("composition") {
        None => Material::named(material)?,
        Some(text) => composition(material, text)?,
    };
    let density = cell("density_g_cm3").unwrap_or_default();
    let density_g_cm3 = check_density(density.parse().unwrap_or(f64::NAN)).map_err(|_| {
        Error::invalid(format!(
            "density_g_cm3 must be above 0 and at most {DENSEST_G_CM3}, found `{density}`"
        ))
    })?;
    Ok(Row {
        label,
        organ: cell("organ").filter(|&organ| organ != "exterior").map(str::to_owned),
        name: cell("name").map(str::to_owned),
        region: cell("region").map(str::to_owned),
        medium: Medium { material, density_g_cm3 },
    })
}

/// Refuses densities that no matter has.
pub(super) fn check_density(density_g_cm3: f64) -> Result<f64> {
    match density_g_cm3 > 0.0 && density_g_cm3 <= DENSEST_G_CM3 {
        true => Ok(density_g_cm3),
        false => Err(Error::invalid(format!(
            "a density must be above 0 and at most {DENSEST_G_CM3} g/cm3, found {density_g_cm3}"
        ))),
    }
}

/// A material from mass fractions: `H 0.112 O 0.888`.
pub(super) fn composition(name: &str, text: &str) -> Result<Material> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let pairs = words.chunks(2).map(|pair| match pair {
        [symbol, fraction] => fraction.parse().ok().map(|fraction: f64| (*symbol, fraction)),
        _ => None,
    });
    let fractions = pairs.collect::<Option<Vec<_>>>().ok_or_else(|| {
        Error::invalid(format!(
            "composition must be symbols and mass fractions such as `H 0.112 O 0.888`, found `{}`",
            text.escape_debug()
        ))
    })?;
    Material::from_mass_fractions(name, 1.0, &fractions)
}
