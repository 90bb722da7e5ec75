//! Time of whole histories: the 5-year-old's chest at 2 mm and a 32 cm water cylinder, by estimator.

use std::hint::black_box;
use std::path::Path;

use childsize::geometry::outline::Outline;
use childsize::io::protocol::Protocol;
use childsize::simulation::Exam;
use childsize::source::beam::Beam;
use childsize::source::range_ends::RangeEnds;
use childsize::tally::batch_score::{RegionScore, VoxelScore};
use childsize::transport::aim::fan_windows;
use childsize::transport::batch::{BatchAddress, Estimator, run_batch};
use childsize::transport::world::World;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Histories of one timed batch.
const HISTORIES: u64 = 10_000;

const CYLINDER: &str = r#"
schema = "childsize.protocol/1"
[phantom]
cylinder = { width_mm = 320.0, length_mm = 300.0, material = "water" }
voxel_mm = 2.0
[scanner]
model = "generic-64"
bowtie = "body"
[[acquisition]]
phase = "body"
mode = "helical"
tube_voltage_kv = 120.0
tube_current_ma = 100.0
rotation_time_s = 0.5
total_collimation_mm = 40.0
pitch = 1.0
range = { z_mm = [50.0, -50.0] }
"#;

fn chest() -> Exam {
    Protocol::read(Path::new("examples/chest-5y.toml")).and_then(|p| p.prepare()).expect("an example").exam
}

fn cylinder() -> Exam {
    Protocol::parse(CYLINDER, Path::new(".")).and_then(|p| p.prepare()).expect("a good protocol").exam
}

fn time_histories(criterion: &mut Criterion, name: &str, exam: &Exam) {
    let outline = Outline::of(&exam.phantom);
    let world = World::new(&exam.phantom, &outline).expect("a body");
    let beam = Beam::new(&exam.scanner, &exam.acquisitions[0], exam.placement).expect("a beam");
    let windows = fan_windows(&beam, &outline);
    let beam = beam.with_windows(windows);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(HISTORIES)).sample_size(10);
    let address = |batch| BatchAddress { seed: 1, acquisition: 0, batch };
    let mut batch = 0;
    for estimator in [Estimator::Analog, Estimator::TrackLength, Estimator::Organ] {
        group.bench_function(estimator.name(), |bencher| {
            bencher.iter(|| {
                batch += 1;
                let mut score = RegionScore::<true>::new(RangeEnds::NONE);
                run_batch(&world, &beam, estimator, address(batch), HISTORIES, &mut score);
                black_box(score.balance)
            });
        });
    }
    let mut voxel_kev = vec![0.0; exam.phantom.grid.len()];
    group.bench_function("map", |bencher| {
        bencher.iter(|| {
            batch += 1;
            let mut score = VoxelScore::<true>::new(&mut voxel_kev, RangeEnds::NONE);
            run_batch(&world, &beam, Estimator::Map, address(batch), HISTORIES, &mut score);
            black_box(score.balance)
        });
    });
    group.finish();
}

fn histories(criterion: &mut Criterion) {
    time_histories(criterion, "chest-5y-2mm", &chest());
    time_histories(criterion, "cylinder-32cm-2mm", &cylinder());
}

criterion_group!(benches, histories);
criterion_main!(benches);
