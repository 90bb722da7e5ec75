//! Claims about the air between focal spot and body: it takes photons and scatters some of them into the body.

mod common;

use childsize::data::material::Material;
use childsize::geometry::grid::VoxelGrid;
use childsize::geometry::phantom::{EXTERIOR, Organ, Phantom, Region};
use childsize::simulation::Exam;
use childsize::source::acquisition::{Acquisition, Mode};
use childsize::source::scanner::Scanner;
use childsize::tally::estimate::Estimate;
use childsize::transport::batch::Estimator;
use common::{exam, helical, run, scanner, settings, water_cylinder};

const RADIUS_CM: f64 = 8.0;

/// A cylinder of water, 40 cm long, with a narrow beam across its middle; what lies 5 cm and more beside the beam is an organ
/// of its own. The air around it is either played voxel by voxel, out to the focal spot, or left to the way in.
fn scene(with_air: bool) -> Exam {
    let mut phantom: Phantom = water_cylinder(2.0 * RADIUS_CM, 40.0, 0.5);
    let medium = phantom.regions[1].medium;
    for id in ["beside", "air"] {
        let organ = Some(phantom.organs.len() as u16);
        phantom.organs.push(Organ { id: id.to_owned(), name: id.to_owned(), target_mass_g: None });
        let medium = if id == "air" { phantom.regions[0].medium } else { medium };
        phantom.regions.push(Region { id: id.to_owned(), organ, medium });
    }
    let reach_cm = if with_air { 60.0 } else { RADIUS_CM + 1.0 };
    let counts = [reach_cm, reach_cm, 20.0].map(|half: f64| (2.0 * half / 0.5).round() as usize);
    let grid = VoxelGrid { counts, spacing_cm: [0.5; 3], corner_cm: [-reach_cm, -reach_cm, -20.0] };
    let label = |voxel: usize| {
        let place = [voxel % counts[0], voxel / counts[0] % counts[1], voxel / (counts[0] * counts[1])];
        let centre = grid.centre_cm(place[0], place[1], place[2]);
        match centre.x.hypot(centre.y) < RADIUS_CM {
            true if centre.z.abs() > 5.0 => 2,
            true => 1,
            false if with_air => 3,
            false => EXTERIOR,
        }
    };
    phantom.labels = (0..counts.iter().product()).map(label).collect();
    phantom.grid = grid;
    let beam = Acquisition { mode: Mode::Stationary { angle_rad: 0.0 }, ..helical(0.5, -0.5) };
    // A fan as wide as the cylinder: what is beside it is aimed past the body, and not played.
    let scanner = Scanner { fan_angle_rad: 2.0 * (RADIUS_CM / 59.5).asin(), ..scanner() };
    exam(phantom, scanner, Acquisition { collimation_cm: 1.0, ..beam })
}

fn doses(with_air: bool, estimator: Estimator, histories: u64) -> [Estimate; 2] {
    let outcome = run(&scene(with_air), &settings(estimator, histories));
    let doses = &outcome.acquisitions[0].organ_dose_mgy;
    [doses[0], doses[1]]
}

#[test]
fn air_on_the_way_gives_what_air_in_voxels_gives_with_every_estimator() {
    let voxels = doses(true, Estimator::Organ, 2_000_000);
    for (estimator, histories) in
        [(Estimator::Organ, 2_000_000), (Estimator::Map, 2_000_000), (Estimator::Analog, 4_000_000)]
    {
        let way = doses(false, estimator, histories);
        for (part, (way, voxels)) in way.iter().zip(&voxels).enumerate() {
            // What air behind and beside the body sends back is left out: 0.2 %.
            let allowed = 3.5 * way.standard_error.hypot(voxels.standard_error) + 0.002 * voxels.mean;
            let difference = way.mean / voxels.mean - 1.0;
            assert!(
                (way.mean - voxels.mean).abs() < allowed,
                "{} part {part}: {difference:+.4}, {way:?} {voxels:?}",
                estimator.name()
            );
        }
    }
}

#[test]
#[ignore = "slow: 2 minutes, to see what air beside a body's shadow adds"]
fn air_beside_the_shadow_adds_little_behind_a_bowtie() {
    for bowtie in [Some(common::bowtie()), None] {
        let has_bowtie = bowtie.is_some();
        let dose = |with_air: bool| {
            let mut scene = scene(with_air);
            scene.scanner = Scanner { bowtie: bowtie.clone(), ..scanner() };
            let outcome = run(&scene, &settings(Estimator::Organ, 6_000_000));
            let doses = &outcome.acquisitions[0].organ_dose_mgy;
            [doses[0], doses[1]]
        };
        let (voxels, way) = (dose(true), dose(false));
        for (part, (way, voxels)) in way.iter().zip(&voxels).enumerate() {
            let missing = 1.0 - way.mean / voxels.mean;
            let error = way.relative_error().hypot(voxels.relative_error());
            println!(
                "bowtie {has_bowtie}, part {part}: {:.2} +- {:.2} % missing",
                100.0 * missing,
                100.0 * error
            );
            let most = if has_bowtie { 0.01 } else { 0.03 };
            assert!(missing.abs() < most + 3.0 * error, "{missing} +- {error}");
        }
    }
}

#[test]
fn without_the_scatter_of_air_the_dose_beside_the_beam_would_be_too_small() {
    // The same beam from a focal spot in air as thin as nothing: more arrives in the beam, less beside it per dose there.
    let mut vacuum = scene(false);
    let exterior = usize::from(vacuum.phantom.regions[0].medium);
    vacuum.phantom.media[exterior].density_g_cm3 = 1e-9;
    vacuum.phantom.media[exterior].material = Material::named("air").unwrap().with_density(1e-9).unwrap();
    let outcome = run(&vacuum, &settings(Estimator::Organ, 1_000_000));
    let in_vacuum = &outcome.acquisitions[0].organ_dose_mgy;
    let in_air = doses(false, Estimator::Organ, 1_000_000);
    let share = |doses: &[Estimate]| doses[1].mean / doses[0].mean;
    let error = in_air[1].relative_error().hypot(in_vacuum[1].relative_error());
    let gain = share(&in_air) / share(in_vacuum) - 1.0;
    assert!(gain > 3.0 * error && gain < 0.1, "{gain} +- {error}");
    assert!(in_air[0].mean < in_vacuum[0].mean);
}
