//! One acquisition: the beam-on of a protocol, from tube voltage to scan range.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::source::current::CurrentProfile;
use crate::source::gantry::{StartAngle, Trajectory};
use crate::source::scanner::Scanner;

/// How the tube and the table move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Tube rotates, table moves.
    Helical {
        /// Table travel per rotation / total collimation.
        pitch: f64,
    },
    /// Full rotations, table steps between them.
    Axial {
        /// Table travel from one rotation to the next, cm.
        table_increment_cm: f64,
    },
    /// Tube and table at rest; the exposure is `tube_current_ma` × `rotation_time_s`.
    Stationary {
        /// Gantry angle, rad.
        angle_rad: f64,
    },
}

/// How much longer than the image range a helix exposes, so that its ends can be reconstructed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Overrange {
    /// 1.5 table feeds in all, half at each end. An assumption: published scanners lie at 1 to 2.6
    /// rotations at high pitch and 2 to 4 at low pitch (van der Molen & Geleijns, Radiology 242:208, 2007).
    Auto,
    /// None.
    None,
    /// At the head end and at the foot end, cm.
    Lengths {
        /// Beyond the top of the range, cm.
        top_cm: f64,
        /// Below the bottom of the range, cm.
        bottom_cm: f64,
    },
}

/// Number of table feeds of [`Overrange::Auto`], both ends together.
pub const AUTO_OVERRANGE_FEEDS: f64 = 1.5;

/// Most rotations of an acquisition; two metres in steps of a millimetre are two thousand.
pub const MOST_ROTATIONS: f64 = 100_000.0;

/// One acquisition of an exam.
#[derive(Clone, Debug, PartialEq)]
pub struct Acquisition {
    /// Name of the phase, for example `arterial`.
    pub phase: String,
    /// Motion.
    pub mode: Mode,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Tube current, mean over the beam-on time, mA.
    pub tube_current_ma: f64,
    /// Duration of one rotation (of the exposure, for a tube at rest), s.
    pub rotation_time_s: f64,
    /// Nominal beam width along z at the isocentre, cm.
    pub collimation_cm: f64,
    /// Nominal scan range in the patient frame, head end, cm.
    pub top_z_cm: f64,
    /// Nominal scan range in the patient frame, foot end, cm.
    pub bottom_z_cm: f64,
    /// Overrange of a helix.
    pub overrange: Overrange,
    /// Gantry angle at the start.
    pub start_angle: StartAngle,
    /// How the tube current changes about its mean, `tube_current_ma`; `None` where it is constant. Its scale is free.
    pub modulation: Option<Arc<CurrentProfile>>,
    /// Whether blades cut off what would cross the scanner's axis beyond the nominal range: at the ends of a helix
    /// the collimator opens and closes with the table's travel.
    pub dynamic_collimation: bool,
    /// Another tube than the exam's, for example the second one of a scanner with two; `None` for the exam's.
    pub scanner: Option<Arc<Scanner>>,
    /// Tube output over that of the tube model: 1, or what makes the model's CTDIvol the console's.
    pub output_factor: f64,
}

impl Acquisition {
    /// The plainest of its kind: 1 mA and 1 s, no overrange, no modulation, from a random angle, between two heights, cm.
    pub fn plain(
        phase: &str,
        mode: Mode,
        tube_voltage_kv: f64,
        collimation_cm: f64,
        [bottom_z_cm, top_z_cm]: [f64; 2],
    ) -> Self {
        Acquisition {
            phase: phase.to_owned(),
            mode,
            tube_voltage_kv,
            tube_current_ma: 1.0,
            rotation_time_s: 1.0,
            collimation_cm,
            top_z_cm,
            bottom_z_cm,
            overrange: Overrange::None,
            start_angle: StartAngle::Random,
            modulation: None,
            dynamic_collimation: false,
            scanner: None,
            output_factor: 1.0,
        }
    }

    /// Refuses what no console would accept.
    pub fn check(&self) -> Result<()> {
        check_positive("tube_current_ma", self.tube_current_ma)?;
        check_positive("rotation_time_s", self.rotation_time_s)?;
        check_positive("output_factor", self.output_factor)?;
        self.check_motion()
    }

    /// Refuses a range and a motion that no console would accept, before any position is worked out.
    pub fn check_motion(&self) -> Result<()> {
        check_positive("total_collimation_mm", self.collimation_cm * 10.0)?;
        match self.mode {
            Mode::Helical { pitch } => check_positive("pitch", pitch)
                .map_err(|error| error.with_help("pitch = table feed per rotation / total collimation"))?,
            Mode::Axial { table_increment_cm } => {
                check_positive("table_increment_mm", table_increment_cm * 10.0)?;
            }
            Mode::Stationary { .. } => {}
        }
        self.check_range()?;
        self.check_rotations()
    }

    fn check_rotations(&self) -> Result<()> {
        let (top_cm, bottom_cm) = self.overrange_cm();
        let length_cm = self.top_z_cm - self.bottom_z_cm + top_cm + bottom_cm;
        let (key, step_cm) = match self.mode {
            Mode::Helical { pitch } => ("pitch", pitch * self.collimation_cm),
            Mode::Axial { table_increment_cm } => ("table_increment_mm", table_increment_cm),
            Mode::Stationary { .. } => return Ok(()),
        };
        let rotations = length_cm / step_cm;
        if rotations <= MOST_ROTATIONS {
            return Ok(());
        }
        let shown =
            |number: f64| if number < 1e12 { format!("{number:.0}") } else { format!("{number:.1e}") };
        Err(Error::invalid(format!(
            "{key} must be large enough for at most {MOST_ROTATIONS} rotations over the {} mm of the scan, found {}",
            shown(length_cm * 10.0),
            shown(rotations)
        )))
    }

    fn check_range(&self) -> Result<()> {
        let (top_mm, bottom_mm) = (self.top_z_cm * 10.0, self.bottom_z_cm * 10.0);
        if !(top_mm.is_finite() && bottom_mm.is_finite()) || top_mm <= bottom_mm {
            return Err(Error::invalid(format!(
                "range.top must lie above range.bottom, found top {top_mm:.1} mm and bottom {bottom_mm:.1} mm"
            ))
            .with_help("z grows to the head: the larger z is the top"));
        }
        Ok(())
    }

    /// Tube current × rotation time, mAs (of the whole exposure, for a tube at rest).
    pub fn mas_per_rotation(&self) -> f64 {
        self.tube_current_ma * self.rotation_time_s
    }

    /// mAs per rotation / pitch; for axial scans × collimation / table increment.
    pub fn effective_mas(&self) -> f64 {
        match self.mode {
            Mode::Helical { pitch } => self.mas_per_rotation() / pitch,
            Mode::Axial { table_increment_cm } => {
                self.mas_per_rotation() * self.collimation_cm / table_increment_cm
            }
            Mode::Stationary { .. } => self.mas_per_rotation(),
        }
    }

    /// Overrange at the head end and the foot end, cm; 0 unless helical.
    pub fn overrange_cm(&self) -> (f64, f64) {
        let Mode::Helical { pitch } = self.mode else { return (0.0, 0.0) };
        match self.overrange {
            Overrange::None => (0.0, 0.0),
            Overrange::Lengths { top_cm, bottom_cm } => (top_cm, bottom_cm),
            Overrange::Auto => {
                let each_cm = AUTO_OVERRANGE_FEEDS * pitch * self.collimation_cm / 2.0;
                (each_cm, each_cm)
            }
        }
    }

    /// The focal spot's path. A scan starts at the head end.
    ///
    /// A helix's source plane runs over the nominal range and the overrange. Axial rotations are centred
    /// on the range and cover it with steps of the table increment. A tube at rest stands at its middle.
    pub fn trajectory(&self) -> Trajectory {
        let middle_z_cm = 0.5 * (self.top_z_cm + self.bottom_z_cm);
        match self.mode {
            Mode::Helical { pitch } => {
                let (top_cm, bottom_cm) = self.overrange_cm();
                Trajectory::Helical {
                    start_z_cm: self.top_z_cm + top_cm,
                    stop_z_cm: self.bottom_z_cm - bottom_cm,
                    feed_cm: pitch * self.collimation_cm,
                    start_angle: self.start_angle,
                }
            }
            Mode::Axial { table_increment_cm } => Trajectory::Axial {
                z_cm: self.axial_positions_z_cm(middle_z_cm, table_increment_cm),
                start_angle: self.start_angle,
            },
            Mode::Stationary { angle_rad } => Trajectory::Stationary { z_cm: middle_z_cm, angle_rad },
        }
    }

    fn axial_positions_z_cm(&self, middle_z_cm: f64, increment_cm: f64) -> Vec<f64> {
        let length_cm = self.top_z_cm - self.bottom_z_cm;
        // A hair's breadth off, so that 120 mm / 40 mm is three rotations and not four.
        let count = ((length_cm / increment_cm - 1e-9).ceil() as usize).max(1);
        (0..count).map(|k| middle_z_cm + ((count - 1) as f64 / 2.0 - k as f64) * increment_cm).collect()
    }

    /// mAs of the whole acquisition.
    pub fn total_mas(&self) -> f64 {
        match self.mode {
            Mode::Stationary { .. } => self.mas_per_rotation(),
            _ => self.mas_per_rotation() * self.trajectory().rotations(),
        }
    }

    /// Tube current of every plane and angle bin of the modulation, mA, scaled to its mean; `None` where it is constant.
    pub fn modulated_current_ma(&self) -> Option<CurrentProfile> {
        let profile = self.modulation.as_ref()?;
        let scale = self.tube_current_ma / profile.mean_along(&self.trajectory());
        profile.mapped(|value| scale * value).ok()
    }

    /// Lowest and highest tube current of a modulated scan, mA.
    pub fn tube_current_range_ma(&self) -> Option<[f64; 2]> {
        let profile = self.modulated_current_ma()?;
        let values = profile.values();
        Some(values.iter().fold([f64::INFINITY, 0.0], |[low, high], &ma| [ma.min(low), ma.max(high)]))
    }

    /// Length over which the table moves (helical) or that the rotations cover (axial) with the beam on, cm.
    pub fn exposed_length_cm(&self) -> f64 {
        match (self.mode, self.trajectory()) {
            (Mode::Axial { table_increment_cm }, trajectory) => trajectory.rotations() * table_increment_cm,
            (Mode::Helical { .. }, trajectory) => {
                let (low, high) = trajectory.z_extent_cm();
                high - low
            }
            (Mode::Stationary { .. }, _) => self.collimation_cm,
        }
    }
}

/// Refuses a number that is not above 0.
fn check_positive(key: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::invalid(format!("{key} must be above 0, found {value}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chest() -> Acquisition {
        Acquisition {
            phase: "chest".to_owned(),
            mode: Mode::Helical { pitch: 1.0 },
            tube_voltage_kv: 100.0,
            tube_current_ma: 100.0,
            rotation_time_s: 0.5,
            collimation_cm: 4.0,
            top_z_cm: 12.0,
            bottom_z_cm: 0.0,
            overrange: Overrange::None,
            start_angle: StartAngle::Random,
            modulation: None,
            dynamic_collimation: false,
            scanner: None,
            output_factor: 1.0,
        }
    }

    #[test]
    fn a_scan_of_rotations_without_end_is_refused_before_they_are_listed() {
        let axial = |table_increment_cm| Acquisition { mode: Mode::Axial { table_increment_cm }, ..chest() };
        let helix = |pitch| Acquisition { mode: Mode::Helical { pitch }, ..chest() };
        assert!(axial(1.21e-4).check().is_ok() && helix(3.1e-5).check().is_ok());
        for (endless, sentence) in [
            (
                axial(1e-8),
                "table_increment_mm must be large enough for at most 100000 rotations over the 120 mm of the scan, found 1200000000",
            ),
            (
                helix(1e-300),
                "pitch must be large enough for at most 100000 rotations over the 120 mm of the scan, found 3.0e300",
            ),
            (Acquisition { collimation_cm: 1e-300, ..helix(1e-100) }, "found inf"),
            (
                Acquisition { top_z_cm: 1e300, bottom_z_cm: -1e300, ..axial(1.0) },
                "over the 2.0e301 mm of the scan, found 2.0e300",
            ),
        ] {
            let refusal = endless.check().unwrap_err().to_string();
            assert!(refusal.contains(sentence), "{refusal}");
        }
    }

    #[test]
    fn mas_is_effective_mas_times_length_over_collimation_at_any_pitch() {
        for pitch in [0.5, 1.0, 1.375] {
            let scan = Acquisition { mode: Mode::Helical { pitch }, ..chest() };
            assert!((scan.total_mas() - scan.effective_mas() * 12.0 / 4.0).abs() < 1e-9);
        }
    }

    #[test]
    fn axial_rotations_cover_the_range_and_are_centred_on_it() {
        let scan = Acquisition { mode: Mode::Axial { table_increment_cm: 4.0 }, ..chest() };
        assert_eq!(
            scan.trajectory(),
            Trajectory::Axial { z_cm: vec![10.0, 6.0, 2.0], start_angle: StartAngle::Random }
        );
        assert_eq!(scan.total_mas(), 150.0);
    }

    #[test]
    fn automatic_overrange_is_one_and_a_half_feeds() {
        let scan = Acquisition { overrange: Overrange::Auto, ..chest() };
        assert!((scan.exposed_length_cm() - 18.0).abs() < 1e-12);
    }

    #[test]
    fn a_reversed_range_is_refused_and_not_swapped() {
        let scan = Acquisition { top_z_cm: 0.0, bottom_z_cm: 5.0, ..chest() };
        let error = scan.check().unwrap_err();
        assert_eq!(
            error.to_string(),
            "range.top must lie above range.bottom, found top 0.0 mm and bottom 50.0 mm"
        );
    }
}
