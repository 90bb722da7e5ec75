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
