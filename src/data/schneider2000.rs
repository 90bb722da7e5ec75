//! What tissue a CT number stands for: W. Schneider, T. Bortfeld, W. Schlegel, Phys. Med. Biol. 45 (2000) 459.
//!
//! The heads of the two tables say where their numbers were read.

use std::sync::LazyLock;

use crate::data::material::Material;

const COMPOSITIONS: &str = include_str!("tables/schneider2000_compositions.csv");
const DENSITIES: &str = include_str!("tables/schneider2000_densities.csv");

/// CT number of air, HU: the tables begin here.
pub const LOWEST_HU: f64 = -1000.0;
/// Highest CT number of the tables, HU.
pub const HIGHEST_HU: f64 = 1600.0;

/// A line of density over CT number.
struct Line {
    from_hu: f64,
    at_0_hu_g_cm3: f64,
    per_hu_g_cm3: f64,
}

static LINES: LazyLock<Vec<Line>> = LazyLock::new(|| {
    let line =
        |numbers: Vec<f64>| Line { from_hu: numbers[0], at_0_hu_g_cm3: numbers[1], per_hu_g_cm3: numbers[2] };
    rows(DENSITIES).1.into_iter().map(line).collect()
});

static MATERIALS: LazyLock<Vec<(f64, Material)>> = LazyLock::new(|| {
    let (header, rows) = rows(COMPOSITIONS);
    let material = |numbers: Vec<f64>| {
        let fractions: Vec<(&str, f64)> = header[1..].iter().copied().zip(numbers[1..].to_vec()).collect();
        let density_g_cm3 = density_g_cm3(numbers[0]);
        let name = format!("schneider_{}_hu", numbers[0]);
        let material = Material::from_mass_fractions(&name, density_g_cm3, &fractions);
        (numbers[0], material.expect("the table's compositions are whole"))
    };
    rows.into_iter().map(material).collect()
});

/// Header and numbers of a table that is part of the program.
fn rows(text: &'static str) -> (Vec<&'static str>, Vec<Vec<f64>>) {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let header = lines.next().unwrap_or_default().split(',').collect();
    let numbers = |line: &str| line.split(',').map(|cell| cell.parse().expect("a number")).collect();
    (header, lines.map(numbers).collect())
}

/// The tissues, with the CT number from which each reaches to the next, HU. The last ends at [`HIGHEST_HU`].
pub fn tissues() -> &'static [(f64, Material)] {
    &MATERIALS
}

/// Density of what has a CT number of the table, g/cm³.
pub fn density_g_cm3(hu: f64) -> f64 {
    let line = LINES.iter().rev().find(|line| line.from_hu <= hu).unwrap_or(&LINES[0]);
    line.at_0_hu_g_cm3 + line.per_hu_g_cm3 * hu
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn densities_are_those_of_the_publications_lines() {
        for (hu, density) in [
            (-1000.0, 0.00121),
            (-98.0, 1.018 - 0.000893 * 98.0),
            (0.0, 1.018),
            (18.0, 1.03),
            (60.0, 1.003 + 0.001169 * 60.0),
            (1000.0, 1.017 + 0.592),
            (1600.0, 1.9642),
        ] {
            assert!((density_g_cm3(hu) - density).abs() < 1e-5, "{hu}: {}", density_g_cm3(hu));
        }
    }

    #[test]
    fn twenty_four_tissues_run_from_air_to_bone() {
        assert_eq!(tissues().len(), 24);
        assert!(tissues().is_sorted_by(|a, b| a.0 < b.0));
        let calcium = |index: usize| {
            let fractions = &tissues()[index].1.mass_fractions;
            fractions.iter().find(|(z, _)| *z == 20).map_or(0.0, |&(_, fraction)| fraction)
        };
        assert_eq!(calcium(8), 0.0);
        assert!((calcium(9) - 0.045).abs() < 1e-9 && (calcium(23) - 0.225).abs() < 1e-9);
        assert!((9..24).all(|index| calcium(index) > calcium(index - 1)));
    }

    #[test]
    fn density_never_falls_by_more_than_the_step_at_100_hu() {
        for hu in -1000..1600 {
            let [here, next] = [hu, hu + 1].map(|hu| density_g_cm3(f64::from(hu)));
            assert!(next > 0.999 * here || hu == 100, "{hu}: {here} {next}");
        }
        let step = density_g_cm3(101.0) / density_g_cm3(100.0) - 1.0;
        assert!((-0.04..-0.035).contains(&step), "{step}");
    }
}
