//! Where the photons of an acquisition go before they reach the patient: through the collimator or onto its blades,
//! in the nominal range or in the overrange.

use crate::source::acquisition::Acquisition;
use crate::source::collimator::Blades;
use crate::source::current::ModulatedPath;

/// Points of the path, alike in mAs, at which shares are averaged.
const POINTS: usize = 8192;

/// Shares of an acquisition's exposure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExposureShares {
    /// Share of the photons that pass the collimator, of those that would without dynamic blades.
    pub open: f64,
    /// Share of the passing photons that are emitted while the source plane lies beyond the nominal range.
    pub overrange: f64,
}

impl ExposureShares {
    /// Shares of an acquisition, by its tube current, to 0.1 %.
    pub fn of(acquisition: &Acquisition, source_to_isocentre_cm: f64) -> Self {
        let blades = Blades::new(acquisition, source_to_isocentre_cm);
        let trajectory = acquisition.trajectory();
        let modulated = acquisition.modulation.as_ref().map(|m| ModulatedPath::new(trajectory.clone(), m));
        let (mut open, mut beyond) = (0.0, 0.0);
        for point in 0..POINTS {
            let share = (point as f64 + 0.5) / POINTS as f64;
            let (z_cm, _) = match &modulated {
                Some(path) => path.at(share, 0.0),
                None => trajectory.at(share, 0.0),
            };
            let passing = blades.open_share(z_cm);
            open += passing;
            if z_cm > acquisition.top_z_cm || z_cm < acquisition.bottom_z_cm {
                beyond += passing;
            }
        }
        // Axial rotations and projections have no overrange, wherever their planes lie.
        let has_overrange = acquisition.overrange_cm() != (0.0, 0.0);
        let overrange = if has_overrange && open > 0.0 { beyond / open } else { 0.0 };
        ExposureShares { open: open / POINTS as f64, overrange }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::acquisition::{Mode, Overrange};
    use crate::source::gantry::StartAngle;

    /// 12 cm at 4 cm and pitch 1, with 3 cm of overrange at each end.
    fn chest(dynamic_collimation: bool) -> Acquisition {
        Acquisition {
            phase: "chest".to_owned(),
            mode: Mode::Helical { pitch: 1.0 },
            tube_voltage_kv: 100.0,
            tube_current_ma: 100.0,
            rotation_time_s: 0.5,
            collimation_cm: 4.0,
            top_z_cm: 12.0,
            bottom_z_cm: 0.0,
            overrange: Overrange::Auto,
            start_angle: StartAngle::Random,
            modulation: None,
            dynamic_collimation,
            scanner: None,
            output_factor: 1.0,
        }
    }

    #[test]
    fn dynamic_blades_leave_the_nominal_range_its_dose_and_close_the_rest() {
        let (fixed, dynamic) =
            (ExposureShares::of(&chest(false), 60.0), ExposureShares::of(&chest(true), 60.0));
        assert_eq!(fixed.open, 1.0);
        assert!((fixed.overrange - 6.0 / 18.0).abs() < 1e-3, "{fixed:?}");
        // On the axis the beam is a box of 4 cm: what passes is what falls on the 12 cm, 12 of 18.
        assert!((dynamic.open - 12.0 / 18.0).abs() < 1e-3, "{dynamic:?}");
        // Beyond the range half the beam at first, nothing after 2 cm: a quarter of 2 cm at either end, of 12.
        assert!((dynamic.overrange - 2.0 * 0.5 / 12.0).abs() < 1e-3, "{dynamic:?}");
    }
}
