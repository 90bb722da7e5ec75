//! Files tried by other processes of the program: one for each, as it does itself, or one for many.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::childsize;
use super::mutants::{SECONDS, time_of};

/// Wall time after which a process that tries is given up, s.
const GIVEN_UP_S: u64 = 60;

/// What the program says of a file: `None` if it refuses it with a sentence, else what it prints of it.
pub fn printed(command: &[&str], file: &Path) -> Option<String> {
    let start = Instant::now();
    let output = childsize().args(command).arg(file).output().expect("the program starts");
    let [out, error] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let place = format!("{command:?} {}", file.display());
    // The process that tries has 10 s of CPU time; this is for one that would hang.
    assert!(start.elapsed().as_secs_f64() < 120.0, "{place}: {:?}", start.elapsed());
    match output.status.code() {
        Some(0) => Some(out),
        Some(65 | 66) => {
            // `verify` lists what differs.
            let said = if command[0] == "verify" && error.is_empty() { &out } else { &error };
            assert!(said.starts_with("error: ") || said.contains("NOT as it was written"), "{place}: {said}");
            assert!(error.lines().count() < 4, "{place}: {error}");
            None
        }
        other => panic!("{place}: exit code {other:?}, {error}"),
    }
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Read, and what was found.
    Accepted(Value),
    /// Refused with a sentence, or not as it was written: why.
    Refused(String),
    /// It ended the process, or was beyond its memory or time.
    Ended,
}

/// Has files verified by as few processes as come through them: one that ends the process ends it for itself alone. Each is held
/// to the memory and time of a file tried alone.
pub fn verified(files: &[PathBuf]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    while verdicts.len() < files.len() {
        let left = &files[verdicts.len()..];
        let (mut child, lines) = start(left);
        for file in left {
            let start = Instant::now();
            let Some(line) = next(&mut child, &lines, file) else { break };
            let verdict = verdict(&line, file);
            let seconds = time_of(start.elapsed().as_secs_f64(), || {
                let (mut again, lines) = self::start(std::slice::from_ref(file));
                next(&mut again, &lines, file);
                again.wait().unwrap();
            });
            assert!(seconds < SECONDS, "{}: {seconds} s", file.display());
            verdicts.push(verdict);
        }
        let status = child.wait().unwrap();
        if verdicts.len() < files.len() {
            assert_ne!(status.code(), Some(70), "the process that tries gave up: {status}");
            verdicts.push(Verdict::Ended);
        }
    }
    verdicts
}

fn start(files: &[PathBuf]) -> (Child, Receiver<String>) {
    let mut command = childsize();
    command.env("HDF5_USE_FILE_LOCKING", "FALSE").args(["try-file", "--", "\"verify\""]).args(files);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let out = BufReader::new(child.stdout.take().unwrap());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        // A process that ends within a line has told nothing of the file.
        for line in out.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    (child, receive)
}

/// The next line; `None` if there is none any more.
fn next(child: &mut Child, lines: &Receiver<String>, file: &Path) -> Option<String> {
    match lines.recv_timeout(Duration::from_secs(GIVEN_UP_S)) {
        Ok(line) => Some(line),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            child.kill().unwrap();
            panic!("{}: nothing is said of it for {GIVEN_UP_S} s", file.display());
        }
    }
}

fn verdict(line: &str, file: &Path) -> Verdict {
    let told: Value = serde_json::from_str(line).unwrap_or(Value::Null);
    let place = file.display();
    if let Some(rows) = told["Answer"]["verified"]["rows"].as_array() {
        let whole = rows.iter().all(|row| row["state"] == "Whole");
        return if whole { Verdict::Accepted(told) } else { Verdict::Refused(line.to_owned()) };
    }
    let sentence = told["Refused"]["message"].as_str().or(told["Unreadable"]["reason"].as_str());
    let sentence = sentence.unwrap_or_else(|| panic!("{place}: {line}"));
    assert!(!sentence.is_empty() && sentence.len() < 2000 && !sentence.contains('\n'), "{place}: {sentence}");
    Verdict::Refused(sentence.to_owned())
}
