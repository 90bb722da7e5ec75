//! Expressions of stylised phantoms: names joined by `&`, `|`, `!` and parentheses.
//!
//! `!` binds tighter than `&`, and `&` tighter than `|`. Reading an expression adds its operations to
//! a [`Formula`]; what a name stands for is decided by the caller.

use crate::error::{Error, Result};
use crate::geometry::formula::{Formula, Node, NodeId};

/// Deepest nesting of parentheses and negations that is accepted.
const DEEPEST: usize = 100;

/// Reads an expression into the formula; `lookup` says which node a name stands for.
pub fn read_expression(
    text: &str,
    formula: &mut Formula,
    lookup: &dyn Fn(&str) -> Option<NodeId>,
) -> Result<NodeId> {
    let mut reader = Reader { text, position: 0, depth: 0, formula, lookup };
    let root = reader.union()?;
    match reader.peek() {
        None => Ok(root),
        Some(_) => Err(reader.refusal("`&`, `|` or the end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
    formula: &'a mut Formula,
    lookup: &'a dyn Fn(&str) -> Option<NodeId>,
}

impl Reader<'_> {
    fn union(&mut self) -> Result<NodeId> {
        let mut left = self.intersection()?;
        while self.take('|') {
            let right = self.intersection()?;
            left = self.formula.add(Node::Or(left, right));
        }
        Ok(left)
    }

    fn intersection(&mut self) -> Result<NodeId> {
        let mut left = self.factor()?;
        while self.take('&') {
            let right = self.factor()?;
            left = self.formula.add(Node::And(left, right));
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<NodeId> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.refusal(&format!("at most {DEEPEST} nested parentheses and negations")));
        }
        let node = self.nested_factor();
        self.depth -= 1;
        node
    }

    fn nested_factor(&mut self) -> Result<NodeId> {
        if self.take('!') {
            let inner = self.factor()?;
            return Ok(self.formula.add(Node::Not(inner)));
        }
        if self.take('(') {
            let inner = self.union()?;
            return match self.take(')') {
                true => Ok(inner),
                false => Err(self.refusal("`&`, `|` or `)`")),
            };
        }
        self.name()
    }

    fn name(&mut self) -> Result<NodeId> {
        self.skip_space();
        let rest = &self.text[self.position..];
        let starts_a_name = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_a_name {
            return Err(self.refusal("a name, `!` or `(`"));
        }
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..length];
        let Some(node) = (self.lookup)(name) else {
            return Err(Error::invalid(format!(
                "`{name}` at character {} of `{}` is neither a solid nor a define above this place",
                self.character(),
                shortened(self.text)
            )));
        };
        self.position += length;
        Ok(node)
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.text[self.position..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start().len();
    }

    /// Place of the reader for people: characters from 1.
    fn character(&self) -> usize {
        self.text[..self.position].chars().count() + 1
    }

    fn refusal(&mut self, expected: &str) -> Error {
        let found = self.peek().map_or("the end".to_owned(), |c| format!("`{c}`"));
        let (place, text) = (self.character(), shortened(self.text));
        Error::invalid(format!("expected {expected} at character {place} of `{text}`, found {found}"))
    }
}

/// The first eighty characters of a text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Truth of an expression over `a` and `b`, for all four pairs of truth.
    fn table(text: &str) -> Result<[bool; 4]> {
        let mut formula = Formula::default();
        let (a, b) = (formula.add(Node::Never), formula.add(Node::Never));
        let root = read_expression(text, &mut formula, &|name| match name {
            "a" => Some(a),
            "b" => Some(b),
            _ => None,
        })?;
        Ok([(false, false), (false, true), (true, false), (true, true)]
            .map(|(a, b)| formula.evaluate_with(&[a, b])[root.index()]))
    }

    fn sentence(text: &str) -> String {
        table(text).expect_err(text).to_string()
    }

    #[test]
    fn negation_binds_tighter_than_intersection_and_that_tighter_than_union() {
        assert_eq!(table("a | b & !a").unwrap(), [false, true, true, true]);
        assert_eq!(table("(a | b) & !a").unwrap(), [false, true, false, false]);
        assert_eq!(table("!a & b").unwrap(), [false, true, false, false]);
        assert_eq!(table(" ! ( a&b ) ").unwrap(), [true, true, true, false]);
    }

    #[test]
    fn refusals_name_the_place_and_what_was_expected() {
        assert_eq!(sentence(""), "expected a name, `!` or `(` at character 1 of ``, found the end");
        assert_eq!(sentence("a &"), "expected a name, `!` or `(` at character 4 of `a &`, found the end");
        assert_eq!(sentence("(a | b"), "expected `&`, `|` or `)` at character 7 of `(a | b`, found the end");
        assert_eq!(sentence("a b"), "expected `&`, `|` or the end at character 3 of `a b`, found `b`");
        assert_eq!(sentence("a é"), "expected `&`, `|` or the end at character 3 of `a é`, found `é`");
        assert_eq!(
            sentence("a & liver"),
            "`liver` at character 5 of `a & liver` is neither a solid nor a define above this place"
        );
    }

    #[test]
    fn hostile_nesting_is_refused_not_followed() {
        assert!(sentence(&"(".repeat(1_000_000)).contains("at most 100 nested"));
        assert!(sentence(&"!".repeat(1_000_000)).contains("at most 100 nested"));
    }
}
