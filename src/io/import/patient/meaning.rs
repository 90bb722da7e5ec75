//! Which organ a structure is: by a table of the user's own, by TotalSegmentator's names, or by its own name.

use std::path::Path;
use std::sync::LazyLock;

use super::structure::Structure;
use crate::error::{Error, Result};
use crate::io::profile_csv::read_text;

/// Largest table that is read, bytes, and its most rows.
const LONGEST_BYTES: u64 = 4 << 20;
const MOST_ROWS: usize = 10_000;
const CLASSES: &str = include_str!("totalsegmentator_total_v2.csv");
/// Structures without a row that a refusal lists.
const MOST_LISTED: usize = 20;

/// A class of TotalSegmentator: number, name, organ.
type Class = (i64, &'static str, &'static str);

static TOTAL: LazyLock<Vec<Class>> = LazyLock::new(|| {
    let class = |line: &'static str| {
        let mut cells = line.split(',');
        Some((cells.next()?.parse().ok()?, cells.next()?, cells.next()?))
    };
    CLASSES.lines().filter_map(class).collect()
});

/// A structure that was given a meaning.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meant {
    /// Key of its region.
    pub region: String,
    /// Key of its organ.
    pub organ: String,
    /// Name of the organ for people.
    pub name: Option<String>,
}

/// What a table says of one structure.
struct Row {
    /// Its number or its name.
    label: String,
    /// Its organ; `None` for what is to be left out.
    organ: Option<String>,
    name: Option<String>,
}

/// How structures become organs.
pub(in crate::io::import) enum Meanings {
    /// A table of the user's own.
    Table(OrganTable),
    /// Numbers are those of TotalSegmentator.
    Numbers,
    /// Names are their own, or TotalSegmentator's.
    Names,
}

/// A CSV with `label, organ` and, if wanted, `name`.
pub(in crate::io::import) struct OrganTable {
    rows: Vec<Row>,
}

impl OrganTable {
    /// Reads a CSV file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path, LONGEST_BYTES)?;
        Self::parse(&text).map_err(|error| error.within(&path.display().to_string()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| Error::invalid(error.to_string()))?.clone();
        let known = ["label", "organ", "name"];
        let other = header.iter().find(|name| !known.contains(name)).map(|name| format!("`{name}`"));
        let gone = known[..2].iter().find(|name| !header.iter().any(|found| found == **name));
        if let Some(found) = other.or_else(|| gone.map(|name| format!("no `{name}`"))) {
            return Err(Error::invalid(format!(
                "the columns must be label, organ and, if wanted, name, found {found}"
            ))
            .with_help("material and density of a patient come from the CT"));
        }
        let mut table = OrganTable { rows: Vec::new() };
        for record in reader.records() {
            let record = record.map_err(|error| Error::invalid(error.to_string()))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |column: &str| {
                let at = header.iter().position(|name| name == column)?;
                record.get(at).filter(|cell| !cell.is_empty()).map(str::to_owned)
            };
            let label = cell("label").ok_or_else(|| {
                Error::invalid(format!("line {line}: label must be a number or a name, found nothing"))
            })?;
            if table.rows.iter().any(|row| row.label == label) {
                return Err(Error::invalid(format!("line {line}: the label {label} is there twice")));
            }
            if table.rows.len() == MOST_ROWS {
                return Err(Error::invalid(format!(
                    "a table of organs may have {MOST_ROWS} rows, found more"
                )));
            }
            table.rows.push(Row { label, organ: cell("organ"), name: cell("name") });
        }
        Ok(table)
    }

    fn find(&self, structure: &Structure) -> Option<&Row> {
        let number = structure.number.map(|number| number.to_string());
        let by_name = self.rows.iter().find(|row| row.label == structure.name);
        by_name.or_else(|| self.rows.iter().find(|row| Some(&row.label) == number.as_ref()))
    }
}

impl Meanings {
    /// The meaning of every structure; `None` for those that are to be left out.
    pub(super) fn of(&self, structures: &[Structure]) -> Result<Vec<Option<Meant>>> {
        let mut unknown = Vec::new();
        let meant = structures.iter().map(|structure| match self {
            Meanings::Table(table) => {
                let Some(row) = table.find(structure) else {
                    unknown.push(structure.name.clone());
                    return None;
                };
                let organ = row.organ.clone()?;
                Some(Meant { region: key(&structure.name, &organ), organ, name: row.name.clone() })
            }
            Meanings::Numbers => {
                let Some(class) = TOTAL.iter().find(|(number, ..)| structure.number == Some(*number)) else {
                    unknown.push(structure.name.clone());
                    return None;
                };
                Some(of_class(class))
            }
            Meanings::Names => {
                let own = key(&structure.name, "structure");
                let class = TOTAL.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(&own));
                Some(class.map_or_else(
                    || Meant { region: own.clone(), organ: own, name: Some(structure.name.clone()) },
                    of_class,
                ))
            }
        });
        let meant = meant.collect();
        if unknown.is_empty() {
            return Ok(meant);
        }
        let more = if unknown.len() > MOST_LISTED { " and more" } else { "" };
        unknown.truncate(MOST_LISTED);
        let (list, what) = (
            unknown.join(", "),
            if matches!(self, Meanings::Numbers) {
                "of TotalSegmentator's classes 1 to 117"
            } else {
                "in the table"
            },
        );
        Err(Error::invalid(format!("every label must be {what}, found {list}{more} without a row"))
            .with_help("give a CSV with the columns label, organ (--labels, or `labels` in a protocol); an empty organ leaves a label out"))
    }
}

fn of_class(&(_, region, organ): &Class) -> Meant {
    Meant { region: region.to_owned(), organ: organ.to_owned(), name: None }
}

/// A name as a key: `Lung, left` becomes `lung_left`.
fn key(name: &str, otherwise: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let key = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_");
    let key: String = key.chars().take(64).collect();
    match key.chars().all(|c| c.is_ascii_digit() || c == '_') {
        true => format!("{otherwise}{}{key}", if key.is_empty() { "" } else { "_" }),
        false => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure(name: &str, number: i64) -> Structure {
        Structure { name: name.to_owned(), number: Some(number), runs: Vec::new() }
    }

    fn organs(meanings: &Meanings, structures: &[Structure]) -> Vec<Option<String>> {
        meanings.of(structures).unwrap().into_iter().map(|meant| meant.map(|meant| meant.organ)).collect()
    }

    #[test]
    fn totalsegmentator_has_117_classes_in_order() {
        assert_eq!(TOTAL.len(), 117);
        assert!(TOTAL.iter().zip(1..).all(|(class, number)| class.0 == number));
        assert_eq!(organs(&Meanings::Numbers, &[structure("13", 13)]), [Some("lungs".to_owned())]);
        let refusal = Meanings::Numbers.of(&[structure("118", 118)]).unwrap_err().to_string();
        assert!(refusal.ends_with("classes 1 to 117, found 118 without a row"), "{refusal}");
    }

    #[test]
    fn names_are_totalsegmentators_or_their_own() {
        let named = [structure("Kidney_Left", 1), structure("Lung, rt.", 2), structure("µ", 3)];
        let expected = ["kidneys", "lung_rt", "structure"].map(|organ| Some(organ.to_owned()));
        assert_eq!(organs(&Meanings::Names, &named), expected);
    }

    #[test]
    fn a_table_names_by_number_or_name_and_leaves_out() {
        let table = OrganTable::parse("label,organ\nLeber,liver\n2,lungs\n3,\n").unwrap();
        let named = [structure("Leber", 7), structure("Lunge", 2), structure("x", 3)];
        let expected = [Some("liver".to_owned()), Some("lungs".to_owned()), None];
        assert_eq!(organs(&Meanings::Table(table), &named), expected);
        let table = Meanings::Table(OrganTable::parse("label,organ\n1,a\n").unwrap());
        assert_eq!(
            table.of(&named).unwrap_err().to_string(),
            "every label must be in the table, found Leber, Lunge, x without a row"
        );
    }
}
