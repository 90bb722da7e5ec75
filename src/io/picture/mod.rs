//! Pictures of phantoms: slices in the colours of organs, and curves of size and of scanners.
//!
//! Slices are painted pixel by pixel, so that a millimetre is as long along x, y and z; texts and curves are
//! drawn by `plotters` with a font that is part of the program.

pub mod anatomy;
pub mod drawing;
pub(in crate::io) mod overlay;
pub mod palette;
mod panel;
pub mod scanner_curve;
pub(in crate::io) mod sheet;
pub mod size_curve;
pub(in crate::io) mod slice;
