//! The phantom files that are part of the program.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

const ORGAN_NAMES: &str = include_str!("../../../phantoms/organ_names.toml");

macro_rules! shipped {
    ($($id:literal),* $(,)?) => {
        [$(($id, include_str!(concat!("../../../phantoms/", $id, ".toml")))),*]
    };
}

static FILES: [(&str, &str); 18] = shipped![
    "ce-00y",
    "ce-00y-arms-raised",
    "ce-00y-1987",
    "ce-01y",
    "ce-01y-arms-raised",
    "ce-01y-1987",
    "ce-05y",
    "ce-05y-arms-raised",
    "ce-05y-1987",
    "ce-10y",
    "ce-10y-arms-raised",
    "ce-10y-1987",
    "ce-15y",
    "ce-15y-arms-raised",
    "ce-15y-1987",
    "ce-adult",
    "ce-adult-arms-raised",
    "ce-adult-1987",
];

/// Ids of the shipped phantoms, by age.
pub fn shipped_ids() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|&(id, _)| id)
}

/// Text of a shipped phantom's file.
pub(super) fn text_of(id: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == id).map(|&(_, text)| text)
}

/// Names of organs for people.
pub(super) fn organ_names() -> Result<BTreeMap<String, String>> {
    toml::from_str(ORGAN_NAMES)
        .map_err(|refusal| Error::Internal(format!("organ names: {}", refusal.message())))
}
