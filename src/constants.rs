//! Physical constants, each with its source.

/// Electron rest energy, keV (CODATA 2018).
pub const ELECTRON_REST_ENERGY_KEV: f64 = 510.998_950;
/// Classical electron radius, cm (CODATA 2018).
pub const CLASSICAL_ELECTRON_RADIUS_CM: f64 = 2.817_940_326_2e-13;
/// Avogadro's number, 1/mol (SI, exact).
pub const AVOGADRO_PER_MOL: f64 = 6.022_140_76e23;
/// Planck constant times speed of light, keV·Å (CODATA 2018): E = HC / λ.
pub const HC_KEV_ANGSTROM: f64 = 12.398_419_84;
/// Square centimetres per barn.
pub const CM2_PER_BARN: f64 = 1.0e-24;

/// Lowest photon energy that is transported, keV. A photon below it stops where it is.
pub const ENERGY_MIN_KEV: f64 = 1.0;
/// Highest photon energy the tables reach, keV.
pub const ENERGY_MAX_KEV: f64 = 160.0;
