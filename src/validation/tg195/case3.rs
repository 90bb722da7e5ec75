//! Case 3: a compressed breast in mammography and tomosynthesis. Flat faces lie on the faces of the voxels; the
//! curved side is that of voxels.

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
use crate::validation::tg195::scene::{Regions, Stage, air, grid, of, scene};
use crate::validation::tg195::spectra::labelled;
use crate::validation::tg195::values::{Key, row};

/// Centres of the boxes of 2 x 2 x 1 cm, cm.
const BOXES_CM: [[f64; 3]; 7] = [
    [5.0, 5.0, 0.0],
    [2.0, 0.0, 0.0],
    [5.0, 0.0, 0.0],
    [8.0, 0.0, 0.0],
    [5.0, -5.0, 0.0],
    [5.0, 0.0, -1.5],
    [5.0, 0.0, 1.5],
];
const RADIUS_CM: f64 = 10.0;
const HALF_THICKNESS_CM: f64 = 2.5;
const SKIN_CM: f64 = 0.2;
const PLATE_CM: f64 = 0.2;
/// Height of the source over the centre of the breast, and of the plane the field is given in, cm.
const SOURCE_CM: f64 = 62.0;
const PLANE_Z_CM: f64 = -4.0;
const TILT_DEG: f64 = 15.0;
/// Width of the voxels, cm; they are 1 mm high. Halving it changes no box by more than its error of 0.3 %.
const VOXEL_CM: f64 = 0.2;

/// Both modes, both spectra.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    let phantom = breast(VOXEL_CM)?;
    let stage = Stage::new(&phantom, is_scored)?;
    let mut found = Vec::new();
    for mode in ["radiography", "tomosynthesis"] {
        for spectrum in ["16.8 keV", "30 kVp"] {
            let key = Key { case: "3", spectrum, mode, ..Key::default() };
            plan.tell(&key.describe());
            let energies = stage.play(&field(mode, spectrum)?, plan.effort(30_000), plan.seed)?;
            let inner = energies.iter().filter(|(name, _)| is_scored(name));
            let total = inner.fold(Estimate::default(), |sum, (_, energy)| sum.plus(energy));
            found.push(row(&key, "Total body", "eV/history", TOLERANCE, total));
            for index in 1..=BOXES_CM.len() {
                let region = format!("VOI {index}");
                found.push(row(&key, &region, "eV/history", TOLERANCE, *of(&energies, &region)));
            }
        }
    }
    Ok(found)
}

/// Whether a region belongs to the inner breast.
pub fn is_scored(region: &str) -> bool {
    region == "tissue" || region.starts_with("VOI")
}

/// The field of 14 x 26 cm in the plane of the detector, straight or tilted.
pub fn field(mode: &str, spectrum: &str) -> Result<Field> {
    let tilt_rad = if mode == "tomosynthesis" { TILT_DEG * RAD_PER_DEG } else { 0.0 };
    let focus_cm = Vector3::new(0.0, -SOURCE_CM * tilt_rad.sin(), SOURCE_CM * tilt_rad.cos());
    let aperture = Aperture::Rectangle {
        corner_cm: Vector3::new(0.0, -13.0, PLANE_Z_CM),
        edges_cm: [Vector3::x() * 14.0, Vector3::y() * 26.0],
    };
    Field::new(focus_cm, &aperture, &labelled(spectrum)?, Turning::At(0.0))
}

fn regions() -> Result<Regions> {
    let skin = [
        ("H", 9.8),
        ("C", 17.8),
        ("N", 5.0),
        ("O", 66.7),
        ("P", 0.175),
        ("S", 0.175),
        ("K", 0.175),
        ("Ca", 0.175),
    ];
    let tissue = [
        ("H", 11.0),
        ("C", 53.2),
        ("N", 2.0),
        ("O", 33.62),
        ("P", 0.045),
        ("S", 0.045),
        ("K", 0.045),
        ("Ca", 0.045),
    ];
    let skin = Material::from_mass_fractions("TG-195 skin", 1.09, &skin)?;
    let tissue = Material::from_mass_fractions("TG-195 breast tissue", 0.952, &tissue)?;
    let mut regions = vec![
        ("air".to_owned(), air()?),
        ("body".to_owned(), Material::named("water")?),
        ("plates".to_owned(), Material::named("pmma")?),
        ("skin".to_owned(), skin),
        ("tissue".to_owned(), tissue.clone()),
    ];
    regions.extend((1..=BOXES_CM.len()).map(|index| (format!("VOI {index}"), tissue.clone())));
    Ok(regions)
}

/// The breast between its plates before the body, in voxels of this width and 1 mm height.
pub fn breast(voxel_cm: f64) -> Result<Phantom> {
    let grid = grid([-17.0, -15.0, -15.0], [14.0, 15.0, 62.0], [voxel_cm, voxel_cm, 0.1]);
    Ok(scene("tg195-case3", grid, regions()?, label))
}

fn label(p: &Vector3<f64>) -> u8 {
    let (radius_cm, height_cm) = (p.x.hypot(p.y), p.z.abs());
    let in_box = |centre: &[f64; 3]| {
        (p.x - centre[0]).abs() < 1.0 && (p.y - centre[1]).abs() < 1.0 && (p.z - centre[2]).abs() < 0.5
    };
    if p.x < 0.0 {
        return if height_cm < 15.0 { 2 } else { 1 };
    }
    if radius_cm < RADIUS_CM - SKIN_CM && height_cm < HALF_THICKNESS_CM - SKIN_CM {
        BOXES_CM.iter().position(in_box).map_or(5, |index| index as u8 + 6)
    } else if radius_cm < RADIUS_CM && height_cm < HALF_THICKNESS_CM {
        4
    } else if (HALF_THICKNESS_CM..HALF_THICKNESS_CM + PLATE_CM).contains(&height_cm) && p.y.abs() < 13.0 {
        3
    } else {
        1
    }
}
