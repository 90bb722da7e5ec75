//! Job scripts for Slurm: an array of shards, and the merge that waits for it.

use std::path::{Path, PathBuf};

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::io::output_file;

/// What the scripts say. Texts are as a shell reads them.
#[derive(Clone, Debug, Serialize)]
pub struct SlurmJobs {
    /// The program.
    pub program: String,
    /// Folder of the campaign.
    pub campaign: String,
    /// Folder of the logs; Slurm reads it, no shell.
    pub logs: String,
    /// Indices of the shards: `0-3,7`.
    pub array: String,
    /// Processors per task.
    pub cpus: u16,
    /// Time between the signal and the end of the walltime, s.
    pub signal_seconds: u32,
    /// Time between checkpoints, s.
    pub checkpoint_seconds: u32,
    /// How often a task may queue again.
    pub requeues: u32,
    /// How often what is missing is submitted again.
    pub rounds: u32,
    /// The command that does it.
    pub resubmit: String,
    /// Options of both jobs, for example `--partition=long`.
    pub options: Vec<String>,
}

impl SlurmJobs {
    /// Writes both scripts into a folder; returns that of the array and that of the merge.
    pub fn write(&self, folder: &Path) -> Result<[PathBuf; 2]> {
        output_file::make_folder(folder)?;
        let write = |name: &str, template: &str| {
            let path = folder.join(name);
            output_file::replace(&path, self.fill(template)?.as_bytes())?;
            Ok(path)
        };
        Ok([write("array.sh", include_str!("array.sh"))?, write("merge.sh", include_str!("merge.sh"))?])
    }

    fn fill(&self, template: &str) -> Result<String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let filled = environment.render_str(template, Value::from(Serde(self)));
        filled.map(|text| text + "\n").map_err(|error| Error::Internal(format!("a job script: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_shards_options_and_paths_as_a_shell_reads_them() {
        let jobs = SlurmJobs {
            program: "/opt/childsize".to_owned(),
            campaign: "'/data/my campaign'".to_owned(),
            logs: "/data/my campaign/slurm".to_owned(),
            array: "0-3,7".to_owned(),
            cpus: 4,
            signal_seconds: 120,
            checkpoint_seconds: 60,
            requeues: 10,
            rounds: 2,
            resubmit: "/opt/childsize submit slurm '/data/my campaign' --rounds 1".to_owned(),
            options: vec!["--partition=long".to_owned(), "--time=04:00:00".to_owned()],
        };
        let folder = tempfile::tempdir().unwrap();
        let [array, merge] =
            jobs.write(folder.path()).unwrap().map(|path| std::fs::read_to_string(path).unwrap());
        for line in [
            "#SBATCH --array=0-3,7",
            "#SBATCH --signal=B:TERM@120",
            "#SBATCH --partition=long\n#SBATCH --time=04:00:00\n",
            "/opt/childsize run --plan '/data/my campaign' --shard \"$SLURM_ARRAY_TASK_ID\" --threads 4",
        ] {
            assert!(array.contains(line), "{line}\n{array}");
        }
        assert!(
            merge.contains("[ 2 -gt 0 ]") && merge.contains("exec /opt/childsize submit slurm"),
            "{merge}"
        );
    }
}
