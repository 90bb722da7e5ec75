//! Bowtie filter: its thickness depends on the fan angle, so it attenuates and hardens by fan angle.

use crate::data::material::Material;
use crate::error::{Error, Result};

/// A bowtie filter: thickness against fan angle, linear between its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Bowtie {
    /// Name, for example `body`.
    pub name: String,
    /// What it is made of.
    pub material: Material,
    /// Fan angles, ascending, rad. A profile that starts at 0 is taken as symmetric.
    angles_rad: Vec<f64>,
    /// Thickness along the ray at each angle, cm.
    thicknesses_cm: Vec<f64>,
}

impl Bowtie {
    /// A bowtie from its profile. Refuses unordered angles and negative or missing thicknesses.
    pub fn new(name: &str, material: Material, angles_rad: &[f64], thicknesses_cm: &[f64]) -> Result<Self> {
        if angles_rad.len() < 2 || angles_rad.len() != thicknesses_cm.len() {
            return Err(Error::invalid(format!(
                "bowtie `{name}` must have at least 2 points, each with an angle and a thickness, found {} angles and {} thicknesses",
                angles_rad.len(),
                thicknesses_cm.len()
            )));
        }
        if let Some(pair) =
            angles_rad.windows(2).find(|pair| pair[0].is_nan() || pair[1].is_nan() || pair[1] <= pair[0])
        {
            return Err(Error::invalid(format!(
                "bowtie `{name}`: fan angles must ascend, found {:.4} deg after {:.4} deg",
                pair[1].to_degrees(),
                pair[0].to_degrees()
            )));
        }
        if let Some(thickness_cm) = thicknesses_cm.iter().find(|t| !(t.is_finite() && **t >= 0.0)) {
            return Err(Error::invalid(format!(
                "bowtie `{name}`: thickness must be 0 or above, found {} mm",
                thickness_cm * 10.0
            )));
        }
        Ok(Bowtie {
            name: name.to_owned(),
            material,
            angles_rad: angles_rad.to_vec(),
            thicknesses_cm: thicknesses_cm.to_vec(),
        })
    }

    /// Whether the profile lists one side only and is mirrored for the other.
    fn symmetric(&self) -> bool {
        self.angles_rad[0] >= 0.0
    }

    /// Fan angles (lowest, highest) that the profile covers, rad.
    pub fn coverage_rad(&self) -> (f64, f64) {
        let last = self.angles_rad[self.angles_rad.len() - 1];
        if self.symmetric() { (-last, last) } else { (self.angles_rad[0], last) }
    }

    /// Fan angle (rad) and thickness (cm) of every point of the profile.
    pub fn points(&self) -> impl Iterator<Item = [f64; 2]> {
        self.angles_rad.iter().zip(&self.thicknesses_cm).map(|(&angle_rad, &cm)| [angle_rad, cm])
    }

    /// Thickness along the ray at a fan angle, cm. Beyond the profile (which a [`Scanner`] refuses) the
    /// last thickness.
    ///
    /// [`Scanner`]: crate::source::scanner::Scanner
    pub fn thickness_cm(&self, fan_angle_rad: f64) -> f64 {
        let angle = if self.symmetric() { fan_angle_rad.abs() } else { fan_angle_rad };
        let upper = self.angles_rad.partition_point(|&a| a <= angle).clamp(1, self.angles_rad.len() - 1);
        let (a0, a1) = (self.angles_rad[upper - 1], self.angles_rad[upper]);
        let (t0, t1) = (self.thicknesses_cm[upper - 1], self.thicknesses_cm[upper]);
        t0 + (t1 - t0) * ((angle - a0) / (a1 - a0)).clamp(0.0, 1.0)
    }
}
