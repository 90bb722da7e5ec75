//! Ctrl-C and SIGTERM: the first ends the run in order, the second at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{EXIT_INTERRUPTED, console};
use crate::error::{Error, Result};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen.
pub fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(EXIT_INTERRUPTED.into());
        }
        console::note("\nstopping: running batches are finished and saved; once more to stop at once");
    })
    .map_err(|error| Error::Internal(format!("signals: {error}")))
}

/// Whether the user has asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
