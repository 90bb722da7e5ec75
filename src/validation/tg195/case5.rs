//! Case 5: the voxelized trunk of the report, in a fan beam at eight angles and rotating.

use nalgebra::Vector3;

use crate::data::material::Material;
use crate::error::Result;
use crate::geometry::grid::VoxelGrid;
use crate::geometry::phantom::Phantom;
use crate::io::case5_volume;
use crate::source::field::{Aperture, Field, Turning};
use crate::units::RAD_PER_DEG;
use crate::validation::Plan;
use crate::validation::row::Row;
use crate::validation::table::{number, rows};
use crate::validation::tg195::scene::{Stage, phantom_of};
use crate::validation::tg195::spectra::labelled;
use crate::validation::tg195::values::{Key, row};

/// Accepted difference from the mean of the codes: 2 %.
const TOLERANCE: f64 = 0.02;
const SOURCE_CM: f64 = 60.0;
const ANGLES: [&str; 9] = ["0", "45", "90", "135", "180", "225", "270", "315", "continuous"];
const ELEMENTS: [&str; 13] = ["H", "C", "N", "O", "Na", "Mg", "P", "S", "Cl", "Ar", "K", "Ca", "I"];

/// Every angle, both spectra, on the volume's labels.
pub fn run(plan: &Plan, labels: Vec<u8>) -> Result<Vec<Row>> {
    let phantom = trunk(labels)?;
    let stage = Stage::new(&phantom, is_scored)?;
    let mut found = Vec::new();
    for spectrum in ["56.4 keV", "120 kVp"] {
        for (index, angle) in ANGLES.into_iter().enumerate() {
            let key = Key { case: "5", spectrum, mode: "fan", angle, collimation_mm: "10" };
            plan.tell(&key.describe());
            let effort = plan.effort(20_000);
            let energies = stage.play(&field(spectrum, angle)?, effort, plan.seed + index as u64)?;
            for (organ, energy) in energies.iter().filter(|(organ, _)| is_scored(organ)) {
                found.push(row(&key, organ, "eV/history", TOLERANCE, *energy));
            }
        }
    }
    Ok(found)
}

/// The fan of the report at an angle or rotating.
pub fn field(spectrum: &str, angle: &str) -> Result<Field> {
    let turning = match angle {
        "continuous" => Turning::Continuous,
        degrees => Turning::At(-number(degrees) * RAD_PER_DEG),
    };
    let aperture = Aperture::Rectangle {
        corner_cm: Vector3::new(-25.0, 0.0, -0.5),
        edges_cm: [Vector3::x() * 50.0, Vector3::z()],
    };
    Field::new(Vector3::new(0.0, -SOURCE_CM, 0.0), &aperture, &labelled(spectrum)?, turning)
}

fn media() -> impl Iterator<Item = Vec<&'static str>> {
    rows(include_str!("../reference/tg195_case5_media.csv"))
}

/// Whether the report states an organ's energy.
pub fn is_scored(organ: &str) -> bool {
    media().any(|words| words[1] == organ && words[3] == "1")
}

/// The report's trunk from its labels.
pub fn trunk(labels: Vec<u8>) -> Result<Phantom> {
    let mut regions = Vec::new();
    for words in media().skip(1) {
        let share = |i: usize| (ELEMENTS[i], number(words[4 + i]));
        let fractions: Vec<(&str, f64)> = (0..ELEMENTS.len()).map(share).collect();
        let material = Material::from_mass_fractions(words[1], number(words[2]), &fractions)?;
        regions.push((words[1].to_owned(), material));
    }
    let grid = VoxelGrid {
        counts: case5_volume::COUNTS,
        spacing_cm: [0.1; 3],
        corner_cm: case5_volume::COUNTS.map(|n| -0.05 * n as f64),
    };
    Ok(phantom_of("tg195-case5", grid, regions, labels))
}
