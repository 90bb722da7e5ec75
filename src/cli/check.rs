//! `childsize check`: what a protocol comes to.

use std::path::PathBuf;

use clap::Args;

use super::console;
use crate::error::Result;
use crate::io::protocol::Protocol;

/// Read a protocol, fill in every default and print what it comes to as JSON; nothing is simulated.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The protocol file (TOML)
    protocol: PathBuf,
}

/// Prints the resolved protocol.
pub fn run(arguments: &CheckArguments) -> Result<()> {
    let prepared = Protocol::read(&arguments.protocol)?.prepare()?;
    for warning in &prepared.warnings {
        console::note(&format!("warning: {}", console::plain(warning)));
    }
    console::print(&format!("{:#}\n", prepared.resolved_json))
}
