//! The focal spot's path: where the tube is while the beam is on, in the patient's frame.

use std::f64::consts::TAU;

use nalgebra::Vector3;

use crate::numerics::rotation::sin_cos_of_turns;

/// How the patient lies in the gantry, in DICOM's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatientPosition {
    /// Head first, supine.
    Hfs,
    /// Head first, prone.
    Hfp,
    /// Feet first, supine.
    Ffs,
    /// Feet first, prone.
    Ffp,
}

impl PatientPosition {
    /// Signs that take gantry (x to the right seen from the table, y down, z into the gantry) to the
    /// patient's axes (x to the left, y to the back, z to the head).
    pub fn signs(self) -> [f64; 3] {
        match self {
            PatientPosition::Hfs => [1.0, 1.0, 1.0],
            PatientPosition::Hfp => [-1.0, -1.0, 1.0],
            PatientPosition::Ffs => [-1.0, 1.0, -1.0],
            PatientPosition::Ffp => [1.0, -1.0, -1.0],
        }
    }
}

/// Where the patient lies in the gantry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Position on the table.
    pub position: PatientPosition,
    /// The scanner's axis in the patient frame (x, y), cm.
    pub isocentre_cm: [f64; 2],
}

/// Gantry angle at which a rotation starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StartAngle {
    /// Drawn uniformly for every focal spot of a batch: the mean over all start angles.
    Random,
    /// Fixed, rad; 0 is the tube above the table, growing clockwise seen from the table.
    Fixed(f64),
}

/// The focal spot's path along the patient.
#[derive(Clone, Debug, PartialEq)]
pub enum Trajectory {
    /// A helix; the source plane moves from `start_z_cm` to `stop_z_cm` in the patient frame.
    Helical {
        /// Source plane when the beam goes on, cm.
        start_z_cm: f64,
        /// Source plane when the beam goes off, cm.
        stop_z_cm: f64,
        /// Table travel per rotation, cm.
        feed_cm: f64,
        /// Start angle.
        start_angle: StartAngle,
    },
    /// Full rotations at fixed table positions.
    Axial {
        /// Source planes in the patient frame, cm.
        z_cm: Vec<f64>,
        /// Start angle.
        start_angle: StartAngle,
    },
    /// A tube at rest: a projection.
    Stationary {
        /// Source plane in the patient frame, cm.
        z_cm: f64,
        /// Gantry angle, rad.
        angle_rad: f64,
    },
}

impl Trajectory {
    /// Whether the start angle is drawn.
    pub fn has_random_start(&self) -> bool {
        match self {
            Trajectory::Helical { start_angle, .. } | Trajectory::Axial { start_angle, .. } => {
                *start_angle == StartAngle::Random
            }
            Trajectory::Stationary { .. } => false,
        }
    }

    /// Number of rotations; 0 for a tube at rest.
    pub fn rotations(&self) -> f64 {
        match self {
            Trajectory::Helical { start_z_cm, stop_z_cm, feed_cm, .. } => {
                (stop_z_cm - start_z_cm).abs() / feed_cm
            }
            Trajectory::Axial { z_cm, .. } => z_cm.len() as f64,
            Trajectory::Stationary { .. } => 0.0,
        }
    }

    /// Lowest and highest source plane, cm.
    pub fn z_extent_cm(&self) -> (f64, f64) {
        match self {
            Trajectory::Helical { start_z_cm, stop_z_cm, .. } => {
                (start_z_cm.min(*stop_z_cm), start_z_cm.max(*stop_z_cm))
            }
            Trajectory::Axial { z_cm, .. } => z_cm
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &z| (low.min(z), high.max(z))),
            Trajectory::Stationary { z_cm, .. } => (*z_cm, *z_cm),
        }
    }

    /// Source plane (cm) and gantry angle (rad) at `time`, a fraction of the beam-on time in [0, 1);
    /// `turn` in [0, 1) picks the start angle where that is random.
    #[inline]
    pub fn at(&self, time: f64, turn: f64) -> (f64, f64) {
        match self {
            Trajectory::Helical { start_z_cm, stop_z_cm, start_angle, .. } => {
                let z_cm = start_z_cm + (stop_z_cm - start_z_cm) * time;
                (z_cm, angle_rad(*start_angle, || self.rotations() * time, turn))
            }
            Trajectory::Axial { z_cm, start_angle } => {
                let rotation = time * z_cm.len() as f64;
                let index = (rotation as u32 as usize).min(z_cm.len() - 1);
                (z_cm[index], angle_rad(*start_angle, || rotation, turn))
            }
            Trajectory::Stationary { z_cm, angle_rad } => (*z_cm, *angle_rad),
        }
    }
}

/// Gantry angle after some rotations, rad. A random start makes every angle equally likely.
#[inline]
fn angle_rad(start: StartAngle, rotations: impl FnOnce() -> f64, turn: f64) -> f64 {
    match start {
        StartAngle::Random => TAU * turn,
        StartAngle::Fixed(start_rad) => start_rad + TAU * rotations(),
    }
}

/// Unit vectors of the gantry at an angle, in the patient frame: from the isocentre to the focal spot,
/// and the direction in which the fan angle grows.
#[inline]
pub fn gantry_axes(position: PatientPosition, angle_rad: f64) -> (Vector3<f64>, Vector3<f64>) {
    let ([sx, sy, _], (sin, cos)) = (position.signs(), angle_rad.sin_cos());
    (Vector3::new(sx * sin, -sy * cos, 0.0), Vector3::new(sx * cos, sy * sin, 0.0))
}

/// Doubles have no fractions from here on.
const TO_WHOLE: f64 = 1.5 * (1_u64 << 52) as f64;

/// An angle in turns, from 0 to 1.
#[inline]
pub(super) fn turns(angle_rad: f64) -> f64 {
    let turns = angle_rad * (1.0 / TAU);
    // What is left of a number added and taken away is the nearest whole number: neither a call nor a cast.
    let part = turns - ((turns + TO_WHOLE) - TO_WHOLE);
    if part < 0.0 { part + 1.0 } else { part }
}

/// Where a focal spot is and how its fan lies, in the patient's frame, in single precision (0.2 µm): the photon flies in that.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpotAxes {
    /// The focal spot, cm.
    pub(super) position_cm: Vector3<f32>,
    /// x and y of the unit vectors from the isocentre to the focal spot, and in which the fan angle grows; see [`gantry_axes`].
    outward: [f32; 2],
    lateral: [f32; 2],
}

impl SpotAxes {
    /// From the source plane and the gantry angle, turns from 0 to 1.
    #[inline]
    pub(super) fn new(
        placement: &Placement,
        source_to_isocentre_cm: f64,
        z_cm: f64,
        gantry_turns: f64,
    ) -> Self {
        let (sin, cos) = sin_cos_of_turns(gantry_turns as f32);
        let [sx, sy, _] = placement.position.signs().map(|sign| sign as f32);
        let (outward, lateral) = ([sx * sin, -sy * cos], [sx * cos, sy * sin]);
        let [x_cm, y_cm] = placement.isocentre_cm.map(|cm| cm as f32);
        let radius_cm = source_to_isocentre_cm as f32;
        let position_cm =
            Vector3::new(x_cm + outward[0] * radius_cm, y_cm + outward[1] * radius_cm, z_cm as f32);
        SpotAxes { position_cm, outward, lateral }
    }

    /// Direction of a ray: fan angle and sine of the cone angle.
    #[inline]
    pub(super) fn direction(&self, fan_angle_rad: f32, sin_cone: f32) -> Vector3<f32> {
        let cos_cone = (1.0 - sin_cone * sin_cone).sqrt();
        let (sin_fan, cos_fan) = fan_angle_rad.sin_cos();
        let across = |axis: usize| (self.lateral[axis] * sin_fan - self.outward[axis] * cos_fan) * cos_cone;
        Vector3::new(across(0), across(1), sin_cone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::FRAC_PI_2;

    fn spot(position: PatientPosition, angle_rad: f64) -> [f64; 2] {
        let (outward, _) = gantry_axes(position, angle_rad);
        [outward.x.round() + 0.0, outward.y.round() + 0.0]
    }

    #[test]
    fn the_tube_starts_above_the_table_and_turns_to_the_patients_left_when_head_first_supine() {
        assert_eq!(spot(PatientPosition::Hfs, 0.0), [0.0, -1.0]);
        assert_eq!(spot(PatientPosition::Hfs, FRAC_PI_2), [1.0, 0.0]);
        assert_eq!(spot(PatientPosition::Hfp, 0.0), [0.0, 1.0]);
        assert_eq!(spot(PatientPosition::Ffs, FRAC_PI_2), [-1.0, 0.0]);
        assert_eq!(spot(PatientPosition::Ffp, 0.0), [0.0, 1.0]);
    }

    #[test]
    fn a_spots_axes_are_the_gantrys_however_the_patient_lies() {
        use PatientPosition::{Ffp, Ffs, Hfp, Hfs};
        for (k, position) in [Hfs, Hfp, Ffs, Ffp].into_iter().cycle().enumerate().take(40) {
            let (angle_rad, fan_rad, sin_cone) = (k as f64 * 2.399_963 - 30.0, 0.011 * k as f64 - 0.2, 0.03);
            let (outward, lateral) = gantry_axes(position, angle_rad);
            let placement = Placement { position, isocentre_cm: [1.5, -2.5] };
            let spot = SpotAxes::new(&placement, 60.0, 12.0, turns(angle_rad));
            let expected_cm = outward * 60.0 + Vector3::new(1.5, -2.5, 12.0);
            assert!((spot.position_cm.cast() - expected_cm).norm() < 3e-5, "{k}");
            let cos_cone = f64::sqrt(1.0 - sin_cone * sin_cone);
            let mut expected = (lateral * fan_rad.sin() - outward * fan_rad.cos()) * cos_cone;
            expected.z = sin_cone;
            let found: Vector3<f64> = spot.direction(fan_rad as f32, sin_cone as f32).cast();
            assert!((found - expected).norm() < 1e-6, "{k}");
        }
    }

    #[test]
    fn a_helix_travels_one_feed_per_rotation() {
        let helix = Trajectory::Helical {
            start_z_cm: 10.0,
            stop_z_cm: -6.0,
            feed_cm: 4.0,
            start_angle: StartAngle::Fixed(0.0),
        };
        assert_eq!(helix.rotations(), 4.0);
        let (z_cm, angle) = helix.at(0.25, 0.9);
        assert!((z_cm - 6.0).abs() < 1e-12 && (angle - TAU).abs() < 1e-12);
    }

    #[test]
    fn an_axial_scan_spends_a_full_turn_at_each_position() {
        let axial = Trajectory::Axial { z_cm: vec![1.0, 2.0], start_angle: StartAngle::Fixed(0.0) };
        assert_eq!(axial.at(0.0, 0.0).0, 1.0);
        assert_eq!(axial.at(0.499, 0.0).0, 1.0);
        assert_eq!(axial.at(0.5, 0.0), (2.0, TAU));
    }
}
