//! A scanner file and its bowtie tables, as protocols read them.

use std::path::{Path, PathBuf};

use super::measurements::ScannerMeasurements;
use crate::analysis::equivalent_scanner::EquivalentScanner;
use crate::io::toml_text::quoted;
use crate::source::bowtie::Bowtie;
use crate::units::{MM_PER_CM, RAD_PER_DEG};

/// Paths and texts of the scanner file and of a table for every bowtie, which lie beside it.
pub fn scanner_files(
    path: &Path,
    measurements: &ScannerMeasurements,
    found: &EquivalentScanner,
) -> Vec<(PathBuf, String)> {
    let table_name = |bowtie: &Bowtie| format!("{}-{}.csv", measurements.id, bowtie.name);
    let mut files: Vec<(PathBuf, String)> =
        found.bowties.iter().map(|bowtie| (path.with_file_name(table_name(bowtie)), table(bowtie))).collect();
    let mut text = head(measurements, found);
    for bowtie in &found.bowties {
        // A name that is part of a file's is a bare key of TOML, too.
        let (name, file, material) = (&bowtie.name, table_name(bowtie), &bowtie.material.name);
        text += &format!("{name} = {{ file = {}, material = {} }}\n", quoted(&file), quoted(material));
    }
    files.push((path.to_owned(), text));
    files
}

fn head(measurements: &ScannerMeasurements, found: &EquivalentScanner) -> String {
    let measured = &measurements.measured;
    let filter = |(material, cm): &(crate::data::material::Material, f64)| {
        format!("{{ material = {}, thickness_mm = {:.6} }}", quoted(&material.name), cm * MM_PER_CM)
    };
    let filters = found.filters.iter().map(filter).collect::<Vec<_>>().join(", ");
    format!(
        "# Equivalent source (Turner et al., Med. Phys. 36 (2009) 2154) made by `childsize scanner fit` from measured\n\
         # half-value layers and outputs across the fan. Filters and bowties are not those inside the scanner: they are\n\
         # what gives the measured beam. The flat filters hold the thinnest bowtie's middle.\n\
         id = {}\nname = {}\nsource_to_isocentre_mm = {}\nfan_angle_deg = {}\n\
         anode = {{ material = \"W\", angle_deg = {} }}\nfiltration = [{filters}]\ndefault_bowtie = {}\n\n[bowties]\n",
        quoted(&measurements.id),
        quoted(&measured.name),
        decimals(measured.source_to_isocentre_cm * MM_PER_CM, 6),
        decimals(measured.fan_angle_rad / RAD_PER_DEG, 9),
        decimals(measured.anode_angle_deg, 6),
        quoted(&found.bowties[0].name),
    )
}

fn table(bowtie: &Bowtie) -> String {
    let row = |[angle_rad, cm]: [f64; 2]| {
        format!("{},{:.6}\n", decimals(angle_rad / RAD_PER_DEG, 9), cm * MM_PER_CM)
    };
    let rows: String = bowtie.points().map(row).collect();
    format!(
        "# Equivalent thickness along the ray, made by `childsize scanner fit`\nfan_angle_deg,thickness_mm\n{rows}"
    )
}

/// A number with so many decimals, without zeros at its end.
fn decimals(number: f64, places: usize) -> String {
    let text = format!("{number:.places$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
