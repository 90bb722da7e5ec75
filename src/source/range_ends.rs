//! The two ends of an acquisition's path: what a range that is a little shorter would leave out.

use crate::source::acquisition::{Acquisition, Mode};
use crate::source::current::ModulatedPath;
use crate::source::gantry::Trajectory;

/// Length of an end of a helix, cm.
const LENGTH_CM: f64 = 1.0;
/// Largest share of the path that an end may be.
const LARGEST_SHARE: f64 = 0.25;
/// Halvings of the search for a share of the mAs.
const HALVINGS: usize = 50;

/// The ends of a path: of a helix the first and the last centimetre, of axial scans the first and the last rotation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RangeEnds {
    /// By how much a range without one of the ends is shorter, cm.
    pub length_cm: f64,
    /// Share of the mAs at the end of the first part, and at the start of the last one.
    pub mas_shares: [f64; 2],
}

impl RangeEnds {
    /// Shares that no history belongs to.
    pub const NONE: [f64; 2] = [0.0, f64::INFINITY];

    /// Ends of an acquisition; `None` for a tube at rest, for fewer than four rotations of an axial scan, and for blades
    /// that move with the range, where what is left out is not what the ends of the path leave.
    pub fn of(acquisition: &Acquisition) -> Option<Self> {
        if acquisition.dynamic_collimation {
            return None;
        }
        let trajectory = acquisition.trajectory();
        let (low_cm, high_cm) = trajectory.z_extent_cm();
        let (length_cm, path_share) = match acquisition.mode {
            Mode::Helical { .. } => {
                let length_cm = LENGTH_CM.min(LARGEST_SHARE * (high_cm - low_cm));
                (length_cm, length_cm / (high_cm - low_cm))
            }
            Mode::Axial { table_increment_cm } => (table_increment_cm, 1.0 / trajectory.rotations()),
            Mode::Stationary { .. } => return None,
        };
        if path_share > LARGEST_SHARE {
            return None;
        }
        let mas_shares = match &acquisition.modulation {
            None => [path_share, 1.0 - path_share],
            Some(profile) => {
                let path = ModulatedPath::new(trajectory.clone(), profile);
                [path_share, 1.0 - path_share].map(|share| mas_share(&path, &trajectory, share))
            }
        };
        Some(RangeEnds { length_cm, mas_shares })
    }
}

/// Share of the mAs that has left when a share of the beam-on time is over.
fn mas_share(path: &ModulatedPath, trajectory: &Trajectory, time: f64) -> f64 {
    // Source planes descend; between two rotations of an axial scan lies no plane.
    let (edge_cm, _) = trajectory.at(time, 0.0);
    let (before_cm, _) = trajectory.at(time - 1e-9, 0.0);
    let edge_cm = 0.5 * (edge_cm + before_cm);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if path.at(middle, 0.0).0 > edge_cm { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::acquisition::Overrange;
    use crate::source::current::CurrentProfile;
    use crate::source::gantry::StartAngle;

    fn scan(mode: Mode) -> Acquisition {
        Acquisition {
            phase: "chest".to_owned(),
            mode,
            tube_voltage_kv: 100.0,
            tube_current_ma: 100.0,
            rotation_time_s: 0.5,
            collimation_cm: 2.0,
            top_z_cm: 10.0,
            bottom_z_cm: 0.0,
            overrange: Overrange::None,
            start_angle: StartAngle::Random,
            modulation: None,
            dynamic_collimation: false,
            scanner: None,
            output_factor: 1.0,
        }
    }

    fn close(found: [f64; 2], expected: [f64; 2]) {
        assert!((0..2).all(|i| (found[i] - expected[i]).abs() < 1e-3), "{found:?}, expected {expected:?}");
    }

    #[test]
    fn a_helix_ends_with_a_centimetre_and_axial_scans_with_a_rotation() {
        let helix = RangeEnds::of(&scan(Mode::Helical { pitch: 1.0 })).unwrap();
        assert_eq!(helix.length_cm, 1.0);
        close(helix.mas_shares, [0.1, 0.9]);
        let axial = RangeEnds::of(&scan(Mode::Axial { table_increment_cm: 2.0 })).unwrap();
        assert_eq!(axial.length_cm, 2.0);
        close(axial.mas_shares, [0.2, 0.8]);
    }

    #[test]
    fn a_modulated_end_holds_the_mas_of_its_current() {
        // 3 times the current in the upper half: 15 of 20 parts there, 3 of 20 in the first centimetre.
        let profile = CurrentProfile::new(vec![4.999_99, 5.0], 1, vec![1.0, 3.0]).unwrap();
        let with = |mode| Acquisition { modulation: Some(Arc::new(profile.clone())), ..scan(mode) };
        let helix = RangeEnds::of(&with(Mode::Helical { pitch: 1.0 })).unwrap();
        close(helix.mas_shares, [3.0 / 20.0, 1.0 - 1.0 / 20.0]);
        // Rotations at 9, 7, 5, 3 and 1 cm: 3 + 3 + 3 + 1 + 1 parts.
        let axial = RangeEnds::of(&with(Mode::Axial { table_increment_cm: 2.0 })).unwrap();
        close(axial.mas_shares, [3.0 / 11.0, 10.0 / 11.0]);
    }

    #[test]
    fn a_tube_at_rest_a_short_scan_and_moving_blades_have_no_ends() {
        assert_eq!(RangeEnds::of(&scan(Mode::Stationary { angle_rad: 0.0 })), None);
        assert_eq!(RangeEnds::of(&scan(Mode::Axial { table_increment_cm: 4.0 })), None);
        let moving = Acquisition { dynamic_collimation: true, ..scan(Mode::Helical { pitch: 1.0 }) };
        assert_eq!(RangeEnds::of(&moving), None);
    }
}
