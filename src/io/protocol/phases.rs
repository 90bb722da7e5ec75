//! The list of acquisitions: their names, and what they take over from each other.

use std::path::Path;

use super::acquisition::{self, AcquisitionEntry, Surroundings};
use super::keys;
use super::model::Model;
use crate::error::Result;
use crate::io::document::Item;
use crate::io::section::{Section, nearest};

/// Most acquisitions of an exam.
const MOST: usize = 100;

/// Reads every `[[acquisition]]`; files they name are looked up from `folder`.
pub(super) fn read(
    item: &Item,
    model: &Model,
    scanner: &Section,
    folder: &Path,
) -> Result<Vec<AcquisitionEntry>> {
    let around = Surroundings { model, scanner, folder };
    let items = item.list().map_err(|_| item.refuse_type("sections that begin with [[acquisition]]"))?;
    if items.is_empty() || items.len() > MOST {
        return Err(item.refuse(format!("must be there 1 to {MOST} times, found {}", items.len())));
    }
    let sections =
        items.iter().map(|item| Section::open(item, keys::ACQUISITION)).collect::<Result<Vec<_>>>()?;
    let phases = phases(&sections)?;
    let entry =
        |index: usize| acquisition::read(&inherited(&sections, &phases, index)?, &phases[index], &around);
    (0..sections.len()).map(entry).collect()
}

/// The names of the acquisitions: `phase`, else `acquisition 1` and so on. Refuses a name that is there twice.
fn phases(sections: &[Section]) -> Result<Vec<String>> {
    let mut phases: Vec<String> = Vec::new();
    for (index, section) in sections.iter().enumerate() {
        let phase = section.text("phase")?.map_or(format!("acquisition {}", index + 1), str::to_owned);
        if phase.trim().is_empty() {
            return Err(section.need("phase")?.refuse("must not be empty"));
        }
        if phases.contains(&phase) {
            return Err(section.refuse(&format!("must have a phase of its own, found `{phase}` twice")));
        }
        phases.push(phase);
    }
    Ok(phases)
}

/// A section with what it inherits by `same_as`, and what that one inherits.
fn inherited(sections: &[Section], phases: &[String], index: usize) -> Result<Section> {
    let mut whole = sections[index].clone();
    let (mut at, mut seen) = (index, vec![index]);
    while let Some(item) = sections[at].find("same_as") {
        let name = item.text()?;
        at = phases.iter().position(|phase| phase == name).ok_or_else(|| unknown(item, name, phases))?;
        if seen.contains(&at) {
            let chain = seen.iter().chain([&at]).map(|&i| format!("`{}`", phases[i])).collect::<Vec<_>>();
            return Err(
                item.refuse(format!("must not lead back to where it began, found {}", chain.join(" -> ")))
            );
        }
        seen.push(at);
        whole = whole.inheriting(&sections[at], &["phase", "same_as"]);
    }
    Ok(whole)
}

fn unknown(item: &Item, name: &str, phases: &[String]) -> crate::error::Error {
    let error = item.refuse(format!("must be the phase of another acquisition, found \"{name}\""));
    match nearest(name, phases.iter().map(String::as_str)) {
        Some(near) => error.with_help(format!("did you mean \"{near}\"?")),
        None => error,
    }
}
