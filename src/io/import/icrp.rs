//! The adult and paediatric reference phantoms of ICRP Publications 110 (2009) and 143 (2020), as their owners have
//! them: a folder with `*_organs.dat`, `*_media.dat` and the voxels, `*_binary.dat` or ASCII.
//!
//! Columns run to the left, rows to the back, slices to the head, so nothing is flipped. Sizes of the grids are
//! not in the files; they are those of the publications' tables.

use std::collections::HashMap;
use std::path::Path;

use super::assemble;
use super::frame::Frame;
use super::icrp_marrow;
use super::source;
use super::table::{LabelTable, Row, check_density};
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::phantom::{Medium, Phantom};

/// Elements of the media files (ICRP 110, annex B), in the order of their columns.
const ELEMENTS: [&str; 13] = ["H", "C", "N", "O", "Na", "Mg", "P", "S", "Cl", "K", "Ca", "Fe", "I"];
/// Longest line and text, bytes.
const LONGEST_LINE: usize = 1 << 16;
const LONGEST_TEXT: u64 = 4 << 20;

/// A published grid: file stem, columns x rows x slices, voxel edges in mm.
struct Grid {
    stem: &'static str,
    counts: [usize; 3],
    edges_mm: [f64; 3],
}

const fn grid(stem: &'static str, counts: [usize; 3], edges_mm: [f64; 3]) -> Grid {
    Grid { stem, counts, edges_mm }
}

/// ICRP 110, table 5.1, and ICRP 143, table 4.1.
const GRIDS: [Grid; 12] = [
    grid("AM", [254, 127, 222], [2.137, 2.137, 8.0]),
    grid("AF", [299, 137, 348], [1.775, 1.775, 4.84]),
    grid("00M", [345, 211, 716], [0.663, 0.663, 0.663]),
    grid("00F", [345, 211, 716], [0.663, 0.663, 0.663]),
    grid("01M", [393, 248, 546], [0.663, 0.663, 1.4]),
    grid("01F", [393, 248, 546], [0.663, 0.663, 1.4]),
    grid("05M", [419, 230, 572], [0.85, 0.85, 1.928]),
    grid("05F", [419, 230, 572], [0.85, 0.85, 1.928]),
    grid("10M", [419, 226, 576], [0.99, 0.99, 2.425]),
    grid("10F", [419, 226, 576], [0.99, 0.99, 2.425]),
    grid("15M", [407, 225, 586], [1.25, 1.25, 2.832]),
    grid("15F", [401, 236, 571], [1.2, 1.2, 2.828]),
];

/// Reads a folder. A file `grid.txt` with six numbers (counts, then edges in mm) overrules the published grid.
pub(super) fn read(folder: &Path) -> Result<Phantom> {
    let names = names(folder)?;
    let organs = one(&names, "_organs.dat")?;
    let stem = organs.strip_suffix("_organs.dat").unwrap_or(organs);
    let media = media(&lines(&folder.join(one(&names, "_media.dat")?))?)?;
    let organ_lines = lines(&folder.join(organs))?;
    let table = table(&organ_lines, &media)?;
    let (counts, edges_cm) = published_grid(folder, stem, &names)?;
    let tables = table.tables()?;
    let voxels = counts.iter().product();
    let labels = match names.iter().find(|name| name.ends_with("_binary.dat")) {
        Some(name) => binary(&folder.join(name), voxels, &tables.label_of)?,
        None => {
            let ascii =
                names.iter().find(|name| **name == format!("{stem}.dat") || name.ends_with("_ascii.dat"));
            let name = ascii.ok_or_else(|| {
                Error::invalid(format!(
                    "the folder must hold {stem}_binary.dat, {stem}_ascii.dat or {stem}.dat, found none"
                ))
            })?;
            ascii_voxels(&folder.join(name), voxels, &tables.label_of)?
        }
    };
    let first_cm = edges_cm.map(|edge_cm| 0.5 * edge_cm);
    let layout = Frame::straight(counts, edges_cm, first_cm).layout()?;
    let mut phantom =
        assemble::phantom(&format!("icrp-{}", stem.to_lowercase()), layout.grid, labels, None, tables)?;
    let text =
        |end: &str| names.iter().find(|name| name.ends_with(end)).map(|name| lines(&folder.join(name)));
    if let Some(spongiosa) = text("_spongiosa.dat") {
        let medium_of = organ_lines.iter().filter_map(|line| organ_line(line));
        let medium_of = medium_of.map(|(_, name, medium, _)| (key(&name), medium)).collect();
        phantom.bone_sites = icrp_marrow::by_spongiosa(&phantom, &spongiosa?, &medium_of);
    } else if let Some(skeleton) = text("_skeleton.dat") {
        phantom.bone_sites = icrp_marrow::by_skeleton(&phantom, &skeleton?);
    }
    Ok(phantom)
}

fn names(folder: &Path) -> Result<Vec<String>> {
    let unreadable =
        |error: std::io::Error| Error::Unreadable { path: folder.to_owned(), reason: error.to_string() };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?.take(10_000);
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

fn one<'a>(names: &'a [String], end: &str) -> Result<&'a str> {
    let found: Vec<&String> = names.iter().filter(|name| name.ends_with(end)).collect();
    match found[..] {
        [name] => Ok(name),
        _ => Err(Error::invalid(format!("a folder of the ICRP must hold one *{end}, found {}", found.len()))),
    }
}

/// Lines of a text in Latin-1.
fn lines(path: &Path) -> Result<Vec<String>> {
    let (mut file, stored) = source::open(path)?;
    if stored > LONGEST_TEXT {
        return Err(Error::invalid(format!(
            "{} may have {LONGEST_TEXT} bytes, found {stored}",
            path.display()
        )));
    }
    let bytes = source::bytes(&mut file, stored as usize, "the file")?;
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    Ok(text.lines().map(str::to_owned).collect())
}

/// Media by number: 13 mass percents from the right, and, in ICRP 143, a density after them.
fn media(lines: &[String]) -> Result<HashMap<u64, Material>> {
    let mut media = HashMap::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(id) = words.first().and_then(|word| word.parse::<u64>().ok()) else { continue };
        let numbers: Vec<f64> = words.iter().rev().map_while(|word| word.parse().ok()).collect();
        // A density follows where 14 numbers are there; the number of the medium stands left of a name.
        let percents: Vec<f64> = match numbers.len() {
            13 => numbers.iter().rev().copied().collect(),
            14.. => numbers[1..14].iter().rev().copied().collect(),
            _ => continue,
        };
        let sum: f64 = percents.iter().sum();
        if !(90.0..=110.0).contains(&sum) {
            return Err(Error::invalid(format!("mass percents of medium {id} must sum to 100, found {sum}")));
        }
        let fractions: Vec<(&str, f64)> =
            ELEMENTS.iter().copied().zip(percents.iter().map(|p| p / sum)).collect();
        media.insert(id, Material::from_mass_fractions(&format!("icrp_medium_{id}"), 1.0, &fractions)?);
    }
    match media.is_empty() {
        true => Err(Error::invalid("the media file must list media, found none")),
        false => Ok(media),
    }
}

/// Organs: number, name, medium, density; `n/a` where a phantom lacks one. 0 and numbers without a row are air.
fn table(lines: &[String], media: &HashMap<u64, Material>) -> Result<LabelTable> {
    let mut table = LabelTable::default();
    for line in lines {
        let Some((label, name, medium, density)) = organ_line(line) else { continue };
        let material = media.get(&medium).cloned().ok_or_else(|| {
            Error::invalid(format!("organ {label} must have a medium of the media file, found {medium}"))
        })?;
        let medium = Medium { material, density_g_cm3: check_density(density)? };
        if table.rows.iter().any(|row| row.label == label) {
            return Err(Error::invalid(format!("the organ {label} is there twice")));
        }
        let organ = (label != 0).then(|| key(&name));
        table.rows.push(Row { label, organ, name: Some(name), region: None, medium });
    }
    match table.rows.is_empty() {
        true => Err(Error::invalid("the organs file must list organs, found none")),
        false => Ok(table),
    }
}

/// Number, name, medium and density of a line of the organs file; `None` for other lines.
fn organ_line(line: &str) -> Option<(i64, String, u64, f64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [id, name @ .., medium, density] = &words[..] else { return None };
    Some((id.parse().ok()?, name.join(" "), medium.parse().ok()?, density.parse().ok()?))
}

/// A key from a name: `Liver, left lobe` is `liver_left_lobe`.
pub(super) fn key(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join("_")
}

fn published_grid(folder: &Path, stem: &str, names: &[String]) -> Result<([usize; 3], [f64; 3])> {
    if names.iter().any(|name| name == "grid.txt") {
        let text = lines(&folder.join("grid.txt"))?.join(" ");
        let numbers = super::metaimage::numbers::<6>("grid.txt", &text)?;
        let counts = assemble::check_counts([0, 1, 2].map(|i| super::metaimage::count(numbers[i])))?;
        return Ok((counts, [3, 4, 5].map(|i| numbers[i] / 10.0)));
    }
    let known = GRIDS.iter().find(|grid| grid.stem.eq_ignore_ascii_case(stem)).ok_or_else(|| {
        Error::invalid(format!(
            "the files must be named for a phantom of ICRP 110 or 143 (AM, 05F, …), found `{stem}`"
        ))
        .with_help("or put a grid.txt with columns, rows, slices and the edges of a voxel in mm beside them")
    })?;
    Ok((known.counts, known.edges_mm.map(|mm| mm / 10.0)))
}

fn binary(path: &Path, voxels: usize, label_of: &HashMap<i64, u8>) -> Result<Vec<u8>> {
    let (mut file, stored) = source::open(path)?;
    if stored != voxels as u64 {
        return Err(Error::invalid(format!("the voxels must take {voxels} bytes, found {stored}")));
    }
    let mut labels = source::bytes(&mut file, voxels, "the voxel file")?;
    let label: Vec<u8> = (0..256).map(|id| label_of.get(&id).copied().unwrap_or(0)).collect();
    labels.iter_mut().for_each(|id| *id = label[usize::from(*id)]);
    Ok(labels)
}

/// Numbers that lines break anywhere.
fn ascii_voxels(path: &Path, voxels: usize, label_of: &HashMap<i64, u8>) -> Result<Vec<u8>> {
    let (mut file, _) = source::open(path)?;
    let mut labels = Vec::new();
    while let Some(line) = source::line(&mut file, LONGEST_LINE)? {
        for word in line.split_whitespace() {
            let id = word.parse::<i64>().ok().filter(|id| (0..=255).contains(id)).ok_or_else(|| {
                Error::invalid(format!(
                    "an organ must be a number up to 255, found `{}`",
                    super::metaimage::shorter(word)
                ))
            })?;
            labels.push(label_of.get(&id).copied().unwrap_or(0));
        }
        if labels.len() > voxels {
            break;
        }
    }
    match labels.len() == voxels {
        true => Ok(labels),
        false => Err(Error::invalid(format!("the file must hold {voxels} voxels, found {}", labels.len()))),
    }
}
