//! The 5-year-old's chest at 2 mm: every estimator in turn.

use std::path::Path;

use crate::error::Result;
use crate::geometry::mass::coverage;
use crate::geometry::outline::Outline;
use crate::geometry::phantom::Phantom;
use crate::io::protocol::Protocol;
use crate::simulation::Exam;
use crate::simulation::outward::importance_of;
use crate::simulation::settings::IN_FIELD_COVERAGE;
use crate::source::beam::Beam;
use crate::transport::aim::fan_windows;
use crate::transport::batch::Estimator;
use crate::transport::world::World;

use super::figure::Figure;
use super::kernel::Kernel;
use super::{ANALOG_PER_ROUND, HISTORIES, Listener, ROUNDS, ROUNDS_PER_MAP, ROUNDS_PER_TARGET};

const PROTOCOL: &str = r#"
schema = "childsize.protocol/1"
[phantom]
id = "ce-05y-arms-raised"
voxel_mm = 2.0
[scanner]
model = "generic-64"
bowtie = "body"
[[acquisition]]
phase = "chest"
mode = "helical"
tube_voltage_kv = 120.0
tube_current_ma = 100.0
rotation_time_s = 0.5
total_collimation_mm = 40.0
pitch = 0.984
range = { top = "lung_apex+10mm", bottom = "diaphragm-20mm" }
"#;

/// Organs lighter than this are left out of the mean over organs in the field, g.
const LEAST_G: f64 = 10.0;
/// A small organ in the field, and organs out of it.
const SMALL: &str = "thyroid";
const OUT_OF_FIELD: [(&str, &str); 3] = [
    ("out_of_field_kidney_fom_over_analog", "kidneys"),
    ("out_of_field_bladder_fom_over_analog", "bladder_wall"),
    ("out_of_field_testes_fom_over_analog", "testes"),
];

/// Kernels: analog and organ without a map, organ for each target out of the field, analog and map with one.
struct Played<'a> {
    analog: Kernel<'a>,
    organ: Kernel<'a>,
    outward: [Kernel<'a>; 3],
    analog_map: Kernel<'a>,
    map: Kernel<'a>,
    smoothed: Kernel<'a>,
}

/// Plays the rounds and makes the figures.
pub fn run(tell: Listener) -> Result<Vec<Figure>> {
    let exam = Protocol::parse(PROTOCOL, Path::new(""))?.prepare()?.exam;
    let played = play(&exam, tell)?;
    Ok(figures(&exam, &played).into_iter().flatten().collect())
}

fn play<'a>(exam: &'a Exam, tell: Listener) -> Result<Played<'a>> {
    let phantom = &exam.phantom;
    let outline = Outline::of(phantom);
    let world = World::new(phantom, &outline)?;
    let beam = Beam::new(&exam.scanner, &exam.acquisitions[0], exam.placement)?;
    // The reference is where every textbook begins: the whole fan, independent numbers, scores at interactions.
    let whole_fan = beam.clone();
    let windows = fan_windows(&beam, &outline);
    let beam = beam.with_windows(windows);
    let mut played = Played {
        analog: Kernel::organs(Estimator::Analog, HISTORIES),
        organ: Kernel::organs(Estimator::Organ, HISTORIES),
        outward: OUT_OF_FIELD.map(|(_, id)| {
            let importance = importance_of(phantom, beam.z_extent_cm(), &[organ_of(phantom, id)]);
            Kernel::organs(Estimator::Organ, HISTORIES).with_importance(importance)
        }),
        analog_map: Kernel::map(Estimator::Analog, 1 << 18, phantom),
        map: Kernel::map(Estimator::Map, 1 << 18, phantom),
        smoothed: Kernel::map(Estimator::MapSmoothed, 1 << 18, phantom),
    };
    for round in 0..ROUNDS {
        tell(&format!("5-year-old's chest, round {} of {ROUNDS}", round + 1));
        (0..ANALOG_PER_ROUND).for_each(|_| played.analog.play(phantom, &world, &whole_fan));
        played.organ.play(phantom, &world, &beam);
        if round % ROUNDS_PER_TARGET == 0 {
            played.outward.iter_mut().for_each(|kernel| kernel.play(phantom, &world, &beam));
        }
        if round % ROUNDS_PER_MAP == 0 {
            played.analog_map.play(phantom, &world, &whole_fan);
            played.map.play(phantom, &world, &beam);
            played.smoothed.play(phantom, &world, &beam);
        }
    }
    Ok(played)
}

fn organ_of(phantom: &Phantom, id: &str) -> usize {
    phantom.organs.iter().position(|organ| organ.id == id).expect("an organ of the benchmark's phantom")
}

fn figures(exam: &Exam, played: &Played) -> Vec<Option<Figure>> {
    let Played { analog, organ, outward, analog_map, map, smoothed } = played;
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(&exam.acquisitions[0]);
    let coverage = coverage(&exam.phantom, bottom_cm, top_cm);
    let masses_g = exam.phantom.organ_masses_g();
    let in_field: Vec<usize> = (0..masses_g.len())
        .filter(|&organ| coverage[organ] >= IN_FIELD_COVERAGE && masses_g[organ] > LEAST_G)
        .collect();
    let small = organ_of(&exam.phantom, SMALL);
    let in_field_mean =
        |part| geometric_mean(in_field.iter().map(|&o| organ.organ_fom(o, part) / analog.organ_fom(o, part)));
    let worst = |part| in_field.iter().map(|&o| organ.organ_fom(o, part)).fold(f64::INFINITY, f64::min);
    let is_in_range = exam.phantom.is_between_z(bottom_cm, top_cm);
    let map_foms = [analog_map, map, smoothed].map(|kernel| kernel.map_fom(&exam.phantom, &is_in_range));
    let mhist = |kernel: &Kernel, part| kernel.histories_per_cpu_s(part);
    let case = "5-year-old, 2 mm, chest, 120 kV, one thread";
    let mut found = vec![
        Figure::of(
            "histories_per_cpu_s",
            "1/s",
            |part| mhist(analog, part),
            &format!("analog, whole fan, {case}"),
        ),
        Figure::of("organ_histories_per_cpu_s", "1/s", |part| mhist(organ, part), &format!("organ, {case}")),
        Figure::of("map_histories_per_cpu_s", "1/s", |part| mhist(map, part), &format!("map, {case}")),
        Figure::of(
            "organ_fom_over_analog_in_field",
            "1",
            in_field_mean,
            "geometric mean, organs in the field above 10 g",
        ),
        Figure::of(
            "small_organ_fom_over_analog",
            "1",
            |part| organ.organ_fom(small, part) / analog.organ_fom(small, part),
            SMALL,
        ),
    ];
    for ((name, id), kernel) in OUT_OF_FIELD.into_iter().zip(outward) {
        let organ = organ_of(&exam.phantom, id);
        let over = |part| kernel.organ_fom(organ, part) / analog.organ_fom(organ, part);
        found.push(Figure::of(name, "1", over, &format!("{id} as target")));
    }
    found.push(Some(Figure::single(
        "dose_map_fom_over_analog",
        "1",
        map_foms[1] / map_foms[0],
        "voxels in the nominal range, summed variance over summed squared dose",
    )));
    found.push(Some(Figure::single(
        "smoothed_map_fom_over_analog",
        "1",
        map_foms[2] / map_foms[0],
        "the same, estimator map-smoothed; its bias below",
    )));
    found.extend(smoothed.relative_bias(&exam.phantom, &is_in_range).map(|bias| {
        let extra =
            "smoothed map: root mean square shift of voxels in the nominal range over that of their dose";
        Some(Figure::single("smoothed_map_bias_percent", "%", 100.0 * bias, extra))
    }));
    found.push(Figure::of(
        "seconds_to_1_percent_in_field",
        "CPU s",
        |part| 1.0 / (0.01_f64.powi(2) * worst(part)),
        "the worst organ in the field above 10 g",
    ));
    found.push(Some(Figure::single(
        "seconds_to_2_percent_map_2mm",
        "CPU s",
        1.0 / (0.02_f64.powi(2) * map_foms[1]),
        "root mean square over the voxels in the nominal range",
    )));
    found.push(Some(Figure::single(
        "seconds_to_2_percent_smoothed_map_2mm",
        "CPU s",
        1.0 / (0.02_f64.powi(2) * map_foms[2]),
        "the same, estimator map-smoothed",
    )));
    found
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value.ln(), count + 1));
    (sum / f64::from(count)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_has_the_organs_that_are_named() {
        let exam = Protocol::parse(PROTOCOL, Path::new("")).unwrap().prepare().unwrap().exam;
        let (bottom_cm, top_cm) = Exam::nominal_range_cm(&exam.acquisitions[0]);
        let coverage = coverage(&exam.phantom, bottom_cm, top_cm);
        let of = |id: &str| coverage[exam.phantom.organs.iter().position(|organ| organ.id == id).unwrap()];
        assert!(of("lungs") > IN_FIELD_COVERAGE);
        for (_, id) in OUT_OF_FIELD {
            assert!(of(id) < 0.05, "{id}: {}", of(id));
        }
    }

    #[test]
    fn two_and_eight_have_a_geometric_mean_of_four() {
        assert!((geometric_mean([2.0, 8.0].into_iter()) - 4.0).abs() < 1e-12);
    }
}
