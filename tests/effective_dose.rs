//! Active marrow and effective dose.

mod common;

use childsize::analysis::blend::Blend;
use childsize::analysis::effective_dose::{Scheme, effective_dose};
use childsize::analysis::skeleton;
use childsize::data::material::Material;
use childsize::geometry::phantom::BoneSite;
use childsize::geometry::standard::elliptic_cylinder;
use childsize::io::phantom_file::load_shipped;
use childsize::physics::tables::{MediumTables, empty_row};
use childsize::transport::batch::Estimator;
use common::{exam, helical, newborn_chest, run, scanner, settings};

/// μen/ρ of red marrow over that of the adult stylised skeleton, from NIST's elements: energy in keV, ratio.
const NIST_RATIOS: [(f32, f32); 5] =
    [(20.0, 0.2347), (40.0, 0.25061), (60.0, 0.36718), (80.0, 0.55213), (100.0, 0.72031)];

#[test]
fn marrow_absorbs_as_much_less_than_the_skeleton_as_nist_says() {
    let model = load_shipped("ce-adult").unwrap();
    let skeleton = model.materials.iter().find(|material| material.name == "skeleton").unwrap();
    let water = Material::named("water").unwrap();
    let media = [(skeleton, 1.4), (&water, 1.0)];
    let tables = MediumTables::with_bones(&media, &[true, false]);
    let mut row = empty_row();
    for (energy_kev, expected) in NIST_RATIOS {
        tables.fill_row(energy_kev, &mut row);
        let found = row[0].marrow_over_medium;
        assert!((found / expected - 1.0).abs() < 0.01, "{energy_kev} keV: {found}, expected {expected}");
        assert_eq!(row[1].marrow_over_medium, 0.0);
    }
}

#[test]
fn a_bone_of_marrow_has_the_dose_of_marrow() {
    let marrow = Material::named("active_marrow").unwrap();
    let mut phantom = elliptic_cylinder(10.0, 10.0, 10.0, marrow, [0.5; 3]).unwrap();
    let site = BoneSite { organs: vec![0], active_marrow_share: 0.4, endosteum_share: None };
    phantom.bone_sites = vec![site];
    let exam = exam(phantom, scanner(), helical(3.0, -3.0));
    for estimator in [Estimator::Organ, Estimator::Map, Estimator::TrackLength] {
        let outcome = run(&exam, &settings(estimator, 20_000));
        let masses_g = exam.phantom.organ_masses_g();
        let blend = skeleton::active_marrow(&exam.phantom, &masses_g).unwrap();
        let (marrow, organ) = (blend.total_mgy(&outcome.acquisitions), outcome.total_organ_dose_mgy()[0]);
        assert!((marrow.mean / organ.mean - 1.0).abs() < 1e-5, "{}: {marrow:?} {organ:?}", estimator.name());
        let endosteum = skeleton::endosteum(&exam.phantom, &masses_g).unwrap();
        assert_eq!(endosteum, blend, "{}: of one bone, both are all of it", estimator.name());
    }
}

#[test]
fn effective_dose_is_the_weighted_sum_of_tissues_with_an_error_that_knows_their_correlation() {
    let exam = newborn_chest(0.3);
    let outcome = run(&exam, &settings(Estimator::Organ, 200_000));
    for scheme in [Scheme::Icrp60, Scheme::Icrp103] {
        let dose = effective_dose(&exam.phantom, &outcome.acquisitions, scheme).unwrap();
        let weights: f64 = dose.tissues.iter().map(|tissue| tissue.weight).sum();
        let sum: f64 = dose.tissues.iter().map(|tissue| tissue.weight * tissue.dose_mgy.mean).sum();
        assert!((weights - 1.0).abs() < 1e-12, "{}: weights sum to {weights}", scheme.name());
        assert!((sum / dose.total_msv.mean - 1.0).abs() < 1e-12);
        let fully_correlated: f64 =
            dose.tissues.iter().map(|tissue| tissue.weight * tissue.dose_mgy.standard_error).sum();
        let error = dose.total_msv.standard_error;
        assert!(error > 0.0 && error <= fully_correlated * (1.0 + 1e-9), "{error} {fully_correlated}");
    }
}

#[test]
fn an_organ_of_the_icrp_60_remainder_that_exceeds_all_named_tissues_gets_half_of_its_weight() {
    let mut exam = newborn_chest(0.3);
    let heavy = exam.phantom.organs.iter().position(|organ| organ.id == "thymus").unwrap() as u16;
    let outcome = run(&exam, &settings(Estimator::Organ, 100_000));
    let weight = |exam: &childsize::simulation::Exam, tissue: &str| {
        let dose = effective_dose(&exam.phantom, &outcome.acquisitions, Scheme::Icrp60).unwrap();
        dose.tissues.iter().find(|part| part.in_remainder && part.tissue == tissue).unwrap().weight
    };
    assert!(weight(&exam, "thymus") < 0.01);
    // The same energy in a thousandth of the mass is a thousand times the dose.
    let region = exam.phantom.regions.iter().find(|region| region.organ == Some(heavy)).unwrap();
    let mut medium = exam.phantom.media[usize::from(region.medium)].clone();
    medium.density_g_cm3 /= 1000.0;
    exam.phantom.media.push(medium);
    let light = (exam.phantom.media.len() - 1) as u8;
    let regions = exam.phantom.regions.iter_mut().filter(|region| region.organ == Some(heavy));
    regions.for_each(|region| region.medium = light);
    assert!((weight(&exam, "thymus") - 0.025).abs() < 1e-12);
}

#[test]
fn what_cannot_be_given_is_named_and_not_guessed() {
    let exam = newborn_chest(0.3);
    let analog = run(&exam, &settings(Estimator::Analog, 20_000));
    let missing = effective_dose(&exam.phantom, &analog.acquisitions, Scheme::Icrp103).unwrap_err();
    assert_eq!(missing, ["active marrow", "bone surface"]);
    let mut headless = exam.clone();
    headless.phantom.bone_sites.clear();
    let organ = run(&headless, &settings(Estimator::Organ, 20_000));
    let missing = effective_dose(&headless.phantom, &organ.acquisitions, Scheme::Icrp60).unwrap_err();
    assert_eq!(missing, ["active marrow", "bone surface"]);
    assert!(Blend::mean_of(&[], &exam.phantom.organ_masses_g()).is_none());
}
