//! The file of a state: an acquisition after some of its batches, as a checkpoint or as a part of a campaign.
//!
//! It begins with a line of JSON that says what it is of, which batches it holds, and the SHA-256 of all that follows, padded to
//! a power of two: a user block, which HDF5 and h5py pass over. Nothing of the file is believed, nor handed to the HDF5
//! library, before that digest is found right; so a file that was cut off or damaged is known.
//!
//! | group | holds |
//! |---|---|
//! | `/` | `format`, `format_version`, `software_version`, `git_commit`, `created`, `notice` |
//! | `/about` | `json`: the same as in the first line, without the digest |
//! | `/batches` | `batch`, `organ_energy`, `active_marrow_energy` (and those of the ends of the path), `skin_energy`, `energy_balance` |
//! | `/map` | `cell` and the sums of the batches' energies and of their squares (128 bits in two halves) in fixed point |
//! | `/smoothing` | by half of the batches: `row` and what smoothing took from its voxels, in fixed point |

mod head;
mod identity;
mod read;
mod write;

use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use head::{about, verified};
pub use identity::Identity;
pub use read::read;
pub use write::write;

/// What the file says it is.
pub const FORMAT: &str = "childsize.partial";
/// Version of the layout.
pub const FORMAT_VERSION: &str = "1.0";

/// What a state is of, and what it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Engine and exam.
    pub identity: Identity,
    /// Index of the acquisition.
    pub acquisition: usize,
    /// Its name.
    pub phase: String,
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// Batches that are done: `[first, one after the last]`.
    pub batches: Vec<[u64; 2]>,
    /// Wall time spent on them, s.
    pub wall_s: f64,
    /// CPU time spent on them, s.
    pub cpu_s: f64,
}

impl About {
    /// The batches as intervals.
    pub fn batches(&self) -> Vec<Range<u64>> {
        self.batches.iter().map(|&[start, end]| start..end).collect()
    }
}
