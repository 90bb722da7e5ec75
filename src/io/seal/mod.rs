//! Seals of HDF5 files: what every dataset and group held when the file was written.
//!
//! `/digests/sha256` is a text of lines `<sha256>  <path>`, one for every object of the file; the attribute `sha256` of
//! `/digests` is that of the text. The digest of an object is over type, shape and values of a dataset and over the
//! attributes of either, but for dimension scales, which name places in the file. A seal tells damage and change, not who
//! wrote a file: whoever can write one can seal it anew.

mod content;
mod walk;

use std::collections::BTreeMap;

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Location};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::digest::sha256_hex;
use crate::io::result::hdf::{text_attribute, text_dataset};
use crate::io::result::read::first_line;
use walk::objects;
pub use walk::refuse_links;

/// Group of the seal.
const GROUP: &str = "digests";
/// Text of digests, and the attribute that is its own digest.
const TEXT: &str = "sha256";
/// What is said of a changed file beside its sentence.
pub const HELP: &str = "childsize verify lists what differs; make the file anew";

/// How an object is compared with its seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// As it was written.
    Whole,
    /// Not as it was written.
    Changed,
    /// Not there any more.
    Missing,
    /// Added to the file since.
    Added,
    /// Not to be read: why.
    Unreadable(String),
}

impl State {
    /// One word for tables.
    pub fn name(&self) -> &'static str {
        match self {
            State::Whole => "whole",
            State::Changed => "changed",
            State::Missing => "missing",
            State::Added => "added",
            State::Unreadable(_) => "unreadable",
        }
    }

    /// What is said of it in a refusal, after its path.
    pub fn sentence(&self) -> String {
        match self {
            State::Whole => "is as it was written".to_owned(),
            State::Changed => "is not what was written to it: its sha256 differs".to_owned(),
            State::Missing => "is missing".to_owned(),
            State::Added => "was added after the file was written".to_owned(),
            State::Unreadable(reason) => format!("cannot be read: {reason}"),
        }
    }
}

/// One object of a file, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its path, `/` for the root.
    pub path: String,
    /// How it is.
    pub state: State,
    /// SHA-256 that it has, hexadecimal; empty where it has none.
    pub sha256: String,
}

/// Seals a file: the last that is written to it.
pub fn seal(file: &File) -> hdf5::Result<()> {
    let inside = |error: Error| hdf5::Error::from(error.to_string());
    let mut text = String::new();
    for (path, object) in objects(file).map_err(inside)? {
        text.push_str(&format!("{}  {path}\n", content::digest(file, &object)?));
    }
    let group = file.create_group(GROUP)?;
    text_dataset(&group, TEXT, &text)?;
    text_attribute(&group, TEXT, &sha256_hex(text.as_bytes()))
}

/// Whether a file has a seal.
pub fn is_sealed(file: &File) -> bool {
    file.link_exists(GROUP)
}

/// Compares every object of a file with its seal, but for those in the groups of `but`. Refuses a file without a seal, one
/// whose seal is damaged, and one with links or storage outside.
pub fn compare(file: &File, but: &[&str]) -> Result<Vec<Row>> {
    let mut stated = stated(file)?;
    let left_out =
        |path: &str| but.iter().any(|group| path.trim_start_matches('/').split('/').next() == Some(group));
    let mut rows = Vec::new();
    for (path, object) in objects(file)? {
        let expected = stated.remove(&path);
        if left_out(&path) || is_of_seal(&path) {
            continue;
        }
        let (state, sha256) = match (content::digest(file, &object), expected) {
            (Err(error), _) => (State::Unreadable(first_line(&error)), String::new()),
            (Ok(sha256), None) => (State::Added, sha256),
            (Ok(sha256), Some(expected)) if sha256 == expected => (State::Whole, sha256),
            (Ok(sha256), Some(_)) => (State::Changed, sha256),
        };
        rows.push(Row { path, state, sha256 });
    }
    let missing = stated.into_keys().filter(|path| !left_out(path));
    rows.extend(missing.map(|path| Row { path, state: State::Missing, sha256: String::new() }));
    Ok(rows)
}

/// Refuses a file of which anything is not as it was written, but for the groups of `but`.
pub fn check(file: &File, but: &[&str]) -> Result<()> {
    match compare(file, but)?.into_iter().find(|row| row.state != State::Whole) {
        None => Ok(()),
        Some(Row { path, state, .. }) => {
            Err(Error::invalid(format!("{path} {}", state.sentence())).with_help(HELP))
        }
    }
}

/// Text of an attribute. Refuses bytes that are not UTF-8.
pub fn attribute_text(place: &Location, name: &str) -> hdf5::Result<String> {
    text(&place.attr(name)?.read_scalar()?)
}

/// Text of a dataset of one. Refuses bytes that are not UTF-8.
pub fn dataset_text(set: &Dataset) -> hdf5::Result<String> {
    text(&set.read_scalar()?)
}

fn text(found: &VarLenUnicode) -> hdf5::Result<String> {
    let text = std::str::from_utf8(found.as_bytes()).map_err(|_| hdf5::Error::from("a text is not UTF-8"))?;
    Ok(text.to_owned())
}

/// The digests that the file states, by path.
fn stated(file: &File) -> Result<BTreeMap<String, String>> {
    let broken =
        |what: &str| Error::invalid(format!("the seal of the file, /{GROUP}, {what}")).with_help(HELP);
    if !is_sealed(file) {
        return Err(broken("is missing"));
    }
    let read = || -> hdf5::Result<(String, String)> {
        let group = file.group(GROUP)?;
        Ok((dataset_text(&group.dataset(TEXT)?)?, attribute_text(&group, TEXT)?))
    };
    let (text, sha256) =
        read().map_err(|error| broken(&format!("cannot be read: {}", first_line(&error))))?;
    if sha256_hex(text.as_bytes()) != sha256 {
        return Err(broken("is not what was written: its sha256 differs"));
    }
    let lines =
        text.lines().map(|line| line.split_once("  ").map(|(sum, path)| (path.to_owned(), sum.to_owned())));
    lines.collect::<Option<_>>().ok_or_else(|| broken("is not lines of a digest and a path"))
}

/// Whether an object belongs to the seal itself.
fn is_of_seal(path: &str) -> bool {
    path == format!("/{GROUP}") || path == format!("/{GROUP}/{TEXT}")
}
