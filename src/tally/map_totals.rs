//! What all batches left in the voxels of a map: moments of those that have a share in the body.

use std::ops::Range;
use std::sync::Mutex;

use crate::geometry::phantom::{EXTERIOR, Phantom};
use crate::tally::dose_map::{Binning, DoseMap};
use crate::tally::fixed_point::Moments;

/// The batches' moments on a map; threads add to it layer by layer.
///
/// A cell's moments take 24 bytes, more than all else of a run: kept are those between the first and the last cell of a row that
/// have a share in the body. What is left in the air around it is no dose.
pub struct MapTotals {
    binning: Binning,
    /// Row after row along y and z, from 0 on in every layer.
    rows: Vec<Row>,
    layers: Vec<Mutex<Moments>>,
}

/// The cells of a row along x that are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    /// Those cells, counted within the layer.
    cells: Range<usize>,
    /// Where the first of them stands among the moments of the layer.
    first: usize,
}

impl Row {
    /// Where a cell of the layer stands among its moments.
    fn place_of(&self, cell: usize) -> Option<usize> {
        self.cells.contains(&cell).then(|| self.first + (cell - self.cells.start))
    }
}

impl MapTotals {
    /// Empty totals of a phantom with these labels.
    pub fn new(binning: Binning, labels: &[u8]) -> Self {
        let [_, ny, nz] = binning.grid.counts;
        let (mut rows, mut layers) = (Vec::with_capacity(ny * nz), Vec::with_capacity(nz));
        for layer in 0..nz {
            let mut kept = 0;
            for cells in binning.body_cells(layer, labels) {
                let first = kept;
                kept += cells.len();
                rows.push(Row { cells, first });
            }
            layers.push(Mutex::new(Moments::new(kept)));
        }
        MapTotals { binning, rows, layers }
    }

    /// Takes one batch's map of the phantom's voxels into the totals and leaves it empty; returns the batch's energy by label,
    /// keV. `batch` sets the layer to begin with, so that threads do not wait for each other's layers.
    pub fn take(&self, voxel_kev: &mut [f32], labels: &[u8], batch: u64) -> Box<[f64; 256]> {
        let count = self.layers.len();
        let mut cells_kev = vec![0.0; self.binning.layer_cells()];
        let mut label_kev = Box::new([0.0; 256]);
        for step in 0..count {
            let layer = (step + batch as usize * 37) % count;
            if !self.binning.empty_layer(layer, (voxel_kev, labels), &mut cells_kev, &mut label_kev) {
                continue;
            }
            let mut moments = self.layers[layer].lock().expect("no thread panics while it adds");
            for row in self.rows_of(layer) {
                for (place, &energy_kev) in (row.first..).zip(&cells_kev[row.cells.clone()]) {
                    if energy_kev != 0.0 {
                        moments.add(place, energy_kev);
                    }
                }
            }
            drop(moments);
            cells_kev.fill(0.0);
        }
        label_kev
    }

    /// The dose map of `batches` batches: `mgy_per_kev_g` turns a batch's mean energy per mass (keV/g)
    /// into mGy of the acquisition.
    pub fn finish(&self, phantom: &Phantom, batches: u64, mgy_per_kev_g: f64) -> DoseMap {
        let mut unfinished = Unfinished::new(self, phantom, (batches, mgy_per_kev_g));
        for (layer, moments) in self.layers.iter().enumerate() {
            let moments = moments.lock().expect("no thread panics while it adds");
            unfinished.add_layer(layer, self.rows_of(layer), &moments);
        }
        unfinished.map
    }

    /// The same, for the last time: moments are given up as the map grows, so that both are never there at once.
    pub fn into_map(mut self, phantom: &Phantom, batches: u64, mgy_per_kev_g: f64) -> DoseMap {
        let layers = std::mem::take(&mut self.layers);
        let mut unfinished = Unfinished::new(&self, phantom, (batches, mgy_per_kev_g));
        for (layer, moments) in layers.into_iter().enumerate() {
            let moments = moments.into_inner().expect("no thread panics while it adds");
            unfinished.add_layer(layer, self.rows_of(layer), &moments);
        }
        unfinished.map
    }

    fn rows_of(&self, layer: usize) -> &[Row] {
        let ny = self.binning.grid.counts[1];
        &self.rows[layer * ny..(layer + 1) * ny]
    }

    /// Shows every cell of the map that holds anything, x fastest: the sum of its energies and that of their squares, in units of
    /// the fixed point.
    pub(in crate::tally) fn for_each_sum(&self, mut show: impl FnMut(usize, (i64, u128))) {
        for (layer, moments) in self.layers.iter().enumerate() {
            let moments = moments.lock().expect("no thread panics while it adds");
            for row in self.rows_of(layer) {
                for (place, cell) in (row.first..).zip(row.cells.clone()) {
                    let sums = moments.sums(place);
                    if sums.1 != 0 {
                        show(layer * self.binning.layer_cells() + cell, sums);
                    }
                }
            }
        }
    }

    /// Adds the sums of other batches to cells of the map, x fastest, those of one layer together; `false` where the map does not
    /// keep a cell, or sums are beyond all range.
    #[must_use]
    pub(in crate::tally) fn add_sums(&self, cells: &[u32], sums: impl Fn(usize) -> (i64, u128)) -> bool {
        let (nx, size) = (self.binning.grid.counts[0], self.binning.layer_cells());
        let mut next = 0;
        while next < cells.len() {
            let layer = cells[next] as usize / size;
            let Some(moments) = self.layers.get(layer) else { return false };
            let mut moments = moments.lock().expect("no thread panics while it adds");
            while next < cells.len() && cells[next] as usize / size == layer {
                let cell = cells[next] as usize % size;
                let place = self.rows_of(layer)[cell / nx].place_of(cell);
                if !place.is_some_and(|place| moments.add_sums(place, sums(next))) {
                    return false;
                }
                next += 1;
            }
        }
        true
    }
}

/// A map that is made layer by layer.
struct Unfinished<'a> {
    phantom: &'a Phantom,
    batches: u64,
    mgy_per_kev_g: f64,
    map: DoseMap,
    /// Room for the masses of a layer's cells, g.
    masses_g: Vec<f64>,
}

impl<'a> Unfinished<'a> {
    fn new(totals: &MapTotals, phantom: &'a Phantom, (batches, mgy_per_kev_g): (u64, f64)) -> Self {
        let map = DoseMap::empty(totals.binning.clone());
        let masses_g = vec![0.0; totals.binning.layer_cells()];
        Unfinished { phantom, batches, mgy_per_kev_g, map, masses_g }
    }

    fn add_layer(&mut self, layer: usize, rows: &[Row], moments: &Moments) {
        let (phantom, volume_cm3) = (self.phantom, self.phantom.grid.voxel_volume_cm3());
        let mass_g = |voxel| match phantom.labels[voxel] {
            EXTERIOR => 0.0,
            _ => phantom.density_g_cm3(voxel) * volume_cm3,
        };
        self.map.binning.gather(layer, &mut self.masses_g, mass_g);
        for row in rows {
            for (place, cell) in (row.first..).zip(row.cells.clone()) {
                let mass_g = self.masses_g[cell];
                if mass_g > 0.0 {
                    let (mean_kev, error_kev) = moments.mean_and_error_kev(place, self.batches);
                    let at = layer * self.masses_g.len() + cell;
                    self.map.dose_mgy[at] = (mean_kev / mass_g * self.mgy_per_kev_g) as f32;
                    self.map.standard_error_mgy[at] = (error_kev / mass_g * self.mgy_per_kev_g) as f32;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::grid::VoxelGrid;

    /// A grid whose rows do not fill whole pieces, its energies and labels.
    fn batch() -> (VoxelGrid, Vec<f32>, Vec<u8>) {
        let grid = VoxelGrid { counts: [37, 5, 7], spacing_cm: [0.2; 3], corner_cm: [0.0; 3] };
        let energies = (0..grid.len()).map(|v| if v % 11 == 3 { v as f32 } else { 0.0 }).collect();
        // Air at both ends of every row, and a layer of nothing but air.
        let is_air = |v: usize| !(4..30).contains(&(v % 37)) || v / (37 * 5) == 2;
        let labels = (0..grid.len()).map(|v| if is_air(v) { EXTERIOR } else { (v % 3) as u8 }).collect();
        (grid, energies, labels)
    }

    #[test]
    fn totals_take_every_voxel_of_a_batch_once_and_leave_it_empty() {
        for factors in [[1, 1, 1], [2, 2, 3]] {
            let (grid, energies, labels) = batch();
            let totals = MapTotals::new(Binning::new(&grid, factors), &labels);
            let mut left = energies.clone();
            let label_kev = totals.take(&mut left, &labels, 5);
            assert!(left.iter().all(|&energy| energy == 0.0));
            for label in 0..3 {
                let of_label = (0..grid.len()).filter(|&v| usize::from(labels[v]) == label);
                let expected: f64 = of_label.map(|v| f64::from(energies[v])).sum();
                assert_eq!(label_kev[label], expected, "label {label}");
            }
            let cells = totals.binning.grid.counts;
            let mut expected = vec![(0.0, false); totals.binning.grid.len()];
            for (voxel, &energy) in energies.iter().enumerate() {
                let at = [voxel % 37, voxel / 37 % 5, voxel / (37 * 5)];
                let [x, y, z]: [usize; 3] = std::array::from_fn(|axis| at[axis] / factors[axis]);
                let (sum, is_body) = &mut expected[(z * cells[1] + y) * cells[0] + x];
                *sum += f64::from(energy);
                *is_body |= labels[voxel] != EXTERIOR;
            }
            let mut found = vec![0.0; expected.len()];
            totals.for_each_sum(|cell, (sum, _)| {
                found[cell] = sum as f64 * crate::tally::fixed_point::QUANTUM_KEV
            });
            assert!(found.iter().any(|&energy_kev| energy_kev > 0.0));
            for (cell, (&found, (expected, is_body))) in found.iter().zip(expected).enumerate() {
                assert!(!is_body || (found - expected).abs() < 1e-6, "cell {cell}: {found} for {expected}");
            }
            let kept: usize = totals.rows.iter().map(|row| row.cells.len()).sum();
            assert!(kept < 3 * found.len() / 4, "{kept} of {} cells are kept", found.len());
        }
    }

    #[test]
    fn a_map_made_for_the_last_time_is_that_of_before() {
        let mut phantom = crate::geometry::standard::elliptic_cylinder(
            8.0,
            6.0,
            4.0,
            crate::data::material::Material::named("water").unwrap(),
            [0.5; 3],
        )
        .unwrap();
        phantom.labels[0] = EXTERIOR;
        for factors in [[1; 3], [3, 2, 1]] {
            let totals = MapTotals::new(Binning::new(&phantom.grid, factors), &phantom.labels);
            for batch in 0..3 {
                let mut energies: Vec<f32> =
                    (0..phantom.grid.len()).map(|voxel| ((voxel as u64 + batch) % 7) as f32).collect();
                totals.take(&mut energies, &phantom.labels, batch);
            }
            let map = totals.finish(&phantom, 3, 1.0);
            assert!(map.dose_mgy.iter().any(|&dose| dose > 0.0));
            assert_eq!(totals.into_map(&phantom, 3, 1.0), map);
        }
    }
}
