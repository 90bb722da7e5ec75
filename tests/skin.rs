//! Claims about the skin: where its largest dose is, and that the largest of noisy values is not taken for it.

mod common;

use childsize::analysis::peak_skin_dose::{Half, dose_mgy, peak_skin_dose};
use childsize::geometry::phantom::{EXTERIOR, Organ, Phantom, Region};
use childsize::simulation::Exam;
use childsize::simulation::outcome::Outcome;
use childsize::simulation::settings::Settings;
use childsize::source::acquisition::{Acquisition, Mode};
use childsize::tally::estimate::Estimate;
use childsize::tally::skin_patches::SkinPatches;
use childsize::transport::batch::Estimator;
use common::{exam, helical, run, scanner, settings, water_cylinder};

/// A cylinder of water whose outermost voxels are skin.
fn with_skin(diameter_cm: f64) -> Phantom {
    let mut phantom = water_cylinder(diameter_cm, 12.0, 0.25);
    let medium = phantom.regions[1].medium;
    let skin = phantom.organs.len() as u16;
    phantom.organs.push(Organ { id: "skin".to_owned(), name: "Skin".to_owned(), target_mass_g: None });
    phantom.regions.push(Region { id: "skin".to_owned(), organ: Some(skin), medium });
    let label = (phantom.regions.len() - 1) as u8;
    let [nx, ny, nz] = phantom.grid.counts;
    for iz in 0..nz {
        for iy in 0..ny {
            for ix in 0..nx {
                let centre = phantom.grid.centre_cm(ix, iy, iz);
                let voxel = phantom.grid.index(ix, iy, iz);
                if phantom.labels[voxel] != EXTERIOR && centre.x.hypot(centre.y) > 0.5 * diameter_cm - 0.3 {
                    phantom.labels[voxel] = label;
                }
            }
        }
    }
    phantom
}

fn play(exam: &Exam, histories: u64) -> Outcome {
    run(exam, &Settings { map_binning: Some([1; 3]), ..settings(Estimator::Map, histories) })
}

/// Doses of the patches whose middle lies within 3 cm of the middle slice.
fn middle_doses(skin: &SkinPatches, outcome: &Outcome) -> Vec<(usize, Estimate)> {
    let middle = (0..skin.masses_g.len()).filter(|&patch| skin.centres_cm[patch].z.abs() < 3.0);
    middle.map(|patch| (patch, dose_mgy(skin, &outcome.acquisitions, patch, Half::Both))).collect()
}

#[test]
fn skin_is_cut_into_patches_that_hold_all_of_it() {
    let phantom = with_skin(12.0);
    let skin = SkinPatches::of(&phantom).unwrap();
    let mass_g = phantom.organ_masses_g()[phantom.organs.len() - 1];
    assert!((skin.masses_g.iter().sum::<f64>() / mass_g - 1.0).abs() < 1e-9);
    let radius = |patch: usize| skin.centres_cm[patch].x.hypot(skin.centres_cm[patch].y);
    assert!((0..skin.masses_g.len()).all(|patch| (5.5..6.25).contains(&radius(patch))));
    assert_eq!(SkinPatches::of(&water_cylinder(12.0, 4.0, 0.5)), None);
}

#[test]
fn a_tube_above_the_table_has_its_peak_at_the_front_in_the_beam() {
    let beam = Acquisition { mode: Mode::Stationary { angle_rad: 0.0 }, ..helical(2.0, -2.0) };
    let exam = exam(with_skin(12.0), scanner(), beam);
    let outcome = play(&exam, 400_000);
    let skin = outcome.skin.as_ref().unwrap();
    let peak = peak_skin_dose(skin, &outcome.acquisitions).unwrap();
    assert!(peak.place_cm.y < -5.0 && peak.place_cm.z.abs() < 2.0, "{peak:?}");
    let back = middle_doses(skin, &outcome).into_iter().find(|&(patch, _)| skin.centres_cm[patch].y > 5.5);
    assert!(back.unwrap().1.mean < 0.5 * peak.dose_mgy.mean, "{peak:?}");
}

#[test]
fn among_patches_of_one_dose_the_peak_is_that_dose_and_not_the_luckiest_patch() {
    // A long scan all around: every patch of the middle receives the same, and the map is noisy.
    let exam = exam(with_skin(12.0), scanner(), helical(6.0, -6.0));
    let outcome = play(&exam, 60_000);
    let skin = outcome.skin.as_ref().unwrap();
    let doses = middle_doses(skin, &outcome);
    let mass = |&(patch, _): &(usize, Estimate)| skin.masses_g[patch];
    let total_g: f64 = doses.iter().map(mass).sum();
    let mean_mgy = doses.iter().map(|dose| mass(dose) * dose.1.mean).sum::<f64>() / total_g;
    let luckiest_mgy = doses.iter().map(|dose| dose.1.mean).fold(0.0, f64::max);
    let peak = peak_skin_dose(skin, &outcome.acquisitions).unwrap().dose_mgy;
    // Corners of the voxels stand 2 % nearer to the tube or farther from it, and the ends of the cylinder count too.
    assert!(
        (peak.mean - mean_mgy).abs() < 4.0 * peak.standard_error + 0.03 * mean_mgy,
        "{peak:?} {mean_mgy}"
    );
    assert!(
        luckiest_mgy - mean_mgy > 3.0 * (peak.mean - mean_mgy).abs(),
        "{luckiest_mgy} {peak:?} {mean_mgy}"
    );
}
