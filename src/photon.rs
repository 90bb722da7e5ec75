//! A photon in flight.

use nalgebra::Vector3;

/// A photon: where it is (cm, patient frame), where it flies (unit vector), its energy (keV) and its
/// statistical weight (1 = one photon).
///
/// Single precision: over a 2 m phantom a position is good to 15 µm, far below a voxel; sums are double.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Photon {
    /// Position in the patient frame, cm.
    pub position_cm: Vector3<f32>,
    /// Unit vector of flight.
    pub direction: Vector3<f32>,
    /// Energy, keV.
    pub energy_kev: f32,
    /// Statistical weight.
    pub weight: f32,
}

impl Photon {
    /// What it carries: energy times weight, keV. Not a number where its place or its flight is none, so that a photon that
    /// got lost shows in every sum it is part of.
    #[inline]
    pub fn carried_kev(&self) -> f32 {
        self.energy_kev * self.weight + 0.0 * (self.position_cm.sum() + self.direction.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_photon_carries_no_number() {
        let photon = Photon {
            position_cm: Vector3::new(1e3, -7.0, 0.5),
            direction: Vector3::z(),
            energy_kev: 60.1,
            weight: 0.3,
        };
        assert_eq!(photon.carried_kev().to_bits(), (60.1_f32 * 0.3).to_bits());
        for lost in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(Photon { direction: Vector3::new(0.0, lost, 0.0), ..photon }.carried_kev().is_nan());
            assert!(Photon { position_cm: Vector3::new(0.0, 0.0, lost), ..photon }.carried_kev().is_nan());
            assert!(!Photon { weight: lost, ..photon }.carried_kev().is_finite());
        }
    }
}
