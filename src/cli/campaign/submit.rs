//! `childsize submit`: the shards of a campaign, and their merge, as jobs of a cluster.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use crate::cli::console;
use crate::cli::run::shell_word;
use crate::error::{Error, Result};
use crate::io::campaign::{Campaign, index_list};
use crate::io::slurm::SlurmJobs;

/// Hand the shards of a campaign to a cluster.
#[derive(Debug, Args)]
pub struct SubmitArguments {
    #[command(subcommand)]
    cluster: Cluster,
}

#[derive(Debug, Subcommand)]
enum Cluster {
    Slurm(SlurmArguments),
}

const AFTER_HELP: &str = "\
Examples:
  childsize submit slurm campaign/ --dry-run                       writes campaign/slurm/array.sh and merge.sh, sends nothing
  childsize submit slurm campaign/ --cpus 8 --time 04:00:00        sends an array job and the merge that waits for it
  childsize submit slurm campaign/ --sbatch=--account=physics      any other option of sbatch; may be given again

Only shards that are not done are sent; sending twice is harmless. Two minutes before the walltime (--signal-seconds) a task
keeps its state and queues again. When all tasks have ended, the merge runs; if shards are missing then, because a node failed
or a task was killed, they are sent once more with a merge after them, up to --rounds times. The folder and the program
must be seen by all nodes under the same path.";

/// Send an array job and the merge that waits for it to Slurm
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
struct SlurmArguments {
    /// Folder of the campaign
    campaign: PathBuf,
    /// Write the job scripts and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Processors, and threads, of every task
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=4096))]
    cpus: u16,
    /// Walltime of a task, as sbatch takes it [default: the partition's]
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// Partition [default: the cluster's]
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// Memory of a task, as sbatch takes it [default: the partition's]
    #[arg(long, value_name = "SIZE")]
    mem: Option<String>,
    /// Any other option of sbatch, for both jobs
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    sbatch: Vec<String>,
    /// Seconds before the walltime at which a task keeps its state and queues again
    #[arg(long, value_name = "S", default_value_t = 120)]
    signal_seconds: u32,
    /// Seconds between two checkpoints
    #[arg(long, value_name = "S", default_value_t = 60)]
    checkpoint_seconds: u32,
    /// How often a task may queue again
    #[arg(long, value_name = "N", default_value_t = 100)]
    requeues: u32,
    /// How often missing shards are sent again
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: u32,
}

/// Submits.
pub fn run(arguments: &SubmitArguments) -> Result<()> {
    let Cluster::Slurm(arguments) = &arguments.cluster;
    let campaign = Campaign::read(&arguments.campaign)?;
    let lacks = campaign.all_lacks()?;
    let missing = index_list(lacks.iter().map(|lack| lack.shard).collect());
    let [array, merge] = arguments.jobs(missing.clone())?.write(&arguments.campaign.join("slurm"))?;
    let told =
        |job: &str, id: &str, path: &Path| console::print(&format!(" {job:9}{id:10} {}\n", path.display()));
    if arguments.dry_run {
        told("array", "not sent", &array)?;
        return told("merge", "not sent", &merge);
    }
    if missing.is_empty() {
        console::print(" all shards are done: the merge alone is sent\n")?;
        return told("merge", &sbatch(&merge, None)?, &merge);
    }
    let id = sbatch(&array, None)?;
    told("array", &id, &array)?;
    told("merge", &sbatch(&merge, Some(&id))?, &merge)
}

impl SlurmArguments {
    fn jobs(&self, array: String) -> Result<SlurmJobs> {
        let unreadable = |path: &Path, error: std::io::Error| Error::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let program = std::env::current_exe().map_err(|error| unreadable(Path::new("childsize"), error))?;
        let folder =
            std::path::absolute(&self.campaign).map_err(|error| unreadable(&self.campaign, error))?;
        let (program, campaign) = (shell_word(&program), shell_word(&folder));
        let own = [("time", &self.time), ("partition", &self.partition), ("mem", &self.mem)];
        let own =
            own.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("--{name}={value}")));
        let options: Vec<String> = own.chain(self.sbatch.iter().cloned()).collect();
        if let Some(option) =
            options.iter().find(|option| option.contains(char::is_control) || !option.starts_with("--"))
        {
            return Err(Error::invalid(format!(
                "--sbatch must be an option such as --account=NAME, found `{option}`"
            )));
        }
        Ok(SlurmJobs {
            resubmit: self.again(&program, &campaign, &options),
            logs: folder.join("slurm").display().to_string().replace(' ', "\\ "),
            program,
            campaign,
            array,
            cpus: self.cpus,
            signal_seconds: self.signal_seconds,
            checkpoint_seconds: self.checkpoint_seconds,
            requeues: self.requeues,
            rounds: self.rounds,
            options,
        })
    }

    /// The command that sends what is missing once more.
    fn again(&self, program: &str, campaign: &str, options: &[String]) -> String {
        let numbers = [
            ("cpus", u32::from(self.cpus)),
            ("signal-seconds", self.signal_seconds),
            ("checkpoint-seconds", self.checkpoint_seconds),
            ("requeues", self.requeues),
            ("rounds", self.rounds.saturating_sub(1)),
        ];
        let mut words = vec![format!("{program} submit slurm {campaign}")];
        words.extend(numbers.iter().map(|(name, value)| format!("--{name} {value}")));
        words.extend(options.iter().map(|option| format!("--sbatch={}", shell_word(Path::new(option)))));
        words.join(" ")
    }
}

/// Sends a script, after another job if there is one; returns the job's number.
fn sbatch(script: &Path, after: Option<&str>) -> Result<String> {
    let mut command = Command::new("sbatch");
    command.arg("--parsable");
    if let Some(after) = after {
        // Whether its tasks went well or not: what is missing is the merge's to find out.
        command.arg(format!("--dependency=afterany:{after}"));
    }
    let output = command.arg(script).output().map_err(|error| Error::Unreadable {
        path: PathBuf::from("sbatch"),
        reason: format!(
            "{error}; Slurm's commands must be on the path, or --dry-run writes the scripts only"
        ),
    })?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Error::invalid(format!("sbatch refuses {}: {}", script.display(), reason.trim())));
    }
    let id = String::from_utf8_lossy(&output.stdout);
    Ok(id.trim().split(';').next().unwrap_or_default().to_owned())
}
