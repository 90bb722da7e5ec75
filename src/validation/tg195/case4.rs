//! Case 4: a PMMA cylinder in a fan beam.
//!
//! 4.1 plays the air around the cylinder too. 4.2 plays one source position on a cylinder that holds the
//! peripheral rod at all 36 angles at once: a rod at angle −a before a source at 0 is the rod at 0 before a
//! source at a. The rotating source is played as such, and the tests turn it to single angles.

use nalgebra::Vector3;

use crate::data::material::Material;
use crate::error::Result;
use crate::geometry::phantom::Phantom;
use crate::source::field::{Aperture, Field, Turning};
use crate::tally::estimate::Estimate;
use crate::units::{CM_PER_MM, RAD_PER_DEG};
use crate::validation::Plan;
use crate::validation::row::Row;
use crate::validation::table::number;
use crate::validation::tg195::TOLERANCE;
use crate::validation::tg195::scene::{Stage, air, grid, of, scene, with_true_volume};
use crate::validation::tg195::spectra::labelled;
use crate::validation::tg195::values::{Key, row};

const RADIUS_CM: f64 = 16.0;
const SOURCE_CM: f64 = 60.0;
/// Half the length of the cylinder, cm. 4.2 asks for an endless one: what lies further away does not matter.
const HALF_LENGTH_CM: f64 = 150.0;
const ROD_RADIUS_CM: f64 = 0.5;
const ROD_HALF_LENGTH_CM: f64 = 5.0;
const ROD_DISTANCE_CM: f64 = 15.0;
/// Number of source angles of 4.2.
pub const ANGLES: usize = 36;
const SPECTRA: [&str; 2] = ["56.4 keV", "120 kVp"];
const COLLIMATIONS_MM: [&str; 2] = ["10", "80"];

/// A fan that covers the cylinder, this wide at the isocentre.
pub fn field(spectrum: &str, collimation_mm: &str, turning: Turning) -> Result<Field> {
    let half_cm = 0.5 * number(collimation_mm) * CM_PER_MM;
    let aperture = Aperture::Rectangle {
        corner_cm: Vector3::new(0.0, -RADIUS_CM, -half_cm),
        edges_cm: [Vector3::y() * 2.0 * RADIUS_CM, Vector3::z() * 2.0 * half_cm],
    };
    Field::new(Vector3::new(-SOURCE_CM, 0.0, 0.0), &aperture, &labelled(spectrum)?, turning)
}

/// Case 4.1.
pub fn run_slabs(plan: &Plan) -> Result<Vec<Row>> {
    let phantom = slabs(0.2, true)?;
    let stage = Stage::new(&phantom, is_slab)?;
    let mut found = Vec::new();
    for spectrum in SPECTRA {
        for collimation_mm in COLLIMATIONS_MM {
            let key = Key { case: "4.1", spectrum, mode: "fan", angle: "", collimation_mm };
            plan.tell(&key.describe());
            let source = field(spectrum, collimation_mm, Turning::At(0.0))?;
            let energies = stage.play(&source, plan.effort(40_000), plan.seed)?;
            for region in ["VOI 1", "VOI 2", "VOI 3", "VOI 4"] {
                found.push(row(&key, region, "eV/history", TOLERANCE, *of(&energies, region)));
            }
        }
    }
    Ok(found)
}

/// The cylinder with its four slabs, in voxels of this width, with or without the air between source and cylinder.
pub fn slabs(voxel_cm: f64, with_air: bool) -> Result<Phantom> {
    let pmma = Material::named("pmma")?;
    let mut regions = vec![("air".to_owned(), air()?), ("cylinder".to_owned(), pmma.clone())];
    regions.extend((1..=4).map(|slab| (format!("VOI {slab}"), pmma.clone())));
    let low_x_cm = if with_air { -SOURCE_CM } else { -RADIUS_CM };
    let margin_cm = if with_air { RADIUS_CM + 6.0 } else { RADIUS_CM };
    let grid = grid(
        [low_x_cm, -margin_cm, -HALF_LENGTH_CM],
        [margin_cm, margin_cm, HALF_LENGTH_CM],
        [voxel_cm, voxel_cm, 0.5],
    );
    Ok(scene("tg195-case4.1", grid, regions, |p| {
        if p.x.hypot(p.y) >= RADIUS_CM {
            return u8::from(with_air);
        }
        let slab = (p.z + 0.5).floor();
        if (0.0..4.0).contains(&slab) { slab as u8 + 3 } else { 2 }
    }))
}

/// Case 4.2.
pub fn run_rods(plan: &Plan) -> Result<Vec<Row>> {
    let phantom = rods(0.1)?;
    let stage = Stage::new(&phantom, is_rod)?;
    let mut found = Vec::new();
    for spectrum in SPECTRA {
        for collimation_mm in COLLIMATIONS_MM {
            let key = Key { case: "4.2", spectrum, mode: "fan", angle: "", collimation_mm };
            plan.tell(&key.describe());
            let at_rest = field(spectrum, collimation_mm, Turning::At(0.0))?;
            let energies = stage.play(&at_rest, plan.effort(100_000), plan.seed)?;
            let rod = |name: &str| rod_energy(&stage, &energies, name);
            for angle in 0..ANGLES {
                let degrees = (10 * angle).to_string();
                let key = Key { angle: &degrees, ..key };
                found.push(row(&key, "center", "eV/history", TOLERANCE, rod("center")));
                let name = rod_name(angle);
                found.push(row(&key, "periphery", "eV/history", TOLERANCE, rod(&name)));
            }
            let key = Key { angle: "continuous", ..key };
            plan.tell(&key.describe());
            let turning = field(spectrum, collimation_mm, Turning::Continuous)?;
            let energies = stage.play(&turning, plan.effort(100_000), plan.seed + 1)?;
            for (region, name) in [("center", "center".to_owned()), ("periphery", rod_name(0))] {
                let energy = rod_energy(&stage, &energies, &name);
                found.push(row(&key, region, "eV/history", TOLERANCE, energy));
            }
        }
    }
    Ok(found)
}

/// Whether a region is one of the four slabs.
pub fn is_slab(region: &str) -> bool {
    region.starts_with("VOI")
}

/// Whether a region is a rod.
pub fn is_rod(region: &str) -> bool {
    region != "cylinder"
}

/// Name of the rod that stands for a source angle.
pub fn rod_name(angle: usize) -> String {
    format!("periphery {}", 10 * angle)
}

/// Energy of a rod, scaled from its voxels' volume to its own.
pub fn rod_energy(stage: &Stage, energies: &[(String, Estimate)], name: &str) -> Estimate {
    let true_cm3 = std::f64::consts::PI * ROD_RADIUS_CM * ROD_RADIUS_CM * 2.0 * ROD_HALF_LENGTH_CM;
    with_true_volume(*of(energies, name), stage.volume_cm3(name), true_cm3)
}

/// The cylinder with a rod at the centre and 36 at the periphery, in voxels of this width.
pub fn rods(voxel_cm: f64) -> Result<Phantom> {
    let pmma = Material::named("pmma")?;
    let mut regions = vec![("cylinder".to_owned(), pmma.clone()), ("center".to_owned(), pmma.clone())];
    regions.extend((0..ANGLES).map(|angle| (rod_name(angle), pmma.clone())));
    let half = [RADIUS_CM, RADIUS_CM, HALF_LENGTH_CM];
    let grid = grid(half.map(|h| -h), half, [voxel_cm, voxel_cm, 0.5]);
    // Rods are drawn by the centres of voxels, alike in every slice: a thin beam crosses a few slices only, and
    // their share of the rod must be right for the scaling from voxels to true volume to hold.
    let centre = |at_cm: f64| ((at_cm / voxel_cm).floor() + 0.5) * voxel_cm;
    Ok(scene("tg195-case4.2", grid, regions, |p| {
        if p.x.hypot(p.y) >= RADIUS_CM {
            0
        } else if p.z.abs() > ROD_HALF_LENGTH_CM {
            1
        } else {
            rod_at([centre(p.x), centre(p.y)]).map_or(1, |rod| rod + 2)
        }
    }))
}

/// The rod that holds a point: 0 the centre, 1 + k that of source angle 10° k.
fn rod_at([x_cm, y_cm]: [f64; 2]) -> Option<u8> {
    if x_cm.hypot(y_cm) < ROD_RADIUS_CM {
        return Some(0);
    }
    let step_rad = 360.0 / ANGLES as f64 * RAD_PER_DEG;
    // The rod of source angle a lies at 180° − a.
    let nearest = ((std::f64::consts::PI - y_cm.atan2(x_cm)) / step_rad).round();
    let angle_rad = std::f64::consts::PI - nearest * step_rad;
    let (sin, cos) = angle_rad.sin_cos();
    let distance_cm = (x_cm - ROD_DISTANCE_CM * cos).hypot(y_cm - ROD_DISTANCE_CM * sin);
    (distance_cm < ROD_RADIUS_CM).then_some(1 + (nearest as usize % ANGLES) as u8)
}
