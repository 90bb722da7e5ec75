//! Instructions of the kernels, counted by valgrind: a gate that a noisy machine cannot trip.
//!
//! `./scripts/count_instructions` runs it. A kernel that takes more instructions than its limit fails; limits stand some
//! ten per cent above what was counted when they were set, and are lowered when a kernel gets leaner.

#![allow(missing_docs)] // of what the macros make

use std::hint::black_box;

use childsize::geometry::outline::Outline;
use childsize::io::protocol::Protocol;
use childsize::simulation::Exam;
use childsize::source::beam::Beam;
use childsize::source::range_ends::RangeEnds;
use childsize::tally::batch_score::{RegionScore, VoxelScore};
use childsize::transport::aim::fan_windows;
use childsize::transport::batch::{BatchAddress, Estimator, run_batch};
use childsize::transport::world::World;
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};

const PROTOCOL: &str = r#"
schema = "childsize.protocol/1"
[phantom]
id = "ce-00y"
voxel_mm = 4.0
[scanner]
model = "generic-64"
bowtie = "body"
[[acquisition]]
phase = "chest"
mode = "helical"
tube_voltage_kv = 100.0
tube_current_ma = 100.0
rotation_time_s = 0.5
total_collimation_mm = 20.0
pitch = 1.0
range = { top = "lung_apex", bottom = "diaphragm" }
"#;

/// Histories that are counted.
const HISTORIES: u64 = 2000;
const ADDRESS: BatchAddress = BatchAddress { seed: 1, acquisition: 0, batch: 0 };

/// What a kernel flies through. Leaked: it has to outlive the counted call, and the process ends with it.
struct Stage {
    world: World<'static>,
    beam: Beam,
    voxel_kev: Vec<f32>,
}

fn stage() -> Stage {
    let exam =
        Protocol::parse(PROTOCOL, ".".as_ref()).and_then(|p| p.prepare()).expect("a good protocol").exam;
    let exam: &'static Exam = Box::leak(Box::new(exam));
    let outline = Outline::of(&exam.phantom);
    let beam = Beam::new(&exam.scanner, &exam.acquisitions[0], exam.placement).expect("a beam");
    let windows = fan_windows(&beam, &outline);
    Stage {
        world: World::new(&exam.phantom, &outline).expect("a body"),
        beam: beam.with_windows(windows),
        voxel_kev: vec![0.0; exam.phantom.grid.len()],
    }
}

fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    LibraryBenchmarkConfig::default()
        .tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]))
        .clone()
}

#[library_benchmark(setup = stage)]
#[bench::histories(config = at_most(6_200_000))]
fn analog(stage: Stage) -> f64 {
    let mut score = RegionScore::<false>::new(RangeEnds::NONE);
    run_batch(&stage.world, &stage.beam, Estimator::Analog, ADDRESS, HISTORIES, &mut score);
    black_box(score.balance.emitted_kev)
}

#[library_benchmark(setup = stage)]
#[bench::histories(config = at_most(36_700_000))]
fn organ(stage: Stage) -> f64 {
    let mut score = RegionScore::<true>::new(RangeEnds::NONE);
    run_batch(&stage.world, &stage.beam, Estimator::Organ, ADDRESS, HISTORIES, &mut score);
    black_box(score.balance.emitted_kev)
}

#[library_benchmark(setup = stage)]
#[bench::histories(config = at_most(27_000_000))]
fn map(mut stage: Stage) -> f64 {
    let mut score = VoxelScore::<true>::new(&mut stage.voxel_kev, RangeEnds::NONE);
    run_batch(&stage.world, &stage.beam, Estimator::Map, ADDRESS, HISTORIES, &mut score);
    black_box(score.balance.emitted_kev)
}

library_benchmark_group!(name = kernels; benchmarks = analog, organ, map);
main!(library_benchmark_groups = kernels);
