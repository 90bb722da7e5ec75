//! Children between the ages of a family: a declared phantom made taller and wider.
//!
//! A point of the scaled phantom is looked up in the declaration after its x and y are divided by the girth factor
//! and its z by the height factor. Every volume, hence every mass, becomes height × girth² times as large, and
//! every organ keeps its share of the body: a heavier child of the same height gets a larger brain, which a real
//! one does not. So factors are held near 1.

use crate::error::{Error, Result};
use crate::geometry::formula::Sex;
use crate::geometry::grid::VoxelGrid;
use crate::geometry::mass::body_mass_g;
use crate::geometry::stylised::DeclarativePhantom;
use crate::geometry::voxelize::{VOXEL_EDGE_CM, Voxelization, voxelize};

/// Accepted factors of the height. The ages of the Cristy-Eckerman family lie up to 1.47 apart, so that every
/// height between newborn and adult is within reach of one of them.
pub const HEIGHT_FACTORS: [f64; 2] = [0.82, 1.22];

/// Accepted factors of the girth: body masses from 0.64 to 1.69 times that of the same height.
pub const GIRTH_FACTORS: [f64; 2] = [0.8, 1.3];

/// Voxels that the bounds of a body are cut into to weigh it: its mass is then known to about 0.03 %.
const WEIGHING_VOXELS: f64 = 3e6;

/// How much taller and wider than declared a phantom is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Factor along z.
    pub height: f64,
    /// Factor along x and y.
    pub girth: f64,
}

impl Default for Scaling {
    /// As declared.
    fn default() -> Self {
        Scaling { height: 1.0, girth: 1.0 }
    }
}

impl Scaling {
    /// Whether the phantom is as declared.
    pub fn is_none(&self) -> bool {
        *self == Scaling::default()
    }

    /// Factors along x, y, z.
    pub fn factors(&self) -> [f64; 3] {
        [self.girth, self.girth, self.height]
    }

    /// Factor of every volume and mass.
    pub fn mass(&self) -> f64 {
        self.factors().iter().product()
    }

    /// The scaling that gives a phantom a height and a body mass. Without a height the phantom keeps its own;
    /// without a mass its girth stays, and the mass grows with the height.
    pub fn reaching(
        model: &DeclarativePhantom,
        sex: Option<Sex>,
        height_cm: Option<f64>,
        mass_g: Option<f64>,
    ) -> Result<Self> {
        let height = match height_cm {
            None => 1.0,
            Some(wanted_cm) => height_factor(model, wanted_cm)?,
        };
        let girth = match mass_g {
            None => 1.0,
            Some(wanted_g) => girth_factor(model, sex, height, wanted_g)?,
        };
        Ok(Scaling { height, girth })
    }

    /// A grid of the scaled phantom as it lies in the declaration.
    pub(super) fn unscaled(&self, grid: &VoxelGrid) -> VoxelGrid {
        let factors = self.factors();
        let divided = |of: &[f64; 3]| std::array::from_fn(|axis| of[axis] / factors[axis]);
        VoxelGrid {
            counts: grid.counts,
            spacing_cm: divided(&grid.spacing_cm),
            corner_cm: divided(&grid.corner_cm),
        }
    }
}

impl DeclarativePhantom {
    /// The phantom made taller and wider: bounds, landmarks, axis and stated masses follow.
    pub fn scaled(mut self, by: Scaling) -> Self {
        if by.is_none() {
            return self;
        }
        let factors = by.factors();
        for (bounds, factor) in self.bounds_cm.iter_mut().zip(factors) {
            *bounds = bounds.map(|cm| cm * factor);
        }
        self.landmarks_z_cm.values_mut().for_each(|z_cm| *z_cm *= by.height);
        self.axis_cm = self.axis_cm.map(|cm| cm * by.girth);
        for region in &mut self.regions {
            region.target_mass_g = region.target_mass_g.map(|mass_g| mass_g * by.mass());
        }
        self.scaling =
            Scaling { height: self.scaling.height * by.height, girth: self.scaling.girth * by.girth };
        self.name += &format!(", height x {:.4}, girth x {:.4}", by.height, by.girth);
        self
    }

    /// Height from sole to vertex, cm, where both are landmarks.
    pub fn height_cm(&self) -> Option<f64> {
        let height = |name| self.landmarks_z_cm.get(name);
        height("vertex").zip(height("sole")).map(|(vertex, sole)| vertex - sole)
    }

    /// Mass of the body, g, to about 0.03 %: sampled, hence without bias, on a grid that depends on the bounds.
    pub fn weigh_g(&self, sex: Option<Sex>) -> Result<f64> {
        let volume_cm3: f64 = self.bounds_cm.iter().map(|[low, high]| high - low).product();
        let [least, most] = VOXEL_EDGE_CM;
        let edge_cm = (volume_cm3 / WEIGHING_VOXELS).cbrt().clamp(least, most);
        Ok(body_mass_g(&voxelize(self, &Voxelization { sex, ..Voxelization::cubes(edge_cm) })?))
    }
}

fn height_factor(model: &DeclarativePhantom, wanted_cm: f64) -> Result<f64> {
    let own_cm = model.height_cm().filter(|&cm| cm > 0.0).ok_or_else(|| {
        Error::invalid(format!(
            "a phantom that is scaled to a height must have the landmarks vertex and sole, {} has not",
            model.id
        ))
    })?;
    let [least, most] = HEIGHT_FACTORS;
    match wanted_cm / own_cm {
        factor if (least..=most).contains(&factor) => Ok(factor),
        _ => Err(Error::invalid(format!(
            "the height must be from {:.0} to {:.0} mm, {least} to {most} times the {:.0} mm of {}, found {:.0} mm",
            (10.0 * own_cm * least).ceil(),
            (10.0 * own_cm * most).floor(),
            10.0 * own_cm,
            model.id,
            10.0 * wanted_cm
        ))),
    }
}

fn girth_factor(model: &DeclarativePhantom, sex: Option<Sex>, height: f64, wanted_g: f64) -> Result<f64> {
    let own_g = model.weigh_g(sex)?;
    let girth = (wanted_g / (own_g * height)).sqrt();
    let [least, most] = GIRTH_FACTORS;
    if (least..=most).contains(&girth) {
        return Ok(girth);
    }
    let mass_kg = |girth: f64| 1e-3 * own_g * height * girth * girth;
    Err(Error::invalid(format!(
        "the weight must be from {:.2} to {:.2} kg, {least} to {most} times the girth of {} at that height, found {:.2} kg",
        mass_kg(least),
        mass_kg(most),
        model.id,
        1e-3 * wanted_g
    )))
}
