//! Mutants of files: some bytes changed, cut, doubled, or replaced by what parsers stumble over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use childsize::error::{Error, Result};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

/// Memory a test of mutants may take at its peak, bytes.
const MEMORY_BYTES: u64 = 2 << 30;
/// Wall time that reading one may take, s.
pub const SECONDS: f64 = 10.0;

/// Changes some bytes, cuts, doubles a piece, or puts a large number in.
pub fn mutate(bytes: &[u8], random: &mut SmallRng) -> Vec<u8> {
    let mut mutant = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..mutant.len().max(1));
        match random.random_range(0..5) {
            0 => mutant.truncate(at),
            1 if at < mutant.len() => mutant[at] = random.next_u32() as u8,
            2 if at < mutant.len() => mutant[at] ^= 1 << random.random_range(0..8),
            3 => {
                let end = (at + random.random_range(1..40)).min(mutant.len());
                let piece = mutant[at.min(end)..end].to_vec();
                mutant.splice(at..at, piece);
            }
            _ => {
                let number: &[u8] = [
                    &b"2147483648"[..],
                    b"-1",
                    b"1e308",
                    b"nan",
                    &[255; 8],
                    &[0; 8],
                    &[255; 2],
                    &[255; 4],
                    &[0, 0, 0, 128],
                    &[255, 255, 255, 127],
                    b"SQ",
                ][random.random_range(0..11)];
                let end = (at + number.len()).min(mutant.len());
                mutant.splice(at.min(end)..end, number.iter().copied());
            }
        }
        if mutant.is_empty() {
            break;
        }
    }
    mutant
}

/// The mutant of a seed.
pub fn mutant(bytes: &[u8], seed: u64) -> Vec<u8> {
    mutate(bytes, &mut SmallRng::seed_from_u64(seed))
}

/// What became of mutants.
#[derive(Debug, Default)]
pub struct Counts {
    pub refused: u64,
    pub accepted: u64,
    /// Wall time of the one that took longest, s.
    pub slowest_s: f64,
}

/// Reads so many mutants of a file, which is put back afterwards: each is refused with a sentence, or accepted by `accept`,
/// which is given what was read of it and what was read of the whole file, and panics if the two do not go together.
pub fn survive<T>(
    file: &Path,
    mutants: u64,
    read: impl Fn() -> Result<T>,
    accept: impl Fn(&T, &T),
) -> Counts {
    let whole = std::fs::read(file).unwrap();
    let original = read().unwrap_or_else(|error| panic!("{}, the whole file: {error}", file.display()));
    let mut counts = Counts::default();
    for seed in 0..mutants {
        overwrite(file, &mutant(&whole, seed));
        let start = Instant::now();
        let found = catch_unwind(AssertUnwindSafe(&read));
        let place = format!("{}, seed {seed}", file.display());
        match found.unwrap_or_else(|_| panic!("{place}: a panic")) {
            Ok(read) => {
                counts.accepted += 1;
                let accepted = catch_unwind(AssertUnwindSafe(|| accept(&read, &original)));
                accepted.unwrap_or_else(|_| panic!("{place}: accepted with wrong numbers"));
            }
            Err(Error::Invalid { message, .. }) => {
                counts.refused += 1;
                let is_sentence = !message.is_empty() && message.len() < 2000 && !message.contains('\n');
                assert!(is_sentence, "{place}: {message}");
            }
            Err(Error::Unreadable { .. }) => counts.refused += 1,
            Err(other) => panic!("{place}: {other}"),
        }
        let seconds = time_of(start.elapsed().as_secs_f64(), || drop(catch_unwind(AssertUnwindSafe(&read))));
        counts.slowest_s = counts.slowest_s.max(seconds);
        assert!(seconds < SECONDS, "{place}: {seconds} s");
    }
    std::fs::write(file, whole).unwrap();
    if let Some(bytes) = peak_bytes() {
        assert!(bytes < MEMORY_BYTES, "{}: {bytes} bytes of memory", file.display());
    }
    counts
}

/// The time that something took, s; if that was too long, the less of it and of the time it takes again. A machine that stood
/// still does so once, a slow file is slow every time.
pub fn time_of(first_s: f64, again: impl FnOnce()) -> f64 {
    if first_s < SECONDS {
        return first_s;
    }
    let start = Instant::now();
    again();
    first_s.min(start.elapsed().as_secs_f64())
}

/// Puts bytes in place of a file's own. A file that was emptied first would be written to the disk at once.
pub fn overwrite(file: &Path, bytes: &[u8]) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    file.write_all(bytes).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

/// The most memory the test took so far, where the system says it (Linux).
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(1024 * line.split_whitespace().nth(1)?.parse::<u64>().ok()?)
}
