//! The scanner: spectrum and what follows it.

pub mod spectrum;
mod tube;
