//! A kernel under measurement: an estimator with or without a map, batch by batch, on one thread.

use cpu_time::ThreadTime;

use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::organ_energies_kev;
use crate::source::beam::PhotonSource;
use crate::source::range_ends::RangeEnds;
use crate::tally::batch_score::{RegionScore, SplitScore, VoxelScore};
use crate::tally::dose_map::{Binning, DoseMap};
use crate::tally::map_totals::MapTotals;
use crate::tally::smoothing::Smoothing;
use crate::transport::batch::{BatchAddress, Estimator, Method, run_batch};
use crate::transport::importance::Importance;
use crate::transport::world::World;

use super::figure::Part;

/// One batch of a kernel.
pub struct Round {
    /// CPU time, s.
    pub cpu_s: f64,
    /// Energy by organ, keV.
    pub organ_kev: Vec<f64>,
}

/// A kernel and what it has played.
pub struct Kernel<'a> {
    /// How dose is estimated.
    pub estimator: Estimator,
    /// Importance for organs out of the field.
    pub importance: Option<Importance>,
    /// Histories of a batch.
    pub histories: u64,
    /// What was played.
    pub rounds: Vec<Round>,
    map: Option<MapKernel<'a>>,
}

/// What a kernel with a map keeps.
struct MapKernel<'a> {
    totals: MapTotals,
    /// Maps of a batch: of all, or of primary and scatter, and room to smooth.
    voxel_kev: [Vec<f32>; 3],
    smoothing: Option<Smoothing<'a>>,
}

impl<'a> Kernel<'a> {
    /// A kernel for organs.
    pub fn organs(estimator: Estimator, histories: u64) -> Self {
        Kernel { estimator, importance: None, histories, rounds: Vec::new(), map: None }
    }

    /// The same kernel, photons split by an importance.
    pub fn with_importance(self, importance: Option<Importance>) -> Self {
        Kernel { importance, ..self }
    }

    /// A kernel for a map of the phantom's voxels.
    pub fn map(estimator: Estimator, histories: u64, phantom: &'a Phantom) -> Self {
        let smooths = estimator == Estimator::MapSmoothed;
        let sizes = if smooths { [phantom.grid.len(); 3] } else { [phantom.grid.len(), 0, 0] };
        let map = MapKernel {
            totals: MapTotals::new(Binning::new(&phantom.grid, [1; 3]), &phantom.labels),
            voxel_kev: sizes.map(|size| vec![0.0; size]),
            smoothing: smooths.then(|| Smoothing::new(phantom)),
        };
        Kernel { map: Some(map), ..Self::organs(estimator, histories) }
    }

    /// Plays one batch.
    pub fn play(&mut self, phantom: &Phantom, world: &World, source: &impl PhotonSource) {
        let start = ThreadTime::now();
        let label_kev = match self.estimator.scores_kerma() {
            true => self.score::<true>(world, source),
            false => self.score::<false>(world, source),
        };
        let organ_kev = organ_energies_kev(phantom, &label_kev);
        self.rounds.push(Round { cpu_s: start.elapsed().as_secs_f64(), organ_kev });
    }

    fn score<const KERMA: bool>(&mut self, world: &World, source: &impl PhotonSource) -> Box<[f64; 256]> {
        let batch = self.rounds.len() as u64;
        let address = BatchAddress { seed: 1, acquisition: 0, batch };
        let method = Method { estimator: self.estimator, importance: self.importance.as_ref() };
        match &mut self.map {
            None => {
                let mut score = RegionScore::<KERMA>::new(RangeEnds::NONE);
                run_batch(world, source, method, address, self.histories, &mut score);
                score.label_kev
            }
            Some(MapKernel { totals, voxel_kev: [voxel_kev, scatter_kev, room], smoothing }) => {
                if let Some(smoothing) = smoothing {
                    let mut score = SplitScore::new([&mut *voxel_kev, &mut *scatter_kev], RangeEnds::NONE);
                    run_batch(world, source, method, address, self.histories, &mut score);
                    smoothing.join(voxel_kev, scatter_kev, room, batch);
                } else {
                    let mut score = VoxelScore::<KERMA>::new(voxel_kev, RangeEnds::NONE);
                    run_batch(world, source, method, address, self.histories, &mut score);
                }
                totals.take(voxel_kev, world.labels, batch)
            }
        }
    }

    /// Histories per CPU second: the median of the rounds.
    pub fn histories_per_cpu_s(&self, part: Part) -> f64 {
        self.histories as f64 / median(part.of(&self.rounds).iter().map(|round| round.cpu_s))
    }

    /// Figure of merit of an organ, 1/s: 1 / (relative variance of the mean × CPU time); 0 without a score.
    pub fn organ_fom(&self, organ: usize, part: Part) -> f64 {
        let rounds = part.of(&self.rounds);
        let count = rounds.len() as f64;
        let values = rounds.iter().map(|round| round.organ_kev[organ]);
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        mean * mean / (variance * median(rounds.iter().map(|round| round.cpu_s)))
    }

    /// The map so far, mGy per batch.
    fn dose_map(&self, phantom: &Phantom) -> Option<DoseMap> {
        Some(self.map.as_ref()?.totals.finish(phantom, self.rounds.len() as u64, 1.0))
    }

    /// Bias of a smoothed map, root mean square over the voxels in the field.
    pub fn relative_bias(&self, phantom: &Phantom, is_in_field: impl Fn(usize) -> bool) -> Option<f64> {
        let smoothing = self.map.as_ref()?.smoothing.as_ref()?;
        let map = self.dose_map(phantom)?;
        Some(smoothing.relative_bias(phantom, &map, (self.rounds.len() as u64, 1.0), is_in_field))
    }

    /// Figure of merit of the map, 1/s: the voxels' summed variance over their summed squared dose stands for the relative
    /// variance, which is a fair mean even where most voxels were hit by nothing.
    pub fn map_fom(&self, phantom: &Phantom, is_in_field: impl Fn(usize) -> bool) -> f64 {
        let Some(map) = self.dose_map(phantom) else { return f64::NAN };
        let (mut variance, mut square) = (0.0, 0.0);
        for voxel in (0..phantom.grid.len()).filter(|&voxel| is_in_field(voxel)) {
            variance += f64::from(map.standard_error_mgy[voxel]).powi(2);
            square += f64::from(map.dose_mgy[voxel]).powi(2);
        }
        let cpu_s = median(self.rounds.iter().map(|round| round.cpu_s)) * self.rounds.len() as f64;
        square / (variance * cpu_s)
    }
}

/// Middle of some numbers.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { 0.5 * (values[middle - 1] + values[middle]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(values: &[f64], cpu_s: f64) -> Kernel<'static> {
        let mut kernel = Kernel::organs(Estimator::Organ, 100);
        kernel.rounds = values.iter().map(|&kev| Round { cpu_s, organ_kev: vec![kev] }).collect();
        kernel
    }

    #[test]
    fn twice_the_spread_or_four_times_the_time_is_a_quarter_of_the_merit() {
        let fom = |values: &[f64], cpu_s| kernel(values, cpu_s).organ_fom(0, Part::All);
        let one = fom(&[9.0, 11.0, 9.0, 11.0], 1.0);
        assert!((fom(&[8.0, 12.0, 8.0, 12.0], 1.0) / one - 0.25).abs() < 1e-12);
        assert!((fom(&[9.0, 11.0, 9.0, 11.0], 4.0) / one - 0.25).abs() < 1e-12);
        // 10 % per batch of a second: 1 / 0.01 by the batches' own variance.
        assert!((one - 100.0 * 3.0 / 4.0).abs() < 1e-9);
        assert_eq!(kernel(&[1.0; 3], 0.5).histories_per_cpu_s(Part::All), 200.0);
    }
}
