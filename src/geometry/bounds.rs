//! A snug convex bound of the body: rays start where they can first meet it and end behind it.

use nalgebra::Vector3;

use crate::geometry::outline::Outline;

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
        let from = self.coordinates(from_cm);
        let along = self.coordinates(direction);
        let (mut enter, mut leave) = (0.0_f32, f32::INFINITY);
        for plane in 0..5 {
            let inverse = 1.0 / along[plane];
            let a = (self.low_cm[plane] - from[plane]) * inverse;
            let b = (self.high_cm[plane] - from[plane]) * inverse;
            // A ray that lies in a plane (0 times infinity) counts as missing: it has no voxel of its own.
            let (near, far) = if a < b { (a, b) } else { (b, a) };
            enter = if near > enter { near } else { enter };
            leave = if far < leave { far } else { leave };
        }
        // Where a number is none, no plane ends the ray.
        (enter < leave && leave < f32::INFINITY).then_some((enter, leave))
    }

    #[inline]
    fn coordinates(&self, v: &Vector3<f32>) -> [f32; 5] {
        let (sx, sy) = (self.scale[0] * v.x, self.scale[1] * v.y);
        [v.x, v.y, v.z, sx + sy, sx - sy]
    }
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
