//! A radiation field of one source position: what a radiograph, a projection of the TG-195 cases or a
//! tube that rotates once about its axis emits. Photons are uniform in solid angle inside the collimator.

use std::f64::consts::TAU;

use nalgebra::{Rotation3, Vector3};

use crate::error::{Error, Result};
use crate::photon::Photon;
use crate::source::beam::{PhotonSource, RayDeviates};
use crate::source::spectrum::Spectrum;

/// What the collimator lets through.
#[derive(Clone, Debug, PartialEq)]
pub enum Aperture {
    /// A pyramid: everything that meets a rectangle, which may lie askew or off the axis.
    Rectangle {
        /// Corner of the rectangle, cm.
        corner_cm: Vector3<f64>,
        /// Its two edges from that corner, at right angles to each other, cm.
        edges_cm: [Vector3<f64>; 2],
    },
    /// A circular cone.
    Cone {
        /// Axis, of any length.
        axis: Vector3<f64>,
        /// Angle between axis and surface, rad.
        half_angle_rad: f64,
    },
}

/// How the source turns about the z axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turning {
    /// It stays where it was put, turned by this angle (from x to y), rad.
    At(f64),
    /// One rotation in the beam-on time.
    Continuous,
}

/// A point source behind a collimator.
#[derive(Clone, Debug)]
pub struct Field {
    focus_cm: Vector3<f64>,
    shape: Shape,
    turning: Turning,
    energies: EnergySampler,
}

#[derive(Clone, Debug)]
enum Shape {
    Rectangle(SphericalRectangle),
    Cone { axes: [Vector3<f64>; 3], cos_half: f64 },
}

impl Field {
    /// A point source at `focus_cm` with its aperture, both before the turn. Refuses an aperture that is flat
    /// or that the source lies in.
    pub fn new(
        focus_cm: Vector3<f64>,
        aperture: &Aperture,
        spectrum: &Spectrum,
        turning: Turning,
    ) -> Result<Self> {
        let shape = match aperture {
            Aperture::Rectangle { corner_cm, edges_cm } => {
                Shape::Rectangle(SphericalRectangle::new(corner_cm - focus_cm, *edges_cm)?)
            }
            Aperture::Cone { axis, half_angle_rad } => {
                let z = axis.normalize();
                let aside = if z.x.abs() < 0.9 { Vector3::x() } else { Vector3::y() };
                let x = z.cross(&aside).normalize();
                Shape::Cone { axes: [x, z.cross(&x), z], cos_half: half_angle_rad.cos() }
            }
        };
        Ok(Field { focus_cm, shape, turning, energies: EnergySampler::new(spectrum) })
    }

    /// Solid angle of the field, sr.
    pub fn solid_angle_sr(&self) -> f64 {
        match &self.shape {
            Shape::Rectangle(rectangle) => rectangle.solid_angle_sr,
            Shape::Cone { cos_half, .. } => TAU * (1.0 - cos_half),
        }
    }

    fn direction(&self, u: f64, v: f64) -> Vector3<f64> {
        match &self.shape {
            Shape::Rectangle(rectangle) => rectangle.direction(u, v),
            Shape::Cone { axes: [x, y, z], cos_half } => {
                let cos = 1.0 - u * (1.0 - cos_half);
                let (sin_azimuth, cos_azimuth) = (TAU * v).sin_cos();
                (x * cos_azimuth + y * sin_azimuth) * (1.0 - cos * cos).sqrt() + z * cos
            }
        }
    }
}

impl PhotonSource for Field {
    /// How far the source has turned.
    type Spot = Rotation3<f64>;

    /// One: results are per photon inside the collimator.
    fn photons(&self) -> f64 {
        1.0
    }

    fn rotations(&self) -> f64 {
        f64::from(u8::from(self.turning == Turning::Continuous))
    }

    #[inline]
    fn spot(&self, time: f64, _: f32) -> Option<Self::Spot> {
        let angle_rad = match self.turning {
            Turning::At(angle_rad) => angle_rad,
            Turning::Continuous => TAU * time,
        };
        Some(Rotation3::from_axis_angle(&Vector3::z_axis(), angle_rad))
    }

    #[inline]
    fn emit_from(&self, turn: &Self::Spot, deviates: RayDeviates) -> Photon {
        let direction = self.direction(f64::from(deviates.fan), f64::from(deviates.cone));
        Photon {
            position_cm: (turn * self.focus_cm).cast(),
            direction: (turn * direction).cast(),
            energy_kev: self.energies.sample(deviates.energy),
            weight: 1.0,
        }
    }
}

/// Uniform directions into a rectangle: Ureña, Fajardo and King, An area-preserving parametrization for
/// spherical rectangles, Computer Graphics Forum 32 (2013) 59.
#[derive(Clone, Debug)]
struct SphericalRectangle {
    axes: [Vector3<f64>; 3],
    x_cm: [f64; 2],
    y_cm: [f64; 2],
    z_cm: f64,
    b0: f64,
    b1: f64,
    k: f64,
    solid_angle_sr: f64,
}

impl SphericalRectangle {
    /// From the corner, seen from the source, and the two edges.
    fn new(corner_cm: Vector3<f64>, edges_cm: [Vector3<f64>; 2]) -> Result<Self> {
        let lengths_cm = edges_cm.map(|edge| edge.norm());
        let (x, y) = (edges_cm[0] / lengths_cm[0], edges_cm[1] / lengths_cm[1]);
        let mut z = x.cross(&y);
        if !(x.dot(&y).abs() < 1e-9 && corner_cm.dot(&z).abs() > 1e-9) {
            return Err(Error::invalid(
                "a field's edges must be at right angles and its source outside their plane",
            ));
        }
        if corner_cm.dot(&z) > 0.0 {
            z = -z;
        }
        let (x0, y0, z0) = (corner_cm.dot(&x), corner_cm.dot(&y), corner_cm.dot(&z));
        let (x1, y1) = (x0 + lengths_cm[0], y0 + lengths_cm[1]);
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)].map(|(x, y)| Vector3::new(x, y, z0));
        let normal = |i: usize| corners[i].cross(&corners[(i + 1) % 4]).normalize();
        let normals = [normal(0), normal(1), normal(2), normal(3)];
        let angle = |i: usize| (-normals[i].dot(&normals[(i + 1) % 4])).acos();
        let k = TAU - angle(2) - angle(3);
        Ok(SphericalRectangle {
            axes: [x, y, z],
            x_cm: [x0, x1],
            y_cm: [y0, y1],
            z_cm: z0,
            b0: normals[0].z,
            b1: normals[2].z,
            k,
            solid_angle_sr: angle(0) + angle(1) - k,
        })
    }

    fn direction(&self, u: f64, v: f64) -> Vector3<f64> {
        let (sin, cos) = (u * self.solid_angle_sr + self.k).sin_cos();
        let f = (cos * self.b0 - self.b1) / sin;
        let c = (f.signum() / f.hypot(self.b0)).clamp(-1.0, 1.0);
        let x_cm = (-c * self.z_cm / (1.0 - c * c).sqrt()).clamp(self.x_cm[0], self.x_cm[1]);
        let depth_cm = x_cm.hypot(self.z_cm);
        let height = |y_cm: f64| y_cm / depth_cm.hypot(y_cm);
        let h = height(self.y_cm[0]) + v * (height(self.y_cm[1]) - height(self.y_cm[0]));
        let y_cm = h * depth_cm / (1.0 - h * h).sqrt();
        let [x, y, z] = self.axes;
        (x * x_cm + y * y_cm + z * self.z_cm).normalize()
    }
}

/// Energies of a spectrum: a bin by its share, evenly inside the bin.
#[derive(Clone, Debug)]
struct EnergySampler {
    /// Cumulative share by bin, ending at 1.
    cumulative: Vec<f64>,
    low_edges_kev: Vec<f64>,
    width_kev: f64,
}

impl EnergySampler {
    fn new(spectrum: &Spectrum) -> Self {
        let total = spectrum.fluence_total();
        let mut running = 0.0;
        let mut share = |photons: &f64| {
            running += photons / total;
            running
        };
        EnergySampler {
            cumulative: spectrum.photons_per_cm2_mas.iter().map(&mut share).collect(),
            low_edges_kev: spectrum.energies_kev.iter().map(|e| e - spectrum.bin_width_kev / 2.0).collect(),
            width_kev: spectrum.bin_width_kev,
        }
    }

    fn sample(&self, deviate: f32) -> f32 {
        let deviate = f64::from(deviate);
        let bin = self.cumulative.partition_point(|&c| c <= deviate).min(self.cumulative.len() - 1);
        let below = if bin == 0 { 0.0 } else { self.cumulative[bin - 1] };
        let within = ((deviate - below) / (self.cumulative[bin] - below)).min(1.0);
        (self.low_edges_kev[bin] + within * self.width_kev) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::beam::SourceDeviates;

    fn grid(n: u32) -> impl Iterator<Item = SourceDeviates> {
        let place = move |i: u32| (i as f32 + 0.5) / n as f32;
        (0..n * n).map(move |i| SourceDeviates {
            time: 0.25,
            turn: 0.5,
            fan: place(i % n),
            cone: place(i / n),
            energy: 0.5,
        })
    }

    fn askew() -> Field {
        let aperture = Aperture::Rectangle {
            corner_cm: Vector3::new(-19.5, -19.5, 180.0),
            edges_cm: [Vector3::x() * 39.0, Vector3::y() * 39.0],
        };
        let focus_cm = Vector3::new(0.0, -48.231, 0.0);
        Field::new(focus_cm, &aperture, &Spectrum::monoenergetic(60.0).unwrap(), Turning::At(0.0)).unwrap()
    }

    #[test]
    fn an_oblique_field_is_uniform_in_solid_angle_and_covers_its_rectangle() {
        // Share of the photons in a part of the rectangle = solid angle of the part, by the integral of
        // cos / r² over its area.
        let field = askew();
        let solid_angle_sr = |y_cm: [f64; 2]| {
            let n = 200;
            let step = |[low, high]: [f64; 2], i: usize| low + (high - low) * (i as f64 + 0.5) / n as f64;
            let mut sum = 0.0;
            for i in 0..n * n {
                let (x, y) = (step([-19.5, 19.5], i % n), step(y_cm, i / n));
                sum += 180.0 / Vector3::new(x, y + 48.231, 180.0_f64).norm().powi(3);
            }
            sum * 39.0 * (y_cm[1] - y_cm[0]) / (n * n) as f64
        };
        assert!((field.solid_angle_sr() / solid_angle_sr([-19.5, 19.5]) - 1.0).abs() < 1e-4);
        let n = 300;
        let mut near = 0;
        for deviates in grid(n) {
            let photon = field.emit(deviates).unwrap();
            let hit = photon.position_cm + photon.direction * (180.0 / photon.direction.z);
            assert!(hit.x.abs() < 19.501 && hit.y.abs() < 19.501, "{hit}");
            near += u32::from(hit.y < 0.0);
        }
        let expected = solid_angle_sr([-19.5, 0.0]) / field.solid_angle_sr();
        assert!((f64::from(near) / f64::from(n * n) - expected).abs() < 0.003);
    }

    #[test]
    fn a_cone_is_uniform_in_solid_angle() {
        let aperture = Aperture::Cone { axis: -Vector3::z(), half_angle_rad: 0.3 };
        let spectrum = Spectrum::monoenergetic(60.0).unwrap();
        let field = Field::new(Vector3::zeros(), &aperture, &spectrum, Turning::At(0.0)).unwrap();
        let inner = grid(200).filter(|d| -field.emit(*d).unwrap().direction.z > 0.2_f32.cos()).count();
        let expected = (1.0 - 0.2_f64.cos()) / (1.0 - 0.3_f64.cos());
        assert!((inner as f64 / 40_000.0 - expected).abs() < 0.003);
    }

    #[test]
    fn a_continuous_rotation_turns_from_x_to_y() {
        let aperture = Aperture::Cone { axis: Vector3::x(), half_angle_rad: 1e-3 };
        let spectrum = Spectrum::monoenergetic(60.0).unwrap();
        let focus_cm = Vector3::new(-60.0, 0.0, 0.0);
        let field = Field::new(focus_cm, &aperture, &spectrum, Turning::Continuous).unwrap();
        let photon = field.emit(grid(1).next().unwrap()).unwrap();
        assert!((photon.position_cm - Vector3::new(0.0, -60.0, 0.0)).norm() < 1e-4);
        assert!((photon.direction - Vector3::y()).norm() < 2e-3);
    }

    #[test]
    fn energies_follow_the_table_and_are_even_inside_a_bin() {
        let spectrum = Spectrum::from_table(&[20.0, 21.0, 22.0], &[1.0, 0.0, 3.0], "s").unwrap();
        let sampler = EnergySampler::new(&spectrum);
        let sampled = [0.001, 0.125, 0.25, 0.625, 0.9999].map(|u| sampler.sample(u));
        let expected = [19.504, 20.0, 21.5, 22.0, 22.4998];
        assert!(sampled.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{sampled:?}");
    }
}
