//! Evaluating a protocol from a response matrix: weights and sums, no transport. The whole evaluation has a table of
//! organs beside the sums, whose masses and coverages are counted from the voxels.

use std::hint::black_box;

use childsize::analysis::response::answer::answer;
use childsize::analysis::response::rows::rows_of;
use childsize::analysis::response::table;
use childsize::io::protocol::{Subject, SubjectKeys};
use childsize::simulation::response::{AwaitedScan, Effort, Making, making_acquisition, respond};
use childsize::simulation::{Exam, Unobserved};
use childsize::source::cell_weights::CellWeights;
use criterion::{Criterion, criterion_group, criterion_main};

fn evaluate(criterion: &mut Criterion) {
    let keys =
        SubjectKeys { phantom: "ce-05y-arms-raised", scanner: "generic-64", bowtie: None, voxel_mm: None };
    let subject = Subject::of(&keys).expect("a shipped phantom");
    let (rows, combinations) = rows_of(&subject.phantom);
    let making = Making {
        phantom: &subject.phantom,
        scanner: &subject.scanner,
        placement: subject.placement,
        collimation_cm: 4.0,
        z_cm: None,
        plane_cm: 0.5,
        angles: 12,
        tilt: true,
    };
    let effort = Effort {
        seed: 1,
        awaited: vec![AwaitedScan::whole(rows.organs_of_at_least(10.0), 0.5)],
        most_histories: 1,
    };
    let matrix = respond(&making, &combinations, &effort, &Unobserved).expect("a response");
    let marks = &subject.phantom.landmarks_z_cm;
    let scan = making_acquisition([marks["diaphragm"], marks["lung_apex"]], 4.0);
    let exam = Exam {
        phantom: subject.phantom.clone(),
        scanner: subject.scanner.clone(),
        placement: subject.placement,
        acquisitions: vec![scan.clone()],
    };
    let two_phases = Exam { acquisitions: vec![scan.clone(); 2], ..exam.clone() };
    for (what, exam) in [("a chest scan", &exam), ("two phases", &two_phases)] {
        criterion.bench_function(&format!("evaluate {what} of the 5-year-old, with the table"), |bencher| {
            bencher.iter(|| table::evaluate(black_box(exam), &rows, &matrix).expect("an evaluation"));
        });
    }
    criterion.bench_function("sums of a chest scan of the 5-year-old", |bencher| {
        bencher.iter(|| {
            let weights = CellWeights::of(black_box(&scan), &subject.scanner, &matrix.grid).expect("weights");
            answer(&matrix, &[weights])
        });
    });
}

criterion_group! {
    name = benches;
    // Its plots ask for a font that the program's own plotting library is built without.
    config = Criterion::default().without_plots();
    targets = evaluate
}
criterion_main!(benches);
