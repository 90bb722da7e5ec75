//! What a run will do: the protocol, and what the command line says otherwise.

use std::path::{Path, PathBuf};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::RunArguments;
use crate::analysis::console::ConsoleCtdi;
use crate::error::{Error, Result};
use crate::io::partial::Identity;
use crate::io::protocol::{Format, Prepared, Protocol};
use crate::io::request::Request;
use crate::io::result::ProtocolText;
use crate::io::state_folder::StateFolder;
use crate::simulation::Exam;
use crate::simulation::settings::Settings;

/// Folder of the results if neither the command line nor the protocol names one.
const DEFAULT_DIRECTORY: &str = "out";

/// What a run will do.
pub struct Plan {
    /// What its states are of.
    pub identity: Identity,
    /// What the command line says.
    pub request: Request,
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
    pub fn new(arguments: &RunArguments, protocol: &Path) -> Result<Self> {
        let request = Request {
            protocol_folder: Request::folder_of(protocol)?,
            histories: arguments.histories,
            seed: arguments.seed,
            threads: arguments.threads,
            no_map: arguments.no_map,
            command_line: command_line(),
        };
        Self::of(&Protocol::read(protocol)?, &request, arguments.output.as_deref())
    }

    /// Makes the phantom of a protocol. Results go to `directory`, else where the protocol says.
    pub fn of(protocol: &Protocol, request: &Request, directory: Option<&Path>) -> Result<Self> {
        let asked = request.threads.map(usize::from);
        let mut pool = pool_of(asked)?;
        let mut prepared = pool.install(|| protocol.prepare())?;
        if asked.is_none() && prepared.threads.is_some() {
            pool = pool_of(prepared.threads)?;
        }
        let directory = directory.map(Path::to_owned).or_else(|| prepared.output.directory.clone());
        request.overrule(&mut prepared);
        refuse_maps_without_map(&prepared)?;
        prepared.settings.check()?;
        Ok(Plan {
            identity: Identity::of(
                &prepared.exam,
                &prepared.settings,
                &prepared.protocol_sha256,
                &prepared.phantom_digest,
            ),
            request: request.clone(),
            protocol: ProtocolText {
                name: prepared.name,
                toml: prepared.protocol_text,
                resolved_json: format!("{:#}", prepared.resolved_json),
                sha256: prepared.protocol_sha256,
                command_line: request.command_line.clone(),
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

    /// States of its acquisitions in a folder.
    pub fn states(&self, folder: &Path) -> StateFolder {
        StateFolder {
            folder: folder.to_owned(),
            identity: self.identity.clone(),
            phases: self.exam.acquisitions.iter().map(|acquisition| acquisition.phase.clone()).collect(),
        }
    }
}

/// The command, without the folder of the program.
pub fn command_line() -> String {
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
