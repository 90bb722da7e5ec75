//! Materials: a composition by mass and a nominal density.

use std::collections::BTreeMap;

use crate::data::element::atomic_number;
use crate::data::{formula, named_material};
use crate::error::{Error, Result};

/// Mass fractions may miss a sum of 1 (or 100 %) by this share; they are then scaled to it.
const SUM_TOLERANCE: f64 = 0.005;

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

impl Material {
    /// A material of the library: `water`, `air`, `pmma`, `aluminium`, `bone_cortical`, … Case, spaces, hyphens
    /// and underscores do not matter, and common other names are understood (`Al`, `aluminum`, `Lucite`).
    pub fn named(name: &str) -> Result<Self> {
        let known = named_material::find(name).ok_or_else(|| unknown(name))?;
        Self::from_mass_fractions(known.name, known.density_g_cm3, known.mass_fractions)
    }

    /// The names [`Material::named`] knows, without the other spellings.
    pub fn names() -> impl Iterator<Item = &'static str> {
        named_material::MATERIALS.iter().map(|material| material.name)
    }

    /// A compound from its chemical formula, such as `C5O2H8` or `Ca10(PO4)6(OH)2`.
    pub fn from_formula(formula: &str, name: &str, density_g_cm3: f64) -> Result<Self> {
        let masses = formula::masses_g_mol(formula)?;
        let total_g_mol: f64 = masses.iter().map(|&(_, mass)| mass).sum();
        let mut fractions = BTreeMap::new();
        for (z, mass) in masses {
            *fractions.entry(z).or_insert(0.0) += mass / total_g_mol;
        }
        Self::new(name, density_g_cm3, fractions)
    }

    /// A mixture from (element symbol, mass fraction). The fractions sum to 1, or to 100 if they are percentages,
    /// within 0.5 %, and are scaled to 1; fractions of zero are left out.
    pub fn from_mass_fractions(name: &str, density_g_cm3: f64, fractions: &[(&str, f64)]) -> Result<Self> {
        let mut by_z = BTreeMap::new();
        for &(symbol, fraction) in fractions {
            let z = atomic_number(symbol).map_err(|error| error.within(&format!("material {name}")))?;
            if !(fraction.is_finite() && fraction >= 0.0) {
                let sentence =
                    format!("material {name}: mass fraction of {symbol} must be 0 or more, found {fraction}");
                return Err(Error::invalid(sentence));
            }
            if by_z.insert(z, fraction).is_some() {
                let sentence =
                    format!("material {name}: every element must be named once, found {symbol} twice");
                return Err(Error::invalid(sentence));
            }
        }
        let sum = by_z.values().fold(0.0, |sum, fraction| sum + fraction);
        let whole = if (sum / 100.0 - 1.0).abs() <= SUM_TOLERANCE { 100.0 } else { 1.0 };
        if (sum / whole - 1.0).abs() > SUM_TOLERANCE {
            let sentence =
                format!("material {name}: mass fractions must sum to 1 (or 100 %), found {sum:.4}");
            return Err(Error::invalid(sentence));
        }
        by_z.retain(|_, fraction| *fraction > 0.0);
        by_z.values_mut().for_each(|fraction| *fraction /= sum);
        Self::new(name, density_g_cm3, by_z)
    }

    /// The same composition at another density.
    pub fn with_density(self, density_g_cm3: f64) -> Result<Self> {
        let fractions = self.mass_fractions.into_iter().collect();
        Self::new(&self.name, density_g_cm3, fractions)
    }

    fn new(name: &str, density_g_cm3: f64, fractions: BTreeMap<u8, f64>) -> Result<Self> {
        if !(density_g_cm3.is_finite() && density_g_cm3 > 0.0) {
            let sentence = format!("material {name}: density_g_cm3 must be above 0, found {density_g_cm3}");
            return Err(Error::invalid(sentence));
        }
        let mass_fractions = fractions.into_iter().collect();
        Ok(Material { name: name.to_owned(), density_g_cm3, mass_fractions })
    }
}

/// The refusal of a name that is not in the library; the help names the nearest ones.
fn unknown(name: &str) -> Error {
    let near = named_material::nearest(name, 3);
    let help = if near.is_empty() {
        format!("known materials: {}", Material::names().collect::<Vec<_>>().join(", "))
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    Error::invalid(format!("material must be one of the library's names, found {name:?}")).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn water_is_the_same_by_name_and_by_formula() {
        let named = Material::named("water").unwrap();
        let built = Material::from_formula("H2O", "water", 1.0).unwrap();
        for (a, b) in named.mass_fractions.iter().zip(&built.mass_fractions) {
            assert!(a.0 == b.0 && (a.1 - b.1).abs() < 2e-5, "{a:?} {b:?}");
        }
    }

    #[test]
    fn spelling_does_not_matter() {
        for (spelling, name) in [
            ("Al", "aluminium"),
            ("Aluminum", "aluminium"),
            ("ALUMINIUM", "aluminium"),
            ("Lucite", "pmma"),
            ("Bone, cortical", "bone_cortical"),
            ("soft-tissue", "soft_tissue"),
            ("PTFE", "teflon"),
            ("H2O", "water"),
        ] {
            assert_eq!(Material::named(spelling).unwrap().name, name);
        }
    }

    #[test]
    fn every_material_of_the_library_is_whole() {
        for name in Material::names() {
            let material = Material::named(name).unwrap();
            let sum: f64 = material.mass_fractions.iter().map(|&(_, fraction)| fraction).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{name}");
            assert!(material.mass_fractions.is_sorted_by_key(|&(z, _)| z), "{name}");
        }
    }

    #[test]
    fn percentages_and_rounded_sums_are_scaled_to_one() {
        let half = Material::from_mass_fractions("alloy", 8.0, &[("Cu", 50.1), ("Zn", 50.1), ("Pb", 0.0)]);
        assert_eq!(half.unwrap().mass_fractions, vec![(29, 0.5), (30, 0.5)]);
    }

    #[test]
    fn bad_compositions_are_refused_with_a_sentence() {
        let refusal = |density, fractions: &[(&str, f64)]| {
            Material::from_mass_fractions("m", density, fractions).unwrap_err().to_string()
        };
        let sum = "material m: mass fractions must sum to 1 (or 100 %), found";
        assert_eq!(refusal(1.0, &[("H", 0.5), ("O", 0.4)]), format!("{sum} 0.9000"));
        assert_eq!(refusal(1.0, &[]), format!("{sum} 0.0000"));
        assert_eq!(
            refusal(1.0, &[("H", -0.1), ("O", 1.1)]),
            "material m: mass fraction of H must be 0 or more, found -0.1"
        );
        assert_eq!(
            refusal(1.0, &[("H", f64::NAN)]),
            "material m: mass fraction of H must be 0 or more, found NaN"
        );
        assert_eq!(
            refusal(1.0, &[("H", 0.5), ("H", 0.5)]),
            "material m: every element must be named once, found H twice"
        );
        assert_eq!(
            refusal(1.0, &[("Hx", 1.0)]),
            "material m: element must be a symbol from H to U, found Hx"
        );
        assert_eq!(refusal(0.0, &[("H", 1.0)]), "material m: density_g_cm3 must be above 0, found 0");
        assert_eq!(
            refusal(f64::INFINITY, &[("H", 1.0)]),
            "material m: density_g_cm3 must be above 0, found inf"
        );
    }

    #[test]
    fn an_unknown_name_is_refused_and_near_names_are_offered() {
        let error = Material::named("watre").unwrap_err();
        assert_eq!(error.to_string(), "material must be one of the library's names, found \"watre\"");
        assert!(error.help().unwrap().contains("water"));
        assert!(Material::named("qqqqqqqq").unwrap_err().help().unwrap().starts_with("known materials: "));
    }
}
