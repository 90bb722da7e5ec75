//! Interpolation of the tabled tube spectra in tube voltage and anode angle.
//!
//! Bremsstrahlung N is interpolated as N·E/(kV − E), its logarithm linear in the tube voltage at fixed photon energy, except
//! within [`TIP_KEV`] of the tube voltage, where it is a function of kV − E. K lines grow from the K edge of tungsten
//! as (kV − 69.525)^1.63. In the anode angle the logarithm of the photons is interpolated linearly in its cotangent, to
//! which the path out of the anode is proportional.

use crate::data::tube_spectra::{BIN_WIDTH_KEV, FIRST_CENTRE_KEV, TubeSpectrum, spectrum};
use crate::units::RAD_PER_DEG;

const KV_STEP: f64 = 10.0;
const ANGLE_STEP_DEG: f64 = 2.0;
/// Photons this close to the tube voltage come from electrons that have hardly slowed down.
const TIP_KEV: f64 = 12.0;
/// K edge of tungsten, keV (Bearden and Burr, Rev. Mod. Phys. 39 (1967) 125).
const TUNGSTEN_K_EDGE_KEV: f64 = 69.525;
/// Growth of the K lines over the edge (Green and Cosslett, J. Phys. D 1 (1968) 425).
const K_LINE_POWER: f64 = 1.63;

/// Photons per cm² and mAs of every bin up to the tube voltage, inside the range of the table.
pub(super) fn photons_per_cm2_mas(tube_voltage_kv: f64, anode_angle_deg: f64) -> Vec<f64> {
    let (low_deg, high_deg, _) = neighbours(anode_angle_deg, 6.0, 14.0, ANGLE_STEP_DEG);
    let cotangent = |angle_deg: f64| 1.0 / (angle_deg * RAD_PER_DEG).tan();
    let share =
        (cotangent(low_deg) - cotangent(anode_angle_deg)) / (cotangent(low_deg) - cotangent(high_deg));
    let low = at_node_angle(tube_voltage_kv, low_deg);
    let high = at_node_angle(tube_voltage_kv, high_deg);
    low.iter().zip(&high).map(|(a, b)| a.powf(1.0 - share) * b.powf(share)).collect()
}

/// Centre of every bin up to the tube voltage, keV.
pub(super) fn energies_kev(tube_voltage_kv: f64) -> Vec<f64> {
    let low_edge_kev = FIRST_CENTRE_KEV - 0.5 * BIN_WIDTH_KEV;
    let bins = ((tube_voltage_kv - low_edge_kev) / BIN_WIDTH_KEV).ceil() as usize;
    (0..bins).map(|i| FIRST_CENTRE_KEV + BIN_WIDTH_KEV * i as f64).collect()
}

fn at_node_angle(tube_voltage_kv: f64, anode_angle_deg: f64) -> Vec<f64> {
    let (low_kv, high_kv, share) = neighbours(tube_voltage_kv, 50.0, 150.0, KV_STEP);
    let node = |kv| spectrum(kv, anode_angle_deg).expect("a node of the table");
    let (low, high) = (node(low_kv), node(high_kv));
    let between = |a: f64, b: f64| a.powf(1.0 - share) * b.powf(share);
    let photons = |energy_kev: f64| {
        let tip = tube_voltage_kv - energy_kev < TIP_KEV;
        let shift = |node: &TubeSpectrum| if tip { node.tube_voltage_kv - tube_voltage_kv } else { 0.0 };
        let bremsstrahlung = |node| bremsstrahlung(node, energy_kev + shift(node));
        between(bremsstrahlung(low), bremsstrahlung(high)) * mean_below_kv(tube_voltage_kv, energy_kev)
            / energy_kev
            + line(low, high, share, tube_voltage_kv, energy_kev)
    };
    energies_kev(tube_voltage_kv).into_iter().map(photons).collect()
}

/// The nodes around a value, and the share of the upper one.
fn neighbours(value: f64, first: f64, last: f64, step: f64) -> (f64, f64, f64) {
    let low = (first + step * ((value - first) / step).floor()).min(last - step);
    (low, low + step, (value - low) / step)
}

/// N·E/(kV − E) of a tabled spectrum, linear between its bins.
fn bremsstrahlung(node: &TubeSpectrum, energy_kev: f64) -> f64 {
    let last = node.bremsstrahlung.len() - 1;
    let position = ((energy_kev - FIRST_CENTRE_KEV) / BIN_WIDTH_KEV).clamp(0.0, last as f64);
    let i = (position as usize).min(last - 1);
    let share = position - i as f64;
    node.bremsstrahlung[i] * (1.0 - share) + node.bremsstrahlung[i + 1] * share
}

/// Mean of kV − E over the bin, zero where E is above the tube voltage.
fn mean_below_kv(tube_voltage_kv: f64, centre_kev: f64) -> f64 {
    let room_kev = tube_voltage_kv - (centre_kev - 0.5 * BIN_WIDTH_KEV);
    if room_kev >= BIN_WIDTH_KEV {
        tube_voltage_kv - centre_kev
    } else {
        0.5 * room_kev * room_kev / BIN_WIDTH_KEV
    }
}

/// Line photons of the bin with this centre, between two tabled tube voltages.
fn line(low: &TubeSpectrum, high: &TubeSpectrum, share: f64, tube_voltage_kv: f64, centre_kev: f64) -> f64 {
    let photons = |node: &TubeSpectrum| {
        node.lines.iter().find(|line| line.0 == centre_kev).map_or(0.0, |&(_, photons)| photons)
    };
    if centre_kev < 0.5 * TUNGSTEN_K_EDGE_KEV {
        return photons(low) * (1.0 - share) + photons(high) * share;
    }
    let growth = |kv: f64| (kv - TUNGSTEN_K_EDGE_KEV).max(0.0).powf(K_LINE_POWER);
    let scaled = |node: &TubeSpectrum| photons(node) / growth(node.tube_voltage_kv);
    if tube_voltage_kv <= TUNGSTEN_K_EDGE_KEV {
        0.0
    } else if low.tube_voltage_kv < TUNGSTEN_K_EDGE_KEV {
        scaled(high) * growth(tube_voltage_kv)
    } else {
        (scaled(low) * (1.0 - share) + scaled(high) * share) * growth(tube_voltage_kv)
    }
}
