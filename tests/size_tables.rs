//! Size tables: those that ship are whole and of this program, and estimates follow them and stay within them.

mod common;

use childsize::analysis::ctdi::CtdiPhantom;
use childsize::analysis::size_tables::estimate::{Question, estimate};
use childsize::analysis::size_tables::{AGES, LEAST_COVERAGE, REGIONS, TUBE_VOLTAGES_KV};
use childsize::analysis::ssde::size_factor;
use childsize::geometry::voxelize::{Voxelization, voxelize};
use childsize::io::digest::phantom_digest;
use childsize::io::phantom_file::load_shipped;
use childsize::io::size_tables::shipped;
use common::childsize;

fn question(age_y: f64, region: &str, tube_voltage_kv: f64) -> Question {
    Question {
        age_y,
        region: region.to_owned(),
        tube_voltage_kv,
        ctdi_vol_mgy: 2.0,
        body32: true,
        water_equivalent_diameter_cm: None,
    }
}

#[test]
fn the_shipped_tables_are_whole_and_of_the_shipped_phantoms() {
    let file = shipped().unwrap();
    assert_eq!(file.tables.entries.len(), AGES.len() * REGIONS.len() * TUBE_VOLTAGES_KV.len());
    for entry in &file.tables.entries {
        let in_field = entry
            .organs
            .iter()
            .filter(|o| o.coverage.is_some_and(|c| c >= LEAST_COVERAGE) && o.mass_g >= 10.0);
        for organ in in_field {
            let error = organ.dose_per_ctdi_vol.relative_error();
            assert!(error <= 0.005, "{} {} {}: {error}", entry.age, entry.region, organ.id);
        }
    }
    // Voxels of the smallest child are made anew: a phantom that was changed needs new tables.
    let newborn = file.phantoms.iter().find(|phantom| phantom.age == "00y").unwrap();
    let phantom = voxelize(&load_shipped(&newborn.id).unwrap(), &Voxelization::cubes(0.1)).unwrap();
    assert_eq!(phantom_digest(&phantom), newborn.digest, "make the tables anew: scripts/make_size_tables");
}

#[test]
fn an_estimate_at_a_node_is_the_node_and_between_nodes_lies_between() {
    let tables = shipped().unwrap().tables;
    let lungs = |age_y, kv| {
        let answer = estimate(&tables, &question(age_y, "chest", kv)).unwrap();
        answer.organs.iter().find(|part| part.id == "lungs").unwrap().dose.mean
    };
    let node = tables.entry("05y", "chest", 100.0).unwrap().organ("lungs").unwrap().dose_per_ctdi_vol.mean;
    assert!((lungs(5.0, 100.0) / (2.0 * node) - 1.0).abs() < 1e-12);
    for (low, middle, high) in [
        (lungs(10.0, 100.0), lungs(7.0, 100.0), lungs(5.0, 100.0)),
        (
            lungs(5.0, 100.0).min(lungs(5.0, 110.0)),
            lungs(5.0, 104.0),
            lungs(5.0, 100.0).max(lungs(5.0, 110.0)),
        ),
    ] {
        assert!(low <= middle && middle <= high, "{low} {middle} {high}");
    }
}

#[test]
fn a_larger_child_of_one_age_gets_less_and_beyond_the_tables_nothing_is_said() {
    let tables = shipped().unwrap().tables;
    let with = |dw| Question { water_equivalent_diameter_cm: dw, ..question(5.0, "abdomen-pelvis", 120.0) };
    let at_age = estimate(&tables, &with(None)).unwrap();
    let larger = estimate(&tables, &with(Some(at_age.water_equivalent_diameter_cm + 2.0))).unwrap();
    let ratio = larger.effective[0].dose.mean / at_age.effective[0].dose.mean;
    // AAPM 204's slope, within a third.
    let dw_cm = at_age.water_equivalent_diameter_cm;
    let factor = |cm| size_factor(CtdiPhantom::Body32, cm).unwrap();
    let expected = factor(dw_cm + 2.0) / factor(dw_cm);
    assert!((ratio.ln() / expected.ln() - 1.0).abs() < 0.4, "{ratio} {expected}");
    for bad in [
        with(Some(60.0)),
        question(21.0, "chest", 100.0),
        question(5.0, "chest", 60.0),
        question(5.0, "knee", 100.0),
    ] {
        assert!(estimate(&tables, &bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_same_noise_at_the_same_tube_voltage_is_the_same_scan() {
    let tables = shipped().unwrap().tables;
    let answer = estimate(&tables, &question(5.0, "chest", 100.0)).unwrap();
    let same = answer.alternatives.iter().find(|other| other.tube_voltage_kv == 100.0).unwrap();
    assert!((same.mas_factor - 1.0).abs() < 1e-12 && (same.ctdi_vol_mgy - 2.0).abs() < 1e-12);
    assert!((same.effective_msv / answer.effective[0].dose.mean - 1.0).abs() < 1e-9);
    assert!(answer.alternatives.windows(2).all(|pair| pair[0].mas_factor > pair[1].mas_factor));
}

#[test]
fn the_command_prints_or_refuses_with_a_sentence() {
    let run = |arguments: &[&str]| childsize().arg("estimate").args(arguments).output().unwrap();
    let scan = ["--age", "5", "--region", "chest", "--kv", "100", "--ctdi-vol", "2.1", "--phantom", "body32"];
    let done = run(&scan);
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("Lungs") && said.contains("research use"), "{said}");
    assert!(said.contains("European RP 185, reference level: CTDIvol (32 cm) 2.7 mGy (RECALLED"), "{said}");
    for (index, value, words) in [
        (1, "40", "--age must be within 0..20 years, found 40"),
        (3, "knee", "--region must be one of"),
        (5, "50", "--kv must be within 70..140 kV, found 50"),
        (7, "0", "--ctdi-vol must be above 0"),
        (9, "body", "--phantom must be head16 or body32"),
    ] {
        let mut changed = scan;
        changed[index] = value;
        let refused = run(&changed);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(65) && said.contains(words), "{said}");
    }
}
