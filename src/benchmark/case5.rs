//! TG-195's Case 5 with its own voxels: figures of merit by organ, so that other engines can be run beside this one.

use crate::error::Result;
use crate::geometry::outline::Outline;
use crate::transport::batch::Estimator;
use crate::transport::world::World;
use crate::validation::tg195::case5;

use super::figure::Figure;
use super::kernel::Kernel;
use super::{ANALOG_PER_ROUND, HISTORIES, Listener};

/// The case that is played.
const CASE: &str = "TG-195 Case 5, continuous rotation, 120 kVp, 10 mm, 1 mm voxels, one thread";

/// Rounds: as many batches of the organ estimator.
const ROUNDS: u64 = 288;

/// Plays the rounds on the report's labels and makes the figures.
pub fn run(labels: Vec<u8>, tell: Listener) -> Result<Vec<Figure>> {
    let phantom = case5::trunk(labels)?;
    let world = World::new(&phantom, &Outline::of(&phantom))?;
    let field = case5::field("120 kVp", "continuous")?;
    let mut analog = Kernel::organs(Estimator::Analog, HISTORIES);
    let mut organ = Kernel::organs(Estimator::Organ, HISTORIES);
    for round in 0..ROUNDS {
        tell(&format!("Case 5, round {} of {ROUNDS}", round + 1));
        (0..ANALOG_PER_ROUND).for_each(|_| analog.play(&phantom, &world, &field));
        organ.play(&phantom, &world, &field);
    }
    let rate = |part| analog.histories_per_cpu_s(part);
    let mut found = vec![Figure::of("case5_histories_per_cpu_s", "1/s", rate, &format!("analog, {CASE}"))];
    for (index, about) in phantom.organs.iter().enumerate().filter(|(_, about)| case5::is_scored(&about.id)) {
        let name =
            format!("case5_{}_fom", about.id.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "_"));
        found.push(Figure::of(&name, "1/s", |part| organ.organ_fom(index, part), &format!("organ, {CASE}")));
        let ratio = |part| organ.organ_fom(index, part) / analog.organ_fom(index, part);
        found.push(Figure::of(&format!("{name}_over_analog"), "1", ratio, CASE));
    }
    Ok(found.into_iter().flatten().collect())
}
