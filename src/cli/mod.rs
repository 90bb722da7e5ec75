//! The command line: arguments, progress, exit codes.

mod bench;
mod calibrate;
mod campaign;
mod check;
mod compare;
mod console;
mod ctdi;
mod estimate;
mod evaluate;
mod explore;
mod export;
mod interrupt;
#[cfg(feature = "mpi")]
mod mpi;
mod phantoms;
mod plot;
mod progress;
mod protocol;
mod replay;
mod report;
mod respond;
mod resume;
mod review;
mod risk;
mod run;
mod scanner;
mod spectrum;
mod trial;
mod validate;
mod verify;
mod worksheet;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Result;

/// Ctrl-C ended the run (128 + SIGINT).
const EXIT_INTERRUPTED: u8 = 130;

const AFTER_HELP: &str = "\
Examples:
  childsize phantoms                          which children there are
  childsize check chest.toml                  what a protocol comes to, nothing simulated
  childsize run chest.toml -o out/            organ doses and a dose map with their errors
  childsize compare one.toml two.toml         what a second phase or another kV does to every organ
  childsize resume out/                       goes on with a run that was broken off
  childsize plan chest.toml --shards 16 -o campaign/   the same run for many processes or machines; then, for each K,
  childsize run --plan campaign/ --shard K    its batches; and
  childsize merge campaign/                   the result, to the bits of one run
  childsize submit slurm campaign/            shards and merge as jobs of a cluster
  childsize report out/                       the page of a result, for a browser
  childsize export out/ --format nifti        its dose map for other programs
  childsize plot out/                         its figures as SVG and PNG, for papers
  childsize risk out/ --age-y 5 --sex female --coefficients table.csv    lifetime attributable risk, by your table
  childsize respond ce-05y -o 5y.h5           a phantom's response, once; then
  childsize evaluate 5y.h5 chest.toml         doses of any protocol from it, at once
  childsize explore -o explorer.html          a page: move a protocol, doses of six children follow
  childsize calibrate -o tables/              size tables: dose per CTDIvol by age, region and tube voltage
  childsize estimate --age 5 --region chest --kv 100 --ctdi-vol 2 --phantom body32    doses from the tables
  childsize worksheet --adult-baseline site.toml -o worksheet.html    mAs of children from a site's adult techniques
  childsize review chest.toml                 is it child-sized; what a phase and a centimetre cost
  childsize ctdi chest.toml                   CTDIw, CTDIvol and DLP of its scanner and mAs
  childsize protocol from-rdsr dose.dcm -o chest.toml  a protocol from the scanner's dose report
  childsize scanner                           which scanners there are, and what is assumed of them
  childsize spectrum --kv 100 --filter \"Al 3\"  half-value layer and output of a tube
  childsize validate --quick                  the engine beside published references
  childsize verify out/result.h5              whether a file is as it was written
  childsize bench                             how fast the engine is on this machine

Exit codes: 0 done, 1 a row of a validation failed, 2 usage, 65 bad input, 66 missing file,
70 internal error, 73 cannot write, 75 shards are missing, 130 interrupted (what was done is saved).

Research use, not for clinical decisions.";

/// Monte Carlo CT dose for children: organ doses and dose maps with honest uncertainties.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Let protocols and other files name files outside of their own folders
    #[arg(long, global = true)]
    allow_outside: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArguments),
    Resume(resume::ResumeArguments),
    Plan(campaign::PlanArguments),
    Merge(campaign::merge::MergeArguments),
    Submit(campaign::submit::SubmitArguments),
    Check(check::CheckArguments),
    Compare(compare::CompareArguments),
    Calibrate(calibrate::CalibrateArguments),
    Ctdi(ctdi::CtdiArguments),
    Export(export::ExportArguments),
    Respond(respond::RespondArguments),
    Evaluate(evaluate::EvaluateArguments),
    Estimate(estimate::EstimateArguments),
    Explore(explore::ExploreArguments),
    Phantoms(phantoms::PhantomsArguments),
    Plot(plot::PlotArguments),
    Replay(replay::ReplayArguments),
    Report(report::ReportArguments),
    Review(review::ReviewArguments),
    Risk(risk::RiskArguments),
    Protocol(protocol::ProtocolArguments),
    Scanner(scanner::ScannerArguments),
    Spectrum(spectrum::SpectrumArguments),
    Validate(validate::ValidateArguments),
    Verify(verify::VerifyArguments),
    Worksheet(worksheet::WorksheetArguments),
    Bench(bench::BenchArguments),
    #[command(hide = true, name = "try-file")]
    TryFile(trial::TrialArguments),
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    crate::io::trial::set(trial::try_file);
    let arguments = Arguments::parse();
    if arguments.allow_outside {
        crate::io::reference::allow_outside();
    }
    let done = match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Resume(arguments) => resume::run(&arguments),
        Command::Plan(arguments) => campaign::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Merge(arguments) => campaign::merge::run(&arguments),
        Command::Submit(arguments) => campaign::submit::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Check(arguments) => check::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Compare(arguments) => compare::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Ctdi(arguments) => ctdi::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Export(arguments) => export::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Respond(arguments) => respond::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Explore(arguments) => explore::run(&arguments),
        Command::Estimate(arguments) => estimate::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Phantoms(arguments) => phantoms::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Plot(arguments) => plot::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Replay(arguments) => replay::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Report(arguments) => report::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Review(arguments) => review::run(&arguments),
        Command::Risk(arguments) => risk::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Protocol(arguments) => protocol::run(&arguments),
        Command::Scanner(arguments) => scanner::run(&arguments),
        Command::Spectrum(arguments) => spectrum::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Worksheet(arguments) => worksheet::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::TryFile(arguments) => trial::run(&arguments),
    };
    done.unwrap_or_else(|error| {
        console::complain(&error);
        ExitCode::from(error.exit_code())
    })
}

/// What every command hands back.
type Done = Result<ExitCode>;
