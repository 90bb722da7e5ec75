//! Chemical formulas: `H2O`, `C5O2H8`, `Ca10(PO4)6(OH)2`, `CH1.5`.

use crate::data::element::{atomic_number, atomic_weight_g_mol};
use crate::error::{Error, Result};

/// Atomic number and mass, g per mol of the formula, of every atom named, in the order of the formula.
pub(super) fn masses_g_mol(formula: &str) -> Result<Vec<(u8, f64)>> {
    let mut reader = Reader { formula, rest: formula };
    let masses = reader.group()?;
    if reader.rest.is_empty() && !masses.is_empty() { Ok(masses) } else { Err(reader.refusal()) }
}

struct Reader<'a> {
    formula: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    /// Atoms and bracketed groups up to the end or a closing bracket.
    fn group(&mut self) -> Result<Vec<(u8, f64)>> {
        let mut masses = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix('(') {
                self.rest = rest;
                let inner = self.group()?;
                self.rest = self.rest.strip_prefix(')').ok_or_else(|| self.refusal())?;
                let count = self.count()?;
                masses.extend(inner.iter().map(|&(z, mass)| (z, mass * count)));
            } else if self.rest.starts_with(|c: char| c.is_ascii_uppercase()) {
                let z = self.atom()?;
                masses.push((z, atomic_weight_g_mol(z) * self.count()?));
            } else {
                return Ok(masses);
            }
        }
    }

    /// One symbol: a capital and the small letters after it.
    fn atom(&mut self) -> Result<u8> {
        let end = self.rest[1..].find(|c: char| !c.is_ascii_lowercase()).map_or(self.rest.len(), |at| at + 1);
        let (symbol, rest) = self.rest.split_at(end);
        self.rest = rest;
        atomic_number(symbol).map_err(|error| error.within(&format!("formula {}", self.formula)))
    }

    /// The number after an atom or group; 1 where there is none.
    fn count(&mut self) -> Result<f64> {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let end = self.rest.find(|c| !is_number(c)).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let count = if digits.is_empty() { Ok(1.0) } else { digits.parse() };
        count.ok().filter(|&count: &f64| count > 0.0).ok_or_else(|| self.refusal())
    }

    fn refusal(&self) -> Error {
        Error::invalid(format!(
            "formula must be made of element symbols, counts and brackets such as C5O2H8 or Ca10(PO4)6(OH)2, \
             found {:?}",
            self.formula
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_multiply_what_they_hold() {
        let hydroxyapatite: f64 =
            masses_g_mol("Ca10(PO4)6(OH)2").unwrap().iter().map(|&(_, mass)| mass).sum();
        assert!((hydroxyapatite - 1004.6).abs() < 0.1, "{hydroxyapatite} g/mol");
    }

    #[test]
    fn formulas_that_are_none_are_refused() {
        for formula in ["", "h2o", "H2O)", "(H2O", "H2 O", "Q2", "H0", "H1.2.3", "2H", "Xx", "H²"] {
            assert!(masses_g_mol(formula).is_err(), "{formula}");
        }
    }
}
