//! Suite `spectra`: half-value layers and mean energies of tungsten tubes against spekpy, and the layers of
//! the TG-195 beams against the report.

use crate::data::material::Material;
use crate::error::Result;
use crate::source::spectrum::Spectrum;
use crate::units::CM_PER_MM;
use crate::validation::row::{Reference, Row, computed};
use crate::validation::table::{number, rows};
use crate::validation::tg195::spectra::beam;

const SUITE: &str = "spectra";
/// Accepted difference: 1 %.
const TOLERANCE: f64 = 0.01;

/// HVL and QVL the report states for its beams, mm Al (its Case 1).
const TG195_LAYERS_MM: [(&str, &str, f64); 5] = [
    ("RQR-8", "HVL", 3.950),
    ("RQR-8", "QVL", 9.840),
    ("RQR-9", "HVL", 5.010),
    ("RQR-M3", "HVL", 0.3431),
    ("RQR-M3", "QVL", 0.7663),
];

/// Every beam.
pub fn run() -> Result<Vec<Row>> {
    let mut found = tubes()?;
    found.extend(tg195()?);
    Ok(found)
}

fn tubes() -> Result<Vec<Row>> {
    let aluminium = Material::named("aluminium")?;
    let mut found = Vec::new();
    for words in rows(include_str!("reference/spekpy_casim.csv")) {
        let n: Vec<f64> = words.iter().map(|word| number(word)).collect();
        let spectrum = Spectrum::tube(n[0], n[1])?.filtered(&aluminium, n[2] * CM_PER_MM);
        let case = format!("{} kV, anode {} deg, {} mm Al", n[0], n[1], n[2]);
        for (quantity, unit, reference, value) in [
            ("HVL", "mm Al", n[4], spectrum.hvl_mm_al()),
            ("second HVL", "mm Al", n[5], spectrum.second_hvl_mm_al()),
            ("mean energy", "keV", n[6], spectrum.mean_energy_kev()),
        ] {
            let reference = Some(Reference::exact(reference, TOLERANCE));
            found.push(Row::new(SUITE, case.clone(), quantity, unit, reference, computed(value)));
        }
    }
    Ok(found)
}

fn tg195() -> Result<Vec<Row>> {
    let air = Material::named("air")?;
    let row = |&(name, quantity, layer_mm): &(&'static str, &str, f64)| -> Result<Row> {
        let behind_air = beam(name)?.filtered(&air, 100.0);
        let first = behind_air.hvl_mm_al();
        let value = if quantity == "HVL" { first } else { first + behind_air.second_hvl_mm_al() };
        let reference = Some(Reference::exact(layer_mm, TOLERANCE));
        let case = format!("TG-195 {name}, behind 100 cm of air");
        Ok(Row::new(SUITE, case, quantity, "mm Al", reference, computed(value)))
    };
    TG195_LAYERS_MM.iter().map(row).collect()
}
