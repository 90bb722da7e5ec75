//! The validation suites as tests: what a change of the engine must not break.

use childsize::source::field::Turning;
use childsize::transport::batch::Estimator;
use childsize::validation::row::{Row, Verdict};
use childsize::validation::tg195::case4;
use childsize::validation::tg195::scene::{Effort, Stage};
use childsize::validation::{Plan, Suite, run};

fn plan(quick: bool, cases: &[&str]) -> Plan<'static> {
    let cases = cases.iter().map(|&case| case.to_owned()).collect();
    Plan { quick, case5: case5(), cases, seed: 1, listener: &|what| println!("{what}") }
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
