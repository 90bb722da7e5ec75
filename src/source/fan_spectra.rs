//! Intensity and spectrum of a beam by fan angle, behind the bowtie.

use crate::physics::cross_section::Attenuation;
use crate::source::bowtie::Bowtie;
use crate::source::fan_window::{FanWindows, ShareWindows};
use crate::source::scanner::Scanner;
use crate::source::spectrum::Spectrum;

/// Width of a fan cell, rad: one energy table is kept per cell (0.5 degrees).
const FAN_CELL_RAD: f64 = 0.5 * crate::units::RAD_PER_DEG;
/// Entries of the guide into each cell's cumulative spectrum.
const GUIDE: usize = 256;
/// Steps of a search from its guide that are taken without a branch.
const UNBRANCHED: usize = 2;

/// Fan angle, energy and weight of a ray: what it carries of the photons it was drawn for.
pub(super) struct Ray {
    pub(super) fan_angle_rad: f32,
    pub(super) energy_kev: f32,
    pub(super) weight: f32,
}

/// Intensity and spectrum behind the bowtie by fan angle.
///
/// The fan is cut into cells; fan angle and energy are drawn for the bowtie's thickness at the cell's
/// middle, and the weight exp(−μ(E)·Δt) makes them exact for the thickness at the ray's own angle.
#[derive(Clone, Debug)]
pub(super) struct FanSpectra {
    first_angle_rad: f64,
    cells_per_rad: f64,
    /// Cumulative share of the photons below each cell edge.
    cumulative: Vec<f64>,
    /// The cells, to draw fan angles from, and one that no deviate reaches.
    cells: Vec<FanCell>,
    /// By share (in [`GUIDE`] steps): the cell a search starts from.
    cell_guide: Vec<u16>,
    energies: usize,
    energy_bin_kev: f32,
    first_bin_edge_kev: f32,
    /// By cell, then energy bin: cumulative share, ending at 1.
    energy_cumulative: Vec<f32>,
    /// By cell, then guide entry: the bin a deviate's search starts from.
    guide: Vec<u16>,
    bowtie: Option<BowtieDetail>,
    /// Photons per rad of fan angle per mAs and cm² at the reference distance, summed over the fan.
    pub(super) photons_per_rad_mas_cm2: f64,
}

/// What it takes to draw a fan angle in a cell.
#[derive(Clone, Copy, Debug)]
struct FanCell {
    /// Cumulative share of the photons below it.
    below: f32,
    /// Its width over its share, rad.
    rad_per_share: f32,
    /// Its lower edge's distance from the fan's edge, rad.
    from_edge_rad: f32,
}

/// What it takes to correct a weight for the thickness at the very angle.
#[derive(Clone, Debug)]
struct BowtieDetail {
    cell_thickness_cm: Vec<f32>,
    /// Thickness on a fine, even grid of fan angles from the fan's edge.
    fine_thickness_cm: Vec<f32>,
    mu_per_cm: Vec<f32>,
}

/// Steps of the fine thickness table per radian (0.05 degrees): published profiles have 0.5 degrees.
const FINE_PER_RAD: f64 = 20.0 / crate::units::RAD_PER_DEG;

impl BowtieDetail {
    fn new(profile: &Bowtie, spectrum: &Spectrum, fan_angle_rad: f64, cells: usize) -> Self {
        let attenuation = Attenuation::new(&profile.material);
        let mu = |&e: &f64| (attenuation.mu_over_rho_cm2_g(e) * profile.material.density_g_cm3) as f32;
        let thickness = |from_edge_rad: f64| profile.thickness_cm(from_edge_rad - fan_angle_rad / 2.0) as f32;
        let cell_rad = fan_angle_rad / cells as f64;
        let fine = (fan_angle_rad * FINE_PER_RAD).ceil() as usize + 2;
        BowtieDetail {
            cell_thickness_cm: (0..cells).map(|cell| thickness((cell as f64 + 0.5) * cell_rad)).collect(),
            fine_thickness_cm: (0..fine).map(|k| thickness(k as f64 / FINE_PER_RAD)).collect(),
            mu_per_cm: spectrum.energies_kev.iter().map(mu).collect(),
        }
    }

    /// Transmission of the thickness at an angle over that at the cell's middle.
    #[inline]
    fn correction(&self, bin: usize, cell: usize, from_edge_rad: f32) -> f32 {
        let place = from_edge_rad * FINE_PER_RAD as f32;
        let below = (place as u32 as usize).min(self.fine_thickness_cm.len() - 2);
        let (t0, t1) = (self.fine_thickness_cm[below], self.fine_thickness_cm[below + 1]);
        let thickness_cm = t0 + (t1 - t0) * (place - below as f32);
        (self.mu_per_cm[bin] * (self.cell_thickness_cm[cell] - thickness_cm)).exp()
    }
}

fn fan_cells(cumulative: &[f64], width_rad: f64) -> Vec<FanCell> {
    let cell = |(index, edges): (usize, &[f64])| FanCell {
        below: edges[0] as f32,
        rad_per_share: (width_rad / (edges[1] - edges[0])) as f32,
        from_edge_rad: (index as f64 * width_rad) as f32,
    };
    let end = FanCell { below: f32::INFINITY, rad_per_share: 0.0, from_edge_rad: 0.0 };
    cumulative.windows(2).enumerate().map(cell).chain([end]).collect()
}

impl FanSpectra {
    pub(super) fn new(scanner: &Scanner, spectrum: &Spectrum) -> Self {
        let cells = (scanner.fan_angle_rad / FAN_CELL_RAD).ceil().max(1.0) as usize;
        let width_rad = scanner.fan_angle_rad / cells as f64;
        let first_angle_rad = -scanner.fan_angle_rad / 2.0;
        let bowtie = scanner.bowtie.as_ref();
        let bowtie = bowtie.map(|profile| BowtieDetail::new(profile, spectrum, scanner.fan_angle_rad, cells));
        let mut fan = FanSpectra {
            first_angle_rad,
            cells_per_rad: 1.0 / width_rad,
            cumulative: vec![0.0],
            cells: Vec::new(),
            cell_guide: Vec::new(),
            energies: spectrum.energies_kev.len(),
            energy_bin_kev: spectrum.bin_width_kev as f32,
            first_bin_edge_kev: (spectrum.energies_kev[0] - spectrum.bin_width_kev / 2.0) as f32,
            energy_cumulative: Vec::new(),
            guide: Vec::new(),
            bowtie,
            photons_per_rad_mas_cm2: 0.0,
        };
        (0..cells).for_each(|cell| fan.push_cell(cell, spectrum));
        let total = fan.cumulative[cells];
        fan.cumulative.iter_mut().for_each(|share| *share /= total);
        fan.cells = fan_cells(&fan.cumulative, width_rad);
        let cell_below = |share: f64| fan.cumulative.partition_point(|&c| c <= share).clamp(1, cells) - 1;
        fan.cell_guide = (0..GUIDE).map(|entry| cell_below(entry as f64 / GUIDE as f64) as u16).collect();
        fan.photons_per_rad_mas_cm2 = total * width_rad;
        fan
    }

    /// Appends one cell's cumulative spectrum and its photons (not yet normalised).
    fn push_cell(&mut self, cell: usize, spectrum: &Spectrum) {
        let behind_bowtie = |bin: usize| match &self.bowtie {
            Some(bowtie) => f64::from(-bowtie.mu_per_cm[bin] * bowtie.cell_thickness_cm[cell]).exp(),
            None => 1.0,
        };
        let photons: Vec<f64> = (spectrum.photons_per_cm2_mas.iter().enumerate())
            .map(|(bin, photons)| photons * behind_bowtie(bin))
            .collect();
        let total: f64 = photons.iter().sum();
        let mut running = 0.0;
        let shares: Vec<f32> = photons
            .iter()
            .map(|count| {
                running += count;
                (running / total) as f32
            })
            .collect();
        let last_filled = photons.iter().rposition(|&count| count > 0.0).unwrap_or(0);
        let bin_of = |share: f32| shares.partition_point(|&s| s <= share).min(last_filled) as u16;
        self.guide.extend((0..GUIDE).map(|entry| bin_of(entry as f32 / GUIDE as f32)));
        self.energy_cumulative.extend(
            shares.iter().enumerate().map(|(bin, &share)| if bin >= last_filled { 1.0 } else { share }),
        );
        self.cumulative.push(self.cumulative[cell] + total);
    }

    /// Windows of fan angles as shares of the photons.
    pub(super) fn windows(&self, windows: FanWindows) -> ShareWindows {
        ShareWindows::new(windows, |fan_angle_rad| self.share_below(fan_angle_rad))
    }

    /// Cumulative share of the photons at a fan angle.
    fn share_below(&self, fan_angle_rad: f64) -> f64 {
        let place = ((fan_angle_rad - self.first_angle_rad) * self.cells_per_rad).max(0.0);
        let cell = (place as usize).min(self.cumulative.len() - 2);
        let (low, high) = (self.cumulative[cell], self.cumulative[cell + 1]);
        low + (high - low) * (place - cell as f64).min(1.0)
    }

    /// Draws a ray between two cumulative shares of the photons.
    #[inline]
    pub(super) fn sample(&self, [below, above]: [f32; 2], fan: f32, energy: f32) -> Ray {
        let share = below + (above - below) * fan;
        let mut cell = usize::from(self.cell_guide[((share * GUIDE as f32) as u32 as usize).min(GUIDE - 1)]);
        // The first steps without a branch, which would be a coin toss.
        for _ in 0..UNBRANCHED {
            cell += usize::from(self.cells[cell + 1].below <= share);
        }
        while self.cells[cell + 1].below <= share {
            cell += 1;
        }
        let FanCell { below, rad_per_share, from_edge_rad } = self.cells[cell];
        let from_edge_rad = from_edge_rad + (share - below) * rad_per_share;
        let (bin, energy_kev) = self.sample_energy(cell, energy);
        let weight = match &self.bowtie {
            Some(bowtie) => bowtie.correction(bin, cell, from_edge_rad),
            None => 1.0,
        };
        Ray { fan_angle_rad: self.first_angle_rad as f32 + from_edge_rad, energy_kev, weight }
    }

    /// Energy bin and energy (uniform inside the bin) for a deviate.
    #[inline]
    fn sample_energy(&self, cell: usize, deviate: f32) -> (usize, f32) {
        let cumulative = &self.energy_cumulative[cell * self.energies..(cell + 1) * self.energies];
        let mut bin = usize::from(self.guide[cell * GUIDE + (deviate * GUIDE as f32) as u32 as usize]);
        for _ in 0..UNBRANCHED {
            bin += usize::from(cumulative[bin] <= deviate);
        }
        while cumulative[bin] <= deviate {
            bin += 1;
        }
        let below = if bin == 0 { 0.0 } else { cumulative[bin - 1] };
        let within = (deviate - below) / (cumulative[bin] - below);
        (bin, self.first_bin_edge_kev + (bin as f32 + within) * self.energy_bin_kev)
    }
}
