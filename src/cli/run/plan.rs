//! What a run will do: the protocol, and what the command line says otherwise.

use std::path::PathBuf;

use rayon::{ThreadPool, ThreadPoolBuilder};
use serde_json::{Value, json};

use super::RunArguments;
use crate::analysis::console::ConsoleCtdi;
use crate::error::{Error, Result};
use crate::io::protocol::{Format, Prepared, Protocol};
use crate::io::result::ProtocolText;
use crate::simulation::Exam;
use crate::simulation::settings::Settings;

/// Folder of the results if neither the command line nor the protocol names one.
const DEFAULT_DIRECTORY: &str = "out";

/// What a run will do.
pub struct Plan {
    /// What is simulated.
    pub exam: Exam,
    /// What the console shows, by acquisition.
    pub console: Vec<Option<ConsoleCtdi>>,
    /// How.
    pub settings: Settings,
    /// On which threads.
    pub pool: ThreadPool,
    /// The protocol, with the command line's values in force.
    pub protocol: ProtocolText,
    /// SHA-256 of the phantom.
    pub phantom_digest: String,
    /// Warnings of the protocol.
    pub warnings: Vec<String>,
    /// Folder of the results.
    pub directory: PathBuf,
    /// Files that are written.
    pub formats: Vec<Format>,
}

impl Plan {
    /// Reads the protocol and makes the phantom.
    pub fn new(arguments: &RunArguments) -> Result<Self> {
        let protocol = Protocol::read(&arguments.protocol)?;
        let asked = arguments.threads.map(usize::from);
        let mut pool = pool_of(asked)?;
        let mut prepared = pool.install(|| protocol.prepare())?;
        if asked.is_none() && prepared.threads.is_some() {
            pool = pool_of(prepared.threads)?;
        }
        let directory = arguments.output.clone().or_else(|| prepared.output.directory.clone());
        overrule(&mut prepared, arguments);
        refuse_maps_without_map(&prepared)?;
        prepared.settings.check()?;
        Ok(Plan {
            protocol: ProtocolText {
                name: prepared.name,
                toml: prepared.protocol_text,
                resolved_json: format!("{:#}", prepared.resolved_json),
                sha256: prepared.protocol_sha256,
                command_line: command_line(),
            },
            exam: prepared.exam,
            console: prepared.console,
            settings: prepared.settings,
            pool,
            phantom_digest: prepared.phantom_digest,
            warnings: prepared.warnings,
            directory: directory.unwrap_or_else(|| PathBuf::from(DEFAULT_DIRECTORY)),
            formats: prepared.output.formats,
        })
    }
}

/// Puts the command line's values over the protocol's, in the settings and in what the result says of them.
fn overrule(prepared: &mut Prepared, arguments: &RunArguments) {
    let (settings, resolved) = (&mut prepared.settings, &mut prepared.resolved_json);
    if let Some(histories) = arguments.histories {
        settings.histories = histories;
        set(resolved, "run", "histories", json!(histories));
    }
    if let Some(seed) = arguments.seed {
        settings.seed = seed;
        set(resolved, "run", "seed", json!(seed));
    }
    if let Some(threads) = arguments.threads {
        set(resolved, "run", "threads", json!(threads));
    }
    if arguments.no_map {
        settings.drop_map();
        set(resolved, "output", "dose_map", json!(false));
        set(resolved, "output", "map_voxel_mm", Value::Null);
        set(resolved, "run", "estimator", json!(settings.estimator.name()));
    }
}

/// The command, without the folder of the program.
fn command_line() -> String {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let words = std::iter::once("childsize").chain(arguments.iter().map(String::as_str));
    // A shell cannot be given NUL, which no argument can hold.
    shlex::try_join(words).unwrap_or_default()
}

/// Files of the dose map cannot be made by a run that has none.
fn refuse_maps_without_map(prepared: &Prepared) -> Result<()> {
    let map = prepared.output.formats.iter().find(|format| matches!(format, Format::Map(_)));
    match map {
        Some(format) if prepared.settings.map_binning.is_none() => Err(Error::invalid(format!(
            "output.formats may have \"{}\" with a dose map only, found --no-map",
            format.name()
        ))),
        _ => Ok(()),
    }
}

fn set(resolved: &mut Value, section: &str, key: &str, value: Value) {
    if let Some(section) = resolved.get_mut(section).and_then(Value::as_object_mut) {
        section.insert(key.to_owned(), value);
    }
}

/// A pool of so many threads, or one per core.
fn pool_of(threads: Option<usize>) -> Result<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    pool.map_err(|error| Error::Internal(format!("threads: {error}")))
}

/// Reads a whole number, written as `100000000` or `1e8`.
pub fn whole_number(text: &str) -> Result<u64, String> {
    if let Ok(whole) = text.parse() {
        return Ok(whole);
    }
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.fract() == 0.0 && number <= 9.0e15 => Ok(number as u64),
        _ => Err("must be a whole number, such as 100000000 or 1e8".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_have_an_exponent() {
        assert_eq!(
            (whole_number("1e8"), whole_number("18446744073709551615")),
            (Ok(100_000_000), Ok(u64::MAX))
        );
        for bad in ["-1", "1.5", "NaN", "inf", "1e300", ""] {
            assert!(whole_number(bad).is_err(), "{bad}");
        }
    }
}
