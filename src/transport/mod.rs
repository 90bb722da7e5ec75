//! Histories: photons fly through voxels, interact, and tell tallies what they leave behind.

pub mod aim;
pub mod batch;
pub mod flock;
pub mod history;
pub mod importance;
pub mod lost;
pub mod primary;
pub mod scatter;
pub mod tally;
pub mod trace;
pub mod track;
mod traveller;
pub mod world;
