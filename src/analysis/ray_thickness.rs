//! How much water stands for the patient along the central ray, by source plane and gantry angle.

use nalgebra::Vector3;

use crate::analysis::size::media_over_water;
use crate::error::Result;
use crate::geometry::phantom::{EXTERIOR, Phantom};
use crate::source::gantry::{Placement, gantry_axes};

/// Water-equivalent thicknesses of a phantom.
pub struct RayThickness<'a> {
    phantom: &'a Phantom,
    /// μ/μ(water) by medium.
    ratios: Vec<f64>,
}

impl<'a> RayThickness<'a> {
    /// Prepares a phantom; `energy_kev` is that of μ/μ(water).
    pub fn new(phantom: &'a Phantom, energy_kev: f64) -> Result<Self> {
        Ok(RayThickness { phantom, ratios: media_over_water(phantom, energy_kev)? })
    }

    /// Thickness along the line through the isocentre, cm; by points half a voxel apart. 0 beyond the phantom.
    pub fn central_cm(&self, placement: &Placement, z_cm: f64, gantry_angle_rad: f64) -> f64 {
        let grid = &self.phantom.grid;
        let slice = ((z_cm - grid.corner_cm[2]) / grid.spacing_cm[2]).floor();
        if slice < 0.0 || slice >= grid.counts[2] as f64 {
            return 0.0;
        }
        let (outward, _) = gantry_axes(placement.position, gantry_angle_rad);
        let [x_cm, y_cm] = placement.isocentre_cm;
        let centre = Vector3::new(x_cm, y_cm, z_cm);
        let step_cm = 0.5 * grid.spacing_cm[0].min(grid.spacing_cm[1]);
        let reach_cm = (0..2).map(|axis| grid.counts[axis] as f64 * grid.spacing_cm[axis]).sum::<f64>();
        let points = (2.0 * reach_cm / step_cm) as usize;
        let ratio = |point: usize| {
            let p = centre + outward * (point as f64 * step_cm - reach_cm);
            let at = |axis: usize| ((p[axis] - grid.corner_cm[axis]) / grid.spacing_cm[axis]).floor();
            let (ix, iy) = (at(0), at(1));
            let inside = ix >= 0.0 && iy >= 0.0 && ix < grid.counts[0] as f64 && iy < grid.counts[1] as f64;
            let index = inside.then(|| grid.index(ix as usize, iy as usize, slice as usize));
            match index.filter(|&index| self.phantom.labels[index] != EXTERIOR) {
                Some(index) => self.ratios[usize::from(self.phantom.medium_index(index))],
                None => 0.0,
            }
        };
        (0..points).map(ratio).sum::<f64>() * step_cm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::material::Material;
    use crate::geometry::standard::elliptic_cylinder;
    use crate::source::gantry::PatientPosition;
    use std::f64::consts::FRAC_PI_2;

    #[test]
    fn an_ellipse_of_water_is_as_thick_as_its_axes() {
        let water = Material::named("water").unwrap();
        let phantom = elliptic_cylinder(20.0, 10.0, 4.0, water, [0.1; 3]).unwrap();
        let thickness = RayThickness::new(&phantom, 70.0).unwrap();
        let placement = Placement { position: PatientPosition::Hfs, isocentre_cm: [0.0, 0.0] };
        // The mean of the slices: the last voxel of a row is body or air by one sample.
        let mean_cm = |angle_rad| {
            let slices = (0..30).map(|k| -1.45 + 0.1 * f64::from(k));
            slices.map(|z_cm| thickness.central_cm(&placement, z_cm, angle_rad)).sum::<f64>() / 30.0
        };
        let (front, side) = (mean_cm(0.0), mean_cm(FRAC_PI_2));
        assert!((front - 10.0).abs() < 0.1 && (side - 20.0).abs() < 0.1, "{front} {side}");
        assert_eq!(thickness.central_cm(&placement, 9.0, 0.0), 0.0);
    }
}
