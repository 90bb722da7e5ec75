//! A snug convex bound of the body: rays start where they can first meet it and end behind it.

use nalgebra::Vector3;

use wide::f32x4;

use crate::geometry::outline::Outline;
use crate::geometry::ray::{larger, smaller};

/// An octagonal prism along z: a box, with its vertical edges cut off by two pairs of slanted planes.
///
/// Half the voxels that a ray crosses in the box around a trunk are air; an octagon wastes a few per cent.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyBounds {
    /// Slopes that make the slanted planes touch an ellipse of the body's proportions.
    scale: [f32; 2],
    /// Lowest and highest x, y, z, sx·x + sy·y and sx·x − sy·y, cm.
    low_cm: [f32; 5],
    high_cm: [f32; 5],
}

impl BodyBounds {
    /// Bounds of the slices of a body that touch a z interval; `None` where there is no body.
    pub fn of(body: &Outline, low_z_cm: f64, high_z_cm: f64) -> Option<Self> {
        let points = body.points_between(low_z_cm, high_z_cm);
        let (low_z_cm, high_z_cm) = body.extent_between(low_z_cm, high_z_cm)?;
        let range = |value: &dyn Fn(&[f64; 2]) -> f64| {
            points
                .iter()
                .map(value)
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
        };
        let (x, y) = (range(&|p| p[0]), range(&|p| p[1]));
        let (half_x, half_y) = (0.5 * (x.1 - x.0), 0.5 * (y.1 - y.0));
        let norm = (1.0 / half_x).hypot(1.0 / half_y);
        let scale = [1.0 / half_x / norm, 1.0 / half_y / norm];
        let sum = range(&|p| scale[0] * p[0] + scale[1] * p[1]);
        let difference = range(&|p| scale[0] * p[0] - scale[1] * p[1]);
        let all = [x, y, (low_z_cm, high_z_cm), sum, difference];
        Some(BodyBounds {
            scale: scale.map(|s| s as f32),
            low_cm: all.map(|(low, _)| low as f32),
            high_cm: all.map(|(_, high)| high as f32),
        })
    }

    /// Middle of the body's box, cm.
    #[inline]
    pub fn middle_cm(&self) -> Vector3<f32> {
        Vector3::from_fn(|axis, _| 0.5 * (self.low_cm[axis] + self.high_cm[axis]))
    }

    /// Distances at which a ray enters and leaves, cm; `None` if it misses. A ray that starts inside
    /// enters at 0.
    #[inline]
    pub fn clip_cm(&self, from_cm: &Vector3<f32>, direction: &Vector3<f32>) -> Option<(f32, f32)> {
        let (from, along) = (self.coordinates(from_cm), self.coordinates(direction));
        // Four planes in one register, the fifth in another.
        let four = |v: &[f32; 5]| f32x4::new([v[0], v[1], v[2], v[3]]);
        let fifth = |v: &[f32; 5]| f32x4::splat(v[4]);
        let (near, far) = between([&self.low_cm, &self.high_cm, &from, &along].map(four));
        let (near_fifth, far_fifth) = between([&self.low_cm, &self.high_cm, &from, &along].map(fifth));
        let [a, b, c, d] = near.fast_max(near_fifth).to_array();
        let enter = larger(larger(a, b), larger(c, d));
        let [a, b, c, d] = far.fast_min(far_fifth).to_array();
        let leave = smaller(smaller(a, b), smaller(c, d));
        // Where a number is none, no plane ends the ray.
        (enter < leave && leave < f32::INFINITY).then_some((enter, leave))
    }

    #[inline]
    fn coordinates(&self, v: &Vector3<f32>) -> [f32; 5] {
        let (sx, sy) = (self.scale[0] * v.x, self.scale[1] * v.y);
        [v.x, v.y, v.z, sx + sy, sx - sy]
    }
}

/// Distances at which a ray passes pairs of planes, from 0 on: the nearer and the farther of each pair. A ray that lies in a
/// plane (0 times infinity) is not ended by it.
#[inline]
fn between([low, high, from, along]: [f32x4; 4]) -> (f32x4, f32x4) {
    let inverse = f32x4::ONE / along;
    let (a, b) = ((low - from) * inverse, (high - from) * inverse);
    // Of a number and none, these take the second.
    (a.fast_min(b).fast_max(f32x4::ZERO), b.fast_max(a).fast_min(f32x4::splat(f32::INFINITY)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::material::Material;
    use crate::geometry::ray::RayGrid;
    use crate::geometry::standard::elliptic_cylinder;

    #[test]
    fn no_ray_meets_the_body_outside_its_bounds_and_little_air_is_left() {
        let water = Material::named("water").unwrap();
        let phantom = elliptic_cylinder(24.0, 16.0, 10.0, water, [0.2; 3]).unwrap();
        let bounds = BodyBounds::of(&Outline::of(&phantom), -100.0, 100.0).unwrap();
        let grid = RayGrid::new(&phantom.grid);
        let (mut air_cm, mut all_cm) = (0.0, 0.0);
        for k in 0..2000 {
            let (angle, slope) = (k as f32 * 2.399_963, ((k % 41) as f32 - 20.0) * 0.02);
            let direction = Vector3::new(angle.cos(), angle.sin(), slope).normalize();
            let offset = Vector3::new(-angle.sin(), angle.cos(), 0.0) * (((k % 37) as f32 - 18.0) * 0.6);
            let from = offset - direction * 60.0;
            let clipped = bounds.clip_cm(&from, &direction);
            let Some(whole) = grid.clip_cm(&from, &direction) else { continue };
            grid.walk(&from, &direction, whole, |voxel, distance_cm, length_cm| {
                if length_cm > 1e-3 && phantom.labels.get(voxel).is_some_and(|&label| label != 0) {
                    let (enter, leave) = clipped.expect("the body was met");
                    assert!(distance_cm >= enter - 1e-3 && distance_cm + length_cm <= leave + 1e-3);
                }
                true
            });
            let Some(clipped) = clipped else { continue };
            grid.walk(&from, &direction, clipped, |voxel, _, length_cm| {
                all_cm += length_cm;
                air_cm += if phantom.labels.get(voxel) == Some(&0) { length_cm } else { 0.0 };
                true
            });
        }
        assert!(air_cm < 0.1 * all_cm, "{air_cm} of {all_cm}");
    }

    #[test]
    fn a_ray_along_a_slanted_plane_is_handled() {
        let water = Material::named("water").unwrap();
        let phantom = elliptic_cylinder(20.0, 20.0, 10.0, water, [0.5; 3]).unwrap();
        let bounds = BodyBounds::of(&Outline::of(&phantom), -100.0, 100.0).unwrap();
        let direction = Vector3::new(1.0, 1.0, 0.0).normalize();
        let (enter, leave) = bounds.clip_cm(&(direction * -50.0), &direction).unwrap();
        // Outer corners of half-centimetre voxels reach up to 0.7 cm beyond the circle.
        assert!((leave - enter - 20.7).abs() < 0.72, "{enter} {leave}");
    }
}
