//! The scanner: spectrum, filters, bowtie, collimator, the focal spot's path and the beam they compose.
//! A source emits photons; it never runs a simulation and does not know the patient.
//! The scanner: spectrum and what follows it.

pub mod acquisition;
pub mod beam;
pub mod bowtie;
pub mod cell_source;
pub mod cell_weights;
pub mod cells;
pub mod collimator;
pub mod current;
pub mod exposure;
mod fan_spectra;
pub mod fan_window;
pub mod field;
pub mod gantry;
pub mod range_ends;
pub mod scanner;
pub mod spectrum;
pub mod spread;
mod tube;
