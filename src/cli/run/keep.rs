//! When states are kept, and what the user is told of it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::cli::progress::Watch;
use crate::error::{Error, Result};
use crate::io::state_folder::Found;
use crate::simulation::partial::{Keeper, Moment, Partial};

/// Keeps states now and then.
pub struct Checkpoints<'a> {
    watch: &'a Watch,
    /// Between two checkpoints; `None` without any.
    interval: Option<Duration>,
    /// Whether every end and every stop is kept.
    every_end: bool,
    last: Mutex<Instant>,
    kept: Mutex<Kept>,
    place: &'a dyn Place,
}

/// What has been kept so far.
#[derive(Default)]
struct Kept {
    any: bool,
    /// Why the last try failed, if it did.
    failure: Option<Error>,
}

/// Where states are kept.
pub trait Place: Sync {
    /// Keeps the state of an acquisition.
    fn keep(&self, acquisition: usize, partial: &Partial) -> Result<()>;
    /// The state to go on from, if there may be one.
    fn found(&self, acquisition: usize) -> Result<Found>;
}

impl<'a> Checkpoints<'a> {
    /// Checkpoints at intervals, none for 0.
    pub fn new(watch: &'a Watch, place: &'a dyn Place, interval: Duration) -> Self {
        Checkpoints {
            watch,
            interval: (!interval.is_zero()).then_some(interval),
            every_end: false,
            last: Mutex::new(Instant::now()),
            kept: Mutex::default(),
            place,
        }
    }

    /// The same, keeping the end of every acquisition too.
    pub fn and_every_end(mut self) -> Self {
        self.every_end = true;
        self
    }

    /// Whether there is a state to go on from.
    pub fn any(&self) -> bool {
        self.kept.lock().expect("no thread panics while it keeps").any
    }

    /// Why the last state could not be kept, if it could not.
    pub fn failure(self) -> Option<Error> {
        self.kept.into_inner().expect("no thread panics while it keeps").failure
    }
}

impl Keeper for Checkpoints<'_> {
    fn known(&self, acquisition: usize) -> Result<Option<Partial>> {
        let found = self.place.found(acquisition)?;
        if let Some(error) = found.passed_over {
            let instead = match &found.partial {
                Some(_) => "the checkpoint before it is used",
                None => "the acquisition begins anew",
            };
            self.watch.interject("warning", &format!("{error}; {instead}"));
        }
        self.kept.lock().expect("no thread panics while it keeps").any |= found.partial.is_some();
        Ok(found.partial)
    }

    fn wants(&self, moment: Moment) -> bool {
        if moment != Moment::Batch && self.every_end {
            return true;
        }
        let Some(interval) = self.interval else { return false };
        // While another thread keeps a state, nobody waits for it.
        let last = match moment {
            Moment::Batch => self.last.try_lock().ok(),
            _ => Some(self.last.lock().expect("no thread panics while it looks")),
        };
        let Some(mut last) = last else { return false };
        let due = match moment {
            Moment::Batch => last.elapsed() >= interval,
            // The end of an acquisition is worth a state, if it did not come soon after another one.
            Moment::End => last.elapsed() >= interval / 2,
            Moment::Stop => true,
        };
        if due {
            *last = Instant::now();
        }
        due
    }

    fn keep(&self, acquisition: usize, partial: Partial) {
        let mut kept = self.kept.lock().expect("no thread panics while it keeps");
        kept.failure = self.place.keep(acquisition, &partial).err();
        match &kept.failure {
            None => kept.any = true,
            Some(error) => {
                let rest = if kept.any { "; the checkpoint before it stays" } else { "" };
                self.watch.interject("warning", &format!("no checkpoint: {error}{rest}"));
            }
        }
        *self.last.lock().expect("no thread panics while it looks") = Instant::now();
    }
}

/// Reads an interval, s.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "must be a number of seconds, 0 or more".to_owned())
}
