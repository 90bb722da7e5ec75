//! The beam of one acquisition, ready to emit: spectrum, filters, bowtie, collimator and path composed.
//!
//! The focal spot is a point that radiates isotropically into the collimated fan; the flat filters are
//! as thick for every ray as for the central one; the bowtie's profile is along the ray. The air between
//! the scanner and the body is transport's.

use std::f64::consts::TAU;

use nalgebra::Vector3;

use crate::error::Result;
use crate::photon::Photon;
use crate::physics::cross_section::Attenuation;
use crate::source::acquisition::Acquisition;
use crate::source::bowtie::Bowtie;
use crate::source::collimator::Blades;
use crate::source::current::ModulatedPath;
use crate::source::fan_window::FanWindows;
use crate::source::gantry::{Placement, Trajectory, gantry_axes_of_turns};
use crate::source::scanner::Scanner;
use crate::source::spectrum::Spectrum;

/// Width of a fan cell, rad: one energy table is kept per cell (0.5 degrees).
const FAN_CELL_RAD: f64 = 0.5 * crate::units::RAD_PER_DEG;
/// Entries of the guide into each cell's cumulative spectrum.
const GUIDE: usize = 256;
/// Steps of a search from its guide that are taken without a branch.
const UNBRANCHED: usize = 2;
/// Distance at which tube output is stated, cm.
pub const REFERENCE_DISTANCE_CM: f64 = 100.0;

/// Deviates in (0, 1) that make one source photon.
#[derive(Clone, Copy, Debug)]
pub struct SourceDeviates {
    /// Fraction of the beam-on time.
    pub time: f64,
    /// Start angle, where it is random.
    pub turn: f32,
    /// Fan angle.
    pub fan: f32,
    /// Cone angle.
    pub cone: f32,
    /// Energy.
    pub energy: f32,
}

/// Deviates in (0, 1) that make one photon of a focal spot.
#[derive(Clone, Copy, Debug)]
pub struct RayDeviates {
    /// Fan angle.
    pub fan: f32,
    /// Cone angle.
    pub cone: f32,
    /// Energy.
    pub energy: f32,
}

/// Something that emits photons towards a phantom.
pub trait PhotonSource: Sync {
    /// The source at one moment: where it is, and whatever else its photons then have in common.
    type Spot;
    /// The source at a fraction of the beam-on time; `turn` picks its angle where that is random. `None` where nothing is
    /// to be emitted.
    fn spot(&self, time: f64, turn: f32) -> Option<Self::Spot>;
    /// A photon of a spot.
    fn emit_from(&self, spot: &Self::Spot, deviates: RayDeviates) -> Photon;
    /// Photons that one unit of weight per history stands for.
    fn photons(&self) -> f64;
    /// Rotations about the phantom in the beam-on time; 0 for a source at rest.
    fn rotations(&self) -> f64;

    /// The source photon of a set of deviates; `None` where nothing is to be emitted.
    #[inline]
    fn emit(&self, deviates: SourceDeviates) -> Option<Photon> {
        let SourceDeviates { time, turn, fan, cone, energy } = deviates;
        Some(self.emit_from(&self.spot(time, turn)?, RayDeviates { fan, cone, energy }))
    }
}

/// Where the focal spot is for the deviates of a history.
#[derive(Clone, Debug)]
enum Path {
    /// As many photons leave in every moment.
    Constant(Trajectory),
    /// In proportion to the tube current.
    Modulated(ModulatedPath),
}

/// A beam.
#[derive(Clone, Debug)]
pub struct Beam {
    path: Path,
    placement: Placement,
    source_to_isocentre_cm: f64,
    fan_angle_rad: f64,
    blades: Blades,
    windows: FanWindows,
    fan: FanSpectra,
    photons: f64,
}

impl Beam {
    /// The beam of an acquisition on a scanner, with the patient placed as told.
    pub fn new(scanner: &Scanner, acquisition: &Acquisition, placement: Placement) -> Result<Self> {
        let spectrum = scanner.spectrum_before_bowtie(acquisition.tube_voltage_kv)?;
        let fan = FanSpectra::new(scanner, &spectrum);
        let blades = Blades::new(acquisition, scanner.source_to_isocentre_cm);
        let per_mas = fan.photons_per_rad_mas_cm2 * REFERENCE_DISTANCE_CM.powi(2) * 2.0 * blades.sin_cone();
        let trajectory = acquisition.trajectory();
        Ok(Beam {
            path: match &acquisition.modulation {
                Some(profile) => Path::Modulated(ModulatedPath::new(trajectory, profile)),
                None => Path::Constant(trajectory),
            },
            placement,
            source_to_isocentre_cm: scanner.source_to_isocentre_cm,
            fan_angle_rad: scanner.fan_angle_rad,
            blades,
            windows: FanWindows::open(scanner.fan_angle_rad),
            photons: per_mas * acquisition.total_mas() * acquisition.output_factor,
            fan,
        })
    }

    /// The same beam, emitting only inside these windows (weights account for the rest of the fan).
    pub fn with_windows(self, windows: FanWindows) -> Self {
        Beam { windows, ..self }
    }

    /// The focal spot's path.
    pub fn trajectory(&self) -> &Trajectory {
        match &self.path {
            Path::Constant(trajectory) => trajectory,
            Path::Modulated(path) => path.trajectory(),
        }
    }

    /// How the patient lies.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Distance from focal spot to isocentre, cm.
    pub fn source_to_isocentre_cm(&self) -> f64 {
        self.source_to_isocentre_cm
    }

    /// Full fan angle, rad.
    pub fn fan_angle_rad(&self) -> f64 {
        self.fan_angle_rad
    }

    /// Lowest and highest z that the beam covers at the isocentre, cm.
    pub fn z_extent_cm(&self) -> [f64; 2] {
        let (low_cm, high_cm) = self.trajectory().z_extent_cm();
        let half_cm = self.blades.tan_cone() * self.source_to_isocentre_cm;
        [low_cm - half_cm, high_cm + half_cm]
    }

    /// Tangent of the largest cone angle.
    pub fn tan_cone(&self) -> f64 {
        self.blades.tan_cone()
    }
}

/// A beam's focal spot at one moment.
#[derive(Clone, Copy, Debug)]
pub struct FocalSpot {
    axes: SpotAxes,
    /// Cumulative share of the fan's photons below and above the window.
    shares: [f64; 2],
    /// Sine of the lowest cone angle that the collimator lets through, and the width of that interval.
    sin_cone_low: f64,
    sin_cone_width: f64,
    /// Share of the photons that leave: of window and collimator.
    open: f64,
}

impl PhotonSource for Beam {
    type Spot = FocalSpot;

    /// Photons that leave bowtie and open collimator in the whole acquisition; what dynamic blades cut off lowers the
    /// weights.
    fn photons(&self) -> f64 {
        self.photons
    }

    fn rotations(&self) -> f64 {
        self.trajectory().rotations()
    }

    /// `None` where the fan window or the collimator is closed.
    #[inline]
    fn spot(&self, time: f64, turn: f32) -> Option<FocalSpot> {
        let turn = f64::from(turn);
        let (z_cm, gantry_angle_rad) = match &self.path {
            Path::Constant(trajectory) => trajectory.at(time, turn),
            Path::Modulated(path) => path.at(time, turn),
        };
        let gantry_turns = turns(gantry_angle_rad);
        let [low, high] = self.windows.at(z_cm, gantry_turns);
        let [sin_low, sin_high] = self.blades.open(z_cm);
        if high <= low || sin_high <= sin_low {
            return None;
        }
        let shares = [self.fan.share_below(low), self.fan.share_below(high)];
        Some(FocalSpot {
            axes: SpotAxes::new(&self.placement, self.source_to_isocentre_cm, z_cm, gantry_turns),
            shares,
            sin_cone_low: sin_low,
            sin_cone_width: sin_high - sin_low,
            open: (shares[1] - shares[0]) * (sin_high - sin_low) / (2.0 * self.blades.sin_cone()),
        })
    }

    /// The sum of weights over many histories is the share of the photons that fly inside the windows.
    #[inline]
    fn emit_from(&self, spot: &FocalSpot, deviates: RayDeviates) -> Photon {
        let sample = self.fan.sample(spot.shares, deviates.fan, deviates.energy);
        let sin_cone = spot.sin_cone_low + f64::from(deviates.cone) * spot.sin_cone_width;
        Photon {
            position_cm: spot.axes.position_cm.cast(),
            direction: spot.axes.direction(sample.fan_angle_rad, sin_cone).cast(),
            energy_kev: sample.energy_kev,
            weight: sample.weight * spot.open as f32,
        }
    }
}

/// An angle in turns, in [0, 1).
#[inline]
pub(super) fn turns(angle_rad: f64) -> f64 {
    let turns = angle_rad * (1.0 / TAU);
    turns - turns.floor()
}

/// Where a focal spot is and how its fan lies, in the patient's frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpotAxes {
    /// The focal spot, cm.
    pub(super) position_cm: Vector3<f64>,
    outward: Vector3<f64>,
    lateral: Vector3<f64>,
}

impl SpotAxes {
    /// From the source plane and the gantry angle, turns in [0, 1).
    #[inline]
    pub(super) fn new(
        placement: &Placement,
        source_to_isocentre_cm: f64,
        z_cm: f64,
        gantry_turns: f64,
    ) -> Self {
        // 0.2 µm on the way: the photon flies in single precision.
        let (outward, lateral) = gantry_axes_of_turns(placement.position, gantry_turns as f32);
        let [x_cm, y_cm] = placement.isocentre_cm;
        let position_cm = Vector3::new(x_cm, y_cm, z_cm) + outward * source_to_isocentre_cm;
        SpotAxes { position_cm, outward, lateral }
    }

    /// Direction of a ray: fan angle and sine of the cone angle.
    #[inline]
    pub(super) fn direction(&self, fan_angle_rad: f64, sin_cone: f64) -> Vector3<f64> {
        let cos_cone = (1.0 - sin_cone * sin_cone).sqrt();
        // Within 1e-7: the photon flies in single precision.
        let (sin_fan, cos_fan) = (fan_angle_rad as f32).sin_cos();
        let mut direction =
            (self.lateral * f64::from(sin_fan) - self.outward * f64::from(cos_fan)) * cos_cone;
        direction.z = sin_cone;
        direction
    }
}

/// Fan angle, energy and weight of a ray: what it carries of the photons it was drawn for.
struct Ray {
    fan_angle_rad: f64,
    energy_kev: f32,
    weight: f32,
}

/// Intensity and spectrum behind the bowtie by fan angle.
///
/// The fan is cut into cells; fan angle and energy are drawn for the bowtie's thickness at the cell's
/// middle, and the weight exp(−μ(E)·Δt) makes them exact for the thickness at the ray's own angle.
#[derive(Clone, Debug)]
struct FanSpectra {
    first_angle_rad: f64,
    cells_per_rad: f64,
    /// Cumulative share of the photons below each cell edge.
    cumulative: Vec<f64>,
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
    photons_per_rad_mas_cm2: f64,
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
    fn correction(&self, bin: usize, cell: usize, from_edge_rad: f64) -> f32 {
        let place = (from_edge_rad * FINE_PER_RAD) as f32;
        let below = (place as usize).min(self.fine_thickness_cm.len() - 2);
        let (t0, t1) = (self.fine_thickness_cm[below], self.fine_thickness_cm[below + 1]);
        let thickness_cm = t0 + (t1 - t0) * (place - below as f32);
        (self.mu_per_cm[bin] * (self.cell_thickness_cm[cell] - thickness_cm)).exp()
    }
}

impl FanSpectra {
    fn new(scanner: &Scanner, spectrum: &Spectrum) -> Self {
        let cells = (scanner.fan_angle_rad / FAN_CELL_RAD).ceil().max(1.0) as usize;
        let width_rad = scanner.fan_angle_rad / cells as f64;
        let first_angle_rad = -scanner.fan_angle_rad / 2.0;
        let bowtie = scanner.bowtie.as_ref();
        let bowtie = bowtie.map(|profile| BowtieDetail::new(profile, spectrum, scanner.fan_angle_rad, cells));
        let mut fan = FanSpectra {
            first_angle_rad,
            cells_per_rad: 1.0 / width_rad,
            cumulative: vec![0.0],
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

    /// Cumulative share of the photons at a fan angle.
    #[inline]
    fn share_below(&self, fan_angle_rad: f64) -> f64 {
        let place = ((fan_angle_rad - self.first_angle_rad) * self.cells_per_rad).max(0.0);
        let cell = (place as usize).min(self.cumulative.len() - 2);
        let (low, high) = (self.cumulative[cell], self.cumulative[cell + 1]);
        low + (high - low) * (place - cell as f64).min(1.0)
    }

    #[inline]
    fn sample(&self, [below, above]: [f64; 2], fan: f32, energy: f32) -> Ray {
        let share = below + (above - below) * f64::from(fan);
        let last = self.cumulative.len() - 2;
        let mut cell = usize::from(self.cell_guide[((share * GUIDE as f64) as usize).min(GUIDE - 1)]);
        // The first steps without a branch, which would be a coin toss.
        for _ in 0..UNBRANCHED {
            cell += usize::from(cell < last && self.cumulative[cell + 1] <= share);
        }
        while cell < last && self.cumulative[cell + 1] <= share {
            cell += 1;
        }
        let (c0, c1) = (self.cumulative[cell], self.cumulative[cell + 1]);
        let fan_angle_rad =
            self.first_angle_rad + (cell as f64 + (share - c0) / (c1 - c0)) / self.cells_per_rad;
        let (bin, energy_kev) = self.sample_energy(cell, energy);
        let weight = match &self.bowtie {
            Some(bowtie) => bowtie.correction(bin, cell, fan_angle_rad - self.first_angle_rad),
            None => 1.0,
        };
        Ray { fan_angle_rad, energy_kev, weight }
    }

    /// Energy bin and energy (uniform inside the bin) for a deviate.
    #[inline]
    fn sample_energy(&self, cell: usize, deviate: f32) -> (usize, f32) {
        let cumulative = &self.energy_cumulative[cell * self.energies..(cell + 1) * self.energies];
        let mut bin = usize::from(self.guide[cell * GUIDE + (deviate * GUIDE as f32) as usize]);
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
