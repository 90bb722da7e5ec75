//! Automatic exposure control: the tube current a scanner would choose for this patient.
//!
//! A detector behind a patient of water-equivalent diameter d receives the transmission T(d) of the beam through as
//! much water, weighted by energy; noise follows 1 / √(mAs · T). Along z the current follows T(Dw)^−s of the slices
//! under the beam: strength 1 holds the noise constant. Over the angle it follows T(t)^(−s/2) of the thickness t along
//! the central ray: the square root gives the least noise for the mAs (Gies, Kalender, Wolf, Suess & Madsen, Med. Phys.
//! 26 (1999) 2235). The mean current of the scan is the protocol's.

use std::f64::consts::TAU;
use std::sync::Arc;

use crate::analysis::ray_thickness::RayThickness;
use crate::analysis::size::{REFERENCE_KEV, SliceSize, slice_sizes};
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::physics::cross_section::Attenuation;
use crate::simulation::Exam;
use crate::source::acquisition::Acquisition;
use crate::source::current::CurrentProfile;
use crate::source::scanner::Scanner;
use crate::source::spectrum::Spectrum;

/// Bins of the gantry angle: 5 degrees.
const ANGLES: usize = 72;
/// Largest distance of the planes of a profile, cm.
const PLANE_CM: f64 = 0.5;
/// Halvings when a scale is sought.
const HALVINGS: usize = 60;

/// How the current is chosen before sectors and limits.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Constant.
    Constant,
    /// By the patient's attenuation.
    Automatic {
        /// Follow the size along z.
        along_z: bool,
        /// Follow the thickness over the gantry angle.
        angular: bool,
        /// Exponent s: 0 is constant, 1 holds the noise.
        strength: f64,
    },
    /// A current of the user's own against the source plane: z (cm), ascending, and mA.
    Profile(Vec<[f64; 2]>),
}

/// Gantry angles with another current, for example over the breasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sector {
    /// Middle, rad; 0 is the tube above the table.
    pub centre_rad: f64,
    /// Full width, rad.
    pub width_rad: f64,
    /// Current inside over that without the sector.
    pub factor: f64,
    /// Whether the rest of the rotation is raised so that its mAs stay.
    pub compensate: bool,
}

/// What a protocol asks of the tube current.
#[derive(Clone, Debug, PartialEq)]
pub struct ExposureControl {
    /// Shape.
    pub shape: Shape,
    /// Sector, if any.
    pub sector: Option<Sector>,
    /// Lowest and highest current the generator gives, mA.
    pub limits_ma: [f64; 2],
}

/// Gives every acquisition that asks for it its tube current.
pub fn modulate(exam: &mut Exam, asked: &[Option<ExposureControl>]) -> Result<()> {
    for (index, control) in asked.iter().enumerate() {
        if let Some(control) = control {
            let profile = profile(exam, &exam.acquisitions[index], control)?;
            exam.acquisitions[index].modulation = Some(Arc::new(profile));
        }
    }
    Ok(())
}

/// Tube current by source plane and gantry angle, mA; its mean over the scan is the acquisition's.
fn profile(exam: &Exam, acquisition: &Acquisition, control: &ExposureControl) -> Result<CurrentProfile> {
    let shape = match &control.shape {
        Shape::Constant => CurrentProfile::new(vec![acquisition.top_z_cm], 1, vec![1.0])?,
        Shape::Profile(points) => CurrentProfile::new(
            points.iter().map(|point| point[0]).collect(),
            1,
            points.iter().map(|point| point[1]).collect(),
        )?,
        &Shape::Automatic { along_z, angular, strength } => {
            automatic(exam, acquisition, [along_z, angular], strength)?
        }
    };
    let shape = match &control.sector {
        Some(sector) => with_sector(&shape, sector)?,
        None => shape,
    };
    scaled(&shape, acquisition, control.limits_ma)
}

fn automatic(
    exam: &Exam,
    acquisition: &Acquisition,
    [along_z, angular]: [bool; 2],
    strength: f64,
) -> Result<CurrentProfile> {
    let planes_cm = planes_cm(acquisition);
    let transmission = Transmission::new(exam.scanner_of(acquisition), acquisition.tube_voltage_kv)?;
    let sizes = slice_sizes(&exam.phantom, REFERENCE_KEV)?;
    let thickness = if angular { Some(RayThickness::new(&exam.phantom, REFERENCE_KEV)?) } else { None };
    let angles = if angular { ANGLES } else { 1 };
    let half_width_cm = acquisition.collimation_cm / 2.0;
    let mut relative = Vec::with_capacity(planes_cm.len() * angles);
    for &z_cm in &planes_cm {
        let diameter_cm = mean_diameter_cm(&sizes, exam.phantom.grid.spacing_cm[2], z_cm, half_width_cm);
        let level = if along_z { transmission.of(diameter_cm).powf(-strength) } else { 1.0 };
        let over_angles: Vec<f64> = (0..angles)
            .map(|angle| match &thickness {
                Some(thickness) => {
                    let angle_rad = (angle as f64 + 0.5) * TAU / ANGLES as f64;
                    let path_cm = thickness.central_cm(&exam.placement, z_cm, angle_rad);
                    transmission.of(path_cm).powf(-0.5 * strength)
                }
                None => 1.0,
            })
            .collect();
        let mean = over_angles.iter().sum::<f64>() / angles as f64;
        relative.extend(over_angles.iter().map(|value| level * value / mean));
    }
    CurrentProfile::new(planes_cm, angles, relative)
}

/// Source planes of a scan, [`PLANE_CM`] apart or closer, cm.
fn planes_cm(acquisition: &Acquisition) -> Vec<f64> {
    let (low_cm, high_cm) = acquisition.trajectory().z_extent_cm();
    let steps = ((high_cm - low_cm) / PLANE_CM).ceil() as usize;
    match steps {
        0 => vec![low_cm],
        _ => (0..=steps).map(|k| low_cm + (high_cm - low_cm) * k as f64 / steps as f64).collect(),
    }
}

/// Mean water-equivalent diameter under the beam, cm; slices without a body count as nothing.
fn mean_diameter_cm(sizes: &[SliceSize], slice_cm: f64, z_cm: f64, half_width_cm: f64) -> f64 {
    let reach_cm = half_width_cm.max(0.5 * slice_cm);
    let under = sizes.iter().filter(|size| (size.z_cm - z_cm).abs() <= reach_cm);
    let sum_cm: f64 = under.map(|size| size.water_equivalent_diameter_cm).sum();
    sum_cm / (2.0 * reach_cm / slice_cm).round().max(1.0)
}

/// A shape with its sector.
fn with_sector(shape: &CurrentProfile, sector: &Sector) -> Result<CurrentProfile> {
    let share = sector.width_rad / TAU;
    let rest = if sector.compensate { (1.0 - share * sector.factor) / (1.0 - share) } else { 1.0 };
    let bin_rad = TAU / ANGLES as f64;
    let factor = |angle: usize| {
        let inside = overlap_rad(angle as f64 * bin_rad, bin_rad, sector) / bin_rad;
        inside * sector.factor + (1.0 - inside) * rest
    };
    let factors: Vec<f64> = (0..ANGLES).map(factor).collect();
    let z_cm = shape.z_cm().to_vec();
    let value = |&z: &f64, angle: usize| shape.at(z, (angle as f64 + 0.5) * bin_rad) * factors[angle];
    let relative = z_cm.iter().flat_map(|z| (0..ANGLES).map(move |angle| (z, angle)));
    let relative = relative.map(|(z, angle)| value(z, angle)).collect();
    CurrentProfile::new(z_cm, ANGLES, relative)
}

/// How much of an angle bin lies in a sector, rad.
fn overlap_rad(low_rad: f64, width_rad: f64, sector: &Sector) -> f64 {
    let from = sector.centre_rad - 0.5 * sector.width_rad;
    let at = (low_rad - from).rem_euclid(TAU);
    let forward = (sector.width_rad - at).clamp(0.0, width_rad);
    let wrapped = (at + width_rad - TAU).clamp(0.0, sector.width_rad);
    forward + wrapped
}

/// A shape within the limits whose mean over the scan is the acquisition's current, mA.
fn scaled(
    shape: &CurrentProfile,
    acquisition: &Acquisition,
    [low, high]: [f64; 2],
) -> Result<CurrentProfile> {
    let trajectory = acquisition.trajectory();
    let wanted = acquisition.tube_current_ma;
    let with = |scale: f64| shape.mapped(|value| (scale * value).clamp(low, high));
    let free = wanted / shape.mean_along(&trajectory);
    // Between a scale that leaves nothing above the lowest current and one that leaves nothing below the highest.
    let (mut small, mut large) = (0.0, free);
    while with(large)?.mean_along(&trajectory) < wanted * (1.0 - 1e-9) && large < free * 1e9 {
        large *= 2.0;
    }
    let unlimited = with(free)?;
    if (unlimited.mean_along(&trajectory) / wanted - 1.0).abs() < 1e-9 {
        return Ok(unlimited);
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (small + large);
        if with(middle)?.mean_along(&trajectory) < wanted { small = middle } else { large = middle }
    }
    let found = with(0.5 * (small + large))?;
    if (found.mean_along(&trajectory) / wanted - 1.0).abs() > 1e-3 {
        return Err(Error::invalid(format!(
            "acquisition `{}`: a mean of {wanted} mA is not possible between {low} and {high} mA",
            acquisition.phase
        )));
    }
    Ok(found)
}

/// Transmission of the central ray through water, weighted by energy.
pub struct Transmission {
    /// Energy fluence and attenuation of water (1/cm) by bin of the spectrum.
    bins: Vec<[f64; 2]>,
    /// Energy of every bin, keV.
    energies_kev: Vec<f64>,
}

impl Transmission {
    /// Of a scanner's beam on its axis.
    pub fn new(scanner: &Scanner, tube_voltage_kv: f64) -> Result<Self> {
        Self::of_spectrum(&scanner.spectrum_on_axis(tube_voltage_kv)?)
    }

    /// Of a spectrum.
    pub fn of_spectrum(spectrum: &Spectrum) -> Result<Self> {
        let water = Attenuation::new(&Material::named("water")?);
        let bins = spectrum.energies_kev.iter().zip(&spectrum.photons_per_cm2_mas);
        Ok(Transmission {
            bins: bins.map(|(&kev, &n)| [kev * n, water.mu_over_rho_cm2_g(kev)]).collect(),
            energies_kev: spectrum.energies_kev.clone(),
        })
    }

    /// Share of the energy fluence behind so much water, cm.
    pub fn of(&self, water_cm: f64) -> f64 {
        self.energy_fluence_kev(water_cm) / self.energy_fluence_kev(0.0)
    }

    /// Mean of a function of the energy (keV) over the energy fluence behind so much water, cm.
    pub fn mean_behind(&self, water_cm: f64, of_kev: impl Fn(f64) -> f64) -> f64 {
        let bins = self.bins.iter().zip(&self.energies_kev);
        let sum: f64 = bins.map(|([fluence, mu], &kev)| fluence * (-mu * water_cm).exp() * of_kev(kev)).sum();
        sum / self.energy_fluence_kev(water_cm)
    }

    /// Energy fluence behind so much water (cm), keV/cm² and mAs at a metre.
    pub fn energy_fluence_kev(&self, water_cm: f64) -> f64 {
        self.bins.iter().map(|[fluence, mu]| fluence * (-mu * water_cm).exp()).sum()
    }
}
