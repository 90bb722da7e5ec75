//! EGSnrc's `.egsphant` (PIRS-794, DOSXYZnrc Users Manual, section 16.6): media as characters, densities as text,
//! and the voxel file of MC-GPU and penEasy through the same voxels with densities of their own.
//!
//! Coordinates are taken as LPS, cm, as EGSnrc's ctcreate writes them.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use super::assemble::{self, check_counts};
use super::frame::Frame;
use super::quantise::{Quantised, quantise};
use super::source::{self, Packing};
use super::table::{LabelTable, Row, air_medium, check_density};
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::phantom::{Medium, Phantom};

/// Codes of media, from vacuum (0) on.
const CODES: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Longest line that is read, bytes.
const LONGEST_LINE: usize = 1 << 20;
/// Bounds of voxels may be uneven by this share of the mean edge (they are rounded in print).
const EVEN: f64 = 1.0e-3;

/// Words and lines of a text file.
pub(super) struct Words {
    lines: Box<dyn BufRead>,
    line: Vec<String>,
}

impl Words {
    pub fn open(path: &Path) -> Result<(Self, u64)> {
        let (file, stored) = source::open(path)?;
        Ok((Words { lines: Packing::by_name(path).unpack(file), line: Vec::new() }, stored))
    }

    /// The next line that is not empty.
    pub fn full_line(&mut self) -> Result<String> {
        while let Some(line) = source::line(&mut self.lines, LONGEST_LINE)? {
            if !line.trim().is_empty() {
                return Ok(line);
            }
        }
        Err(Error::invalid("the file ends before its voxels do"))
    }

    /// The next number, wherever lines break.
    pub fn number(&mut self) -> Result<f64> {
        while self.line.is_empty() {
            let line = self.full_line()?;
            self.line = line.split_whitespace().rev().map(str::to_owned).collect();
        }
        let word = self.line.pop().unwrap_or_default();
        let number = word.parse().ok().filter(|number: &f64| number.is_finite());
        number.ok_or_else(|| {
            Error::invalid(format!("expected a number, found `{}`", super::metaimage::shorter(&word)))
        })
    }

    /// The next whole number of 0 or more.
    pub fn whole(&mut self) -> Result<u64> {
        let number = self.number()?;
        match number >= 0.0 && number.fract() == 0.0 && number < 1e15 {
            true => Ok(number as u64),
            false => Err(Error::invalid(format!("expected a whole number, found {number}"))),
        }
    }
}

/// Reads a phantom; without a table the media's names are materials of the library.
pub(super) fn read(id: &str, path: &Path, table: Option<&LabelTable>) -> Result<Phantom> {
    let (mut words, stored) = Words::open(path)?;
    let media = words.whole()?;
    if !(1..CODES.len() as u64).contains(&media) {
        return Err(Error::invalid(format!(
            "an egsphant has from 1 to {} media, found {media}",
            CODES.len() - 1
        )));
    }
    let names = (0..media)
        .map(|_| words.full_line().map(|line| line.trim().to_owned()))
        .collect::<Result<Vec<_>>>()?;
    let table = table.map_or_else(|| table_of_names(&names), |table| Ok(table.clone()))?;
    for _ in 0..media {
        words.number()?;
    }
    let counts = check_counts([words.whole()?, words.whole()?, words.whole()?])?;
    let voxels = counts.iter().product::<usize>();
    Packing::by_name(path).check_promise(2 * voxels as u64, stored)?;
    let mut axes = [(0.0, 0.0); 3];
    for (axis, bounds) in axes.iter_mut().enumerate() {
        *bounds = even_bounds(&mut words, counts[axis], axis)?;
    }
    let mut codes = Vec::new();
    while codes.len() < voxels {
        let line = words.full_line()?;
        read_codes(line.trim(), counts[0], media, &mut codes)?;
    }
    let edges_cm = axes.map(|(_, edge_cm)| edge_cm);
    let first_cm = axes.map(|(low_cm, edge_cm)| low_cm + 0.5 * edge_cm);
    let frame = Frame::straight(counts, edges_cm, first_cm);
    let mut varied = Varied::new(&table)?;
    for &code in &codes {
        let density = words.number()?;
        varied.push(u64::from(code), if code == 0 { None } else { Some(density) })?;
    }
    varied.phantom(id, &frame)
}

fn read_codes(line: &str, columns: usize, media: u64, codes: &mut Vec<u8>) -> Result<()> {
    if line.len() != columns {
        return Err(Error::invalid(format!(
            "a row of media must have {columns} characters, found {}",
            line.len()
        )));
    }
    for byte in line.bytes() {
        let code = CODES.iter().position(|&known| known == byte).filter(|&code| code as u64 <= media);
        codes.push(code.ok_or_else(|| {
            Error::invalid(format!("a medium must be a code up to {media}, found `{}`", byte.escape_ascii()))
        })? as u8);
    }
    Ok(())
}

/// Lowest bound and edge of evenly spaced voxels, cm.
fn even_bounds(words: &mut Words, count: usize, axis: usize) -> Result<(f64, f64)> {
    let mut bounds = Vec::new();
    for _ in 0..=count {
        bounds.push(words.number()?);
    }
    let edge_cm = (bounds[count] - bounds[0]) / count as f64;
    let even = bounds.windows(2).all(|pair| (pair[1] - pair[0] - edge_cm).abs() <= EVEN * edge_cm);
    match edge_cm > 0.0 && even {
        true => Ok((bounds[0], edge_cm)),
        false => Err(Error::invalid(format!(
            "voxels must be evenly spaced, found uneven bounds along axis {}",
            axis + 1
        ))),
    }
}

/// Media by name: `ICRUTISSUE521ICRU` is tissue, `AIR` the air around the body and in it.
fn table_of_names(names: &[String]) -> Result<LabelTable> {
    let rows = names.iter().zip(1..).map(|(name, label)| {
        let material = material_of_name(name)?;
        let density_g_cm3 = material.density_g_cm3;
        let organ = (material.name != "air").then(|| name.to_lowercase());
        Ok(Row {
            label,
            organ,
            name: Some(name.clone()),
            region: None,
            medium: Medium { material, density_g_cm3 },
        })
    });
    Ok(LabelTable { rows: rows.collect::<Result<_>>()? })
}

fn material_of_name(name: &str) -> Result<Material> {
    let bare = name.to_uppercase().replace("521ICRU", "").replace("700ICRU", "");
    let bare = bare.trim_start_matches("ICRU").trim_start_matches("ICRP");
    let known = match bare {
        "TISSUE" => Material::named("soft_tissue"),
        "BONE" => Material::named("bone_cortical"),
        other => Material::named(other),
    };
    known.map_err(|_| {
        Error::invalid(format!(
            "the medium `{}` is not a material of the library",
            super::metaimage::shorter(name)
        ))
        .with_help("give a table (--labels) with a row for every medium, numbered from 1")
    })
}

/// Voxels with a density of their own.
pub(super) struct Varied {
    tables: super::table::Tables,
    /// By engine label: the material.
    materials: Vec<Material>,
    labels: Vec<u8>,
    densities_g_cm3: Vec<f32>,
    seen: HashMap<(u8, u32), u64>,
}

impl Varied {
    /// No voxels yet.
    pub fn new(table: &LabelTable) -> Result<Self> {
        let tables = table.tables()?;
        let materials = tables
            .regions
            .iter()
            .map(|region| tables.media[usize::from(region.medium)].material.clone())
            .collect();
        Ok(Varied {
            tables,
            materials,
            labels: Vec::new(),
            densities_g_cm3: Vec::new(),
            seen: HashMap::new(),
        })
    }

    /// Adds a voxel; without a density it is part of the air around the body.
    pub fn push(&mut self, label: u64, density_g_cm3: Option<f64>) -> Result<()> {
        let Some(density_g_cm3) = density_g_cm3 else {
            self.labels.push(0);
            self.densities_g_cm3.push(0.0);
            return Ok(());
        };
        let known = self.tables.label_of.get(&(label as i64)).copied().ok_or_else(|| {
            Error::invalid(format!("every medium must be in the table, found {label} without a row"))
        })?;
        let density_g_cm3 = check_density(density_g_cm3)? as f32;
        self.labels.push(known);
        self.densities_g_cm3.push(density_g_cm3);
        if known != 0 {
            *self.seen.entry((known, density_g_cm3.to_bits())).or_default() += 1;
        }
        Ok(())
    }

    /// The phantom of all voxels.
    pub fn phantom(mut self, id: &str, frame: &Frame) -> Result<Phantom> {
        let layout = frame.layout()?;
        let exterior = self.tables.media.first().cloned().map_or_else(air_medium, Ok)?;
        let quantised: Quantised = quantise(exterior, &self.materials, &self.seen)?;
        let medium =
            |(&label, &density): (&u8, &f32)| if label == 0 { 0 } else { quantised.medium(label, density) };
        let media: Vec<u8> = self.labels.iter().zip(&self.densities_g_cm3).map(medium).collect();
        self.densities_g_cm3 = Vec::new();
        for (label, region) in self.tables.regions.iter_mut().enumerate() {
            region.medium = first_medium(&quantised.media, &self.materials[label], label);
        }
        self.tables.media = quantised.media;
        let labels = layout.reorder(self.labels);
        assemble::phantom(id, layout.grid.clone(), labels, Some(layout.reorder(media)), self.tables)
    }
}

/// A medium that stands for a region whose voxels have media of their own.
fn first_medium(media: &[Medium], material: &Material, label: usize) -> u8 {
    let same = media.iter().position(|medium| medium.material == *material);
    if label == 0 { 0 } else { same.unwrap_or(0) as u8 }
}
