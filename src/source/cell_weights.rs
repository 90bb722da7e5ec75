//! How much an acquisition sends through every cell of a response matrix.
//!
//! The weight of a cell is that of its column times that of its energy bin. Within a cell a photon is not where the
//! matrix was made on average; the difference is made up by the matrix's slope, so that only its curvature over a
//! cell is left: the first moment of the weights in a cell goes to its neighbours, with opposite signs.

use std::f64::consts::TAU;

use crate::error::{Error, Result};
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::beam::REFERENCE_DISTANCE_CM;
use crate::source::cells::CellGrid;
use crate::source::collimator::Blades;
use crate::source::current::CurrentProfile;
use crate::source::gantry::Trajectory;
use crate::source::scanner::Scanner;
use crate::source::spectrum::Spectrum;

/// Steps of a path per plane of the grid.
pub const STEPS_PER_PLANE: f64 = 8.0;
/// Steps per rotation where the angle is followed.
const STEPS_PER_ROTATION: f64 = 64.0;
/// Most steps of a path.
const MOST_STEPS: f64 = 16_384.0;
/// Share of a beam's energy that may lie outside the energy bins.
const OUTSIDE: f64 = 1e-4;

/// Weights of one acquisition.
#[derive(Clone, Debug, PartialEq)]
pub struct CellWeights {
    /// By column: mAs times cone (sine) times the square of the distance at which output is stated, cm² mAs.
    pub columns: Vec<f64>,
    /// By column: the same times the sine of the rays' angle to the plane of rotation, positive for rays from below.
    pub tilts: Vec<f64>,
    /// By energy bin: photons per cm² and mAs at that distance, before the bowtie.
    pub energies: Vec<f64>,
}

impl CellWeights {
    /// Weights of an acquisition on a scanner, whose bowtie must be that of the matrix.
    pub fn of(acquisition: &Acquisition, scanner: &Scanner, grid: &CellGrid) -> Result<Self> {
        let spectrum = scanner.spectrum_before_bowtie(acquisition.tube_voltage_kv)?;
        let (columns, tilts) = column_weights(acquisition, scanner.source_to_isocentre_cm, grid);
        Ok(CellWeights { columns, tilts, energies: energy_weights(&spectrum, grid)? })
    }

    /// First and last column with weight; `None` if the beam passes the grid by.
    pub fn span(&self) -> Option<(usize, usize)> {
        let first = self.columns.iter().position(|&weight| weight != 0.0)?;
        let last = self.columns.iter().rposition(|&weight| weight != 0.0)?;
        Some((first, last))
    }
}

/// Photons of a spectrum by energy bin; a photon off the bin's mean energy lends from the bins beside it.
pub fn energy_weights(spectrum: &Spectrum, grid: &CellGrid) -> Result<Vec<f64>> {
    let means = &grid.mean_energies_kev;
    let (mut weights, mut outside_kev, mut whole_kev) = (vec![0.0; means.len()], 0.0, 0.0);
    for (&energy_kev, &photons) in spectrum.energies_kev.iter().zip(&spectrum.photons_per_cm2_mas) {
        whole_kev += energy_kev * photons;
        let Some(bin) = grid.energy_bin(energy_kev) else {
            outside_kev += energy_kev * photons;
            continue;
        };
        weights[bin] += photons;
        for (of, slope) in slope(means, bin) {
            weights[of] += photons * (energy_kev - means[bin]) * slope;
        }
    }
    if outside_kev > OUTSIDE * whole_kev {
        let edges = &grid.energy_edges_kev;
        return Err(Error::invalid(format!(
            "the beam must have its energy within {}..{} keV, found {:.2} % outside",
            edges[0],
            edges[edges.len() - 1],
            100.0 * outside_kev / whole_kev
        )));
    }
    Ok(weights)
}

/// The slope at a point of three, per unit, as factors of their values: that of the parabola through them. At the
/// ends that of the straight line.
fn slope(at: &[f64], bin: usize) -> Vec<(usize, f64)> {
    if at.len() < 2 {
        return Vec::new();
    }
    if bin == 0 || bin + 1 == at.len() {
        let (low, high) = if bin == 0 { (0, 1) } else { (bin - 1, bin) };
        let step = at[high] - at[low];
        return vec![(low, -1.0 / step), (high, 1.0 / step)];
    }
    let (a, b) = (at[bin] - at[bin - 1], at[bin + 1] - at[bin]);
    vec![(bin - 1, -b / (a * (a + b))), (bin, (b - a) / (a * b)), (bin + 1, a / (b * (a + b)))]
}

/// mAs cm² that pass every column, and the same times the sine of the tilt.
fn column_weights(
    acquisition: &Acquisition,
    source_to_isocentre_cm: f64,
    grid: &CellGrid,
) -> (Vec<f64>, Vec<f64>) {
    let trajectory = acquisition.trajectory();
    let blades = Blades::new(acquisition, source_to_isocentre_cm);
    let angles = Angles::new(acquisition, &trajectory, grid.angles);
    let mut raw = Moments::new(grid);
    let mut current = 0.0;
    let steps = steps(acquisition, &trajectory, grid);
    for step in 0..steps {
        let (z_cm, angle_rad) = trajectory.at((step as f64 + 0.5) / steps as f64, 0.0);
        let by_angle = angles.at(z_cm, angle_rad);
        current += by_angle.iter().map(|&(_, share, _)| share).sum::<f64>();
        raw.add(grid, z_cm, source_to_isocentre_cm, blades.open(z_cm), &by_angle);
    }
    let scale = acquisition.total_mas() * acquisition.output_factor * REFERENCE_DISTANCE_CM.powi(2) / current;
    let tilts = raw.tilt.iter().map(|weight| weight * scale).collect();
    (raw.spread(grid).into_iter().map(|weight| weight * scale).collect(), tilts)
}

/// Steps in which a path is followed, alike in time.
fn steps(acquisition: &Acquisition, trajectory: &Trajectory, grid: &CellGrid) -> usize {
    let turning = !trajectory.has_random_start();
    let by_angle = if turning { STEPS_PER_ROTATION * trajectory.rotations() } else { 0.0 };
    let (low_cm, high_cm) = trajectory.z_extent_cm();
    let wanted = match acquisition.mode {
        Mode::Helical { .. } => ((high_cm - low_cm) / grid.plane_cm * STEPS_PER_PLANE).max(by_angle),
        Mode::Axial { .. } => trajectory.rotations().max(by_angle),
        Mode::Stationary { .. } => 1.0,
    };
    // Of an axial scan a multiple of the rotations, so that no step spans two of them.
    match trajectory {
        Trajectory::Axial { z_cm, .. } => {
            (wanted.min(MOST_STEPS) / z_cm.len() as f64).ceil() as usize * z_cm.len()
        }
        _ => wanted.clamp(1.0, MOST_STEPS).ceil() as usize,
    }
}

/// The tube current by the grid's gantry angles.
struct Angles<'a> {
    count: usize,
    random: bool,
    profile: Option<&'a CurrentProfile>,
    /// By angle bin of the profile: the grid's bins it meets, with its share in them and their first moment.
    overlaps: Vec<Vec<(usize, f64, f64)>>,
}

impl<'a> Angles<'a> {
    fn new(acquisition: &'a Acquisition, trajectory: &Trajectory, count: usize) -> Self {
        let profile = acquisition.modulation.as_deref();
        let random = trajectory.has_random_start();
        let bins = if random { profile.map_or(0, CurrentProfile::angles) } else { 0 };
        let overlaps = (0..bins).map(|bin| overlap(bin, bins, count)).collect();
        Angles { count, random, profile, overlaps }
    }

    /// Grid bin, relative current in it and the first moment of it (in bin widths from the middle), while the source
    /// is in a plane; `angle_rad` is where the tube is, if it did not start at random.
    fn at(&self, z_cm: f64, angle_rad: f64) -> Vec<(usize, f64, f64)> {
        match (self.random, self.profile) {
            (false, profile) => {
                let current = profile.map_or(1.0, |profile| profile.at(z_cm, angle_rad));
                let place = (angle_rad / TAU).rem_euclid(1.0) * self.count as f64;
                let bin = place.round();
                vec![(bin as usize % self.count, current, current * (place - bin))]
            }
            (true, None) => (0..self.count).map(|bin| (bin, 1.0 / self.count as f64, 0.0)).collect(),
            (true, Some(profile)) => {
                let mut found: Vec<(usize, f64, f64)> = (0..self.count).map(|bin| (bin, 0.0, 0.0)).collect();
                for (of, overlaps) in self.overlaps.iter().enumerate() {
                    let current = profile.in_bin(z_cm, of);
                    for &(bin, share, moment) in overlaps {
                        found[bin].1 += current * share;
                        found[bin].2 += current * moment;
                    }
                }
                found
            }
        }
    }
}

/// Where a bin of the current's turn lies among the grid's, whose first is centred on 0: bin, share of the turn,
/// moment.
fn overlap(bin: usize, bins: usize, count: usize) -> Vec<(usize, f64, f64)> {
    let width = count as f64 / bins as f64;
    let (low, high) = (bin as f64 * width, (bin + 1) as f64 * width);
    let first = (low + 0.5).floor() as usize;
    let last = (high + 0.5).ceil() as usize;
    let part = |middle: usize| {
        let middle_at = middle as f64;
        let (from, to) = (low.max(middle_at - 0.5), high.min(middle_at + 0.5));
        let share = (to - from) / count as f64;
        (share > 0.0).then(|| (middle % count, share, share * (0.5 * (from + to) - middle_at)))
    };
    (first..=last).filter_map(part).collect()
}

/// Weights of columns, and their first moments along z and angle in units of a bin.
struct Moments {
    weight: Vec<f64>,
    along_z: Vec<f64>,
    along_angle: Vec<f64>,
    /// Weights times the sine of the tilt.
    tilt: Vec<f64>,
}

impl Moments {
    fn new(grid: &CellGrid) -> Self {
        let none = || vec![0.0; grid.columns()];
        Moments { weight: none(), along_z: none(), along_angle: none(), tilt: none() }
    }

    /// Adds the beam of a source plane, between two sines of the cone angle.
    fn add(
        &mut self,
        grid: &CellGrid,
        z_cm: f64,
        source_to_isocentre_cm: f64,
        [sin_low, sin_high]: [f64; 2],
        by_angle: &[(usize, f64, f64)],
    ) {
        let height_cm = |sin: f64| z_cm + source_to_isocentre_cm * sin / (1.0 - sin * sin).sqrt();
        let sine = |height_cm: f64| {
            let tangent = (height_cm - z_cm) / source_to_isocentre_cm;
            tangent / (1.0 + tangent * tangent).sqrt()
        };
        let (low_cm, high_cm) = (height_cm(sin_low), height_cm(sin_high));
        let plane = |cm: f64| (cm - grid.low_z_cm) / grid.plane_cm;
        let first = plane(low_cm).floor().max(0.0) as usize;
        for plane in first..grid.planes {
            let bottom_cm = grid.low_z_cm + plane as f64 * grid.plane_cm;
            let (from_cm, to_cm) = (low_cm.max(bottom_cm), high_cm.min(bottom_cm + grid.plane_cm));
            if from_cm >= to_cm {
                break;
            }
            let (from_sine, to_sine) = (sine(from_cm), sine(to_cm));
            let cone = to_sine - from_sine;
            let tilt = 0.5 * (from_sine + to_sine);
            let off = (0.5 * (from_cm + to_cm) - bottom_cm) / grid.plane_cm - 0.5;
            for &(angle, share, moment) in by_angle {
                let column = plane * grid.angles + angle;
                self.weight[column] += cone * share;
                self.along_z[column] += cone * share * off;
                self.along_angle[column] += cone * moment;
                self.tilt[column] += cone * share * tilt;
            }
        }
    }

    /// Weights with which the sum over columns follows the slope within them.
    fn spread(self, grid: &CellGrid) -> Vec<f64> {
        let mut weights = self.weight;
        let (planes, angles) = (grid.planes, grid.angles);
        for column in 0..weights.len() {
            let (plane, angle) = (column / angles, column % angles);
            if plane > 0 && plane + 1 < planes {
                weights[column + angles] += 0.5 * self.along_z[column];
                weights[column - angles] -= 0.5 * self.along_z[column];
            }
            if angles > 2 {
                weights[plane * angles + (angle + 1) % angles] += 0.5 * self.along_angle[column];
                weights[plane * angles + (angle + angles - 1) % angles] -= 0.5 * self.along_angle[column];
            }
        }
        weights
    }
}
