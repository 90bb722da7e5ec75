//! Scatter, smoothed: a map in which chance is averaged over neighbours that scatter could not tell apart.
//!
//! The fluence of scattered photons hardly changes in a few millimetres, so that voxels of one medium near each other get
//! nearly the same dose from it; each is given the mean over its neighbours of the same medium, but for a tenth, which it keeps.
//! What the primary leaves is not touched, nor is the energy of any label of the phantom. The price is a bias where the dose of
//! scatter bends: its size is estimated in the same run, from two halves of the batches, whose chance is independent.

use std::ops::Range;
use std::sync::Mutex;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::geometry::phantom::{EXTERIOR, Phantom};
use crate::tally::dose_map::DoseMap;
use crate::tally::fixed_point::QUANTUM_KEV;
use crate::units::CM_PER_MM;

/// Edge of the cube that scatter is averaged over, cm; rounded down to an odd number of voxels.
pub const WIDTH_CM: f64 = 0.6;

/// Share of a voxel's own scatter that it keeps beside the mean: the bias shrinks by as much, and chance grows little.
const OWN_SHARE: f32 = 0.1;

/// Class of voxels that are not averaged over: the air around the body.
const NONE: u8 = u8::MAX;

/// Smooths the scatter of batches of one phantom.
pub struct Smoothing<'a> {
    labels: &'a [u8],
    counts: [usize; 3],
    /// Neighbours on either side of a voxel along x, y, z.
    reach: [usize; 3],
    /// Medium of every voxel, or [`NONE`].
    classes: Vec<u8>,
    /// Voxels of the body in every row along x.
    spans: Vec<Range<usize>>,
    /// Neighbours of a voxel that are of its medium, itself included.
    alike: Vec<u16>,
    /// By row.
    differences: Vec<Mutex<Halves>>,
}

/// Sums of what smoothing took from the voxels of a row, over the even and over the odd batches, in fixed point; nothing where
/// nothing was played.
pub(in crate::tally) type Halves = [Option<Box<[i64]>>; 2];

impl<'a> Smoothing<'a> {
    /// Refuses voxels too large for neighbours to lie within the width.
    pub fn check(phantom: &Phantom) -> Result<()> {
        if reach(phantom) != [0; 3] {
            return Ok(());
        }
        let [x, y, z] = phantom.grid.spacing_cm.map(|cm| cm / CM_PER_MM);
        Err(Error::invalid(format!(
            "estimator \"map-smoothed\" averages over {:.0} mm: voxels must be at most {:.0} mm along an axis, found \
             {x:.1} x {y:.1} x {z:.1}",
            WIDTH_CM / CM_PER_MM,
            WIDTH_CM / 3.0 / CM_PER_MM
        ))
        .with_help("smaller voxel_mm, or estimator = \"map\""))
    }

    /// Prepares a phantom; its media must be fewer than 256.
    pub fn new(phantom: &'a Phantom) -> Self {
        let [nx, ny, nz] = phantom.grid.counts;
        let class = |(voxel, &label): (usize, &u8)| {
            if label == EXTERIOR { NONE } else { phantom.medium_index(voxel) }
        };
        let classes: Vec<u8> = phantom.labels.iter().enumerate().map(class).collect();
        let span = |row: &[u8]| {
            let first = row.iter().position(|&class| class != NONE).unwrap_or(nx);
            first..row.iter().rposition(|&class| class != NONE).map_or(first, |last| last + 1)
        };
        let reach = phantom.grid.spacing_cm.map(|cm| (0.5 * (WIDTH_CM / cm - 1.0) + 1e-6).max(0.0) as usize);
        Smoothing {
            labels: &phantom.labels,
            counts: phantom.grid.counts,
            reach,
            spans: classes.chunks_exact(nx).map(span).collect(),
            alike: alike(&classes, phantom.grid.counts, reach),
            classes,
            differences: (0..ny * nz).map(|_| Mutex::default()).collect(),
        }
    }

    /// What smoothing took from the voxels, by row along x.
    pub(in crate::tally) fn differences(&self) -> &[Mutex<Halves>] {
        &self.differences
    }

    /// Voxels of a row.
    pub(in crate::tally) fn row_voxels(&self) -> usize {
        self.counts[0]
    }

    /// Adds a batch's smoothed scatter to its primary and leaves its scatter empty, keV by voxel; `room` is empty before and after,
    /// and as large.
    pub fn join(&self, primary_kev: &mut [f32], scatter_kev: &mut [f32], room: &mut [f32], batch: u64) {
        let nx = self.counts[0];
        let (rows, factors) = self.smooth(scatter_kev, room);
        for row in rows {
            let mut sums = self.differences[row].lock().expect("no thread panics while it adds");
            let sums = sums[batch as usize % 2].get_or_insert_with(|| vec![0; nx].into_boxed_slice());
            for (voxel, sum) in (row * nx..(row + 1) * nx).zip(sums.iter_mut()) {
                let played_kev = std::mem::take(&mut scatter_kev[voxel]);
                let mean_kev = std::mem::take(&mut room[voxel]) * factors[usize::from(self.labels[voxel])];
                let own_share = if self.classes[voxel] == NONE { 0.0 } else { OWN_SHARE };
                let smooth_kev = mean_kev + own_share * (played_kev - mean_kev);
                primary_kev[voxel] += smooth_kev;
                *sum += (f64::from(played_kev - smooth_kev) * (1.0 / QUANTUM_KEV)) as i64;
            }
        }
    }

    /// The mean over the neighbours of one medium, for every voxel of the body; `smoothed_kev` is empty before. Returns the rows
    /// in which anything is, and what the energies of each label have to be multiplied by for the label to keep its energy.
    fn smooth(&self, scatter_kev: &[f32], smoothed_kev: &mut [f32]) -> (Vec<usize>, [f32; 256]) {
        let [nx, ny, nz] = self.counts;
        let [_, by_y, by_z] = self.reach;
        let holds = |row: &[f32]| row.iter().fold(0, |bits, energy_kev| bits | energy_kev.to_bits()) != 0;
        let filled: Vec<bool> = scatter_kev.chunks_exact(nx).map(holds).collect();
        let (mut rows, mut sums, mut columns) = (Vec::new(), [[0.0_f64; 2]; 256], vec![0.0; nx]);
        let mut neighbours = Vec::new();
        for row in 0..ny * nz {
            let (y, z) = (row % ny, row / ny);
            neighbours.clear();
            for z in z.saturating_sub(by_z)..(z + by_z + 1).min(nz) {
                neighbours.extend((y.saturating_sub(by_y)..(y + by_y + 1).min(ny)).map(|y| z * ny + y));
            }
            if self.spans[row].is_empty() || !neighbours.iter().any(|&row| filled[row]) {
                continue;
            }
            rows.push(row);
            self.smooth_row(
                row,
                &neighbours,
                &mut columns,
                scatter_kev,
                &mut smoothed_kev[row * nx..(row + 1) * nx],
            );
            for x in self.spans[row].clone() {
                let sums = &mut sums[usize::from(self.labels[row * nx + x])];
                sums[0] += f64::from(scatter_kev[row * nx + x]);
                sums[1] += f64::from(smoothed_kev[row * nx + x]);
            }
        }
        (rows, sums.map(|[played, smooth]| if smooth > 0.0 { (played / smooth) as f32 } else { 1.0 }))
    }

    /// One row. Inside a medium, where all neighbours are of one, sums over columns of them serve voxel after voxel.
    fn smooth_row(
        &self,
        row: usize,
        neighbours: &[usize],
        columns_kev: &mut [f32],
        scatter_kev: &[f32],
        smoothed_kev: &mut [f32],
    ) {
        let (nx, reach) = (self.counts[0], self.reach[0]);
        columns_kev.fill(0.0);
        for neighbour in neighbours {
            let energies = &scatter_kev[neighbour * nx..(neighbour + 1) * nx];
            columns_kev.iter_mut().zip(energies).for_each(|(sum, energy_kev)| *sum += energy_kev);
        }
        let whole = self.reach.iter().map(|reach| 2 * reach + 1).product::<usize>() as u16;
        for x in self.spans[row].clone() {
            let alike = self.alike[row * nx + x];
            let window = x.saturating_sub(reach)..(x + reach + 1).min(nx);
            let sum_kev = if alike == whole {
                columns_kev[window].iter().sum()
            } else {
                self.sum_of_class_kev(self.classes[row * nx + x], neighbours, window, scatter_kev)
            };
            smoothed_kev[x] = sum_kev / f32::from(alike.max(1));
        }
    }

    /// Energy of the voxels of a class in a window.
    fn sum_of_class_kev(&self, class: u8, rows: &[usize], window: Range<usize>, scatter_kev: &[f32]) -> f32 {
        if class == NONE {
            return 0.0;
        }
        let nx = self.counts[0];
        let row_kev = |row: &usize| {
            let voxels = row * nx + window.start..row * nx + window.end;
            let pairs = self.classes[voxels.clone()].iter().zip(&scatter_kev[voxels]);
            pairs.map(|(&of, &energy_kev)| if of == class { energy_kev } else { 0.0 }).sum::<f32>()
        };
        rows.iter().map(row_kev).sum()
    }

    /// Root mean square over some voxels of what smoothing shifts their dose by, over that of their dose. `map` is of the same
    /// batches and voxels; `batches` is their number, `mgy_per_kev_g` turns a batch's energy per mass into dose.
    ///
    /// The product of two independent halves has the square of the bias as its mean; where chance makes it negative, the bias
    /// is too small to be seen, and 0 is returned.
    pub fn relative_bias(
        &self,
        phantom: &Phantom,
        map: &DoseMap,
        (batches, mgy_per_kev_g): (u64, f64),
        voxels: impl Fn(usize) -> bool,
    ) -> f64 {
        let [even, odd] =
            [batches.div_ceil(2), batches / 2].map(|count| QUANTUM_KEV / count as f64 * mgy_per_kev_g);
        let (mut shift, mut whole) = (0.0, 0.0);
        for (row, sums) in self.differences.iter().enumerate() {
            let sums = sums.lock().expect("no thread panics while it adds");
            let [Some(of_even), Some(of_odd)] = &*sums else { continue };
            for (x, (&a, &b)) in of_even.iter().zip(of_odd).enumerate() {
                let voxel = row * self.counts[0] + x;
                let dose_mgy = f64::from(map.dose_mgy[voxel]);
                if dose_mgy > 0.0 && voxels(voxel) {
                    let per_mass = 1.0 / (phantom.density_g_cm3(voxel) * phantom.grid.voxel_volume_cm3());
                    shift += a as f64 * even * per_mass * (b as f64 * odd * per_mass);
                    whole += dose_mgy * dose_mgy;
                }
            }
        }
        (shift.max(0.0) / whole).sqrt()
    }
}

/// Neighbours on either side of a voxel, by axis.
fn reach(phantom: &Phantom) -> [usize; 3] {
    phantom.grid.spacing_cm.map(|cm| (0.5 * (WIDTH_CM / cm - 1.0) + 1e-6).max(0.0) as usize)
}

/// How many voxels of a window around each are of its class.
fn alike(classes: &[u8], [nx, ny, nz]: [usize; 3], [by_x, by_y, by_z]: [usize; 3]) -> Vec<u16> {
    let around = |middle: usize, reach: usize, count: usize| {
        middle.saturating_sub(reach)..(middle + reach + 1).min(count)
    };
    let count = |voxel: usize| {
        let [x, y, z] = [voxel % nx, voxel / nx % ny, voxel / (nx * ny)];
        let rows = around(z, by_z, nz).flat_map(|z| around(y, by_y, ny).map(move |y| (z * ny + y) * nx));
        let window = around(x, by_x, nx);
        rows.map(|row| {
            let row = &classes[row + window.start..row + window.end];
            row.iter().filter(|&&class| class == classes[voxel]).count() as u16
        })
        .sum()
    };
    let is_body = |voxel: usize| classes[voxel] != NONE;
    (0..classes.len()).into_par_iter().map(|voxel| if is_body(voxel) { count(voxel) } else { 0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::material::Material;
    use crate::geometry::phantom::Medium;
    use crate::geometry::standard::elliptic_cylinder;
    use crate::tally::dose_map::Binning;
    use crate::tally::map_totals::MapTotals;

    /// A cylinder of water, its left half of another density.
    fn halves() -> Phantom {
        let water = Material::named("water").unwrap();
        let mut phantom = elliptic_cylinder(4.0, 3.0, 2.0, water.clone(), [0.2; 3]).unwrap();
        phantom.media.push(Medium { material: water, density_g_cm3: 0.5 });
        let light = phantom.media.len() as u8 - 1;
        let nx = phantom.grid.counts[0];
        let medium = |(voxel, &label): (usize, &u8)| match voxel % nx < nx / 2 && label != EXTERIOR {
            true => light,
            false => phantom.regions[usize::from(label)].medium,
        };
        phantom.voxel_media = Some(phantom.labels.iter().enumerate().map(medium).collect());
        phantom
    }

    fn joined(phantom: &Phantom, scatter_kev: &[f32]) -> Vec<f32> {
        let [mut primary, mut room] = [(); 2].map(|()| vec![0.0; scatter_kev.len()]);
        let mut scatter = scatter_kev.to_vec();
        Smoothing::new(phantom).join(&mut primary, &mut scatter, &mut room, 0);
        assert!(scatter.iter().chain(&room).all(|&energy| energy == 0.0), "maps are left empty");
        primary
    }

    #[test]
    fn what_is_even_in_each_medium_stays_as_it_is() {
        let phantom = halves();
        let even = |(voxel, &label): (usize, &u8)| match label {
            EXTERIOR => 0.0,
            _ => 1.0 + f32::from(phantom.medium_index(voxel)),
        };
        let scatter: Vec<f32> = phantom.labels.iter().enumerate().map(even).collect();
        for (voxel, (before, after)) in scatter.iter().zip(joined(&phantom, &scatter)).enumerate() {
            assert!((before - after).abs() < 1e-5, "voxel {voxel}: {before} {after}");
        }
    }

    #[test]
    fn a_label_keeps_its_energy_and_chance_is_averaged() {
        let phantom = halves();
        let noise = |(voxel, &label): (usize, &u8)| match label {
            EXTERIOR => 0.0,
            _ => crate::numerics::rng::mix64(voxel as u64) as f32 / u64::MAX as f32,
        };
        let scatter: Vec<f32> = phantom.labels.iter().enumerate().map(noise).collect();
        let after = joined(&phantom, &scatter);
        let moments = |energies: &[f32]| {
            let body: Vec<f64> = energies
                .iter()
                .zip(&phantom.labels)
                .filter(|(_, l)| **l != EXTERIOR)
                .map(|(&e, _)| f64::from(e))
                .collect();
            let mean = body.iter().sum::<f64>() / body.len() as f64;
            (mean, body.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / body.len() as f64)
        };
        let ((mean, variance), (smooth_mean, smooth_variance)) = (moments(&scatter), moments(&after));
        assert!((smooth_mean / mean - 1.0).abs() < 1e-5, "{mean} {smooth_mean}");
        // 27 neighbours inside, fewer at the surface and at the seam.
        assert!((10.0..27.0).contains(&(variance / smooth_variance)), "{variance} {smooth_variance}");
    }

    #[test]
    fn the_bias_of_a_spike_is_seen_and_that_of_a_slope_is_not() {
        let phantom = halves();
        let nx = phantom.grid.counts[0];
        let bias = |energy: &dyn Fn(usize) -> f32| {
            let smoothing = Smoothing::new(&phantom);
            let totals = MapTotals::new(Binning::new(&phantom.grid, [1; 3]), &phantom.labels);
            for batch in 0..4 {
                let body =
                    |(voxel, &label): (usize, &u8)| if label == EXTERIOR { 0.0 } else { energy(voxel) };
                let mut scatter: Vec<f32> = phantom.labels.iter().enumerate().map(body).collect();
                let [mut primary, mut room] = [(); 2].map(|()| vec![0.0; scatter.len()]);
                smoothing.join(&mut primary, &mut scatter, &mut room, batch);
                totals.take(&mut primary, &phantom.labels, batch);
            }
            let map = totals.finish(&phantom, 4, 1.0);
            let slice = nx * phantom.grid.counts[1];
            // In the middle: where neighbours lack on one side only, a slope is bent.
            let is_inside = |voxel: usize| smoothing.alike[voxel] == 27 && (3..9).contains(&(voxel / slice));
            smoothing.relative_bias(&phantom, &map, (4, 1.0), is_inside)
        };
        let slice = nx * phantom.grid.counts[1];
        let slope = bias(&|voxel| 10.0 + (voxel / slice) as f32);
        assert!(slope < 1e-3, "{slope}");
        let spikes = bias(&|voxel| if (voxel / slice).is_multiple_of(3) { 3.0 } else { 0.0 });
        // Of 3, 0, 0 along z smoothing makes 1.2, 0.9, 0.9: a shift of root mean square 0.9 √2 of a dose of √1.02.
        assert!((spikes / (0.9 * (2.0_f64 / 1.02).sqrt()) - 1.0).abs() < 0.02, "{spikes}");
    }
}
