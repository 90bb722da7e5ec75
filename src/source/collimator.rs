//! The collimator: which part of the cone it lets through, and what it closes at the ends of a helix.

use crate::source::acquisition::{Acquisition, Mode};

/// The blades along z. A beam of nominal width w spans tan(cone) = ± w / (2 · source to isocentre).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blades {
    source_to_isocentre_cm: f64,
    tan_cone: f64,
    sin_cone: f64,
    /// Heights on the scanner's axis beyond which dynamic blades let nothing through, cm.
    limits_z_cm: Option<[f64; 2]>,
}

impl Blades {
    /// The blades of an acquisition. Dynamic ones follow the nominal range of a helix; axial scans and projections
    /// have no use for them.
    pub fn new(acquisition: &Acquisition, source_to_isocentre_cm: f64) -> Self {
        let follows = acquisition.dynamic_collimation && matches!(acquisition.mode, Mode::Helical { .. });
        let tan_cone = acquisition.collimation_cm / 2.0 / source_to_isocentre_cm;
        Blades {
            source_to_isocentre_cm,
            tan_cone,
            sin_cone: sine(tan_cone),
            limits_z_cm: follows.then_some([acquisition.bottom_z_cm, acquisition.top_z_cm]),
        }
    }

    /// Tangent of the largest cone angle.
    pub fn tan_cone(&self) -> f64 {
        self.tan_cone
    }

    /// Sine of the largest cone angle.
    pub fn sin_cone(&self) -> f64 {
        self.sin_cone
    }

    /// Sines of the cone angles between which the blades are open while the source is in a plane; the second is not
    /// larger than the first where they are closed.
    #[inline]
    pub fn open(&self, z_cm: f64) -> [f64; 2] {
        let Some([low_cm, high_cm]) = self.limits_z_cm else {
            return [-self.sin_cone(), self.sin_cone()];
        };
        let tangent = |limit_cm: f64| (limit_cm - z_cm) / self.source_to_isocentre_cm;
        [sine(tangent(low_cm).max(-self.tan_cone)), sine(tangent(high_cm).min(self.tan_cone))]
    }

    /// Share of the cone that is open while the source is in a plane.
    pub fn open_share(&self, z_cm: f64) -> f64 {
        let [low, high] = self.open(z_cm);
        (high - low).max(0.0) / (2.0 * self.sin_cone())
    }
}

#[inline]
fn sine(tangent: f64) -> f64 {
    tangent / (1.0 + tangent * tangent).sqrt()
}
