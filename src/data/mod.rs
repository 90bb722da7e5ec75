//! Published data, embedded: elements, materials, cross sections, tube spectra.

pub mod element;
pub mod epdl97;
mod formula;
pub mod material;
mod named_material;
pub mod tube_spectra;
