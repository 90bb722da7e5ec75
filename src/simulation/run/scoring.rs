//! One batch: played, and its scores added to the sums of all.

use std::sync::RwLockReadGuard;

use super::Run;
use crate::simulation::outcome::{OrganEnergies, organ_energies_kev};
use crate::source::beam::PhotonSource;
use crate::source::range_ends::RangeEnds;
use crate::tally::batch_score::{EndEnergies, RegionScore, SplitScore, VoxelScore};
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::map_totals::MapTotals;
use crate::tally::smoothing::Smoothing;
use crate::transport::batch::{BatchAddress, Histories, Method, Selection, run_batch};
use crate::transport::lost::{LostHistory, find_lost};

/// What one batch scored.
pub(super) struct Scored<'s> {
    /// Energy by label, keV.
    pub label_kev: Box<[f64; 256]>,
    /// That of active marrow in bones, keV.
    pub marrow_kev: Box<[f64; 256]>,
    /// Both, of the ends of the path.
    pub ends: Box<[EndEnergies; 2]>,
    /// Energy of every patch of skin, keV; empty without a map.
    pub skin_kev: Vec<f32>,
    /// Where all energy went.
    pub balance: EnergyBalance,
    /// Histories that are lost.
    pub lost: Vec<LostHistory>,
    /// Held until its record lies with the others: no state has half a batch.
    pub adding: RwLockReadGuard<'s, ()>,
}

impl<S: PhotonSource> Run<'_, S> {
    pub(super) fn by_organ(&self, label_kev: &[f64; 256], marrow_kev: &[f64; 256]) -> OrganEnergies {
        OrganEnergies {
            organ_kev: organ_energies_kev(self.plan.phantom, label_kev),
            marrow_kev: match self.plan.settings.estimator.scores_kerma() {
                true => organ_energies_kev(self.plan.phantom, marrow_kev),
                false => Vec::new(),
            },
        }
    }

    fn end_shares(&self) -> [f64; 2] {
        self.plan.ends.map_or(RangeEnds::NONE, |ends| ends.mas_shares)
    }

    /// Plays one batch; its map, if one is wanted, goes to the totals.
    pub(super) fn score_batch(&self, batch: u64) -> Scored<'_> {
        if let (Some(totals), Some(smoothing)) = (&self.map_totals, &self.smoothing) {
            return self.score_smoothed(batch, totals, smoothing);
        }
        match (&self.map_totals, self.plan.settings.estimator.scores_kerma()) {
            (None, true) => self.score_regions::<true>(batch),
            (None, false) => self.score_regions::<false>(batch),
            (Some(totals), true) => self.score_voxels::<true>(batch, totals),
            (Some(totals), false) => self.score_voxels::<false>(batch, totals),
        }
    }

    fn score_regions<const KERMA: bool>(&self, batch: u64) -> Scored<'_> {
        let (score, lost) = self.play_whole(batch, |address, histories| {
            let mut score = RegionScore::<KERMA>::new(self.end_shares());
            run_batch(self.plan.world, self.source, self.method(), address, histories, &mut score);
            score.balance.kerma_kev = if KERMA { score.label_kev.iter().sum() } else { 0.0 };
            (score.balance, score)
        });
        let RegionScore { label_kev, marrow_kev, balance, ends } = score;
        let adding = self.adding();
        Scored { label_kev, marrow_kev, ends: ends.energies, skin_kev: Vec::new(), balance, lost, adding }
    }

    fn score_voxels<const KERMA: bool>(&self, batch: u64, totals: &MapTotals) -> Scored<'_> {
        let mut voxel_kev = self.spare_map();
        let ((marrow_kev, ends, mut balance), lost) = self.play_whole(batch, |address, histories| {
            clear_for(&histories, &mut [&mut voxel_kev]);
            let mut score = VoxelScore::<KERMA>::new(&mut voxel_kev, self.end_shares());
            run_batch(self.plan.world, self.source, self.method(), address, histories, &mut score);
            (score.balance, (score.marrow_kev, score.ends.energies, score.balance))
        });
        let skin_kev = self.plan.skin.map_or(Vec::new(), |skin| skin.energies_kev(&voxel_kev));
        let adding = self.adding();
        let label_kev = totals.take(&mut voxel_kev, self.plan.world.labels, batch);
        balance.kerma_kev = if KERMA { label_kev.iter().sum() } else { 0.0 };
        self.spare_maps.lock().expect("no thread panics").push(voxel_kev);
        Scored { label_kev, marrow_kev, ends, skin_kev, balance, lost, adding }
    }

    /// Plays one batch whose scatter is smoothed on its way to the totals.
    fn score_smoothed(&self, batch: u64, totals: &MapTotals, smoothing: &Smoothing) -> Scored<'_> {
        let [mut primary_kev, mut scatter_kev, mut room] = [(); 3].map(|()| self.spare_map());
        let ((marrow_kev, ends, mut balance), lost) = self.play_whole(batch, |address, histories| {
            clear_for(&histories, &mut [&mut primary_kev, &mut scatter_kev]);
            let mut score = SplitScore::new([&mut primary_kev, &mut scatter_kev], self.end_shares());
            run_batch(self.plan.world, self.source, self.method(), address, histories, &mut score);
            let SplitScore { primary, scatter, .. } = score;
            let (mut marrow_kev, mut ends) = (primary.marrow_kev, primary.ends);
            marrow_kev.iter_mut().zip(scatter.marrow_kev.iter()).for_each(|(sum, kev)| *sum += kev);
            ends.add_all(&scatter.ends);
            (primary.balance, (marrow_kev, ends, primary.balance))
        });
        let skin_kev = self.plan.skin.map_or(Vec::new(), |skin| {
            let parts = [&primary_kev, &scatter_kev].map(|voxel_kev| skin.energies_kev(voxel_kev));
            parts[0].iter().zip(&parts[1]).map(|(primary, scatter)| primary + scatter).collect()
        });
        let adding = self.adding();
        smoothing.join(&mut primary_kev, &mut scatter_kev, &mut room, batch);
        let label_kev = totals.take(&mut primary_kev, self.plan.world.labels, batch);
        balance.kerma_kev = label_kev.iter().sum();
        self.spare_maps.lock().expect("no thread panics").extend([primary_kev, scatter_kev, room]);
        Scored { label_kev, marrow_kev, ends: ends.energies, skin_kev, balance, lost, adding }
    }

    /// Plays a batch. Where its balance is no number, histories of it are lost: finds them, and plays it again without.
    fn play_whole<R>(
        &self,
        batch: u64,
        mut play: impl FnMut(BatchAddress, Histories) -> (EnergyBalance, R),
    ) -> (R, Vec<LostHistory>) {
        let (address, count) = self.address(batch);
        let (balance, played) = play(address, count.into());
        if balance.is_finite() {
            return (played, Vec::new());
        }
        drop(played);
        let by_voxel = self.map_totals.is_some();
        let lost = find_lost(self.plan.world, self.source, self.method(), address, (count, by_voxel));
        let numbers: Vec<u64> = lost.iter().map(|lost| lost.history).collect();
        let (_, played) = play(address, Histories { count, played: Selection::Without(&numbers) });
        (played, lost)
    }

    /// An empty map of a batch.
    fn spare_map(&self) -> Vec<f32> {
        let spare = self.spare_maps.lock().expect("no thread panics").pop();
        spare.unwrap_or_else(|| vec![0.0; self.plan.world.labels.len()])
    }

    fn method(&self) -> Method<'_> {
        Method { estimator: self.plan.settings.estimator, importance: self.plan.importance }
    }

    fn address(&self, batch: u64) -> (BatchAddress, u64) {
        let address =
            BatchAddress { seed: self.plan.settings.seed, acquisition: self.plan.acquisition as u64, batch };
        (address, self.schedule.histories_per_batch)
    }

    /// For a batch that is about to add to the sums of all.
    fn adding(&self) -> RwLockReadGuard<'_, ()> {
        self.adding.read().expect("no thread panics")
    }
}

/// Empties maps before a batch is played again; those of a first time are empty.
fn clear_for(histories: &Histories, maps: &mut [&mut Vec<f32>]) {
    if histories.played != Selection::All {
        maps.iter_mut().for_each(|map| map.fill(0.0));
    }
}
