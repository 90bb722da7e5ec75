//! What one batch scores: energy by region, by voxel where a map is wanted, and the energy balance.

use crate::geometry::phantom::EXTERIOR;
use crate::numerics::prefetch::prefetch;
use crate::tally::energy_balance::EnergyBalance;
use crate::transport::tally::{HistoryMark, Tally};

/// Energy by voxel of one batch, keV, in single precision: a batch is small enough for it.
pub type VoxelEnergies = Vec<f32>;

/// Energies by label of the histories at one end of an acquisition.
#[derive(Clone, Debug, PartialEq)]
pub struct EndEnergies {
    /// Energy by label, keV.
    pub label_kev: [f64; 256],
    /// Energy by label that active marrow would have had in the place of bone, keV.
    pub marrow_kev: [f64; 256],
}

/// Scores once more what the first and the last histories of an acquisition leave: what a shorter range would save.
pub struct EndScore {
    /// Share of the mAs at the end of the first part, and at the start of the last one.
    shares: [f64; 2],
    /// Part that the present history belongs to: 0 or 1 for the ends, 2 for what lies between.
    part: usize,
    /// First and last histories.
    pub energies: Box<[EndEnergies; 2]>,
}

impl EndScore {
    /// Nothing scored yet; histories before the first and from the second share of the mAs on are scored.
    pub fn new(shares: [f64; 2]) -> Self {
        let none = EndEnergies { label_kev: [0.0; 256], marrow_kev: [0.0; 256] };
        EndScore { shares, part: 2, energies: Box::new([none.clone(), none]) }
    }

    /// Adds what another score has of the same histories.
    pub fn add_all(&mut self, other: &Self) {
        for (sum, added) in self.energies.iter_mut().zip(other.energies.iter()) {
            let pairs = sum.label_kev.iter_mut().zip(&added.label_kev);
            pairs.chain(sum.marrow_kev.iter_mut().zip(&added.marrow_kev)).for_each(|(sum, kev)| *sum += kev);
        }
    }

    #[inline]
    fn turn_to(&mut self, HistoryMark { mas_share: share, .. }: HistoryMark) {
        self.part = match share {
            _ if share < self.shares[0] => 0,
            _ if share >= self.shares[1] => 1,
            _ => 2,
        };
    }

    #[inline]
    fn add(&mut self, label: u8, energy_kev: f32, marrow_over_medium: f32) {
        if let Some(end) = self.energies.get_mut(self.part) {
            end.label_kev[usize::from(label)] += f64::from(energy_kev);
            end.marrow_kev[usize::from(label)] += f64::from(energy_kev * marrow_over_medium);
        }
    }
}

/// Score by region only. `KERMA` tells which of transport's two streams of events is the dose.
pub struct RegionScore<const KERMA: bool> {
    /// Energy by label, keV.
    pub label_kev: Box<[f64; 256]>,
    /// Energy by label that active marrow would have had in the place of bone, keV.
    pub marrow_kev: Box<[f64; 256]>,
    /// Where the energy went.
    pub balance: EnergyBalance,
    /// What the ends of the acquisition leave.
    pub ends: EndScore,
}

/// Score by voxel; the regions' energies are summed from the map when the batch is done.
pub struct VoxelScore<'a, const KERMA: bool> {
    /// Energy by voxel, keV.
    pub voxel_kev: &'a mut VoxelEnergies,
    /// Energy by label that active marrow would have had in the place of bone, keV.
    pub marrow_kev: Box<[f64; 256]>,
    /// Where the energy went.
    pub balance: EnergyBalance,
    /// What the ends of the acquisition leave.
    pub ends: EndScore,
}

impl<const KERMA: bool> RegionScore<KERMA> {
    /// Nothing scored yet; `ends` are the shares of the mAs of [`EndScore`].
    pub fn new(ends: [f64; 2]) -> Self {
        let none = || Box::new([0.0; 256]);
        let (label_kev, marrow_kev) = (none(), none());
        RegionScore { label_kev, marrow_kev, balance: EnergyBalance::default(), ends: EndScore::new(ends) }
    }
}

impl<'a, const KERMA: bool> VoxelScore<'a, KERMA> {
    /// Adds to these voxels; `ends` are the shares of the mAs of [`EndScore`].
    pub fn new(voxel_kev: &'a mut VoxelEnergies, ends: [f64; 2]) -> Self {
        let (marrow_kev, ends) = (Box::new([0.0; 256]), EndScore::new(ends));
        VoxelScore { voxel_kev, marrow_kev, balance: EnergyBalance::default(), ends }
    }
}

impl<const KERMA: bool> Tally for RegionScore<KERMA> {
    const KERMA: bool = KERMA;
    const BY_VOXEL: bool = false;

    #[inline]
    fn turn_to(&mut self, history: HistoryMark) {
        self.ends.turn_to(history);
    }

    #[inline]
    fn emit(&mut self, energy_kev: f32) {
        self.balance.emitted_kev += f64::from(energy_kev);
    }

    #[inline]
    fn kerma(&mut self, _voxel: usize, label: u8, energy_kev: f32, marrow_over_medium: f32) {
        if KERMA {
            self.ends.add(label, energy_kev, marrow_over_medium);
            self.label_kev[usize::from(label)] += f64::from(energy_kev);
            if marrow_over_medium > 0.0 {
                self.marrow_kev[usize::from(label)] += f64::from(energy_kev * marrow_over_medium);
            }
        }
    }

    #[inline]
    fn deposit(&mut self, _voxel: usize, label: u8, energy_kev: f32) {
        self.balance.deposited_kev += f64::from(energy_kev);
        if !KERMA {
            self.ends.add(label, energy_kev, 0.0);
            self.label_kev[usize::from(label)] += f64::from(energy_kev);
        }
    }

    #[inline]
    fn escape(&mut self, energy_kev: f32) {
        self.balance.escaped_kev += f64::from(energy_kev);
    }
}

impl<const KERMA: bool> Tally for VoxelScore<'_, KERMA> {
    const KERMA: bool = KERMA;

    #[inline]
    fn turn_to(&mut self, history: HistoryMark) {
        self.ends.turn_to(history);
    }

    #[inline]
    fn emit(&mut self, energy_kev: f32) {
        self.balance.emitted_kev += f64::from(energy_kev);
    }

    #[inline]
    fn kerma(&mut self, voxel: usize, label: u8, energy_kev: f32, marrow_over_medium: f32) {
        // A quarter of the voxels a ray crosses are air around the body; no one asks for their dose.
        if KERMA && label != EXTERIOR {
            self.ends.add(label, energy_kev, marrow_over_medium);
            self.voxel_kev[voxel] += energy_kev;
            if marrow_over_medium > 0.0 {
                self.marrow_kev[usize::from(label)] += f64::from(energy_kev * marrow_over_medium);
            }
        }
    }

    #[inline(always)]
    fn expect(&self, voxel: usize) {
        prefetch(self.voxel_kev, voxel);
    }

    #[inline]
    fn deposit(&mut self, voxel: usize, label: u8, energy_kev: f32) {
        self.balance.deposited_kev += f64::from(energy_kev);
        if !KERMA && label != EXTERIOR {
            self.ends.add(label, energy_kev, 0.0);
            self.voxel_kev[voxel] += energy_kev;
        }
    }

    #[inline]
    fn escape(&mut self, energy_kev: f32) {
        self.balance.escaped_kev += f64::from(energy_kev);
    }
}

/// Score by voxel, what the primary leaves apart from what scattered photons do.
pub struct SplitScore<'a> {
    /// Score of primaries; all that is not by voxel is here too.
    pub primary: VoxelScore<'a, true>,
    /// Score of scattered photons.
    pub scatter: VoxelScore<'a, true>,
    is_scatter: bool,
}

impl<'a> SplitScore<'a> {
    /// Adds to these voxels; `ends` are the shares of the mAs of [`EndScore`].
    pub fn new([primary_kev, scatter_kev]: [&'a mut VoxelEnergies; 2], ends: [f64; 2]) -> Self {
        let (primary, scatter) = (VoxelScore::new(primary_kev, ends), VoxelScore::new(scatter_kev, ends));
        SplitScore { primary, scatter, is_scatter: false }
    }
}

impl Tally for SplitScore<'_> {
    #[inline]
    fn turn_to(&mut self, history: HistoryMark) {
        self.primary.turn_to(history);
        self.scatter.turn_to(history);
    }

    #[inline]
    fn scatter(&mut self, is_scatter: bool) {
        self.is_scatter = is_scatter;
    }

    #[inline]
    fn emit(&mut self, energy_kev: f32) {
        self.primary.emit(energy_kev);
    }

    #[inline]
    fn kerma(&mut self, voxel: usize, label: u8, energy_kev: f32, marrow_over_medium: f32) {
        let score = if self.is_scatter { &mut self.scatter } else { &mut self.primary };
        score.kerma(voxel, label, energy_kev, marrow_over_medium);
    }

    #[inline(always)]
    fn expect(&self, voxel: usize) {
        self.scatter.expect(voxel);
    }

    #[inline]
    fn deposit(&mut self, voxel: usize, label: u8, energy_kev: f32) {
        self.primary.deposit(voxel, label, energy_kev);
    }

    #[inline]
    fn escape(&mut self, energy_kev: f32) {
        self.primary.escape(energy_kev);
    }
}
