//! Case 1: air kerma behind no, one half-value and one quarter-value layer of aluminium.
//!
//! The cone just covers the scoring disc. Aluminium and air are voxels whose faces along the beam are those of the
//! layer; kerma is the energy imparted to a disc of air by what comes through and by what is scattered into it.

use std::f64::consts::PI;

use nalgebra::Vector3;

use crate::data::material::Material;
use crate::error::Result;
use crate::geometry::grid::VoxelGrid;
use crate::geometry::phantom::Phantom;
use crate::physics::cross_section::Attenuation;
use crate::source::field::{Aperture, Field, Turning};
use crate::tally::estimate::Estimate;
use crate::validation::Plan;
use crate::validation::row::Row;
use crate::validation::scan::ratio;
use crate::validation::table::{number, rows};
use crate::validation::tg195::TOLERANCE;
use crate::validation::tg195::scene::{EV_PER_KEV, Effort, Stage, air, of, scene};
use crate::validation::tg195::spectra::labelled;
use crate::validation::tg195::values::{Key, row};

/// Beam, thickness of one HVL and one QVL, cm.
const BEAMS: [(&str, f64, f64); 4] = [
    ("30 keV", 0.2273, 0.4546),
    ("100 keV", 1.511, 3.022),
    ("30 kVp", 0.034_31, 0.076_63),
    ("100 kVp", 0.3950, 0.9840),
];
/// Distance from source to disc, cm.
const DISTANCE_CM: f64 = 100.0;
/// Distance from source to aluminium, cm.
const FILTER_CM: f64 = 10.0;
/// Radius of the disc, cm.
const RADIUS_CM: f64 = 0.5;
/// Half the width of the aluminium, cm.
const FILTER_HALF_WIDTH_CM: f64 = 2.0;
/// Largest thickness of a slice; the disc is one slice, cm.
const SLICE_CM: f64 = 0.05;
const AIR_G_CM3: f64 = 0.001_205;
const ALUMINIUM_G_CM3: f64 = 2.699;
const MM2_PER_CM2: f64 = 100.0;

/// The twelve kermas and their eight ratios.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for (label, hvl_cm, qvl_cm) in BEAMS {
        let key = Key { case: "1", spectrum: label, ..Key::default() };
        plan.tell(&key.describe());
        let filters = [("NoneFilter", 0.0), ("HVLFilter", hvl_cm), ("QVLFilter", qvl_cm)];
        let mut kermas = Vec::new();
        for (region, thickness_cm) in filters {
            let kerma = kerma_per_history(plan, label, thickness_cm)?;
            found.push(row(&key, region, "keV cm2/g per mm2", TOLERANCE, kerma));
            kermas.push(kerma);
        }
        let key = Key { case: "1 HVL", ..key };
        for (region, filtered) in [("HVL", kermas[1]), ("QVL", kermas[2])] {
            found.push(row(&key, region, "1", TOLERANCE, ratio(&filtered, &kermas[0])));
        }
    }
    Ok(found)
}

/// Kerma of the disc in the report's unit, keV cm²/g per mm² and photon in the cone.
fn kerma_per_history(plan: &Plan, label: &str, aluminium_cm: f64) -> Result<Estimate> {
    let phantom = layer(aluminium_cm)?;
    let stage = Stage::new(&phantom, |region| region == "disc")?;
    let half_angle_rad = (RADIUS_CM / DISTANCE_CM).atan();
    let cone = Aperture::Cone { axis: Vector3::z(), half_angle_rad };
    let source = Field::new(Vector3::zeros(), &cone, &labelled(label)?, Turning::At(0.0))?;
    let energies = stage.play(&source, Effort::Histories(plan.histories(20_000, 100_000)), plan.seed)?;
    let disc_g = PI * RADIUS_CM * RADIUS_CM * phantom.grid.spacing_cm[2] * AIR_G_CM3;
    let per_mm2 = 1.0 / (EV_PER_KEV * disc_g * MM2_PER_CM2);
    Ok(of(&energies, "disc").scaled(per_mm2 * report_over_engine(label, aluminium_cm)?))
}

/// Air with a layer of aluminium, in slices that divide the layer.
fn layer(aluminium_cm: f64) -> Result<Phantom> {
    let slices_of_layer = (aluminium_cm / SLICE_CM).ceil();
    let slice_cm = if aluminium_cm > 0.0 { aluminium_cm / slices_of_layer } else { SLICE_CM };
    let before = (FILTER_CM / slice_cm).floor();
    let disc = ((DISTANCE_CM - FILTER_CM) / slice_cm + before).floor();
    let width_cm = 2.0 * FILTER_HALF_WIDTH_CM / 80.0;
    let grid = VoxelGrid {
        counts: [80, 80, disc as usize + 4],
        spacing_cm: [width_cm, width_cm, slice_cm],
        corner_cm: [-FILTER_HALF_WIDTH_CM, -FILTER_HALF_WIDTH_CM, FILTER_CM - before * slice_cm],
    };
    let regions = vec![
        ("air".to_owned(), air()?),
        ("aluminium".to_owned(), Material::named("aluminium")?.with_density(ALUMINIUM_G_CM3)?),
        ("disc".to_owned(), air()?),
    ];
    let corner_z_cm = grid.corner_cm[2];
    Ok(scene("tg195-case1", grid, regions, |p| {
        let slice = ((p.z - corner_z_cm) / slice_cm).floor();
        if slice >= before && slice < before + slices_of_layer {
            2
        } else if slice == disc && p.x.hypot(p.y) < RADIUS_CM + width_cm {
            3
        } else {
            1
        }
    }))
}

/// What the report's coefficients make of the engine's, for the photons that come through.
///
/// The report counts photons in bins of 0.5 keV, takes an energy on a bin's edge for the centre of the bin below it,
/// and multiplies with its own table of μen/ρ, from which the engine's μtr/ρ of air is up to 0.2 % away.
fn report_over_engine(label: &str, aluminium_cm: f64) -> Result<f64> {
    let spectrum = labelled(label)?;
    let air = Attenuation::new(&Material::named("air")?);
    let aluminium = Attenuation::new(&Material::named("aluminium")?);
    let arriving = |energy_kev: f64, photons: f64| {
        let depth = aluminium.mu_over_rho_cm2_g(energy_kev) * ALUMINIUM_G_CM3 * aluminium_cm;
        photons * (-depth).exp()
    };
    let bins = || spectrum.energies_kev.iter().zip(&spectrum.photons_per_cm2_mas);
    let theirs: f64 = bins().map(|(&e, &n)| arriving(e, n) * report_kerma(e)).sum();
    let ours: f64 = bins().map(|(&e, &n)| arriving(e, n) * e * air.mu_tr_over_rho_cm2_g(e)).sum();
    Ok(theirs / ours)
}

/// Centre of the report's bin that holds an energy times its μen/ρ, keV cm²/g.
fn report_kerma(energy_kev: f64) -> f64 {
    let mut table = rows(include_str!("../reference/tg195_air_mu_en.csv"));
    let bin = table.find(|words| energy_kev <= number(words[0]) + 0.25);
    bin.map_or(0.0, |words| number(words[0]) * number(words[1]))
}
