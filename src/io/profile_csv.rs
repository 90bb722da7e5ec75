//! Two-column tables of the user's own: bowtie profiles, spectra and tube currents.

use std::path::Path;

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::source::bowtie::Bowtie;
use crate::source::spectrum::Spectrum;
use crate::units::{CM_PER_MM, RAD_PER_DEG};

/// Rows of a table at most.
const MOST_ROWS: usize = 100_000;
/// Largest table that is read, bytes.
const LONGEST_BYTES: u64 = 16 << 20;

/// Text of a file, which may have so many bytes.
pub(crate) fn read_text(path: &Path, longest_bytes: u64) -> Result<String> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    let about = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if about.is_dir() {
        return Err(unreadable("it is a folder".to_owned()));
    }
    if about.len() > longest_bytes {
        return Err(unreadable(format!("it has {} bytes, at most {longest_bytes} are read", about.len())));
    }
    std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))
}

/// A bowtie from a CSV with the columns `fan_angle_deg`, `thickness_mm` and, unless a material is given,
/// `material` (the same in every row).
pub(crate) fn read_bowtie(path: &Path, material: Option<Material>) -> Result<Bowtie> {
    let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let text = read_text(path, LONGEST_BYTES)?;
    bowtie(&name, &text, material).map_err(|error| error.within(&path.display().to_string()))
}

/// A spectrum from a CSV with the columns `energy_kev` and `fluence`.
pub(crate) fn read_spectrum(path: &Path) -> Result<Spectrum> {
    let name = path.display().to_string();
    let table = Table::read(&read_text(path, LONGEST_BYTES)?, &["energy_kev", "fluence"], &[]);
    let table = table.map_err(|error| error.within(&name))?;
    Spectrum::from_table(&table.column(0), &table.column(1), &name)
}

/// A tube current from a CSV with the columns `z_mm` (ascending) and `tube_current_ma` (above 0).
pub(crate) fn read_current_profile(path: &Path) -> Result<Vec<[f64; 2]>> {
    let table = Table::read(&read_text(path, LONGEST_BYTES)?, &["z_mm", "tube_current_ma"], &[]);
    table.and_then(current_profile).map_err(|error| error.within(&path.display().to_string()))
}

/// Rows of a CSV with one of some first columns and a second one: the first one's name, and pairs of numbers.
pub(crate) fn read_pairs(
    path: &Path,
    firsts: &[&'static str],
    second: &'static str,
) -> Result<(&'static str, Vec<[f64; 2]>)> {
    let text = read_text(path, LONGEST_BYTES)?;
    let within = |error: Error| error.within(&path.display().to_string());
    let header = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or("");
    let named = |name: &&&str| header.split(',').any(|cell| cell.trim() == **name);
    let first = firsts.iter().find(named).ok_or_else(|| {
        let columns = firsts.join(" or ");
        within(Error::invalid(format!(
            "the column {columns} is missing, found the columns `{}`",
            header.trim()
        )))
    })?;
    let table = Table::read(&text, &[*first, second], &[]).map_err(within)?;
    Ok((*first, table.rows))
}

fn current_profile(table: Table) -> Result<Vec<[f64; 2]>> {
    if table.rows.len() < 2 {
        return Err(Error::invalid(format!(
            "a tube-current profile must have at least 2 rows, found {}",
            table.rows.len()
        )));
    }
    if let Some(pair) = table.rows.windows(2).find(|pair| pair[1][0] <= pair[0][0]) {
        return Err(Error::invalid(format!("z_mm must ascend, found {} after {}", pair[1][0], pair[0][0])));
    }
    if let Some([_, ma]) = table.rows.iter().find(|[_, ma]| *ma <= 0.0) {
        return Err(Error::invalid(format!("tube_current_ma must be above 0, found {ma}")));
    }
    Ok(table.rows)
}

fn bowtie(name: &str, text: &str, material: Option<Material>) -> Result<Bowtie> {
    let table = Table::read(text, &["fan_angle_deg", "thickness_mm"], &["material"])?;
    let material = match (material, table.word()?) {
        (Some(given), None) => given,
        (None, Some(word)) => Material::named(&word)?,
        (Some(_), Some(_)) => {
            return Err(Error::invalid("the material is stated twice: by bowtie_material and by a column"));
        }
        (None, None) => {
            return Err(Error::invalid("the material is missing")
                .with_help("add a column `material` or the key bowtie_material"));
        }
    };
    let angles: Vec<f64> = table.column(0).iter().map(|deg| deg * RAD_PER_DEG).collect();
    let thicknesses: Vec<f64> = table.column(1).iter().map(|mm| mm * CM_PER_MM).collect();
    if let Some(deg) = table.column(0).iter().find(|deg| deg.abs() > 90.0) {
        return Err(Error::invalid(format!("fan_angle_deg must be within -90..90, found {deg}")));
    }
    Bowtie::new(name, material, &angles, &thicknesses)
}

struct Table {
    rows: Vec<[f64; 2]>,
    words: Vec<String>,
}

impl Table {
    /// Reads the number columns, and at most one of the word columns; refuses other columns.
    fn read(text: &str, numbers: &[&str; 2], words: &[&str]) -> Result<Self> {
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| Error::invalid(error.to_string()))?.clone();
        if let Some(other) = header.iter().find(|name| !numbers.contains(name) && !words.contains(name)) {
            let known = numbers.iter().chain(words).copied().collect::<Vec<_>>().join(", ");
            return Err(Error::invalid(format!(
                "the columns must be {known}, found `{}`",
                other.escape_debug()
            )));
        }
        let place = |name: &str| header.iter().position(|found| found == name);
        let missing = |name: &str| Error::invalid(format!("the column `{name}` is missing"));
        let first = place(numbers[0]).ok_or_else(|| missing(numbers[0]))?;
        let second = place(numbers[1]).ok_or_else(|| missing(numbers[1]))?;
        let word = words.first().and_then(|name| place(name));
        let mut table = Table { rows: Vec::new(), words: Vec::new() };
        for record in reader.records() {
            let record = record.map_err(|error| Error::invalid(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let number = |column: usize, name: &str| number(&record[column], line, name);
            table.rows.push([number(first, numbers[0])?, number(second, numbers[1])?]);
            table.words.extend(word.map(|column| record[column].to_owned()));
            if table.rows.len() > MOST_ROWS {
                return Err(Error::invalid(format!("a table may have {MOST_ROWS} rows, found more")));
            }
        }
        Ok(table)
    }

    fn column(&self, index: usize) -> Vec<f64> {
        self.rows.iter().map(|row| row[index]).collect()
    }

    /// The word that every row holds, if there is a column of words.
    fn word(&self) -> Result<Option<String>> {
        match self.words.iter().find(|word| **word != self.words[0]) {
            Some(other) => Err(Error::invalid(format!(
                "every row must name the same material, found {} and {}",
                self.words[0].escape_debug(),
                other.escape_debug()
            ))),
            None => Ok(self.words.first().cloned()),
        }
    }
}

fn number(text: &str, line: u64, column: &str) -> Result<f64> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(Error::invalid(format!(
            "line {line}: {column} must be a finite number, found `{}`",
            text.escape_debug()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bowtie_names_its_material_once() {
        let plain = "# ours\nfan_angle_deg,thickness_mm\n0,1\n30,20\n";
        let aluminium = Material::named("Al").unwrap();
        let read = bowtie("own", plain, Some(aluminium)).unwrap();
        assert!((read.thickness_cm(15.0 * RAD_PER_DEG) - 1.05).abs() < 1e-12);
        assert_eq!(bowtie("own", plain, None).unwrap_err().to_string(), "the material is missing");
        let own = "material,fan_angle_deg,thickness_mm\nteflon,0,1\nteflon,30,20\n";
        assert_eq!(bowtie("own", own, None).unwrap().material.name, "teflon");
    }

    #[test]
    fn a_tube_current_ascends_and_is_above_0() {
        let read = |rows: &str| {
            let text = format!("z_mm,tube_current_ma\n{rows}");
            Table::read(&text, &["z_mm", "tube_current_ma"], &[]).and_then(current_profile)
        };
        assert_eq!(read("0,50\n10,60\n").unwrap(), [[0.0, 50.0], [10.0, 60.0]]);
        assert_eq!(read("0,50\n0,60\n").unwrap_err().to_string(), "z_mm must ascend, found 0 after 0");
        let refusal = read("0,50\n1,0\n").unwrap_err();
        assert_eq!(refusal.to_string(), "tube_current_ma must be above 0, found 0");
        assert!(read("0,50\n").is_err());
    }

    #[test]
    fn a_bad_number_is_refused_with_its_line() {
        let refusal =
            bowtie("own", "fan_angle_deg,thickness_mm,material\n0,1,Al\n5,NaN,Al\n", None).unwrap_err();
        assert_eq!(refusal.to_string(), "line 3: thickness_mm must be a finite number, found `NaN`");
        let refusal = bowtie("own", "angle,thickness_mm\n0,1\n", None).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the columns must be fan_angle_deg, thickness_mm, material, found `angle`"
        );
    }
}
