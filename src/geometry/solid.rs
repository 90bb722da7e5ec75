//! The eight primitive solids stylised phantoms are made of, and the frame that may turn them.
//!
//! Equations: Cristy & Eckerman, ORNL/TM-8381 (1987), gathered into eight primitives. Each solid
//! answers two questions: is a point in it, and how much of a box does it cover.

use nalgebra::{Matrix3, Vector3};

use crate::geometry::cover::{BoxCm, Cover};
use crate::geometry::interval::Interval;

/// A coordinate axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// To the patient's left.
    X,
    /// To the patient's back.
    Y,
    /// To the patient's head.
    Z,
}

impl Axis {
    pub(super) fn index(self) -> usize {
        match self {
            Axis::X => 0,
            Axis::Y => 1,
            Axis::Z => 2,
        }
    }

    /// The two other axes.
    pub(super) fn others(self) -> [usize; 2] {
        match self {
            Axis::X => [1, 2],
            Axis::Y => [0, 2],
            Axis::Z => [0, 1],
        }
    }
}

/// A primitive; lengths in cm.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Σ((pᵢ − cᵢ)/aᵢ)² ≤ 1.
    Ellipsoid {
        /// Centre.
        centre_cm: [f64; 3],
        /// Semi-axes.
        semi_axes_cm: [f64; 3],
    },
    /// Elliptic cross-section along z; centre and semi-axes run linearly from the first z to the second.
    Frustum {
        /// First and second end.
        z_cm: [f64; 2],
        /// Centre (x, y) at both ends.
        centres_cm: [[f64; 2]; 2],
        /// Semi-axes (x, y) at both ends.
        semi_axes_cm: [[f64; 2]; 2],
    },
    /// Elliptic cylinder along x.
    CylinderX {
        /// Ends.
        x_cm: [f64; 2],
        /// Centre (y, z).
        centre_cm: [f64; 2],
        /// Semi-axes (y, z).
        semi_axes_cm: [f64; 2],
    },
    /// n·p ≤ offset.
    HalfSpace {
        /// Normal n, of any length.
        normal: [f64; 3],
        /// Offset.
        offset_cm: f64,
    },
    /// Between two planes across an axis.
    Slab {
        /// The axis.
        axis: Axis,
        /// Lower and upper plane.
        range_cm: [f64; 2],
    },
    /// Torus of elliptic cross-section: ((ρ − R)/a)² + (w/b)² ≤ 1 with ρ the distance from the axis
    /// and w the height along it.
    Torus {
        /// Axis of revolution.
        axis: Axis,
        /// Centre.
        centre_cm: [f64; 3],
        /// Radius R of the circle the cross-section travels.
        radius_cm: f64,
        /// Semi-axis a, away from the axis.
        radial_cm: f64,
        /// Semi-axis b, along the axis.
        axial_cm: f64,
    },
    /// Slabs of one thickness along z, every second one filled, the first one too (the ribs).
    Stack {
        /// Lower and upper end.
        z_cm: [f64; 2],
        /// Thickness of a slab.
        pitch_cm: f64,
    },
    /// The notch that makes two lobes of the thyroid:
    /// (y' − |x|)² ≥ 2(x² + y'²)τ², y' = y − y0, 0 ≤ h ≤ c with h = z − z_base,
    /// τ = 1 + (√2 − 2)/2 · h/(c/4) up to c/4 and (2√2 − 1)/3 + (2 − √2)/2 · h/(3c/4) above.
    ThyroidNotch {
        /// y of the axis, y0.
        y0_cm: f64,
        /// Lower end.
        z_base_cm: f64,
        /// Height c.
        height_cm: f64,
    },
}

/// A turned and moved coordinate system: local = rows · (p − origin).
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Origin, cm.
    pub origin_cm: Vector3<f64>,
    /// Rows of the rotation.
    pub rows: Matrix3<f64>,
}

/// A primitive in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Solid {
    /// The primitive, in its own frame if it has one.
    pub shape: Shape,
    /// Where the primitive's own frame lies.
    pub frame: Option<Frame>,
}

impl Solid {
    /// A primitive in the patient frame.
    pub fn new(shape: Shape) -> Self {
        Solid { shape, frame: None }
    }

    /// Whether a point is in the solid.
    #[inline]
    pub fn contains(&self, point_cm: &Vector3<f64>) -> bool {
        match &self.frame {
            None => self.shape.contains(point_cm),
            Some(frame) => self.shape.contains(&(frame.rows * (point_cm - frame.origin_cm))),
        }
    }

    /// How much of a box lies in the solid.
    pub fn cover(&self, cell: &BoxCm) -> Cover {
        match &self.frame {
            None => self.shape.cover(cell),
            Some(frame) => self.shape.cover(&frame.local(cell)),
        }
    }
}

impl Frame {
    /// The box, in the local frame, that encloses a box of the patient frame.
    fn local(&self, cell: &BoxCm) -> BoxCm {
        let moved: [Interval; 3] = std::array::from_fn(|i| cell[i].shifted(-self.origin_cm[i]));
        std::array::from_fn(|row| {
            moved[0].scaled(self.rows[(row, 0)])
                + moved[1].scaled(self.rows[(row, 1)])
                + moved[2].scaled(self.rows[(row, 2)])
        })
    }
}

impl Shape {
    #[inline]
    fn contains(&self, p: &Vector3<f64>) -> bool {
        match self {
            Shape::Ellipsoid { centre_cm: c, semi_axes_cm: a } => {
                (0..3).map(|i| square((p[i] - c[i]) / a[i])).sum::<f64>() <= 1.0
            }
            Shape::Frustum { z_cm: [z0, z1], centres_cm: c, semi_axes_cm: a } => {
                let t = (p.z - z0) / (z1 - z0);
                let at = |ends: &[[f64; 2]; 2], i: usize| ends[0][i] + (ends[1][i] - ends[0][i]) * t;
                p.z >= *z0
                    && p.z <= *z1
                    && square((p.x - at(c, 0)) / at(a, 0)) + square((p.y - at(c, 1)) / at(a, 1)) <= 1.0
            }
            Shape::CylinderX { x_cm, centre_cm: c, semi_axes_cm: a } => {
                within(p.x, x_cm) && square((p.y - c[0]) / a[0]) + square((p.z - c[1]) / a[1]) <= 1.0
            }
            Shape::HalfSpace { normal: n, offset_cm } => n[0] * p.x + n[1] * p.y + n[2] * p.z <= *offset_cm,
            Shape::Slab { axis, range_cm } => within(p[axis.index()], range_cm),
            Shape::Torus { axis, centre_cm: c, radius_cm, radial_cm, axial_cm } => {
                let [i, j] = axis.others();
                let rho = (p[i] - c[i]).hypot(p[j] - c[j]);
                let w = p[axis.index()] - c[axis.index()];
                square((rho - radius_cm) / radial_cm) + square(w / axial_cm) <= 1.0
            }
            Shape::Stack { z_cm, pitch_cm } => {
                within(p.z, z_cm) && ((p.z - z_cm[0]) / pitch_cm).floor() % 2.0 == 0.0
            }
            Shape::ThyroidNotch { y0_cm, z_base_cm, height_cm } => {
                let (h, y) = (p.z - z_base_cm, p.y - y0_cm);
                let tau = thyroid_notch_tau(h / height_cm);
                h >= 0.0
                    && h <= *height_cm
                    && square(y - p.x.abs()) >= 2.0 * (p.x * p.x + y * y) * square(tau)
            }
        }
    }
}

/// τ of the thyroid's notch at the relative height h/c.
fn thyroid_notch_tau(height: f64) -> f64 {
    const ROOT_2: f64 = std::f64::consts::SQRT_2;
    match height <= 0.25 {
        true => 1.0 + (ROOT_2 - 2.0) / 2.0 * (height / 0.25),
        false => (2.0 * ROOT_2 - 1.0) / 3.0 + (2.0 - ROOT_2) / 2.0 * (height / 0.75),
    }
}

#[inline]
fn square(x: f64) -> f64 {
    x * x
}

#[inline]
fn within(x: f64, [low, high]: &[f64; 2]) -> bool {
    x >= *low && x <= *high
}
