//! `childsize verify`: whether files are as they were written.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{Done, console, trial};
use crate::error::{Error, Result};
use crate::io::result::read::file_of;
use crate::io::seal::State;
use crate::io::trial::{Answer, Question};
use crate::io::verification::Verified;

const AFTER_HELP: &str = "\
Examples:
  childsize verify out/                          the result.h5 of a folder
  childsize verify a.h5 b.h5 phantom.h5 5y.h5    results, phantoms and responses
  childsize verify out/ --list > out.sha256      every dataset and group with its digest

Every file holds the SHA-256 of each of its datasets and groups (docs/hostile-input.md). They tell damage, and changes by
other programs; they do not tell who wrote a file. Exit code 65 if anything differs.";

/// Compare results, phantoms and responses with the digests they were written with.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct VerifyArguments {
    /// Files (.h5), or folders with result.h5
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// List every object with its digest
    #[arg(long)]
    list: bool,
}

/// Verifies each file; the exit code is that of the worst.
pub fn run(arguments: &VerifyArguments) -> Done {
    let mut code = 0;
    for file in &arguments.files {
        let file = file_of(file);
        match verified(&file) {
            Ok(verified) => {
                console::print(&console::plain(&told(&file, &verified, arguments.list)))?;
                code = code.max(if is_whole(&verified) { 0 } else { 65 });
            }
            Err(error) => {
                let error = named(error, &file);
                console::complain(&error);
                code = code.max(error.exit_code());
            }
        }
    }
    Ok(ExitCode::from(code))
}

/// Asks a process of its own: the file may be hostile.
fn verified(file: &Path) -> Result<Verified> {
    match trial::try_file(file, &Question::Verify)? {
        Answer::Verified(verified) => Ok(verified),
        Answer::Read => Err(Error::Internal("a trial answered another question".to_owned())),
    }
}

/// The error with the file's name, once.
fn named(error: Error, file: &Path) -> Error {
    let name = file.display().to_string();
    if error.to_string().contains(&name) { error } else { error.within(&name) }
}

fn is_whole(verified: &Verified) -> bool {
    verified.rows.iter().all(|row| row.state == State::Whole)
}

fn told(file: &Path, verified: &Verified, list: bool) -> String {
    let mut text = String::new();
    for row in &verified.rows {
        match (&row.state, list) {
            (State::Whole, false) => {}
            (_, true) => {
                text.push_str(&format!("{:<64}  {:<10}  {}\n", row.sha256, row.state.name(), row.path))
            }
            (state, false) => text.push_str(&format!(" {} {}\n", row.path, state.sentence())),
        }
    }
    let whole = verified.rows.iter().filter(|row| row.state == State::Whole).count();
    let verdict = if is_whole(verified) { "as it was written" } else { "NOT as it was written" };
    text.push_str(&format!(
        "{}: {verdict}: {whole} of {} objects ({})\n",
        file.display(),
        verified.rows.len(),
        verified.format
    ));
    text
}
