//! `childsize try-file`: reads a file in a process of its own, with little memory and time, so that a file that ends
//! libhdf5 or a decoder does not end the run that asked for it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::{Done, console};
use crate::error::{Error, Result};
use crate::io::dicom_record::DEEPEST;
use crate::io::reference;
use crate::io::trial::{Answer, Question};

/// Memory that reading may take beside [`PER_BYTE`] of the file, bytes.
#[cfg(unix)]
const MEMORY_BYTES: u64 = 2 << 30;
/// Memory that reading may take by byte of the file: a CT and the phantom it becomes.
#[cfg(unix)]
const PER_BYTE: u64 = 8;
/// CPU time that reading may take, s.
const CPU_S: u64 = 10;
/// Bytes of a file that add a second.
const BYTES_PER_S: u64 = 2_000_000;
/// Wall time over CPU time on a busy machine.
const BUSY: u64 = 6;
/// Name of the hidden command.
const COMMAND: &str = "try-file";

/// Read a file and say what is wrong with it.
#[derive(Debug, Args)]
pub struct TrialArguments {
    /// What is asked, as JSON
    question: String,
    /// The file; of several, each has its own time, and one that ends the process ends it for those that follow
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What the trying process says.
#[derive(Serialize, Deserialize)]
enum Told {
    Answer(Answer),
    Refused { message: String, help: Option<String> },
    Unreadable { path: PathBuf, reason: String },
    Other(String),
}

/// The process that tries: prints what it found of each file as a line of JSON.
pub fn run(arguments: &TrialArguments) -> Done {
    let question: Question = serde_json::from_str(&arguments.question)
        .map_err(|error| Error::Internal(format!("a trial without a question: {error}")))?;
    let alone = arguments.files.len() == 1;
    limit_memory(arguments.files.iter().map(|file| size_of(file)).max().unwrap_or(0))?;
    for file in &arguments.files {
        limit_time(size_of(file), alone)?;
        let text = serde_json::to_string(&tell(&question, file))
            .map_err(|error| Error::Internal(format!("a trial: {error}")))?;
        console::print(&format!("{text}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(question: &Question, file: &Path) -> Told {
    match question.answer(file) {
        Ok(answer) => Told::Answer(answer),
        Err(Error::Invalid { message, help }) => Told::Refused { message, help },
        Err(Error::Unreadable { path, reason }) => Told::Unreadable { path, reason },
        Err(other) => Told::Other(other.to_string()),
    }
}

#[cfg(unix)]
fn limit_memory(bytes: u64) -> Result<()> {
    use rlimit::{Resource, setrlimit};
    let memory = MEMORY_BYTES + PER_BYTE.saturating_mul(bytes);
    setrlimit(Resource::AS, memory, memory)
        .and_then(|()| setrlimit(Resource::CORE, 0, 0))
        .map_err(|error| Error::Internal(format!("no limit can be set: {error}")))
}

/// Limits the time from now on: for good for a file `alone`, else until the next one raises the limit.
#[cfg(unix)]
fn limit_time(bytes: u64, alone: bool) -> Result<()> {
    use rlimit::{Resource, getrlimit, setrlimit};
    let gone_s = cpu_time::ProcessTime::now().as_duration().as_secs();
    let limit_s = gone_s + cpu_s(bytes);
    getrlimit(Resource::CPU)
        .and_then(|(_, hard)| setrlimit(Resource::CPU, limit_s, if alone { limit_s } else { hard }))
        .map_err(|error| Error::Internal(format!("no limit can be set: {error}")))
}

#[cfg(not(unix))]
fn limit_memory(_bytes: u64) -> Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn limit_time(_bytes: u64, _alone: bool) -> Result<()> {
    Ok(())
}

const fn cpu_s(bytes: u64) -> u64 {
    CPU_S + bytes / BYTES_PER_S
}

/// Bytes of a file, or of the files of a folder and of those in it that are looked into.
fn size_of(path: &Path) -> u64 {
    size_below(path, 0)
}

fn size_below(path: &Path, depth: usize) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return std::fs::metadata(path).map_or(0, |about| about.len());
    };
    let of = |entry: std::fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() && depth < DEEPEST => size_below(&entry.path(), depth + 1),
        Ok(kind) if kind.is_dir() => 0,
        _ => std::fs::metadata(entry.path()).map_or(0, |about| about.len()),
    };
    entries.flatten().map(of).sum()
}

/// Has a file tried by another process of this program.
pub fn try_file(path: &Path, question: &Question) -> Result<Answer> {
    let failed = |error: std::io::Error| Error::Internal(format!("no process to try the file: {error}"));
    let program = std::env::current_exe().map_err(failed)?;
    let question = serde_json::to_string(question)
        .map_err(|error| Error::invalid(format!("a path of the import is no text: {error}")))?;
    let mut command = Command::new(program);
    if reference::is_outside_allowed() {
        command.arg("--allow-outside");
    }
    // A file that is read only needs no lock, and could not get one while a process that was started as the file was written has
    // it open, too: HDF5 lets processes inherit its files.
    command.env("HDF5_USE_FILE_LOCKING", "FALSE");
    // Names that look like options are paths all the same.
    command.arg(COMMAND).arg("--").arg(question).arg(path);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(failed)?;
    let mut out =
        child.stdout.take().ok_or_else(|| Error::Internal("a trial without an output".to_owned()))?;
    let reader = std::thread::spawn(move || {
        let mut told = Vec::new();
        out.read_to_end(&mut told).map(|_| told)
    });
    let time = Duration::from_secs(BUSY * cpu_s(size_of(path)));
    if wait(&mut child, time).map_err(failed)?.is_none() {
        return Err(Error::invalid(format!(
            "{}: reading it takes longer than {} s",
            path.display(),
            time.as_secs()
        )));
    }
    let told = reader.join().map_err(|_| Error::Internal("a trial that could not be read".to_owned()))?;
    match serde_json::from_slice(&told.map_err(failed)?) {
        Ok(Told::Answer(answer)) => Ok(answer),
        Ok(Told::Refused { message, help }) => Err(Error::Invalid { message, help }),
        Ok(Told::Unreadable { path, reason }) => Err(Error::Unreadable { path, reason }),
        Ok(Told::Other(reason)) => Err(Error::Internal(reason)),
        Err(_) => Err(Error::invalid(format!(
            "{}: reading it ends the library that does, or takes more than {} GiB or {CPU_S} s: the file is damaged",
            path.display(),
            MEMORY_BYTES >> 30
        ))
        .with_help("make it anew; a file may take more the larger it is")),
    }
}

/// Waits for the process; `None` if it takes too long, and is ended.
fn wait(child: &mut Child, time: Duration) -> std::io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(500);
    while start.elapsed() < time {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(pause);
        pause = (pause * 5 / 4).min(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}
