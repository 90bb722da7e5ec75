//! How fast the engine is, in figures that mean something to a user: figures of merit, 1 / (relative variance × CPU time), of
//! organs and maps over those of plain analog transport, from one process in which the kernels take turns.

pub mod case5;
pub mod chest;
pub mod figure;
mod kernel;

use figure::Figure;

/// Rounds: the organ estimator plays one batch in each. Of n batches one knows a variance to √(2/n): 6 % here, more for what
/// seldom scores.
const ROUNDS: u64 = 576;

/// Analog batches of a round: of that kernel, too, the variance has to be known.
const ANALOG_PER_ROUND: usize = 4;

/// Rounds to one batch of a map.
const ROUNDS_PER_MAP: u64 = 24;

/// Rounds to one batch for a target out of the field.
const ROUNDS_PER_TARGET: u64 = 6;

/// Histories of a batch for organs.
const HISTORIES: u64 = 1 << 14;

/// Someone who hears what is being done.
pub type Listener<'a> = &'a dyn Fn(&str);

/// Largest memory of the process so far, MiB; nothing where the system does not tell.
pub fn peak_memory() -> Option<Figure> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(Figure::single(
        "peak_rss_mib",
        "MiB",
        kib / 1024.0,
        "of the whole benchmark, maps of two kernels included",
    ))
}
