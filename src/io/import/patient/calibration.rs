//! From CT number to matter: Schneider's tissues, or a table of the user's own.

use std::path::Path;

use super::super::table::{check_density, composition};
use crate::data::material::Material;
use crate::data::schneider2000;
use crate::error::{Error, Result};
use crate::io::profile_csv::read_text;

/// Largest table that is read, bytes, and its most rows.
const LONGEST_BYTES: u64 = 1 << 20;
const MOST_ROWS: usize = 1000;
const NEEDED: [&str; 2] = ["hu", "density_g_cm3"];
const OPTIONAL: [&str; 2] = ["material", "composition"];

/// What CT numbers mean.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    /// Air, then the tissues.
    pub materials: Vec<Material>,
    /// CT numbers from which the tissues reach, HU, ascending.
    from_hu: Vec<f64>,
    /// Points between which density is a straight line: HU and g/cm³; none for Schneider's.
    points: Vec<[f64; 2]>,
    /// First and last CT number, HU.
    pub ends_hu: [f64; 2],
}

impl Calibration {
    /// Schneider's tissues and densities.
    pub fn schneider() -> Result<Self> {
        let mut calibration = Calibration {
            materials: vec![Material::named("air")?],
            from_hu: Vec::new(),
            points: Vec::new(),
            ends_hu: [schneider2000::LOWEST_HU, schneider2000::HIGHEST_HU],
        };
        calibration.add_schneider_tissues();
        Ok(calibration)
    }

    /// A table of the user's own: a CSV with `hu, density_g_cm3` and, if wanted, `material` or `composition`.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path, LONGEST_BYTES)?;
        Self::parse(&text).map_err(|error| error.within(&path.display().to_string()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| Error::invalid(error.to_string()))?.clone();
        check_columns(&header)?;
        let mut calibration = Calibration {
            materials: vec![Material::named("air")?],
            from_hu: Vec::new(),
            points: Vec::new(),
            ends_hu: [0.0; 2],
        };
        for record in reader.records() {
            let record = record.map_err(|error| Error::invalid(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |column: &str| {
                let at = header.iter().position(|name| name == column)?;
                record.get(at).filter(|cell| !cell.is_empty())
            };
            calibration.add(&cell).map_err(|error| error.within(&format!("line {line}")))?;
        }
        calibration.finish()
    }

    fn add<'a>(&mut self, cell: &dyn Fn(&str) -> Option<&'a str>) -> Result<()> {
        let number = |column: &str| {
            let text = cell(column).unwrap_or_default();
            text.parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .ok_or_else(|| Error::invalid(format!("{column} must be a number, found `{text}`")))
        };
        let (hu, density_g_cm3) = (number("hu")?, check_density(number("density_g_cm3")?)?);
        if let Some([before, _]) = self.points.last().filter(|[before, _]| *before >= hu) {
            return Err(Error::invalid(format!("hu must grow from row to row, found {hu} after {before}")));
        }
        if self.points.len() == MOST_ROWS {
            return Err(Error::invalid(format!("a calibration may have {MOST_ROWS} rows, found more")));
        }
        let material = match (cell("material"), cell("composition")) {
            (name, Some(text)) => Some(composition(name.unwrap_or("tissue"), text)?),
            (Some(name), None) => Some(Material::named(name)?),
            (None, None) => None,
        };
        let is_first = self.points.is_empty();
        self.points.push([hu, density_g_cm3]);
        match material {
            Some(material) if is_first || !self.from_hu.is_empty() => {
                self.from_hu.push(hu);
                self.materials.push(material);
                Ok(())
            }
            Some(_) => {
                Err(Error::invalid("the first row must name a material if any does, found none there"))
            }
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<Self> {
        let (Some(first), Some(last)) =
            (self.points.first(), self.points.last().filter(|_| self.points.len() > 1))
        else {
            return Err(Error::invalid(format!(
                "a calibration needs 2 rows or more, found {}",
                self.points.len()
            )));
        };
        self.ends_hu = [first[0], last[0]];
        if self.from_hu.is_empty() {
            self.add_schneider_tissues();
        }
        match self.materials.len() <= 200 {
            true => Ok(self),
            false => Err(Error::invalid("a calibration may name 199 materials, found more")),
        }
    }

    fn add_schneider_tissues(&mut self) {
        for (from_hu, material) in schneider2000::tissues() {
            self.from_hu.push(*from_hu);
            self.materials.push(material.clone());
        }
    }

    /// Index of the material of a CT number, and its density, g/cm³. Below the table there is air; above it, what is at
    /// its end.
    pub fn matter(&self, hu: f64) -> (u8, f64) {
        if hu < self.ends_hu[0] {
            return (0, self.materials[0].density_g_cm3);
        }
        let hu = hu.min(self.ends_hu[1]);
        let material = self.from_hu.partition_point(|&from| from <= hu).max(1);
        let density_g_cm3 = match self.points.is_empty() {
            true => schneider2000::density_g_cm3(hu),
            false => self.between(hu),
        };
        (material as u8, density_g_cm3)
    }

    fn between(&self, hu: f64) -> f64 {
        let next = self.points.partition_point(|[from, _]| *from <= hu).min(self.points.len() - 1).max(1);
        let ([x0, y0], [x1, y1]) = (self.points[next - 1], self.points[next]);
        y0 + (hu - x0) / (x1 - x0) * (y1 - y0)
    }
}

fn check_columns(header: &csv::StringRecord) -> Result<()> {
    let refuse = |found: String| {
        let all = NEEDED.iter().chain(&OPTIONAL).copied().collect::<Vec<_>>().join(", ");
        Error::invalid(format!("the columns must be {all} (the last two may be missing), found {found}"))
    };
    if let Some(missing) = NEEDED.iter().find(|needed| !header.iter().any(|name| name == **needed)) {
        return Err(refuse(format!("no `{missing}`")));
    }
    match header.iter().find(|name| !NEEDED.contains(name) && !OPTIONAL.contains(name)) {
        Some(other) => Err(refuse(format!("`{other}`"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schneider_is_the_default_and_air_lies_below_it() {
        let calibration = Calibration::schneider().unwrap();
        let (material, density) = calibration.matter(0.0);
        assert!((density - 1.018).abs() < 1e-9);
        assert_eq!(calibration.materials[usize::from(material)].name, "schneider_-22_hu");
        assert_eq!(calibration.matter(-2000.0).0, 0);
        assert_eq!(calibration.matter(3000.0), calibration.matter(1600.0));
    }

    #[test]
    fn a_table_of_ones_own_gives_density_alone_or_materials_too() {
        let own = Calibration::parse("hu,density_g_cm3\n-1000,0.001\n0,1\n1000,1.6\n").unwrap();
        let (material, density) = own.matter(500.0);
        assert!((density - 1.3).abs() < 1e-12);
        assert_eq!(own.materials[usize::from(material)].name, "schneider_500_hu");
        let named =
            "hu,density_g_cm3,material\n-1000,0.001,air\n-200,0.8,water\n0,1,\n100,1.1,bone_cortical\n";
        let named = Calibration::parse(named).unwrap();
        let name = |hu: f64| named.materials[usize::from(named.matter(hu).0)].name.clone();
        assert_eq!([-300.0, -200.0, 50.0, 100.0].map(name), ["air", "water", "water", "bone_cortical"]);
    }

    #[test]
    fn tables_that_make_no_sense_are_refused() {
        let refusal = |text: &str| Calibration::parse(text).unwrap_err().to_string();
        assert_eq!(
            refusal("hu,density_g_cm3\n0,1\n0,2\n"),
            "line 3: hu must grow from row to row, found 0 after 0"
        );
        assert_eq!(refusal("hu,density_g_cm3\n0,1\n"), "a calibration needs 2 rows or more, found 1");
        assert!(refusal("hu\n0\n").ends_with("found no `density_g_cm3`"));
        assert!(refusal("hu,density_g_cm3\n0,-1\n").contains("a density must be above 0"));
    }
}
