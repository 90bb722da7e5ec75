//! Published data, embedded: elements, materials, cross sections, tube spectra, levels of practice.

pub mod element;
pub mod epdl97;
mod formula;
pub mod image_gently;
pub mod material;
mod named_material;
pub mod reference_levels;
pub mod schneider2000;
pub mod tube_spectra;

/// The embedded physics tables, by file name: what a result's numbers rest on.
pub fn physics_tables() -> [(&'static str, &'static str); 2] {
    [("epdl97.txt", epdl97::TEXT), ("tube_spectra.txt", tube_spectra::TEXT)]
}
