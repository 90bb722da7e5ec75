//! What one batch scores: energy by region, by voxel where a map is wanted, and the energy balance.

use crate::geometry::phantom::EXTERIOR;
use crate::tally::energy_balance::EnergyBalance;
use crate::transport::tally::Tally;

/// Energy by voxel of one batch, keV, in single precision: a batch is small enough for it.
pub type VoxelEnergies = Vec<f32>;

/// Score by region only. `KERMA` tells which of transport's two streams of events is the dose.
pub struct RegionScore<const KERMA: bool> {
    /// Energy by label, keV.
    pub label_kev: Box<[f64; 256]>,
    /// Energy by label that active marrow would have had in the place of bone, keV.
    pub marrow_kev: Box<[f64; 256]>,
    /// Where the energy went.
    pub balance: EnergyBalance,
}

/// Score by voxel; the regions' energies are summed from the map when the batch is done.
pub struct VoxelScore<'a, const KERMA: bool> {
    /// Energy by voxel, keV.
    pub voxel_kev: &'a mut VoxelEnergies,
    /// Energy by label that active marrow would have had in the place of bone, keV.
    pub marrow_kev: Box<[f64; 256]>,
    /// Where the energy went.
    pub balance: EnergyBalance,
}

impl<const KERMA: bool> RegionScore<KERMA> {
    /// Nothing scored yet.
    pub fn new() -> Self {
        let none = || Box::new([0.0; 256]);
        RegionScore { label_kev: none(), marrow_kev: none(), balance: EnergyBalance::default() }
    }
}

impl<'a, const KERMA: bool> VoxelScore<'a, KERMA> {
    /// Adds to these voxels.
    pub fn new(voxel_kev: &'a mut VoxelEnergies) -> Self {
        VoxelScore { voxel_kev, marrow_kev: Box::new([0.0; 256]), balance: EnergyBalance::default() }
    }
}

impl<const KERMA: bool> Default for RegionScore<KERMA> {
    fn default() -> Self {
        RegionScore::new()
    }
}

impl<const KERMA: bool> Tally for RegionScore<KERMA> {
    #[inline]
    fn emit(&mut self, energy_kev: f32) {
        self.balance.emitted_kev += f64::from(energy_kev);
    }

    #[inline]
    fn kerma(&mut self, _voxel: usize, label: u8, energy_kev: f32, marrow_over_medium: f32) {
        if KERMA {
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
            self.label_kev[usize::from(label)] += f64::from(energy_kev);
        }
    }

    #[inline]
    fn escape(&mut self, energy_kev: f32) {
        self.balance.escaped_kev += f64::from(energy_kev);
    }
}

impl<const KERMA: bool> Tally for VoxelScore<'_, KERMA> {
    #[inline]
    fn emit(&mut self, energy_kev: f32) {
        self.balance.emitted_kev += f64::from(energy_kev);
    }

    #[inline]
    fn kerma(&mut self, voxel: usize, label: u8, energy_kev: f32, marrow_over_medium: f32) {
        // A quarter of the voxels a ray crosses are air around the body; no one asks for their dose.
        if KERMA && label != EXTERIOR {
            self.voxel_kev[voxel] += energy_kev;
            if marrow_over_medium > 0.0 {
                self.marrow_kev[usize::from(label)] += f64::from(energy_kev * marrow_over_medium);
            }
        }
    }

    #[inline]
    fn deposit(&mut self, voxel: usize, label: u8, energy_kev: f32) {
        self.balance.deposited_kev += f64::from(energy_kev);
        if !KERMA && label != EXTERIOR {
            self.voxel_kev[voxel] += energy_kev;
        }
    }

    #[inline]
    fn escape(&mut self, energy_kev: f32) {
        self.balance.escaped_kev += f64::from(energy_kev);
    }
}

/// Energy by label from a batch's map, keV.
pub fn label_energies_kev(voxel_kev: &[f32], labels: &[u8]) -> Box<[f64; 256]> {
    let mut sums = Box::new([0.0; 256]);
    for (&energy_kev, &label) in voxel_kev.iter().zip(labels) {
        sums[usize::from(label)] += f64::from(energy_kev);
    }
    sums
}
