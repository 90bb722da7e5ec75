//! Exams for tests: small, quick, and known.

#![allow(dead_code)] // every test file uses its own part

pub mod bits;
pub mod disk;
pub mod mutants;
pub mod page;
pub mod trials;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes a rough response of the newborn in a moment; the output is still to be named.
pub const QUICK_RESPONSE: [[&str; 2]; 6] = [
    ["respond", "ce-00y-arms-raised"],
    ["--voxel-mm", "4"],
    ["--relative-error", "0.5"],
    ["--ctdi-error", "0.2"],
    ["--angles", "4"],
    ["--plane-mm", "50"],
];

use childsize::data::material::Material;
use childsize::geometry::phantom::Phantom;
use childsize::geometry::standard::elliptic_cylinder;
use childsize::geometry::voxelize::{Voxelization, voxelize};
use childsize::io::phantom_file::load_shipped;
use childsize::simulation::outcome::Outcome;
use childsize::simulation::settings::Settings;
use childsize::simulation::{Exam, Unobserved, simulate};
use childsize::source::acquisition::{Acquisition, Mode, Overrange};
use childsize::source::bowtie::Bowtie;
use childsize::source::gantry::{PatientPosition, Placement, StartAngle};
use childsize::source::scanner::{FlatFilter, Scanner, SpectrumSource};
use childsize::transport::batch::Estimator;

pub fn scanner() -> Scanner {
    Scanner {
        name: "test".to_owned(),
        source_to_isocentre_cm: 59.5,
        fan_angle_rad: 52_f64.to_radians(),
        spectrum: SpectrumSource::Model { anode_angle_rad: 7_f64.to_radians() },
        filtration: vec![FlatFilter { material: Material::named("aluminium").unwrap(), thickness_cm: 0.6 }],
        bowtie: None,
    }
}

/// A body-like aluminium bowtie: 2 mm in the middle, 25 mm at 26 degrees.
pub fn bowtie() -> Bowtie {
    let angles_rad: Vec<f64> = (0..=54).map(|k| (f64::from(k) * 0.5).to_radians()).collect();
    let thicknesses_cm: Vec<f64> = angles_rad.iter().map(|a| 0.2 + 11.2 * a * a).collect();
    Bowtie::new("test", Material::named("aluminium").unwrap(), &angles_rad, &thicknesses_cm).unwrap()
}

pub fn helical(top_z_cm: f64, bottom_z_cm: f64) -> Acquisition {
    Acquisition {
        phase: "test".to_owned(),
        mode: Mode::Helical { pitch: 1.0 },
        tube_voltage_kv: 120.0,
        tube_current_ma: 100.0,
        rotation_time_s: 1.0,
        collimation_cm: 4.0,
        top_z_cm,
        bottom_z_cm,
        overrange: Overrange::None,
        start_angle: StartAngle::Random,
        modulation: None,
        dynamic_collimation: false,
        scanner: None,
        output_factor: 1.0,
    }
}

pub fn exam(phantom: Phantom, scanner: Scanner, acquisition: Acquisition) -> Exam {
    let placement = Placement { position: PatientPosition::Hfs, isocentre_cm: phantom.axis_cm };
    Exam { phantom, scanner, placement, acquisitions: vec![acquisition] }
}

pub fn water_cylinder(diameter_cm: f64, length_cm: f64, voxel_cm: f64) -> Phantom {
    let water = Material::named("water").unwrap();
    elliptic_cylinder(diameter_cm, diameter_cm, length_cm, water, [voxel_cm; 3]).unwrap()
}

/// A newborn of coarse voxels: skull, lung, soft tissue and air in a small space.
pub fn newborn(voxel_cm: f64) -> Phantom {
    voxelize(&load_shipped("ce-00y").unwrap(), &Voxelization::cubes(voxel_cm)).unwrap()
}

/// A helical scan of the newborn's chest.
pub fn newborn_chest(voxel_cm: f64) -> Exam {
    chest("ce-00y", voxel_cm)
}

/// A helical scan of the chest of a shipped phantom.
pub fn chest(id: &str, voxel_cm: f64) -> Exam {
    let phantom = voxelize(&load_shipped(id).unwrap(), &Voxelization::cubes(voxel_cm)).unwrap();
    let (top, bottom) = (phantom.landmarks_z_cm["lung_apex"], phantom.landmarks_z_cm["diaphragm"]);
    exam(phantom, Scanner { bowtie: Some(bowtie()), ..scanner() }, helical(top + 1.0, bottom - 1.0))
}

pub fn settings(estimator: Estimator, histories: u64) -> Settings {
    Settings { seed: 20_260_101, histories, estimator, map_binning: None, target: None }
}

pub fn run(exam: &Exam, settings: &Settings) -> Outcome {
    simulate(exam, settings, &Unobserved).unwrap()
}

/// Runs on a pool of its own.
pub fn run_on(threads: usize, exam: &Exam, settings: &Settings) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| run(exam, settings))
}

/// Index of an organ.
pub fn organ(phantom: &Phantom, id: &str) -> usize {
    phantom.organs.iter().position(|organ| organ.id == id).unwrap_or_else(|| panic!("no organ {id}"))
}

/// The program, without a cache.
pub fn childsize() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_childsize"));
    command.env("CHILDSIZE_CACHE", "");
    command
}

/// The newborn's abdomen, coarse and short, at a tube voltage.
pub fn quick_protocol(folder: &Path, name: &str, tube_voltage_kv: f64, phase: &str) -> PathBuf {
    let path = folder.join(name);
    let text = format!(
        r#"schema = "childsize.protocol/1"
[phantom]
id = "ce-00y-arms-raised"
voxel_mm = 4.0
[scanner]
model = "generic-64"
[[acquisition]]
phase = "{phase}"
mode = "helical"
tube_voltage_kv = {tube_voltage_kv}
tube_current_ma = 100.0
rotation_time_s = 0.5
total_collimation_mm = 20.0
pitch = 1.0
range = {{ top = "liver_top", bottom = "liver_bottom" }}
[run]
histories = 60000
"#
    );
    std::fs::write(&path, text).unwrap();
    path
}
