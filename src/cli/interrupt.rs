//! Ctrl-C and SIGTERM: the first ends the run in order, the second at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::EXIT_INTERRUPTED;
use crate::error::{Error, Result};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen; `announce` is called at the first signal.
pub fn listen(announce: impl Fn() + Send + 'static) -> Result<()> {
    ctrlc::set_handler(move || {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            std::process::exit(EXIT_INTERRUPTED.into());
        }
        announce();
    })
    .map_err(|error| Error::Internal(format!("signals: {error}")))
}

/// Whether the user has asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
