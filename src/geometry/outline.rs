//! The body's outline: the convex hull of every slice, seen along z.

use crate::geometry::phantom::{EXTERIOR, Phantom};

/// Convex hulls of the body in every slice of a phantom.
#[derive(Clone, Debug)]
pub struct Outline {
    low_z_cm: f64,
    slice_cm: f64,
    /// By slice: hull points (x, y), cm; empty where there is no body.
    hulls: Vec<Vec<[f64; 2]>>,
}

impl Outline {
    /// Outline of a phantom: the hull of the outer corners of its non-exterior voxels, slice by slice.
    pub fn of(phantom: &Phantom) -> Self {
        let grid = &phantom.grid;
        let slice_voxels = grid.counts[0] * grid.counts[1];
        let hulls =
            phantom.labels.chunks(slice_voxels.max(1)).map(|slice| slice_hull(phantom, slice)).collect();
        Outline { low_z_cm: grid.corner_cm[2], slice_cm: grid.spacing_cm[2], hulls }
    }

    /// Hull points of all slices that touch the interval, cm. May hold inner points.
    pub fn points_between(&self, low_z_cm: f64, high_z_cm: f64) -> Vec<[f64; 2]> {
        let slice = |z: f64| ((z - self.low_z_cm) / self.slice_cm).floor();
        let first = slice(low_z_cm).max(0.0) as usize;
        let last = slice(high_z_cm);
        if last < 0.0 || first >= self.hulls.len() {
            return Vec::new();
        }
        let last = (last as usize).min(self.hulls.len() - 1);
        convex_hull(self.hulls[first..=last].iter().flatten().copied().collect())
    }

    /// z interval of the slices with body that touch an interval, cm; `None` where there is none.
    pub fn extent_between(&self, low_z_cm: f64, high_z_cm: f64) -> Option<(f64, f64)> {
        let face = |slice: usize| self.low_z_cm + slice as f64 * self.slice_cm;
        let touched = |slice: &usize| {
            !self.hulls[*slice].is_empty() && face(*slice) <= high_z_cm && face(slice + 1) >= low_z_cm
        };
        let first = (0..self.hulls.len()).find(touched)?;
        let last = (0..self.hulls.len()).rev().find(touched)?;
        Some((face(first), face(last + 1)))
    }

    /// Largest distance of the body from an axis along z, cm.
    pub fn radius_about_cm(&self, axis_cm: [f64; 2]) -> f64 {
        let distance = |p: &[f64; 2]| (p[0] - axis_cm[0]).hypot(p[1] - axis_cm[1]);
        self.hulls.iter().flatten().map(distance).fold(0.0, f64::max)
    }
}

fn slice_hull(phantom: &Phantom, slice: &[u8]) -> Vec<[f64; 2]> {
    let grid = &phantom.grid;
    let mut corners = Vec::new();
    for (iy, row) in slice.chunks(grid.counts[0]).enumerate() {
        let body = |&label: &u8| label != EXTERIOR;
        let (Some(first), Some(last)) = (row.iter().position(body), row.iter().rposition(body)) else {
            continue;
        };
        for ix in [first, last + 1] {
            for edge in [iy, iy + 1] {
                let x_cm = grid.corner_cm[0] + ix as f64 * grid.spacing_cm[0];
                corners.push([x_cm, grid.corner_cm[1] + edge as f64 * grid.spacing_cm[1]]);
            }
        }
    }
    convex_hull(corners)
}

/// Convex hull of points, counter-clockwise (Andrew's monotone chain).
fn convex_hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a.partial_cmp(b).expect("coordinates are finite"));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let mut hull = half_hull(points.iter());
    hull.pop();
    hull.extend(half_hull(points.iter().rev()));
    hull.pop();
    hull
}

fn half_hull<'a>(points: impl Iterator<Item = &'a [f64; 2]>) -> Vec<[f64; 2]> {
    let mut chain: Vec<[f64; 2]> = Vec::new();
    for &p in points {
        while let [.., a, b] = chain[..] {
            if (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0.0 {
                break;
            }
            chain.pop();
        }
        chain.push(p);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hull_of_a_filled_square_is_its_corners() {
        let points = (0..10).flat_map(|x| (0..10).map(move |y| [f64::from(x), f64::from(y)])).collect();
        let mut hull = convex_hull(points);
        hull.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(hull, [[0.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 9.0]]);
    }
}
