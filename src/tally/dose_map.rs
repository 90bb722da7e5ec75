//! Dose maps: their voxels, made of the phantom's, and the dose in them.

use std::ops::Range;

use crate::geometry::grid::VoxelGrid;
use crate::geometry::phantom::{EXTERIOR, Phantom};
use crate::units::MGY_PER_KEV_G;

/// Voxels of a row that are looked at together.
const PIECE: usize = 16;

/// How phantom voxels are put together to map voxels: `factors` phantom voxels along x, y, z.
#[derive(Clone, Debug, PartialEq)]
pub struct Binning {
    factors: [usize; 3],
    /// Voxels of the phantom along x, y, z.
    fine: [usize; 3],
    /// The map's grid. Its last voxels may reach beyond the phantom's.
    pub grid: VoxelGrid,
}

impl Binning {
    /// Bins a phantom's grid; factors of 1 keep it.
    pub fn new(fine: &VoxelGrid, factors: [usize; 3]) -> Self {
        let grid = VoxelGrid {
            counts: std::array::from_fn(|axis| fine.counts[axis].div_ceil(factors[axis])),
            spacing_cm: std::array::from_fn(|axis| fine.spacing_cm[axis] * factors[axis] as f64),
            corner_cm: fine.corner_cm,
        };
        Binning { factors, fine: fine.counts, grid }
    }

    /// Sums a value of every phantom voxel of one map layer (z) into the layer's cells.
    pub(in crate::tally) fn gather(
        &self,
        layer: usize,
        cells: &mut [f64],
        mut value: impl FnMut(usize) -> f64,
    ) {
        cells.fill(0.0);
        let last = ((layer + 1) * self.factors[2]).min(self.fine[2]);
        for iz in layer * self.factors[2]..last {
            for iy in 0..self.fine[1] {
                let cell_row = iy / self.factors[1] * self.grid.counts[0];
                let row = (iz * self.fine[1] + iy) * self.fine[0];
                for ix in 0..self.fine[0] {
                    cells[cell_row + ix / self.factors[0]] += value(row + ix);
                }
            }
        }
    }

    /// Moves the energies of one map layer's voxels into the layer's cells, and adds them up by label; returns whether there were
    /// any. Most voxels of a batch are untouched, and are passed over many at a time.
    pub(in crate::tally) fn empty_layer(
        &self,
        layer: usize,
        (voxel_kev, labels): (&mut [f32], &[u8]),
        cells: &mut [f64],
        label_kev: &mut [f64; 256],
    ) -> bool {
        let [nx, ny, nz] = self.fine;
        let mut any = false;
        for row in layer * self.factors[2] * ny..((layer + 1) * self.factors[2]).min(nz) * ny {
            let cell_row = row % ny / self.factors[1] * self.grid.counts[0];
            let voxels = row * nx..(row + 1) * nx;
            let pieces = voxel_kev[voxels.clone()].chunks_mut(PIECE).zip(labels[voxels].chunks(PIECE));
            for (piece, (energies_kev, labels)) in pieces.enumerate() {
                if energies_kev.iter().fold(0, |bits, energy_kev| bits | energy_kev.to_bits()) == 0 {
                    continue;
                }
                any = true;
                for (ix, (energy_kev, &label)) in energies_kev.iter_mut().zip(labels).enumerate() {
                    let energy = f64::from(std::mem::take(energy_kev));
                    label_kev[usize::from(label)] += energy;
                    cells[cell_row + (piece * PIECE + ix) / self.factors[0]] += energy;
                }
            }
        }
        any
    }

    /// Cells of a layer.
    pub(in crate::tally) fn layer_cells(&self) -> usize {
        self.grid.counts[0] * self.grid.counts[1]
    }

    /// From the first to the last cell of each row of a layer that have a share in the body, counted within the layer; none where no
    /// cell has.
    pub(in crate::tally) fn body_cells(&self, layer: usize, labels: &[u8]) -> Vec<Range<usize>> {
        let [nx, ny, nz] = self.fine;
        let mut cells = vec![0..0; self.grid.counts[1]];
        for row in layer * self.factors[2] * ny..((layer + 1) * self.factors[2]).min(nz) * ny {
            let voxels = &labels[row * nx..(row + 1) * nx];
            let Some(first) = voxels.iter().position(|&label| label != EXTERIOR) else { continue };
            let last = voxels.iter().rposition(|&label| label != EXTERIOR).unwrap_or(first);
            let cell_row = row % ny / self.factors[1];
            let start = cell_row * self.grid.counts[0];
            let found = start + first / self.factors[0]..start + last / self.factors[0] + 1;
            let known = &mut cells[cell_row];
            *known = match known.len() {
                0 => found,
                _ => known.start.min(found.start)..known.end.max(found.end),
            };
        }
        cells
    }
}

/// Factor from energy per mass, keV/g per history, to mGy, when a history stands for `photons` photons.
pub fn mgy_per_kev_g(photons: f64) -> f64 {
    photons * MGY_PER_KEV_G
}

/// A 3-D dose map with its standard error, x fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct DoseMap {
    /// The map's voxels and their relation to the phantom's.
    pub binning: Binning,
    /// Dose, mGy; 0 outside the body.
    pub dose_mgy: Vec<f32>,
    /// Standard error of the dose, mGy.
    pub standard_error_mgy: Vec<f32>,
}

impl DoseMap {
    /// A map without dose.
    pub fn empty(binning: Binning) -> Self {
        let cells = binning.grid.len();
        DoseMap { binning, dose_mgy: vec![0.0; cells], standard_error_mgy: vec![0.0; cells] }
    }

    /// Adds the independent map of another acquisition on the same voxels.
    pub fn add(&mut self, other: &Self) {
        for (dose, added) in self.dose_mgy.iter_mut().zip(&other.dose_mgy) {
            *dose += added;
        }
        for (error, added) in self.standard_error_mgy.iter_mut().zip(&other.standard_error_mgy) {
            *error = error.hypot(*added);
        }
    }

    /// Standard error over dose of a voxel; NaN where no dose was scored (the air around the body).
    pub fn relative_error(&self, voxel: usize) -> f32 {
        self.standard_error_mgy[voxel] / self.dose_mgy[voxel]
    }

    /// Mean density of every map voxel, g/cm³, and the label of the phantom voxel in its middle.
    pub fn anatomy(&self, phantom: &Phantom) -> (Vec<f32>, Vec<u8>) {
        if self.binning.factors == [1, 1, 1] {
            let density = (0..phantom.labels.len()).map(|voxel| phantom.density_g_cm3(voxel) as f32);
            return (density.collect(), phantom.labels.clone());
        }
        let share = 1.0 / self.binning.factors.iter().product::<usize>() as f64;
        let (mut density, mut label) = (Vec::new(), Vec::new());
        let mut cells = vec![0.0; self.binning.layer_cells()];
        for layer in 0..self.binning.grid.counts[2] {
            self.binning.gather(layer, &mut cells, |v| phantom.density_g_cm3(v) * share);
            density.extend(cells.iter().map(|&d| d as f32));
            label.extend(self.binning.middle_labels(layer, &phantom.labels));
        }
        (density, label)
    }

    /// Medium of the phantom voxel in the middle of every map voxel, as an index into [`Phantom::media`].
    pub fn media(&self, phantom: &Phantom) -> Vec<u8> {
        let media = match &phantom.voxel_media {
            Some(media) => media,
            None => &phantom.labels,
        };
        let layers = 0..self.binning.grid.counts[2];
        let middle = layers.flat_map(|layer| self.binning.middle_labels(layer, media));
        match &phantom.voxel_media {
            Some(_) => middle.collect(),
            None => middle.map(|label| phantom.regions[usize::from(label)].medium).collect(),
        }
    }
}

impl Binning {
    /// Value of the phantom voxel in the middle of every cell of a layer.
    fn middle_labels<'a>(&'a self, layer: usize, labels: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
        let middle = |axis: usize, cell: usize| {
            (cell * self.factors[axis] + self.factors[axis] / 2).min(self.fine[axis] - 1)
        };
        let iz = middle(2, layer);
        (0..self.grid.counts[1]).flat_map(move |cy| {
            let row = (iz * self.fine[1] + middle(1, cy)) * self.fine[0];
            (0..self.grid.counts[0]).map(move |cx| labels[row + middle(0, cx)])
        })
    }
}
