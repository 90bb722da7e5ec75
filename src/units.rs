//! Unit conversions. Inside the library: keV, cm, g, rad, s. Console units change at the door, in `io`.

/// Centimetres per millimetre.
pub const CM_PER_MM: f64 = 0.1;
/// Millimetres per centimetre.
pub const MM_PER_CM: f64 = 10.0;
/// Radians per degree.
pub const RAD_PER_DEG: f64 = std::f64::consts::PI / 180.0;
/// keV per MeV.
pub const KEV_PER_MEV: f64 = 1.0e3;
/// Joules per keV (CODATA 2018, exact).
pub const JOULE_PER_KEV: f64 = 1.602_176_634e-16;
/// Milligray per (keV/g): 1 keV/g = 1.602e-16 J / 1e-3 kg.
pub const MGY_PER_KEV_G: f64 = JOULE_PER_KEV * 1.0e6;
/// Micrograys per (keV/g).
pub const UGY_PER_KEV_G: f64 = JOULE_PER_KEV * 1.0e9;
