//! Lost histories: found, named, left out, replayed; too many of them end the run.

mod common;

use childsize::geometry::outline::Outline;
use childsize::geometry::phantom::{Medium, Phantom, Region};
use childsize::photon::Photon;
use childsize::simulation::replay::{HistoryPlace, replay};
use childsize::simulation::settings::{Settings, Target, TargetOrgans};
use childsize::simulation::{Exam, Unobserved, simulate, simulate_source};
use childsize::source::beam::{PhotonSource, RayDeviates};
use childsize::transport::batch::{BatchAddress, Estimator, run_batch};
use childsize::transport::lost::{Cause, find_lost};
use childsize::transport::trace::Tracer;
use childsize::transport::world::World;
use common::{childsize, exam, helical, newborn_chest, quick_protocol, scanner, settings, water_cylinder};
use nalgebra::Vector3;

/// What a faulty source does with some photons.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Withheld,
    Direction,
    Energy,
}

/// Photons of 60 keV; most fly away from the body, one in a thousand at it, and of those some are faulty.
struct Faulty {
    fault: Fault,
    below: f32,
    at_body: f32,
}

impl PhotonSource for Faulty {
    /// Its height, cm.
    type Spot = f32;

    fn spot(&self, _: f64, turn: f32) -> Option<f32> {
        Some(10.0 * (turn - 0.5))
    }

    fn emit_from(&self, z_cm: &f32, deviates: RayDeviates) -> Photon {
        let flies_at = deviates.fan < self.at_body;
        let is_faulty = deviates.energy < self.below && flies_at;
        let flies_at = flies_at && !(is_faulty && self.fault == Fault::Withheld);
        let mut photon = Photon {
            position_cm: Vector3::new(20.0 * (deviates.cone - 0.5), -60.0, *z_cm),
            direction: if flies_at { Vector3::y() } else { -Vector3::y() },
            energy_kev: 60.0,
            weight: 1.0,
        };
        match self.fault {
            Fault::Direction if is_faulty => photon.direction.x = f32::NAN,
            Fault::Energy if is_faulty => photon.energy_kev = f32::NAN,
            _ => {}
        }
        photon
    }

    fn rotations(&self) -> f64 {
        1.0
    }

    fn photons(&self) -> f64 {
        1.0
    }
}

fn energies(phantom: &Phantom, source: &Faulty, settings: &Settings) -> childsize::error::Result<Vec<u64>> {
    let outline = Outline::of(phantom);
    let world = World::new(phantom, &outline)?;
    let outcome = simulate_source(phantom, &world, source, settings, &Unobserved)?;
    Ok(outcome.organ_kev.iter().map(|estimate| estimate.mean.to_bits()).collect())
}

#[test]
fn a_run_that_loses_histories_ends_with_the_address_of_the_first() {
    let phantom = water_cylinder(16.0, 10.0, 0.5);
    for (estimator, map) in [
        (Estimator::Organ, None),
        (Estimator::Analog, None),
        (Estimator::TrackLength, None),
        (Estimator::Map, Some([1; 3])),
        (Estimator::Analog, Some([1; 3])),
    ] {
        let settings = Settings { map_binning: map, ..settings(estimator, 4000) };
        for fault in [Fault::Direction, Fault::Energy] {
            let error =
                energies(&phantom, &Faulty { fault, below: 0.1, at_body: 0.5 }, &settings).unwrap_err();
            let sentence = error.to_string();
            assert!(sentence.contains("of 4000 histories are lost"), "{sentence}");
            assert!(
                sentence.contains("childsize replay PROTOCOL --acquisition 0 --batch 0 --history"),
                "{sentence}"
            );
            assert!(sentence.contains("(no number)"), "{sentence}");
            assert_eq!(error.exit_code(), 70);
        }
    }
}

/// Two of twenty million: the run goes on, and what is left of it is what a source without the two leaves, bit for bit.
#[test]
fn histories_lost_below_the_limit_count_for_nothing_and_spoil_nothing() {
    let phantom = water_cylinder(16.0, 10.0, 0.5);
    let settings = settings(Estimator::Organ, 20_000_000);
    let source = |fault| Faulty { fault, below: 1e-4, at_body: 1e-3 };
    let without = energies(&phantom, &source(Fault::Withheld), &settings).unwrap();
    let lost = energies(&phantom, &source(Fault::Direction), &settings).unwrap();
    assert_eq!(without, lost);
    assert_ne!(
        lost,
        energies(&phantom, &Faulty { below: 0.0, ..source(Fault::Direction) }, &settings).unwrap()
    );
}

/// Water with one voxel so dense that a step of Woodcock tracking is shorter than a position can tell.
fn singular() -> Phantom {
    let mut phantom = water_cylinder(16.0, 10.0, 0.5);
    let medium = Medium { density_g_cm3: 1e12, ..phantom.media[1].clone() };
    phantom.media.push(medium);
    let organ = phantom.regions[1].organ;
    let medium = (phantom.media.len() - 1) as u8;
    phantom.regions.push(Region { id: "singular".to_owned(), organ, medium });
    let last = phantom.labels.iter().rposition(|&label| label != 0).unwrap();
    phantom.labels[last] = (phantom.regions.len() - 1) as u8;
    phantom
}

#[test]
fn a_photon_that_makes_no_way_is_given_up_and_its_history_named() {
    let phantom = singular();
    let outline = Outline::of(&phantom);
    let source = Faulty { fault: Fault::Withheld, below: 0.0, at_body: 1.0 };
    let address = BatchAddress { seed: 1, acquisition: 0, batch: 7 };
    for estimator in [Estimator::Organ, Estimator::Analog] {
        let world = World::new(&phantom, &outline).unwrap();
        let mut tracer = Tracer::<false>::default();
        run_batch(&world, &source, estimator, address, 2, &mut tracer);
        assert!(tracer.0.given_up > 0, "{estimator:?}");
        let lost = find_lost(&world, &source, estimator.into(), address, (2, false));
        assert!(
            !lost.is_empty() && lost.iter().all(|lost| lost.batch == 7 && lost.cause == Cause::Stuck),
            "{lost:?}"
        );
    }
}

/// What the replays of all histories of a batch score in an organ, and what the run did.
fn replayed_and_run(exam: &Exam, settings: &Settings, batch: u64) -> Vec<(f64, f64)> {
    let outcome = simulate(exam, settings, &Unobserved).unwrap();
    let record = &outcome.acquisitions[0].records[batch as usize];
    let mut organ_kev = vec![0.0; exam.phantom.organs.len()];
    for history in 0..settings.histories_per_batch() {
        let trace = replay(exam, settings, HistoryPlace { acquisition: 0, batch, history }).unwrap();
        let scored = if settings.estimator.scores_kerma() { &trace.kerma_kev } else { &trace.deposited_kev };
        for (region, kev) in exam.phantom.regions.iter().zip(scored.iter()) {
            if let Some(organ) = region.organ {
                organ_kev[usize::from(organ)] += kev;
            }
        }
        let deposited_kev: f64 = trace.deposited_kev.iter().sum();
        let open_kev = trace.emitted_kev - deposited_kev - trace.escaped_kev;
        assert!(open_kev.abs() <= 1e-4 * trace.emitted_kev, "history {history}: {open_kev} keV are missing");
        let told_kev: f64 = trace.interactions.iter().map(|i| f64::from(i.deposited_kev * i.weight)).sum();
        let in_air: f64 = trace
            .interactions
            .iter()
            .filter(|i| i.label.is_none())
            .map(|i| f64::from(i.deposited_kev * i.weight))
            .sum();
        assert!((told_kev - in_air - deposited_kev).abs() <= 1e-4 * trace.emitted_kev.max(1.0));
    }
    organ_kev.into_iter().zip(record.energies.organ_kev.iter().copied()).collect()
}

#[test]
fn replayed_histories_are_those_of_the_run() {
    let water = exam(water_cylinder(16.0, 10.0, 1.0), scanner(), helical(3.0, -3.0));
    let far = Target {
        relative_error: 0.5,
        organs: TargetOrgans::Named(vec!["brain".to_owned()]),
        min_mass_g: 0.0,
        max_wall_s: None,
    };
    let split = Settings { target: Some(far), ..settings(Estimator::Organ, 400) };
    for (exam, settings) in [
        (&water, settings(Estimator::Organ, 400)),
        (&water, settings(Estimator::Analog, 400)),
        (&water, Settings { map_binning: Some([1; 3]), ..settings(Estimator::Map, 400) }),
        (&newborn_chest(1.0), split),
    ] {
        let organs = replayed_and_run(exam, &settings, 3);
        assert!(organs.iter().any(|(_, run)| *run > 0.0));
        for (replayed, run) in organs {
            // The run of a map adds in single precision, voxel by voxel.
            assert!((replayed - run).abs() <= 1e-5 * run.abs(), "{:?}: {replayed} {run}", settings.estimator);
        }
    }
}

#[test]
fn the_program_replays_a_history_the_same_way_twice_and_refuses_one_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let protocol = quick_protocol(folder.path(), "a.toml", 100.0, "native");
    let replayed = |arguments: &[&str]| {
        let output = childsize().arg("replay").arg(&protocol).args(arguments).output().unwrap();
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code(), out, error)
    };
    let first = replayed(&["--acquisition", "native", "--batch", "2", "--history", "5", "--trace"]);
    assert_eq!(first.0, Some(0), "{}", first.2);
    assert!(first.1.contains("process") && first.1.contains("escaped"), "{}", first.1);
    assert_eq!(first, replayed(&["--batch", "2", "--history", "5", "--trace"]));
    assert_ne!(first, replayed(&["--batch", "2", "--history", "6", "--trace"]));
    for (arguments, sentence) in [
        (["--batch", "100000", "--history", "5"], "batch must be below"),
        (["--batch", "0", "--history", "9999999"], "history must be below"),
    ] {
        let (code, _, error) = replayed(&arguments);
        assert!(code == Some(65) && error.contains(sentence), "{error}");
    }
    let (code, _, error) = replayed(&["--acquisition", "venous", "--batch", "0", "--history", "0"]);
    assert!(code == Some(65) && error.contains("--acquisition must be a number or a phase"), "{error}");
}
