//! A snug convex bound of the body: rays start where they can first meet it and end behind it.

use nalgebra::Vector3;

use wide::f32x4;

use crate::geometry::outline::Outline;
use crate::geometry::ray::{larger, smaller};

/// Sections along z, at most.
const SECTIONS_MAX: usize = 64;
/// A section's least height, cm.
const SECTION_CM: f64 = 2.0;
/// What sections reach beyond their faces, cm: more than single precision rounds.
const MARGIN_CM: f64 = 0.01;

/// Octagonal prisms along z: boxes, with their vertical edges cut off by two pairs of slanted planes.
///
/// Half the voxels that a ray crosses in the box around a trunk are air; an octagon wastes a few per cent. There is one prism
/// around the whole body, and one around every run of neighbouring sections: a ray through the chest does not have to care how
/// wide the shoulders are.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyBounds {
    /// Slopes that make the slanted planes touch an ellipse of the body's proportions.
    scale: [f32; 2],
    low_z_cm: f32,
    high_z_cm: f32,
    whole: Octagon,
    sections: usize,
    sections_per_cm: f32,
    /// By the first section and the last one.
    runs: Vec<Octagon>,
}

/// Lowest and highest x, y, sx·x + sy·y and sx·x − sy·y, cm.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Octagon {
    low_cm: f32x4,
    high_cm: f32x4,
}

impl Octagon {
    /// Around nothing.
    fn none() -> Self {
        Octagon { low_cm: f32x4::splat(f32::INFINITY), high_cm: f32x4::splat(f32::NEG_INFINITY) }
    }

    /// Around points.
    fn around(points: &[[f64; 2]], scale: [f64; 2]) -> Self {
        points.iter().fold(Octagon::none(), |octagon, &[x, y]| {
            let (sx, sy) = (scale[0] * x, scale[1] * y);
            let point = f32x4::new([x, y, sx + sy, sx - sy].map(|cm| cm as f32));
            octagon.with(Octagon { low_cm: point, high_cm: point })
        })
    }

    /// Around two.
    fn with(self, other: Self) -> Self {
        Octagon { low_cm: self.low_cm.fast_min(other.low_cm), high_cm: self.high_cm.fast_max(other.high_cm) }
    }
}

impl BodyBounds {
    /// Bounds of the slices of a body that touch a z interval; `None` where there is no body.
    pub fn of(body: &Outline, low_z_cm: f64, high_z_cm: f64) -> Option<Self> {
        let (low_z_cm, high_z_cm) = body.extent_between(low_z_cm, high_z_cm)?;
        let points = body.points_between(low_z_cm, high_z_cm);
        let half = |axis: usize| {
            let of = points.iter().map(|p| p[axis]);
            0.5 * (of.clone().fold(f64::NEG_INFINITY, f64::max) - of.fold(f64::INFINITY, f64::min))
        };
        let (half_x, half_y) = (half(0), half(1));
        let norm = (1.0 / half_x).hypot(1.0 / half_y);
        let scale = [1.0 / half_x / norm, 1.0 / half_y / norm];
        let height_cm = high_z_cm - low_z_cm;
        let sections = ((height_cm / SECTION_CM) as usize).clamp(1, SECTIONS_MAX);
        let face_cm = |section: usize| low_z_cm + height_cm * section as f64 / sections as f64;
        let alone = |section: usize| {
            let (low, high) = (face_cm(section) - MARGIN_CM, face_cm(section + 1) + MARGIN_CM);
            Octagon::around(&body.points_between(low, high), scale)
        };
        let alone: Vec<Octagon> = (0..sections).map(alone).collect();
        let mut runs = vec![Octagon::none(); sections * sections];
        for first in 0..sections {
            let mut run = Octagon::none();
            for last in first..sections {
                run = run.with(alone[last]);
                runs[first * sections + last] = run;
            }
        }
        Some(BodyBounds {
            scale: scale.map(|s| s as f32),
            low_z_cm: low_z_cm as f32,
            high_z_cm: high_z_cm as f32,
            whole: Octagon::around(&points, scale),
            sections,
            sections_per_cm: (sections as f64 / height_cm) as f32,
            runs,
        })
    }

    /// Middle of the body's box, cm.
    #[inline]
    pub fn middle_cm(&self) -> Vector3<f32> {
        let [x, y, ..] = (f32x4::splat(0.5) * (self.whole.low_cm + self.whole.high_cm)).to_array();
        Vector3::new(x, y, 0.5 * (self.low_z_cm + self.high_z_cm))
    }

    /// Distances at which a ray enters and leaves the prism around the whole, cm; `None` if it misses. A ray that starts inside
    /// enters at 0.
    #[inline]
    pub fn clip_cm(&self, from_cm: &Vector3<f32>, direction: &Vector3<f32>) -> Option<(f32, f32)> {
        self.clip(from_cm, direction).map(|(clip_cm, _, _)| clip_cm)
    }

    /// The same for the prism around the sections that the ray passes: worth its time for rays from the source, which
    /// cross the whole body.
    #[inline]
    pub fn clip_closely_cm(&self, from_cm: &Vector3<f32>, direction: &Vector3<f32>) -> Option<(f32, f32)> {
        let ((enter, leave), from, inverse) = self.clip(from_cm, direction)?;
        let section = |cm: f32| {
            let place = (from_cm.z + direction.z * cm - self.low_z_cm) * self.sections_per_cm;
            (place as u32 as usize).min(self.sections - 1)
        };
        let (first, last) = (section(enter), section(leave));
        let run = &self.runs[first.min(last) * self.sections + first.max(last)];
        let (near, far) = between(run, from, inverse);
        let (enter, leave) = (larger(enter, largest(near)), smaller(leave, smallest(far)));
        (enter < leave).then_some((enter, leave))
    }

    /// Where a ray enters and leaves; its start and what one over its direction is, as octagons see them.
    #[inline(always)]
    fn clip(&self, from_cm: &Vector3<f32>, direction: &Vector3<f32>) -> Option<((f32, f32), f32x4, f32x4)> {
        let (from, inverse) = (self.coordinates(from_cm), f32x4::ONE / self.coordinates(direction));
        let (near, far) = between(&self.whole, from, inverse);
        // The ends along z, in another register.
        let along_z = |cm: f32| f32x4::splat((cm - from_cm.z) / direction.z);
        let (near_z, far_z) = in_order(along_z(self.low_z_cm), along_z(self.high_z_cm));
        let (enter, leave) = (largest(near.fast_max(near_z)), smallest(far.fast_min(far_z)));
        // Where a number is none, no plane ends the ray.
        (enter < leave && leave < f32::INFINITY).then_some(((enter, leave), from, inverse))
    }

    #[inline]
    fn coordinates(&self, v: &Vector3<f32>) -> f32x4 {
        let (sx, sy) = (self.scale[0] * v.x, self.scale[1] * v.y);
        f32x4::new([v.x, v.y, sx + sy, sx - sy])
    }
}

/// Distances at which a ray passes an octagon's pairs of planes.
#[inline]
fn between(octagon: &Octagon, from: f32x4, inverse: f32x4) -> (f32x4, f32x4) {
    in_order((octagon.low_cm - from) * inverse, (octagon.high_cm - from) * inverse)
}

/// The nearer and the farther of each pair, from 0 on. A ray that lies in a plane (0 times infinity) is not ended by it.
#[inline]
fn in_order(a: f32x4, b: f32x4) -> (f32x4, f32x4) {
    // Of a number and none, these take the second.
    (a.fast_min(b).fast_max(f32x4::ZERO), b.fast_max(a).fast_min(f32x4::splat(f32::INFINITY)))
}

#[inline]
fn largest(four: f32x4) -> f32 {
    let [a, b, c, d] = four.to_array();
    larger(larger(a, b), larger(c, d))
}

#[inline]
fn smallest(four: f32x4) -> f32 {
    let [a, b, c, d] = four.to_array();
    smaller(smaller(a, b), smaller(c, d))
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
            let clipped = match k % 2 {
                0 => bounds.clip_cm(&from, &direction),
                _ => bounds.clip_closely_cm(&from, &direction),
            };
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

    #[test]
    fn a_ray_through_the_neck_does_not_see_the_shoulders() {
        let water = Material::named("water").unwrap();
        let mut phantom = elliptic_cylinder(24.0, 16.0, 30.0, water, [0.5; 3]).unwrap();
        let [nx, ny, nz] = phantom.grid.counts;
        for voxel in (0..phantom.labels.len()).filter(|voxel| voxel / (nx * ny) >= nz / 2) {
            if (voxel % nx).abs_diff(nx / 2) > 8 {
                phantom.labels[voxel] = 0;
            }
        }
        let bounds = BodyBounds::of(&Outline::of(&phantom), -100.0, 100.0).unwrap();
        let width_cm = |z: f32, slope: f32| {
            let direction = Vector3::new(1.0, 0.0, slope).normalize();
            let from = Vector3::new(0.0, 0.0, z) - direction * 50.0;
            let [wide, close] =
                [bounds.clip_cm(&from, &direction), bounds.clip_closely_cm(&from, &direction)]
                    .map(|clip| clip.map_or(0.0, |(enter, leave)| (leave - enter) * direction.x));
            assert!(close <= wide && (wide - 24.0).abs() < 1.0, "{wide} {close}");
            close
        };
        assert!((width_cm(8.0, 0.0) - 8.5).abs() < 0.6, "{}", width_cm(8.0, 0.0));
        assert!((width_cm(-8.0, 0.0) - 24.0).abs() < 0.6);
        assert!((width_cm(0.0, 0.3) - 24.0).abs() < 2.0, "a ray that passes both sees both");
    }
}
