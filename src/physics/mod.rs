//! What a photon may do: cross sections, Compton and Rayleigh scattering, the photoelectric effect.

pub mod compton;
pub mod cross_section;
pub mod form_factor;
pub mod photoelectric;
pub mod rayleigh;
