//! Case 2: a box of soft tissue under a radiographic and a tilted beam. The voxels' faces are the box's and its
//! cubes': nothing is approximated.

use nalgebra::Vector3;

use crate::data::material::Material;
use crate::error::Result;
use crate::geometry::phantom::Phantom;
use crate::source::field::{Aperture, Field, Turning};
use crate::tally::estimate::Estimate;
use crate::units::RAD_PER_DEG;
use crate::validation::Plan;
use crate::validation::row::Row;
use crate::validation::tg195::TOLERANCE;
use crate::validation::tg195::scene::{Stage, air, grid, of, scene};
use crate::validation::tg195::spectra::labelled;
use crate::validation::tg195::values::{Key, row};

/// Centres of the cubes from the centre of the box, cm; z grows away from the source.
const CUBES_CM: [[f64; 3]; 9] = [
    [0.0, -15.0, 0.0],
    [-15.0, 0.0, 0.0],
    [0.0, 0.0, 0.0],
    [15.0, 0.0, 0.0],
    [0.0, 15.0, 0.0],
    [0.0, 0.0, -6.0],
    [0.0, 0.0, -3.0],
    [0.0, 0.0, 3.0],
    [0.0, 0.0, 6.0],
];
const BOX_CENTRE_Z_CM: f64 = 165.0;
const PLANE_Z_CM: f64 = 180.0;
const HALF_WIDTH_CM: f64 = 19.5;
const TILT_DEG: f64 = 15.0;

/// Both modes, both spectra.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    let phantom = tissue_box()?;
    let stage = Stage::new(&phantom, |region| region != "air")?;
    let mut found = Vec::new();
    for mode in ["radiography", "tomosynthesis"] {
        for spectrum in ["56.4 keV", "120 kVp"] {
            let key = Key { case: "2", spectrum, mode, ..Key::default() };
            plan.tell(&key.describe());
            let energies = stage.play(&field(mode, spectrum)?, plan.effort(60_000), plan.seed)?;
            let total = energies.iter().filter(|(name, _)| name != "air");
            let total = total.fold(Estimate::default(), |sum, (_, energy)| sum.plus(energy));
            found.push(row(&key, "Total body", "eV/history", TOLERANCE, total));
            for cube in 1..=CUBES_CM.len() {
                let region = format!("VOI {cube}");
                found.push(row(&key, &region, "eV/history", TOLERANCE, *of(&energies, &region)));
            }
        }
    }
    Ok(found)
}

fn field(mode: &str, spectrum: &str) -> Result<Field> {
    let tilted = mode == "tomosynthesis";
    let y_cm = if tilted { -PLANE_Z_CM * (TILT_DEG * RAD_PER_DEG).tan() } else { 0.0 };
    let aperture = Aperture::Rectangle {
        corner_cm: Vector3::new(-HALF_WIDTH_CM, -HALF_WIDTH_CM, PLANE_Z_CM),
        edges_cm: [Vector3::x() * 2.0 * HALF_WIDTH_CM, Vector3::y() * 2.0 * HALF_WIDTH_CM],
    };
    Field::new(Vector3::new(0.0, y_cm, 0.0), &aperture, &labelled(spectrum)?, Turning::At(0.0))
}

/// The box and all air from the source to behind it.
fn tissue_box() -> Result<Phantom> {
    let composition = [
        ("H", 10.5),
        ("C", 25.6),
        ("N", 2.7),
        ("O", 60.2),
        ("Na", 0.1),
        ("P", 0.2),
        ("S", 0.3),
        ("Cl", 0.2),
        ("K", 0.2),
    ];
    let tissue = Material::from_mass_fractions("TG-195 soft tissue", 1.03, &composition)?;
    let mut regions = vec![("air".to_owned(), air()?), ("box".to_owned(), tissue.clone())];
    regions.extend((1..=CUBES_CM.len()).map(|cube| (format!("VOI {cube}"), tissue.clone())));
    let grid = grid([-40.5, -49.5, 0.0], [40.5, 40.5, 185.0], [3.0, 3.0, 0.5]);
    Ok(scene("tg195-case2", grid, regions, |p| {
        let centred = Vector3::new(p.x, p.y, p.z - BOX_CENTRE_Z_CM);
        let inside = |centre: &[f64; 3]| (centred - Vector3::from(*centre)).amax() < 1.5;
        match CUBES_CM.iter().position(inside) {
            Some(cube) => cube as u8 + 3,
            None if p.x.abs() < 19.5 && p.y.abs() < 19.5 && centred.z.abs() < 10.0 => 2,
            None => 1,
        }
    }))
}
