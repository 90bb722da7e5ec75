//! Published data, embedded: elements, materials, cross sections, tube spectra.

pub mod material;
