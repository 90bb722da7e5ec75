//! Tube current that changes during a scan: by the source plane, by the gantry angle, or both.

use std::f64::consts::TAU;

use crate::error::{Error, Result};
use crate::source::gantry::Trajectory;

/// Steps of the beam-on time per rotation: a current that changes with the angle is followed to 5.6 degrees.
const STEPS_PER_ROTATION: f64 = 64.0;
/// Fewest and most steps of the beam-on time.
const STEPS: [f64; 2] = [512.0, 65_536.0];

/// Relative tube current over source plane and gantry angle.
///
/// Between the planes it is linear, beyond the outermost ones it keeps their value; a gantry angle belongs to the bin
/// it falls in. The scale is free: [`ModulatedPath`] takes shares, and an acquisition states its mean current.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentProfile {
    /// Source planes, ascending, cm.
    z_cm: Vec<f64>,
    /// Equal bins of the gantry angle from 0 on; 1 where only the plane matters.
    angles: usize,
    /// By plane, then angle.
    relative: Vec<f64>,
}

impl CurrentProfile {
    /// A profile. `relative` holds `angles` values for every plane.
    pub fn new(z_cm: Vec<f64>, angles: usize, relative: Vec<f64>) -> Result<Self> {
        let ascending = z_cm.windows(2).all(|pair| pair[0] < pair[1]) && z_cm.iter().all(|z| z.is_finite());
        if z_cm.is_empty() || !ascending {
            return Err(Error::invalid(
                "the planes of a tube-current profile must ascend, one after the other",
            ));
        }
        if angles == 0 || relative.len() != z_cm.len() * angles {
            return Err(Error::Internal(
                "a tube-current profile needs a value for every plane and angle".into(),
            ));
        }
        if let Some(bad) = relative.iter().find(|value| !(value.is_finite() && **value > 0.0)) {
            return Err(Error::invalid(format!("a tube current must be above 0, found {bad}")));
        }
        Ok(CurrentProfile { z_cm, angles, relative })
    }

    /// Source planes, ascending, cm.
    pub fn z_cm(&self) -> &[f64] {
        &self.z_cm
    }

    /// Number of bins of the gantry angle.
    pub fn angles(&self) -> usize {
        self.angles
    }

    /// Relative current by plane, then angle bin.
    pub fn values(&self) -> &[f64] {
        &self.relative
    }

    /// Relative current in a plane and an angle bin.
    pub fn in_bin(&self, z_cm: f64, angle: usize) -> f64 {
        let value = |plane: usize| self.relative[plane * self.angles + angle];
        let last = self.z_cm.len() - 1;
        let above = self.z_cm.partition_point(|&z| z <= z_cm);
        if above == 0 || last == 0 {
            return value(0);
        }
        if above > last {
            return value(last);
        }
        let (low, high) = (self.z_cm[above - 1], self.z_cm[above]);
        let share = (z_cm - low) / (high - low);
        value(above - 1) + (value(above) - value(above - 1)) * share
    }

    /// Relative current at a gantry angle, rad.
    pub fn at(&self, z_cm: f64, angle_rad: f64) -> f64 {
        let turn = (angle_rad / TAU).rem_euclid(1.0);
        self.in_bin(z_cm, ((turn * self.angles as f64) as usize).min(self.angles - 1))
    }

    /// Mean relative current of a rotation in one plane.
    pub fn mean_at(&self, z_cm: f64) -> f64 {
        (0..self.angles).map(|angle| self.in_bin(z_cm, angle)).sum::<f64>() / self.angles as f64
    }

    /// Mean over the beam-on time of a path.
    pub fn mean_along(&self, trajectory: &Trajectory) -> f64 {
        let path = ModulatedPath::new(trajectory.clone(), self);
        path.mean_relative
    }

    /// The profile with every value changed alike, for example capped.
    pub fn mapped(&self, change: impl Fn(f64) -> f64) -> Result<Self> {
        let relative = self.relative.iter().map(|&value| change(value)).collect();
        CurrentProfile::new(self.z_cm.clone(), self.angles, relative)
    }
}

/// A path whose points are drawn in proportion to the tube current.
#[derive(Clone, Debug)]
pub struct ModulatedPath {
    trajectory: Trajectory,
    /// Share of the mAs before the start of every step of the beam-on time, and 1 at the end.
    before: Vec<f64>,
    /// By step, then angle bin: share of the step's mAs up to the end of the bin. Empty where the time tells the angle.
    angle_up_to: Vec<f32>,
    angles: usize,
    mean_relative: f64,
}

impl ModulatedPath {
    /// Tabulates a profile along a path.
    pub fn new(trajectory: Trajectory, profile: &CurrentProfile) -> Self {
        let steps = steps(&trajectory);
        let angles = if trajectory.has_random_start() { profile.angles() } else { 1 };
        let mut path = ModulatedPath {
            before: Vec::with_capacity(steps + 1),
            angle_up_to: Vec::new(),
            trajectory,
            angles,
            mean_relative: 0.0,
        };
        let mut mas = 0.0;
        for step in 0..steps {
            path.before.push(mas);
            mas += path.push_step((step as f64 + 0.5) / steps as f64, profile);
        }
        path.before.iter_mut().for_each(|share| *share /= mas);
        path.before.push(1.0);
        path.mean_relative = mas / steps as f64;
        path
    }

    /// Mean relative current in the step about a time; tabulates its angles.
    fn push_step(&mut self, time: f64, profile: &CurrentProfile) -> f64 {
        let (z_cm, angle_rad) = self.trajectory.at(time, 0.0);
        if !self.trajectory.has_random_start() {
            return profile.at(z_cm, angle_rad);
        }
        let mean = profile.mean_at(z_cm);
        if self.angles > 1 {
            let mut up_to = 0.0;
            for angle in 0..self.angles {
                up_to += profile.in_bin(z_cm, angle) / (mean * self.angles as f64);
                self.angle_up_to.push(if angle + 1 == self.angles { 1.0 } else { up_to as f32 });
            }
        }
        mean
    }

    /// The path.
    pub fn trajectory(&self) -> &Trajectory {
        &self.trajectory
    }

    /// Source plane (cm) and gantry angle (rad) for deviates in [0, 1), in proportion to the tube current: as many
    /// photons leave for every interval of `share`.
    #[inline]
    pub fn at(&self, share: f64, turn: f64) -> (f64, f64) {
        let steps = self.before.len() - 1;
        let step = self.before.partition_point(|&before| before <= share).clamp(1, steps) - 1;
        let (low, high) = (self.before[step], self.before[step + 1]);
        let time = (step as f64 + (share - low) / (high - low)) / steps as f64;
        self.trajectory.at(time.min(1.0 - f64::EPSILON), self.turn_at(step, turn))
    }

    #[inline]
    fn turn_at(&self, step: usize, turn: f64) -> f64 {
        if self.angle_up_to.is_empty() {
            return turn;
        }
        let up_to = &self.angle_up_to[step * self.angles..(step + 1) * self.angles];
        let bin = up_to.partition_point(|&share| f64::from(share) <= turn).min(self.angles - 1);
        let below = if bin == 0 { 0.0 } else { f64::from(up_to[bin - 1]) };
        let within = (turn - below) / (f64::from(up_to[bin]) - below);
        (bin as f64 + within) / self.angles as f64
    }
}

/// Steps of the beam-on time: for axial scans a multiple of the rotations, so that no step spans two of them.
fn steps(trajectory: &Trajectory) -> usize {
    let rotations = trajectory.rotations();
    let wanted = (STEPS_PER_ROTATION * rotations).clamp(STEPS[0], STEPS[1]);
    match trajectory {
        Trajectory::Axial { z_cm, .. } => (wanted / rotations).ceil() as usize * z_cm.len(),
        _ => wanted as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::gantry::StartAngle;

    fn helix(start_angle: StartAngle) -> Trajectory {
        Trajectory::Helical { start_z_cm: 10.0, stop_z_cm: 0.0, feed_cm: 2.0, start_angle }
    }

    /// Twice the current above 5 cm, and three times towards the second half of the turn.
    fn profile() -> CurrentProfile {
        CurrentProfile::new(vec![4.999_999, 5.0], 2, vec![1.0, 3.0, 2.0, 6.0]).unwrap()
    }

    fn share(path: &ModulatedPath, is_in: impl Fn(f64, f64) -> bool) -> f64 {
        let n = 500;
        let points = (0..n * n).map(|k| ((k / n) as f64 + 0.5, (k % n) as f64 + 0.5));
        let hits = points.filter(|(a, b)| {
            let (z, angle) = path.at(a / n as f64, b / n as f64);
            is_in(z, angle.rem_euclid(TAU))
        });
        hits.count() as f64 / (n * n) as f64
    }

    #[test]
    fn points_are_drawn_in_proportion_to_the_current() {
        // Any angle at any place: 1 and 3 below, 2 and 6 above, of 12. From 0 on, the helix turns five times, two and a half
        // of them above: first, second, first, second, first half turn there, then second, first, second, first, second.
        // The beam-on time is followed in 512 steps; of a fixed start, a step that spans two half turns has the current of
        // its middle.
        let random = (StartAngle::Random, 8.0 / 12.0, 9.0 / 12.0, 12.0 / 4.0, 1e-3);
        let fixed = (StartAngle::Fixed(0.0), 18.0 / 29.0, 21.0 / 29.0, 29.0 / 10.0, 3e-3);
        for (start, above, second_half, mean, width) in [random, fixed] {
            let path = ModulatedPath::new(helix(start), &profile());
            assert!((share(&path, |z, _| z > 5.0) - above).abs() < 3e-3, "{start:?}");
            assert!((share(&path, |_, angle| angle > TAU / 2.0) - second_half).abs() < 3e-3, "{start:?}");
            assert!((path.mean_relative - mean).abs() < width, "{start:?} {}", path.mean_relative);
        }
    }

    #[test]
    fn a_constant_profile_changes_nothing() {
        let flat = CurrentProfile::new(vec![0.0], 1, vec![7.0]).unwrap();
        for trajectory in [
            helix(StartAngle::Fixed(1.0)),
            Trajectory::Axial { z_cm: vec![3.0, 1.0, -1.0], start_angle: StartAngle::Random },
        ] {
            let path = ModulatedPath::new(trajectory.clone(), &flat);
            for k in 0..100 {
                let (time, turn) = (f64::from(k) / 100.0 + 0.003, f64::from(k * 37 % 100) / 100.0);
                let ((z0, a0), (z1, a1)) = (trajectory.at(time, turn), path.at(time, turn));
                assert!((z0 - z1).abs() < 1e-9 && (a0 - a1).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn values_hold_beyond_the_ends_and_planes_out_of_order_are_refused() {
        let profile = CurrentProfile::new(vec![0.0, 10.0], 1, vec![1.0, 2.0]).unwrap();
        assert_eq!([-5.0, 5.0, 15.0].map(|z| profile.at(z, 0.0)), [1.0, 1.5, 2.0]);
        assert!(CurrentProfile::new(vec![1.0, 0.0], 1, vec![1.0, 1.0]).is_err());
        assert!(CurrentProfile::new(vec![0.0], 1, vec![0.0]).is_err());
    }
}
