//! A table of a file with the keys it may have: unknown ones are refused, known ones are read by type.

use crate::error::{Error, Result};
use crate::io::document::{Item, Place};

/// Keys of a section, and keys that are known but not offered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// The section as it is written in files, for example `[[acquisition]]`.
    pub section: &'static str,
    /// Keys that are read.
    pub known: &'static [&'static str],
    /// Other words people use for a key, and the key.
    pub other_words: &'static [(&'static str, &'static str)],
    /// Keys of capabilities that are not there, and the sentence that says so.
    pub not_offered: &'static [(&'static str, &'static str)],
}

impl Keys {
    /// Keys without other words for them.
    pub const fn plain(section: &'static str, known: &'static [&'static str]) -> Self {
        Keys { section, known, other_words: &[], not_offered: &[] }
    }

    fn check(&self, item: &Item) -> Result<()> {
        let key = item.key.as_str();
        if self.known.contains(&key) {
            return Ok(());
        }
        let section = self.section;
        if let Some((_, why)) = self.not_offered.iter().find(|(known, _)| *known == key) {
            return Err(item.key_place.refuse(&format!("`{key}` in {section} is not offered: {why}")));
        }
        let error = item.key_place.refuse(&format!("unknown key `{key}` in {section}"));
        Err(error.with_help(match self.meant(key) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("{section} has the keys {}", self.known.join(", ")),
        }))
    }

    fn meant(&self, key: &str) -> Option<&'static str> {
        let same = |(word, _): &&(&str, &str)| word.eq_ignore_ascii_case(key);
        let other = self.other_words.iter().find(same).map(|&(_, meant)| meant);
        other.or_else(|| nearest(key, self.known.iter().copied()))
    }
}

/// The nearest of some words, if any is near.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |other: &str| strsim::jaro_winkler(word, other);
    // The first of equals.
    let best = known.reduce(|best, other| if likeness(other) > likeness(best) { other } else { best })?;
    (likeness(best) > 0.75).then_some(best)
}

/// Which numbers a key accepts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    low: f64,
    low_is_open: bool,
    high: f64,
}

/// From one number to another, both accepted.
pub(crate) const fn within(low: f64, high: f64) -> Accepted {
    Accepted { low, low_is_open: false, high }
}

/// Above 0 and at most this.
pub(crate) const fn above_zero_up_to(high: f64) -> Accepted {
    Accepted { low: 0.0, low_is_open: true, high }
}

impl Accepted {
    /// Refuses a number that is not accepted.
    pub fn check(self, item: &Item, number: f64) -> Result<f64> {
        let Accepted { low, low_is_open, high } = self;
        if low_is_open && number <= low {
            return Err(item.refuse(format!("must be above {low}, found {number}")));
        }
        if (low..=high).contains(&number) {
            return Ok(number);
        }
        Err(item.refuse(match low_is_open {
            true => format!("must be above {low} and at most {high}, found {number}"),
            false => format!("must be within {low}..{high}, found {number}"),
        }))
    }
}

/// A table of a file, checked to hold known keys only.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    keys: Keys,
    place: Place,
    entries: Vec<Item>,
    /// Entries from another section that stand in for those that are missing.
    inherited: Vec<Item>,
}

impl Section {
    /// Opens a table. Refuses anything else, and keys the section does not have.
    pub fn open(item: &Item, keys: Keys) -> Result<Self> {
        let entries = item.table()?.to_vec();
        entries.iter().try_for_each(|entry| keys.check(entry))?;
        Ok(Section { keys, place: item.place, entries, inherited: Vec::new() })
    }

    /// A section without entries, for a table the file leaves out.
    pub fn absent(keys: Keys) -> Self {
        Section { keys, place: Place { line: 1, column: 1 }, entries: Vec::new(), inherited: Vec::new() }
    }

    /// Opens the table under a key; a section without entries if there is none.
    pub fn sub(&self, key: &str, keys: Keys) -> Result<Self> {
        self.find(key).map_or_else(|| Ok(Section::absent(keys)), |item| Section::open(item, keys))
    }

    /// This section with ananother one's own entries for the keys it does not have itself.
    pub fn inheriting(&self, other: &Section, except: &[&str]) -> Section {
        let ours = |item: &&Item| self.find(&item.key).is_none() && !except.contains(&item.key.as_str());
        let inherited = other.entries.iter().filter(ours).cloned().collect::<Vec<_>>();
        Section { inherited: self.inherited.iter().cloned().chain(inherited).collect(), ..self.clone() }
    }

    /// The entry of a key, own or inherited.
    pub fn find(&self, key: &str) -> Option<&Item> {
        debug_assert!(self.keys.known.contains(&key), "{} does not list {key}", self.keys.section);
        self.entries.iter().chain(&self.inherited).find(|item| item.key == key)
    }

    /// The entry of a key, not an inherited one.
    pub fn own(&self, key: &str) -> Option<&Item> {
        self.entries.iter().find(|item| item.key == key)
    }

    /// The entry of a key that must be there.
    pub fn need(&self, key: &str) -> Result<&Item> {
        self.find(key).ok_or_else(|| self.refuse(&format!("needs the key `{key}`, found none")))
    }

    /// A refusal of the section: `line 3, column 1: [phantom] needs ...`.
    pub fn refuse(&self, sentence: &str) -> Error {
        self.place.refuse(&format!("{} {sentence}", self.keys.section))
    }

    /// The keys of a list that are there; refuses more than one of them.
    pub fn at_most_one(&self, of: &[&str]) -> Result<Option<&Item>> {
        let there: Vec<&Item> = of.iter().filter_map(|key| self.find(key)).collect();
        if there.len() > 1 {
            let found = there.iter().map(|item| item.key.as_str()).collect::<Vec<_>>().join(" and ");
            return Err(self.refuse(&format!("takes one of {}, found {found}", of.join(", "))));
        }
        Ok(there.first().copied())
    }

    /// The one key of a list that is there.
    pub fn exactly_one(&self, of: &[&str]) -> Result<&Item> {
        let one = self.at_most_one(of)?;
        one.ok_or_else(|| self.refuse(&format!("needs one of {}, found none", of.join(", "))))
    }

    /// The number under a key.
    pub fn number(&self, key: &str, accepted: Accepted) -> Result<Option<f64>> {
        self.find(key).map(|item| accepted.check(item, item.number()?)).transpose()
    }

    /// The number under a key that must be there.
    pub fn need_number(&self, key: &str, accepted: Accepted) -> Result<f64> {
        let item = self.need(key)?;
        accepted.check(item, item.number()?)
    }

    /// The text under a key.
    pub fn text(&self, key: &str) -> Result<Option<&str>> {
        self.find(key).map(Item::text).transpose()
    }

    /// The text under a key, which must be one of a few words.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        self.find(key).map(|item| word(item, words)).transpose()
    }
}

/// The meaning of a text that must be one of a few words.
pub(crate) fn word<T: Copy>(item: &Item, words: &[(&str, T)]) -> Result<T> {
    let names = || words.iter().map(|(name, _)| *name);
    let accepted = names().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" or ");
    let refusal = || item.refuse_type(&accepted);
    let text = item.text().map_err(|_| refusal())?;
    words.iter().find(|(name, _)| *name == text).map(|&(_, meaning)| meaning).ok_or_else(|| {
        match nearest(text, names()) {
            Some(near) => refusal().with_help(format!("did you mean \"{near}\"?")),
            None => refusal(),
        }
    })
}
