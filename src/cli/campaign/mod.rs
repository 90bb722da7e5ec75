//! `childsize plan`: a run cut into shards, for many processes or machines.

pub mod merge;
pub mod shard;
pub mod submit;

use std::path::{Path, PathBuf};

use clap::Args;

use super::console;
use super::run::plan::{Plan, command_line, whole_number};
use super::run::shell_word;
use crate::error::{Error, Result};
use crate::io::campaign::{Campaign, CampaignPlan};
use crate::io::folder_lock::FolderLock;
use crate::io::protocol::Protocol;
use crate::io::request::Request;

const AFTER_HELP: &str = "\
Examples:
  childsize plan chest.toml --shards 16 -o campaign/              16 shards of the protocol's histories
  childsize run --plan campaign/ --shard 3                        plays the fourth, on any machine that sees the folder
  childsize merge campaign/                                       puts them together, to the bits of one run
  childsize plan --extend campaign/ --histories 4e8 --shards 8    more histories, in 8 more shards

A shard is some batches of every acquisition. Playing one that is done does nothing, one that was broken off goes on. A protocol
with a target needs --histories: no shard knows the errors of all, so that the target does not end the run; the merged
result says whether it was reached. See docs/cluster.md for Slurm, HTCondor, Kubernetes and AWS Batch.";

/// Cut a run into shards for many processes or machines.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct PlanArguments {
    /// The protocol file (TOML)
    #[arg(required_unless_present = "extend")]
    protocol: Option<PathBuf>,
    /// Number of shards
    #[arg(long, value_name = "N", value_parser = whole_number)]
    shards: u64,
    /// Folder of the campaign
    #[arg(short, long, value_name = "DIR", required_unless_present = "extend")]
    output: Option<PathBuf>,
    /// Add shards to the campaign in this folder, up to --histories
    #[arg(long, value_name = "DIR", requires = "histories",
        conflicts_with_all = ["protocol", "output", "seed", "no_map"])]
    extend: Option<PathBuf>,
    /// Histories per acquisition, for example 1e9
    #[arg(long, value_name = "N", value_parser = whole_number)]
    histories: Option<u64>,
    /// Seed of all chance
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// No dose map: organ doses only, with the estimator that is fastest for them
    #[arg(long)]
    no_map: bool,
}

/// Plans a campaign, or extends one.
pub fn run(arguments: &PlanArguments) -> Result<()> {
    let campaign = match (&arguments.extend, &arguments.protocol, &arguments.output) {
        (Some(folder), _, _) => extend(folder, arguments)?,
        (None, Some(protocol), Some(folder)) => create(protocol, folder, arguments)?,
        _ => return Err(Error::Internal("neither a protocol nor a campaign".to_owned())),
    };
    let plan = &campaign.plan;
    let folder = shell_word(&campaign.folder);
    console::print(&format!(
        " campaign {} shards, {} batches of {} histories of {} {}: {:.3e} histories each\n \
         next     childsize run --plan {folder} --shard K, for every K from 0 to {}; then childsize merge {folder}\n",
        plan.shards.len(),
        plan.batches(),
        plan.histories_per_batch,
        plan.phases.len(),
        if plan.phases.len() == 1 { "acquisition" } else { "acquisitions" },
        plan.histories() as f64,
        plan.shards.len() - 1
    ))
}

fn create(protocol: &Path, folder: &Path, arguments: &PlanArguments) -> Result<Campaign> {
    let request = Request {
        protocol_folder: Request::folder_of(protocol)?,
        histories: arguments.histories,
        seed: arguments.seed,
        threads: None,
        no_map: arguments.no_map,
        command_line: command_line(),
    };
    let protocol = Protocol::read(protocol)?;
    let plan = Plan::of(&protocol, &request, None)?;
    if plan.settings.target.is_some() && arguments.histories.is_none() {
        return Err(Error::invalid(
            "--histories must be given for a protocol with run.target, found none: no shard knows the errors of all",
        )
        .with_help("a short run says how many a target needs: childsize run PROTOCOL --histories 1e6"));
    }
    let (per_batch, phases) = (plan.settings.histories_per_batch(), plan.states(folder).phases);
    let batches = plan.settings.histories.div_ceil(per_batch);
    let shards = (batches, arguments.shards);
    let campaign = CampaignPlan::new(request, plan.identity, phases, per_batch, shards)?;
    Campaign::create(folder, campaign, &plan.protocol.toml)
}

fn extend(folder: &Path, arguments: &PlanArguments) -> Result<Campaign> {
    let mut campaign = Campaign::read(folder)?;
    let _lock = FolderLock::claim(folder)?;
    let histories = arguments.histories.unwrap_or_default();
    campaign.plan.extend(histories.div_ceil(campaign.plan.histories_per_batch), arguments.shards)?;
    campaign.plan.request.histories = Some(histories);
    let plan = Plan::of(&campaign.protocol()?, &campaign.plan.request, None)?;
    plan.identity.check(&campaign.plan.identity)?;
    if plan.settings.histories_per_batch() != campaign.plan.histories_per_batch {
        console::note(&format!(
            "note: batches stay at {} histories, as planned first; one run of all histories would have batches of {}, and \
             other bits",
            campaign.plan.histories_per_batch,
            plan.settings.histories_per_batch()
        ));
    }
    campaign.replace_plan()?;
    Ok(campaign)
}
