//! A TOML text as values that know their key and their place, so that a refusal can name both.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result};

/// Largest TOML file that is read, bytes.
const LONGEST_BYTES: usize = 4 << 20;

/// Where in a file something stands, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// Puts the place before a sentence.
    pub fn refuse(self, sentence: &str) -> Error {
        Error::invalid(format!("line {}, column {}: {sentence}", self.line, self.column))
    }
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Whole(i128),
    Number(f64),
    Flag(bool),
    Date,
    List(Vec<Item>),
    Table(Vec<Item>),
}

/// A value with its key; the items of a list carry the key of the list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub key: String,
    pub key_place: Place,
    pub place: Place,
    pub value: Value,
}

impl Item {
    /// A refusal of this value: `line 3, column 9: pitch must be above 0, found 0`.
    pub fn refuse(&self, sentence: impl AsRef<str>) -> Error {
        self.place.refuse(&format!("{} {}", self.key, sentence.as_ref()))
    }

    /// Refuses the type of the value.
    pub fn refuse_type(&self, accepted: &str) -> Error {
        self.refuse(format!("must be {accepted}, found {}", self.shown()))
    }

    /// The value as the refusal of it shows it.
    pub fn shown(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("\"{}\"", text.chars().take(60).collect::<String>()),
            Value::Whole(whole) => whole.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Flag(flag) => flag.to_string(),
            Value::Date => "a date".to_owned(),
            Value::List(items) => format!("a list of {}", items.len()),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// The number, whole or not.
    pub fn number(&self) -> Result<f64> {
        match self.value {
            Value::Number(number) => Ok(number),
            Value::Whole(whole) => Ok(whole as f64),
            _ => Err(self.refuse_type("a number")),
        }
    }

    /// The text.
    pub fn text(&self) -> Result<&str> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.refuse_type("a text")),
        }
    }

    /// The flag.
    pub fn flag(&self) -> Result<bool> {
        match self.value {
            Value::Flag(flag) => Ok(flag),
            _ => Err(self.refuse_type("true or false")),
        }
    }

    /// The items of a list.
    pub fn list(&self) -> Result<&[Item]> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.refuse_type("a list")),
        }
    }

    /// The entries of a table.
    pub fn table(&self) -> Result<&[Item]> {
        match &self.value {
            Value::Table(entries) => Ok(entries),
            _ => Err(self.refuse_type("a table")),
        }
    }

    /// The numbers of a list of `N`.
    pub fn numbers<const N: usize>(&self) -> Result<[f64; N]> {
        let items = self.list().map_err(|_| self.refuse_type(&format!("a list of {N} numbers")))?;
        if items.len() != N {
            return Err(self.refuse_type(&format!("a list of {N} numbers")));
        }
        let mut numbers = [0.0; N];
        for (number, item) in numbers.iter_mut().zip(items) {
            *number = item.number()?;
        }
        Ok(numbers)
    }
}

/// Reads a TOML text. Refuses bad syntax and numbers that are not finite, with line and column.
pub(crate) fn read(text: &str) -> Result<Item> {
    if text.len() > LONGEST_BYTES {
        return Err(Error::invalid(format!("a file may have 4 MiB, found {} bytes", text.len())));
    }
    let reader = Reader::new(text);
    let table = DeTable::parse(text).map_err(|refusal| reader.malformed(&refusal))?;
    let start = Place { line: 1, column: 1 };
    let value = Value::Table(reader.entries(table.get_ref())?);
    Ok(Item { key: "file".to_owned(), key_place: start, place: start, value })
}

struct Reader<'a> {
    text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        Reader { text, line_starts: std::iter::once(0).chain(breaks).collect() }
    }

    fn place(&self, byte: usize) -> Place {
        let line = self.line_starts.partition_point(|&start| start <= byte).max(1);
        let before = self.text.get(self.line_starts[line - 1]..byte).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }

    fn malformed(&self, refusal: &toml::de::Error) -> Error {
        let place = self.place(refusal.span().map_or(0, |span| span.start));
        place.refuse(&format!("not valid TOML: {}", refusal.message().replace('\n', ", ")))
    }

    fn entries(&self, table: &DeTable) -> Result<Vec<Item>> {
        let mut entries = table
            .iter()
            .map(|(key, value)| self.item(key.get_ref(), self.place(key.span().start), value))
            .collect::<Result<Vec<_>>>()?;
        entries.sort_by_key(|item| (item.key_place.line, item.key_place.column));
        Ok(entries)
    }

    fn item(&self, key: &str, key_place: Place, value: &Spanned<DeValue>) -> Result<Item> {
        let place = self.place(value.span().start);
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(digits) => Value::Whole(
                i128::from_str_radix(digits.as_str(), digits.radix())
                    .map_err(|_| place.refuse(&format!("{key} must be a number of a size that is usual")))?,
            ),
            DeValue::Float(digits) => Value::Number(finite(key, place, digits.as_str())?),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(_) => Value::Date,
            DeValue::Array(items) => {
                Value::List(items.iter().map(|item| self.item(key, key_place, item)).collect::<Result<_>>()?)
            }
            DeValue::Table(table) => Value::Table(self.entries(table)?),
        };
        Ok(Item { key: key.to_owned(), key_place, place, value })
    }
}

fn finite(key: &str, place: Place, digits: &str) -> Result<f64> {
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(place.refuse(&format!("{key} must be a finite number, found {digits}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line_and_column() {
        let file = read("a = 1\n[b]\n  c = [1.5, 2e3]\n").unwrap();
        let section = &file.table().unwrap()[1];
        let list = &section.table().unwrap()[0];
        assert_eq!((list.key.as_str(), list.key_place), ("c", Place { line: 3, column: 3 }));
        assert_eq!(list.list().unwrap()[1].place, Place { line: 3, column: 13 });
        assert_eq!(list.numbers::<2>().unwrap(), [1.5, 2000.0]);
    }

    #[test]
    fn a_whole_number_keeps_all_64_bits() {
        let file = read("seed = 18_446_744_073_709_551_615").unwrap();
        assert_eq!(file.table().unwrap()[0].value, Value::Whole(i128::from(u64::MAX)));
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_wherever_they_stand() {
        for found in ["nan", "inf", "-inf", "1e999"] {
            let error = read(&format!("a = 1\nb = {{ c = [0.0, {found}] }}")).unwrap_err().to_string();
            assert_eq!(error, format!("line 2, column 17: c must be a finite number, found {found}"));
        }
    }
}
