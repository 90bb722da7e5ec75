//! `childsize resume`: goes on with a run that was broken off.

use std::path::PathBuf;

use clap::Args;

use super::Done;
use super::run::{Manner, resume};

const AFTER_HELP: &str = "\
Examples:
  childsize resume out/               after Ctrl-C, a crash, a full disk, a walltime
  childsize resume out/ --threads 8   on more threads: the bits of the results stay the same

The protocol and all that was asked are in out/checkpoint/; files that the protocol names are read from where they were. Engine,
physics data, phantom and every number of the exam must be the same as before. Acquisitions that were done within half a
minute (half of --checkpoint-seconds) are played again.";

/// Go on with a run that was broken off, to the same bits.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ResumeArguments {
    /// Folder of the run's results, with its checkpoint
    directory: PathBuf,
    /// Threads [default: as before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,
    #[command(flatten)]
    manner: Manner,
}

/// Goes on.
pub fn run(arguments: &ResumeArguments) -> Done {
    resume(&arguments.directory, arguments.threads, arguments.manner)
}
