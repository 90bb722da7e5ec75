//! `childsize report`: the page of a result.

use std::path::PathBuf;

use clap::Args;

use super::console;
use crate::error::Result;
use crate::io::result::read;
use crate::io::{output_file, report};

const AFTER_HELP: &str = "\
Examples:
  childsize report out/                        writes out/report.html from out/result.h5
  childsize report out/result.h5 -o chest.html

The page is one file that needs no network: protocol, effective dose, a viewer of the dose map, organ doses, provenance.
`childsize run` writes the same page.";

/// Write the page of a result: one HTML file for a browser.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ReportArguments {
    /// A result (.h5) or a folder with result.h5
    result: PathBuf,
    /// The page [default: report.html beside the result]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the page if it is there
    #[arg(long)]
    force: bool,
}

/// Writes the page.
pub fn run(arguments: &ReportArguments) -> Result<()> {
    let file = read::file_of(&arguments.result);
    let page = arguments.output.clone().unwrap_or_else(|| file.with_file_name("report.html"));
    output_file::refuse_existing(&page, arguments.force)?;
    output_file::replace(&page, report::result(&file)?.as_bytes())?;
    console::print(&format!(" written  {}\n", page.display()))
}
