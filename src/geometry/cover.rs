//! How much of a box a solid covers, by interval arithmetic: what lets a voxelizer fill whole bricks.

use crate::geometry::interval::Interval;
use crate::geometry::solid::Shape;

/// Boxes closer than this to a surface count as cut by it, so that rounding never decides.
const EDGE: f64 = 1e-7;

/// An axis-aligned box, one interval per axis, cm.
pub type BoxCm = [Interval; 3];

/// How much of a box lies in a solid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Nothing.
    Outside,
    /// All of it.
    Inside,
    /// Perhaps some: the box must be looked at point by point.
    Partly,
}

impl Shape {
    /// How much of a box, in the shape's own frame, lies in the shape.
    pub(super) fn cover(&self, cell: &BoxCm) -> Cover {
        let [x, y, z] = *cell;
        match self {
            Shape::Ellipsoid { centre_cm: c, semi_axes_cm: a } => {
                let term = |i: usize| cell[i].shifted(-c[i]).scaled(1.0 / a[i]).squared();
                at_most(term(0) + term(1) + term(2), 1.0)
            }
            Shape::Frustum { z_cm, centres_cm: c, semi_axes_cm: a } => {
                let Some(part) = z.intersection(Interval::between(z_cm[0], z_cm[1])) else {
                    return outside_unless_near(z, z_cm);
                };
                let t = part.shifted(-z_cm[0]).scaled(1.0 / (z_cm[1] - z_cm[0]));
                let term = |i: usize, p: Interval| {
                    (p - t.interpolated([c[0][i], c[1][i]]))
                        .squared()
                        .over_positive(t.interpolated([a[0][i], a[1][i]]).squared())
                };
                both(at_most(term(0, x) + term(1, y), 1.0), cover_of_range(z, z_cm))
            }
            Shape::CylinderX { x_cm, centre_cm: c, semi_axes_cm: a } => {
                let term = |i: usize, p: Interval| p.shifted(-c[i]).scaled(1.0 / a[i]).squared();
                both(at_most(term(0, y) + term(1, z), 1.0), cover_of_range(x, x_cm))
            }
            Shape::HalfSpace { normal: n, offset_cm } => {
                at_most(x.scaled(n[0]) + y.scaled(n[1]) + z.scaled(n[2]), *offset_cm)
            }
            Shape::Slab { axis, range_cm } => cover_of_range(cell[axis.index()], range_cm),
            Shape::Torus { axis, centre_cm: c, radius_cm, radial_cm, axial_cm } => {
                let from_centre = |i: usize| cell[i].shifted(-c[i]);
                let [i, j] = axis.others();
                let rho = (from_centre(i).squared() + from_centre(j).squared()).square_root();
                let radial = rho.shifted(-radius_cm).scaled(1.0 / radial_cm).squared();
                let axial = from_centre(axis.index()).scaled(1.0 / axial_cm).squared();
                at_most(radial + axial, 1.0)
            }
            Shape::Stack { z_cm, pitch_cm } => {
                let slab = |z: f64| ((z - z_cm[0]) / pitch_cm).floor();
                let (first, last) = (slab(z.low - EDGE), slab(z.high + EDGE));
                let filled = match first == last {
                    true if first % 2.0 == 0.0 => Cover::Inside,
                    true => Cover::Outside,
                    false => Cover::Partly,
                };
                both(filled, cover_of_range(z, z_cm))
            }
            Shape::ThyroidNotch { z_base_cm, height_cm, .. } => {
                both(Cover::Partly, cover_of_range(z, &[*z_base_cm, z_base_cm + height_cm]))
            }
        }
    }
}

/// Cover of a box on which a quantity must be at most a limit.
fn at_most(quantity: Interval, limit: f64) -> Cover {
    if quantity.high <= limit - EDGE {
        Cover::Inside
    } else if quantity.low > limit + EDGE {
        Cover::Outside
    } else {
        Cover::Partly
    }
}

/// Cover of a box on which a coordinate must lie in a range.
fn cover_of_range(x: Interval, [low, high]: &[f64; 2]) -> Cover {
    both(at_most(x, *high), at_most(x.scaled(-1.0), -low))
}

/// A box beside the ends of a frustum is outside, unless it all but touches them.
fn outside_unless_near(z: Interval, z_cm: &[f64; 2]) -> Cover {
    both(Cover::Partly, cover_of_range(z, z_cm))
}

/// Cover of a box by the intersection of two solids.
pub fn both(a: Cover, b: Cover) -> Cover {
    match (a, b) {
        (Cover::Outside, _) | (_, Cover::Outside) => Cover::Outside,
        (Cover::Inside, Cover::Inside) => Cover::Inside,
        _ => Cover::Partly,
    }
}

/// Cover of a box by the complement of a solid.
pub fn complement(a: Cover) -> Cover {
    match a {
        Cover::Outside => Cover::Inside,
        Cover::Inside => Cover::Outside,
        Cover::Partly => Cover::Partly,
    }
}

/// Cover of a box by the union of two solids.
pub fn either(a: Cover, b: Cover) -> Cover {
    complement(both(complement(a), complement(b)))
}

#[cfg(test)]
mod tests {
    use nalgebra::Vector3;

    use super::*;
    use crate::geometry::solid::{Axis, Solid};

    fn shapes() -> Vec<Shape> {
        vec![
            Shape::Ellipsoid { centre_cm: [1.0, 0.0, -1.0], semi_axes_cm: [3.0, 2.0, 4.0] },
            Shape::Frustum {
                z_cm: [-3.0, 4.0],
                centres_cm: [[-1.0, 0.0], [2.0, 1.0]],
                semi_axes_cm: [[1.0, 3.0], [2.5, 0.5]],
            },
            Shape::CylinderX { x_cm: [-2.0, 3.0], centre_cm: [1.0, 0.0], semi_axes_cm: [2.0, 3.0] },
            Shape::HalfSpace { normal: [0.3, -1.0, 0.5], offset_cm: 0.7 },
            Shape::Slab { axis: Axis::Y, range_cm: [-1.0, 1.5] },
            Shape::Torus {
                axis: Axis::Y,
                centre_cm: [0.5, 0.0, 0.0],
                radius_cm: 3.0,
                radial_cm: 1.0,
                axial_cm: 2.0,
            },
            Shape::Stack { z_cm: [-4.0, 3.0], pitch_cm: 1.3 },
            Shape::ThyroidNotch { y0_cm: 0.0, z_base_cm: -2.0, height_cm: 5.0 },
        ]
    }

    #[test]
    fn a_box_called_inside_or_outside_holds_no_point_of_the_other_kind() {
        let mut seed = 1_u64;
        let mut uniform = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1_u64 << 53) as f64
        };
        for solid in shapes().into_iter().map(Solid::new) {
            let mut decided = 0;
            for _ in 0..4000 {
                let cell: BoxCm = std::array::from_fn(|_| {
                    let low = 12.0 * uniform() - 6.0;
                    Interval::between(low, low + 1.5 * uniform())
                });
                let cover = solid.cover(&cell);
                decided += usize::from(cover != Cover::Partly);
                for _ in 0..8 {
                    let p = Vector3::from_fn(|i, _| cell[i].low + (cell[i].high - cell[i].low) * uniform());
                    match cover {
                        Cover::Inside => assert!(solid.contains(&p), "{solid:?} {cell:?} {p}"),
                        Cover::Outside => assert!(!solid.contains(&p), "{solid:?} {cell:?} {p}"),
                        Cover::Partly => {}
                    }
                }
            }
            assert!(decided > 500, "{solid:?} decides only {decided} of 4000 boxes");
        }
    }
}
