//! `childsize try-file`: reads an HDF5 phantom in a process of its own, with little memory and time, so that a file that
//! ends libhdf5 does not end the run that asked for it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use super::Done;
use crate::error::{Error, Result};
use crate::io::import::phantom_h5::read_untried;

/// Memory that reading may take, bytes: 400 million voxels with a medium each.
#[cfg(unix)]
const MEMORY_BYTES: u64 = 2 << 30;
/// CPU time that reading may take, s: ten times what 400 million voxels do.
#[cfg(unix)]
const CPU_S: u64 = 10;
/// Time that reading may take on a busy machine.
const TIME: Duration = Duration::from_secs(60);
/// Name of the hidden command.
const COMMAND: &str = "try-file";

/// Read an HDF5 phantom and say what is wrong with it.
#[derive(Debug, Args)]
pub struct TrialArguments {
    /// The file
    file: PathBuf,
}

/// The process that tries: prints the sentence of a refusal.
pub fn run(arguments: &TrialArguments) -> Done {
    #[cfg(unix)]
    rlimit::setrlimit(rlimit::Resource::AS, MEMORY_BYTES, MEMORY_BYTES)
        .and_then(|()| rlimit::setrlimit(rlimit::Resource::CPU, CPU_S, CPU_S))
        .and_then(|()| rlimit::setrlimit(rlimit::Resource::CORE, 0, 0))
        .map_err(|error| Error::Internal(format!("no limit can be set: {error}")))?;
    match read_untried(&arguments.file) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            super::console::print(&error.to_string())?;
            Ok(ExitCode::from(error.exit_code()))
        }
    }
}

/// Has a file tried by another process of this program.
pub fn try_file(path: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::Internal(format!("no process to try the file: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg(COMMAND)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let Some(status) = wait(&mut child).map_err(failed)? else {
        return Err(Error::invalid(format!("reading it takes longer than {} s", TIME.as_secs())));
    };
    if status.success() {
        return Ok(());
    }
    let refusal = child.wait_with_output().map_err(failed)?.stdout;
    let sentence = String::from_utf8_lossy(&refusal).trim().to_owned();
    if status.code().is_some() && !sentence.is_empty() {
        return Err(Error::invalid(sentence));
    }
    Err(Error::invalid(
        "reading it ends the HDF5 library, or takes more than 2 GiB or 10 s: the file is damaged",
    )
    .with_help("make it anew with `childsize phantoms import`"))
}

/// Waits for the process; `None` if it takes too long, and is ended.
fn wait(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < TIME {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}
