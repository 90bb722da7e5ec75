//! Materials: a composition by mass and a nominal density.

/// A material.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// Name.
    pub name: String,
    /// Nominal density, g/cm³.
    pub density_g_cm3: f64,
    /// (atomic number, mass fraction), ascending in Z, summing to 1.
    pub mass_fractions: Vec<(u8, f64)>,
}
