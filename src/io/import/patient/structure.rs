//! Structures: named sets of voxels of a CT, from whatever file they come.

use std::collections::BTreeMap;

use crate::error::{Error, Result};

/// Most structures of a file.
const MOST_STRUCTURES: usize = 2000;

/// Voxels that follow one another in the engine's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io::import) struct Run {
    /// The first.
    pub start: u32,
    /// How many.
    pub length: u32,
}

/// A set of voxels.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::io::import) struct Structure {
    /// What its file calls it.
    pub name: String,
    /// Number by which a table may name it, too.
    pub number: Option<i64>,
    /// Its voxels.
    pub runs: Vec<Run>,
}

impl Structure {
    /// Adds a voxel.
    pub fn push(&mut self, voxel: usize) {
        match self.runs.last_mut() {
            Some(run) if run.start as usize + run.length as usize == voxel => run.length += 1,
            Some(run) if run.start as usize == voxel + 1 => {
                run.start -= 1;
                run.length += 1;
            }
            _ => self.runs.push(Run { start: voxel as u32, length: 1 }),
        }
    }

    /// Number of its voxels.
    pub fn voxels(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.length)).sum()
    }
}

/// The structures of a file.
#[derive(Clone, Debug, Default)]
pub(in crate::io::import) struct Structures {
    /// One by one.
    pub list: Vec<Structure>,
    /// What should be said about them.
    pub warnings: Vec<String>,
}

/// Structures by number, while they are being filled.
#[derive(Default)]
pub(in crate::io::import) struct ByNumber {
    found: BTreeMap<i64, Structure>,
}

impl ByNumber {
    /// The structure of a number.
    pub fn of(&mut self, number: i64) -> Result<&mut Structure> {
        if !self.found.contains_key(&number) && self.found.len() == MOST_STRUCTURES {
            return Err(Error::invalid(format!("a file may hold {MOST_STRUCTURES} structures, found more")));
        }
        let new = || Structure { name: number.to_string(), number: Some(number), runs: Vec::new() };
        Ok(self.found.entry(number).or_insert_with(new))
    }

    /// All of them, by number.
    pub fn into_list(self) -> Vec<Structure> {
        self.found.into_values().collect()
    }
}
