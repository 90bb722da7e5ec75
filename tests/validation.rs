//! The validation suites as tests: what a change of the engine must not break.

use childsize::source::field::Turning;
use childsize::tally::estimate::Estimate;
use childsize::transport::batch::Estimator;
use childsize::validation::row::{Row, Verdict};
use childsize::validation::tg195::scene::{Effort, Stage};
use childsize::validation::tg195::{case3, case4};
use childsize::validation::{Plan, Suite, run};

fn plan(quick: bool, cases: &[&str]) -> Plan<'static> {
    let cases = cases.iter().map(|&case| case.to_owned()).collect();
    Plan { quick, case5: case5(), cases, error_factor: 1.0, seed: 1, listener: &|what| println!("{what}") }
}

/// The Case 5 volume, where the environment names it.
fn case5() -> Option<std::path::PathBuf> {
    std::env::var_os("CHILDSIZE_CASE5").map(std::path::PathBuf::from)
}

/// No row fails; prints those that do.
fn assert_no_failure(rows: &[Row]) {
    let failed: Vec<String> = (rows.iter().filter(|row| row.verdict == Verdict::Fail))
        .map(|row| format!("{} {}: {:?} %", row.case, row.quantity, row.difference_percent))
        .collect();
    assert!(!rows.is_empty() && failed.is_empty(), "{} rows, failed: {failed:#?}", rows.len());
}

#[test]
fn every_nist_node_and_every_reference_spectrum_is_met() {
    for suite in [Suite::Attenuation, Suite::Spectra] {
        assert_no_failure(&run(suite, &plan(true, &[])).unwrap());
    }
}

#[test]
fn tg195_case_1_half_value_layers_are_those_of_the_codes() {
    let rows = run(Suite::Tg195, &plan(true, &["1"])).unwrap();
    assert_eq!(rows.len(), 20);
    assert_no_failure(&rows);
}

#[test]
fn tg195_case_4_1_slabs_are_those_of_the_codes() {
    let rows = run(Suite::Tg195, &plan(true, &["4.1"])).unwrap();
    assert_eq!(rows.len(), 16);
    assert_no_failure(&rows);
}

#[test]
fn without_its_volume_case_5_is_left_out_and_said_so() {
    let heard = std::sync::Mutex::new(Vec::new());
    let listener = |what: &str| heard.lock().unwrap().push(what.to_owned());
    let path = std::path::PathBuf::from(file!());
    let plan = Plan { case5: Some(path), listener: &listener, ..plan(true, &["5"]) };
    assert!(run(Suite::Tg195, &plan).unwrap().is_empty());
    let heard = heard.lock().unwrap().join("\n");
    assert!(heard.contains("must hold 41600000 voxels of one byte"), "{heard}");
}

#[test]
#[ignore = "slow: 4 minutes"]
fn a_turned_source_gives_the_rod_of_its_angle() {
    let phantom = case4::rods(0.1).unwrap();
    let stage = Stage::new(&phantom, case4::is_rod).unwrap();
    let play = |turning| {
        let source = case4::field("56.4 keV", "10", turning).unwrap();
        stage.play_with(&source, 400_000, 7, Estimator::Organ).unwrap()
    };
    let at_rest = play(Turning::At(0.0));
    for angle in [5, 13, 18, 27] {
        let turned = play(Turning::At((10.0 * angle as f64).to_radians()));
        let direct = case4::rod_energy(&stage, &turned, &case4::rod_name(0));
        let by_rotation = case4::rod_energy(&stage, &at_rest, &case4::rod_name(angle));
        println!("{angle}0 deg: {direct:?} {by_rotation:?}");
        assert!(direct.agrees_with(&by_rotation, 4.0), "{angle}0 deg: {direct:?} {by_rotation:?}");
    }
}

#[test]
#[ignore = "slow: 2 minutes"]
fn air_scatter_and_voxel_size_change_the_slabs_of_case_4_1_by_less_than_1_percent() {
    let energies = |voxel_cm, with_air| {
        let phantom = case4::slabs(voxel_cm, with_air).unwrap();
        let source = case4::field("56.4 keV", "10", Turning::At(0.0)).unwrap();
        Stage::new(&phantom, case4::is_slab).unwrap().play(&source, Effort::Histories(400_000), 3).unwrap()
    };
    let usual = energies(0.2, true);
    for (name, other) in [("0.4 cm", energies(0.4, true)), ("without air", energies(0.2, false))] {
        for (region, energy) in other.iter().filter(|(region, _)| region.starts_with("VOI")) {
            let with = usual.iter().find(|(known, _)| known == region).unwrap().1;
            println!("{name}, {region}: {:+.2} %", 100.0 * (energy.mean / with.mean - 1.0));
            assert!((energy.mean / with.mean - 1.0).abs() < 0.01, "{name}, {region}");
        }
    }
}

/// What other voxels change: the largest difference of a region, %, its error taken off.
fn largest_change_percent(usual: &[(String, Estimate)], other: &[(String, Estimate)]) -> f64 {
    let change = |name: &str, energy: &Estimate| {
        let (_, usual) = usual.iter().find(|(known, _)| known == name).unwrap();
        let percent = 100.0 * (energy.mean / usual.mean - 1.0);
        let error = 100.0 * energy.relative_error().hypot(usual.relative_error());
        println!("{name}: {percent:+.2} ± {error:.2} %");
        percent.abs() - 2.0 * error
    };
    other.iter().map(|(name, energy)| change(name, energy)).fold(0.0, f64::max)
}

#[test]
#[ignore = "slow: 20 minutes"]
fn voxels_of_half_the_width_change_no_box_of_case_3_by_more_than_0_5_percent() {
    let energies = |voxel_cm, mode| {
        let phantom = case3::breast(voxel_cm).unwrap();
        let source = case3::field(mode, "16.8 keV").unwrap();
        let stage = Stage::new(&phantom, case3::is_scored).unwrap();
        let energies = stage.play(&source, Effort::Histories(3_000_000), 3).unwrap();
        energies.into_iter().filter(|(region, _)| case3::is_scored(region)).collect::<Vec<_>>()
    };
    for mode in ["radiography", "tomosynthesis"] {
        println!("{mode}");
        assert!(largest_change_percent(&energies(0.2, mode), &energies(0.1, mode)) < 0.5);
    }
}

#[test]
#[ignore = "slow: 10 minutes"]
fn voxels_of_half_the_width_change_no_rod_of_case_4_2_by_more_than_0_5_percent() {
    let energies = |voxel_cm| {
        let phantom = case4::rods(voxel_cm).unwrap();
        let source = case4::field("56.4 keV", "10", Turning::At(0.0)).unwrap();
        let stage = Stage::new(&phantom, case4::is_rod).unwrap();
        let energies = stage.play(&source, Effort::Histories(3_000_000), 3).unwrap();
        let rods = ["center".to_owned()].into_iter().chain((0..case4::ANGLES).map(case4::rod_name));
        rods.map(|rod| (rod.clone(), case4::rod_energy(&stage, &energies, &rod))).collect::<Vec<_>>()
    };
    assert!(largest_change_percent(&energies(0.1), &energies(0.05)) < 0.5);
}

#[test]
#[ignore = "slow: 8 minutes"]
fn the_quick_validation_has_no_failure() {
    for suite in [Suite::Tg195, Suite::Ctdi, Suite::Size, Suite::Paediatric] {
        assert_no_failure(&run(suite, &plan(true, &[])).unwrap());
    }
}

#[test]
#[ignore = "slow: 2 hours"]
fn the_full_tg195_has_no_failure() {
    assert_no_failure(&run(Suite::Tg195, &plan(false, &[])).unwrap());
}
