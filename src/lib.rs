//! childsize: Monte Carlo CT dose for children.
//!
//! A protocol becomes a beam; the beam becomes photons; photons meet voxels; what they leave behind
//! becomes dose with an uncertainty. The modules below are listed from the ground floor up: a module
//! uses its own floor and the floors under it, never one above (`tests/architecture.rs` checks it).
//!
//! Inside the library energies are in keV, lengths in cm, masses in g and angles in rad; the unit is
//! the last word of every name. Positions are in the patient frame DICOM LPS: x to the patient's left,
//! y to the back, z to the head.
//!
//! Research use, not for clinical decisions.

// Floor 0: numbers.
pub mod constants;
pub mod error;
pub mod numerics;
pub mod photon;
pub mod units;

// Floor 1: published data.
pub mod data;

// Floor 2: what a photon may do.
pub mod physics;

// Floors 3 and 4: the patient and the scanner; they do not know each other.
pub mod geometry;
pub mod source;

// Floor 5: histories.
pub mod transport;

// Floor 6: what is counted, and how sure it is.
pub mod tally;

// Floor 7: one run, from exam to outcome.
pub mod simulation;

// Floor 8: what is made of outcomes.
pub mod analysis;

// Floor 9: file formats and console units.
pub mod io;

// Floor 10: the engine beside published references.
pub mod validation;

// Floor 11: the engine against the clock.
pub mod benchmark;

// Floor 12: the command line.
pub mod cli;
