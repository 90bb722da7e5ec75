//! `childsize scanner`: scanners of the library, and scanners made of measurements.

mod fit;
mod list;
mod pictures;
mod show;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::fit::FitArguments;
use self::show::ShowArguments;
use super::console;
use crate::error::Result;

const AFTER_HELP: &str = "\
Examples:
  childsize scanner                                   the library: geometry, bowties, half-value layers, assumptions
  childsize scanner show ge-vct                       the file of a scanner, with its comments
  childsize scanner show ge-vct --png bowties.png     thickness of its bowties against fan angle
  childsize scanner fit room3.toml -o scanner.toml    a scanner from half-value layers and outputs across the fan
  childsize scanner fit room3.toml -o scanner.toml --png fit.png

A protocol uses a file with [scanner] file = \"scanner.toml\". The file of measurements is described in docs/scanners.md.";

/// List the scanners, show one, or make one from measurements.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ScannerArguments {
    #[command(subcommand)]
    command: Option<ScannerCommand>,
}

#[derive(Debug, Subcommand)]
enum ScannerCommand {
    /// Print the file of a scanner, or draw the thickness of its bowties
    Show(ShowArguments),
    /// Make a scanner file from measured half-value layers and outputs across the fan (Turner et al. 2009)
    Fit(FitArguments),
}

/// Prints what was asked for.
pub fn run(arguments: &ScannerArguments) -> Result<ExitCode> {
    let text = match &arguments.command {
        None => list::list()?,
        Some(ScannerCommand::Show(arguments)) => show::show(arguments)?,
        Some(ScannerCommand::Fit(arguments)) => fit::fit(arguments)?,
    };
    console::print(&text).map(|()| ExitCode::SUCCESS)
}
