//! `childsize merge`: the shards of a campaign, put together.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use rayon::prelude::*;

use crate::cli::progress::Show;
use crate::cli::run::outputs::Outputs;
use crate::cli::run::plan::Plan;
use crate::cli::run::{conclude, prepare, shell_word};
use crate::cli::{Done, console};
use crate::error::{Error, Result};
use crate::io::campaign::{Campaign, Lack, index_list};
use crate::io::folder_lock::FolderLock;
use crate::simulation::partial::Partial;
use crate::simulation::share::gather;

/// Most lacks that are listed one by one.
const MOST_LISTED: usize = 20;

const AFTER_HELP: &str = "\
Examples:
  childsize merge campaign/                    result.h5, organs.csv, summary.json and report.html in campaign/result/
  childsize merge campaign/ --list-missing     indices of shards that are not done, as schedulers write them: 3,7-9
  childsize merge campaign/ --allow-missing    the doses of the batches that are there, marked complete = false

Every batch counts exactly once. Missing batches are listed, and the exit code is 75. Files of another engine, other data or another
exam, and batches that a shard should not have, are refused. The files are the same to the bit as those of one run of as many
histories, but for times.";

/// Put the shards of a campaign together.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct MergeArguments {
    /// Folder of the campaign
    campaign: PathBuf,
    /// Folder of the results; made if it is not there [default: `result` in the campaign's]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Replace results that are already there
    #[arg(long)]
    force: bool,
    /// Take what is there: means over the batches that were played
    #[arg(long)]
    allow_missing: bool,
    /// Print the indices of shards that are not done, and do nothing else
    #[arg(long, conflicts_with_all = ["allow_missing", "force", "output"])]
    list_missing: bool,
}

/// Merges, or says what is missing.
pub fn run(arguments: &MergeArguments) -> Done {
    let campaign = Campaign::read(&arguments.campaign)?;
    let lacks = campaign.all_lacks()?;
    if arguments.list_missing {
        if !lacks.is_empty() {
            console::print(&format!("{}\n", missing_shards(&lacks)))?;
        }
        return Ok(if lacks.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(75) });
    }
    if !lacks.is_empty() && !arguments.allow_missing {
        return Err(incomplete(&campaign, &lacks));
    }
    let directory = arguments.output.clone().unwrap_or_else(|| campaign.folder.join("result"));
    let mut plan = Plan::of(&campaign.protocol()?, &campaign.plan.request, Some(&directory))?;
    plan.identity.check(&campaign.plan.identity)?;
    let outputs = Outputs::claim(&directory, &plan.formats, arguments.force)?;
    let _lock = FolderLock::claim(&directory)?;
    if !lacks.is_empty() {
        plan.warnings
            .push(format!("{}; doses are those of the batches that are there", lacking(&campaign, &lacks)));
    }
    let (ctdi, sizes) = prepare(&mut plan)?;
    plan.warnings.iter().for_each(|warning| Show::Plain.say("warning", warning));
    let whole = campaign.plan.whole();
    let states = |acquisition: usize, add: &(dyn Fn(Partial) -> Result<()> + Sync)| {
        (0..campaign.plan.shards.len()).into_par_iter().try_for_each(|shard| {
            let found = campaign.found(shard, acquisition)?;
            match (found.partial, found.passed_over) {
                (Some(partial), None) => add(partial),
                (_, Some(error)) if !arguments.allow_missing => Err(error),
                (partial, _) => partial.map_or(Ok(()), add),
            }
        })
    };
    let outcome = plan.pool.install(|| gather(&plan.exam, &plan.settings, &whole, &states))?;
    conclude(&plan, &outputs, Show::Plain, &outcome, (&ctdi, &sizes))?;
    Ok(ExitCode::SUCCESS)
}

fn missing_shards(lacks: &[Lack]) -> String {
    index_list(lacks.iter().map(|lack| lack.shard).collect())
}

/// `2 of 16 shards are not done (3,7): shard 3 lacks batches 72-95 of chest; shard 7 …`
fn lacking(campaign: &Campaign, lacks: &[Lack]) -> String {
    let sentence = |lack: &Lack| {
        let batches: Vec<String> =
            lack.batches.iter().map(|run| format!("{}-{}", run.start, run.end - 1)).collect();
        format!("shard {} lacks batches {} of {}", lack.shard, batches.join(","), console::plain(&lack.phase))
    };
    let mut shards: Vec<usize> = lacks.iter().map(|lack| lack.shard).collect();
    shards.dedup();
    let mut listed: Vec<String> = lacks.iter().take(MOST_LISTED).map(sentence).collect();
    if lacks.len() > MOST_LISTED {
        listed.push(format!("and {} more", lacks.len() - MOST_LISTED));
    }
    format!(
        "{} of {} shards are not done ({}): {}",
        shards.len(),
        campaign.plan.shards.len(),
        missing_shards(lacks),
        listed.join("; ")
    )
}

fn incomplete(campaign: &Campaign, lacks: &[Lack]) -> Error {
    let folder = shell_word(&campaign.folder);
    Error::Incomplete {
        message: lacking(campaign, lacks),
        help: format!(
            "childsize run --plan {folder} --shard {} plays what is missing of it; --allow-missing takes what is there",
            lacks[0].shard
        ),
    }
}
