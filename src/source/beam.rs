//! The beam of one acquisition, ready to emit: spectrum, filters, bowtie, collimator and path composed.
//!
//! The focal spot is a point that radiates isotropically into the collimated fan; the flat filters are
//! as thick for every ray as for the central one; the bowtie's profile is along the ray. The air between
//! the scanner and the body is transport's.

use crate::error::Result;
use crate::photon::Photon;
use crate::source::acquisition::Acquisition;
use crate::source::collimator::Blades;
use crate::source::current::ModulatedPath;
use crate::source::fan_spectra::FanSpectra;
use crate::source::fan_window::{FanWindows, ShareWindows};
use crate::source::gantry::{Placement, SpotAxes, Trajectory, turns};
use crate::source::scanner::Scanner;

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
    windows: ShareWindows,
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
            windows: fan.windows(FanWindows::open(scanner.fan_angle_rad)),
            photons: per_mas * acquisition.total_mas() * acquisition.output_factor,
            fan,
        })
    }

    /// The same beam, emitting only inside these windows (weights account for the rest of the fan).
    pub fn with_windows(self, windows: FanWindows) -> Self {
        Beam { windows: self.fan.windows(windows), ..self }
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
    shares: [f32; 2],
    /// Sine of the lowest cone angle that the collimator lets through, and the width of that interval.
    sin_cone_low: f32,
    sin_cone_width: f32,
    /// Share of the photons that leave: of window and collimator.
    open: f32,
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
        let open = (high - low) * (sin_high - sin_low) / (2.0 * self.blades.sin_cone());
        Some(FocalSpot {
            axes: SpotAxes::new(&self.placement, self.source_to_isocentre_cm, z_cm, gantry_turns),
            shares: [low as f32, high as f32],
            sin_cone_low: sin_low as f32,
            sin_cone_width: (sin_high - sin_low) as f32,
            open: open as f32,
        })
    }

    /// The sum of weights over many histories is the share of the photons that fly inside the windows.
    #[inline]
    fn emit_from(&self, spot: &FocalSpot, deviates: RayDeviates) -> Photon {
        let sample = self.fan.sample(spot.shares, deviates.fan, deviates.energy);
        let sin_cone = spot.sin_cone_low + deviates.cone * spot.sin_cone_width;
        Photon {
            position_cm: spot.axes.position_cm,
            direction: spot.axes.direction(sample.fan_angle_rad, sin_cone),
            energy_kev: sample.energy_kev,
            weight: sample.weight * spot.open,
        }
    }
}
