//! The part of the fan worth emitting into, by source plane and gantry angle.
//!
//! A photon that cannot meet the body is only a waste of time: the beam draws its fan angle inside the
//! window and carries the window's share of the fan as its weight.

use std::f64::consts::TAU;

/// Fan-angle limits on a grid of source planes and gantry angles.
#[derive(Clone, Debug, PartialEq)]
pub struct FanWindows {
    low_z_cm: f64,
    bins_per_cm: f64,
    planes: u32,
    angles: u32,
    /// (lowest, highest) fan angle, rad, by plane and then angle; equal where nothing is to be hit.
    limits_rad: Vec<[f64; 2]>,
}

/// What beams draw between: cumulative shares of the fan's photons at both limits of every window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShareWindows(FanWindows);

impl ShareWindows {
    /// From windows of fan angles; `share_below` is asked twice for each.
    pub(super) fn new(mut windows: FanWindows, share_below: impl Fn(f64) -> f64) -> Self {
        for limits in &mut windows.limits_rad {
            *limits = limits.map(&share_below);
        }
        ShareWindows(windows)
    }

    /// Cumulative shares below and above the window at a source plane and gantry angle (turns, from 0 to 1).
    #[inline]
    pub(super) fn at(&self, z_cm: f64, gantry_turns: f64) -> [f64; 2] {
        self.0.at(z_cm, gantry_turns)
    }
}

impl FanWindows {
    /// The whole fan at every place.
    pub fn open(fan_angle_rad: f64) -> Self {
        let half = fan_angle_rad / 2.0;
        FanWindows { low_z_cm: 0.0, bins_per_cm: 0.0, planes: 1, angles: 1, limits_rad: vec![[-half, half]] }
    }

    /// Windows on a grid of `planes` slabs of source planes in `z_extent_cm` and `angles` sectors of a full
    /// turn; `limits_rad(slab, (first, last gantry angle))` is asked once per cell.
    pub fn tabulate(
        z_extent_cm: (f64, f64),
        (planes, angles): (usize, usize),
        limits_rad: impl Fn(usize, (f64, f64)) -> [f64; 2],
    ) -> Self {
        let sector_rad = TAU / angles as f64;
        let limits_rad = (0..planes * angles)
            .map(|cell| {
                let sector = (cell % angles) as f64;
                limits_rad(cell / angles, (sector * sector_rad, (sector + 1.0) * sector_rad))
            })
            .collect();
        let length_cm = z_extent_cm.1 - z_extent_cm.0;
        let bins_per_cm = if length_cm > 0.0 { planes as f64 / length_cm } else { 0.0 };
        let (planes, angles) = (planes as u32, angles as u32);
        FanWindows { low_z_cm: z_extent_cm.0, bins_per_cm, planes, angles, limits_rad }
    }

    /// Lowest and highest fan angle at a source plane and gantry angle (turns, from 0 to 1), rad.
    #[inline]
    pub fn at(&self, z_cm: f64, gantry_turns: f64) -> [f64; 2] {
        // Casts to 32 bits are a few instructions, those to 64 are twenty.
        let plane = (((z_cm - self.low_z_cm) * self.bins_per_cm) as u32).min(self.planes - 1);
        let angle = ((gantry_turns * f64::from(self.angles)) as u32).min(self.angles - 1);
        self.limits_rad[(plane * self.angles + angle) as usize]
    }
}
