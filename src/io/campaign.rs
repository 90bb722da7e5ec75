//! A campaign: one exam's batches cut into shards, a folder that many machines write into, each into a folder of its own.
//!
//! ```text
//! campaign/plan.json                          engine, exam, batches of every shard
//! campaign/protocol.toml                      the protocol's copy
//! campaign/shards/0003/acquisition-000.h5     state of a shard's acquisition (and ….previous.h5 while it runs)
//! ```

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::partial::{self, About, Identity};
use crate::io::protocol::Protocol;
use crate::io::request::{Request, keep_json, keep_protocol, kept_json, kept_protocol};
use crate::io::state_folder::{Found, StateFolder, paths};
use crate::simulation::partial::without;
use crate::simulation::share::Share;

const SCHEMA: &str = "childsize.campaign/1";
const PLAN: &str = "plan.json";
const SHARDS: &str = "shards";
/// Most shards.
pub const MOST_SHARDS: u64 = 100_000;

/// What is written of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignPlan {
    schema: String,
    /// What was asked beside the protocol.
    pub request: Request,
    /// What its states are of.
    pub identity: Identity,
    /// Names of the acquisitions.
    pub phases: Vec<String>,
    /// Histories in every batch.
    pub histories_per_batch: u64,
    /// Batches of every shard, the same of every acquisition: `[first, one after the last]`.
    pub shards: Vec<[u64; 2]>,
}

/// A campaign in its folder.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The folder.
    pub folder: PathBuf,
    /// Its plan.
    pub plan: CampaignPlan,
}

/// Batches that an acquisition of a shard lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// Index of the shard.
    pub shard: usize,
    /// Name of the acquisition.
    pub phase: String,
    /// The batches.
    pub batches: Vec<Range<u64>>,
}

impl CampaignPlan {
    /// Plans so many batches of every acquisition in shards of equal size, to a batch.
    pub fn new(
        request: Request,
        identity: Identity,
        phases: Vec<String>,
        histories_per_batch: u64,
        (batches, shards): (u64, u64),
    ) -> Result<Self> {
        let mut plan = CampaignPlan {
            schema: SCHEMA.to_owned(),
            request,
            identity,
            phases,
            histories_per_batch,
            shards: Vec::new(),
        };
        plan.extend(batches, shards)?;
        Ok(plan)
    }

    /// Adds shards for the batches up to a number.
    pub fn extend(&mut self, batches: u64, shards: u64) -> Result<()> {
        let (first, count) = (self.batches(), batches.saturating_sub(self.batches()));
        if count == 0 {
            return Err(Error::invalid(format!(
                "--histories must be more than the {} that are planned",
                first * self.histories_per_batch
            )));
        }
        let most = count.min(MOST_SHARDS);
        if !(1..=most).contains(&shards) {
            return Err(Error::invalid(format!(
                "--shards must lie between 1 and {most}, found {shards}: there are {count} batches of {} histories to share",
                self.histories_per_batch
            )));
        }
        let cut = |shard: u64| first + (u128::from(count) * u128::from(shard) / u128::from(shards)) as u64;
        self.shards.extend((0..shards).map(|shard| [cut(shard), cut(shard + 1)]));
        Ok(())
    }

    /// Batches that are planned of every acquisition.
    pub fn batches(&self) -> u64 {
        self.shards.last().map_or(0, |last| last[1])
    }

    /// Histories that are planned of every acquisition.
    pub fn histories(&self) -> u64 {
        self.batches() * self.histories_per_batch
    }

    fn share(&self, batches: [u64; 2]) -> Share {
        let batches = vec![vec![batches[0]..batches[1]]; self.phases.len()];
        Share { histories_per_batch: self.histories_per_batch, batches }
    }

    /// The batches of a shard.
    pub fn share_of(&self, shard: usize) -> Share {
        self.share(self.shards[shard])
    }

    /// All batches.
    pub fn whole(&self) -> Share {
        self.share([0, self.batches()])
    }

    /// Refuses a plan that the program did not write.
    fn check(&self) -> Result<()> {
        let in_turn = self.shards.first().is_some_and(|first| first[0] == 0)
            && self.shards.windows(2).all(|pair| pair[0][1] == pair[1][0])
            && self.shards.iter().all(|[first, end]| first < end);
        if self.schema != SCHEMA {
            return Err(Error::invalid(format!("schema must be {SCHEMA}, found {}", self.schema)));
        }
        match in_turn && !self.phases.is_empty() && self.histories_per_batch > 0 {
            true => Ok(()),
            false => {
                Err(Error::invalid("the shards must take up the batches in turn, found gaps or overlaps"))
            }
        }
    }
}

impl Campaign {
    /// Makes the folder. Refuses one that has a plan.
    pub fn create(folder: &Path, plan: CampaignPlan, protocol: &str) -> Result<Self> {
        let path = folder.join(PLAN);
        if path.symlink_metadata().is_ok() {
            let reason = "a campaign is already there; --extend adds to it, -o names another folder";
            return Err(output_file::unwritable(&path, &reason));
        }
        output_file::make_folder(&folder.join(SHARDS))?;
        keep_protocol(folder, protocol)?;
        keep_json(&path, &plan)?;
        Ok(Campaign { folder: folder.to_owned(), plan })
    }

    /// Reads a campaign.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(PLAN);
        let plan: CampaignPlan = kept_json(&path)?;
        plan.check().map_err(|error| error.within(&path.display().to_string()))?;
        Ok(Campaign { folder: folder.to_owned(), plan })
    }

    /// Writes a plan that was extended.
    pub fn replace_plan(&self) -> Result<()> {
        keep_json(&self.folder.join(PLAN), &self.plan)
    }

    /// The protocol.
    pub fn protocol(&self) -> Result<Protocol> {
        kept_protocol(&self.folder, &self.plan.request.protocol_folder)
    }

    /// Refuses a shard that is not planned.
    pub fn check_shard(&self, shard: usize) -> Result<()> {
        match shard < self.plan.shards.len() {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "--shard must be below {}, found {shard}: shards are counted from 0",
                self.plan.shards.len()
            ))),
        }
    }

    /// Where the states of a shard lie.
    pub fn states(&self, shard: usize) -> StateFolder {
        StateFolder {
            folder: self.folder.join(SHARDS).join(format!("{shard:04}")),
            identity: self.plan.identity.clone(),
            phases: self.plan.phases.clone(),
        }
    }

    /// The latest whole state of an acquisition of a shard. Refuses one of another engine or exam, and batches of other shards.
    pub fn found(&self, shard: usize, acquisition: usize) -> Result<Found> {
        let states = self.states(shard);
        let found = states.found(acquisition)?;
        if let Some(partial) = &found.partial {
            self.check_batches(shard, &partial.batches(), &paths(&states.folder, acquisition)[0])?;
        }
        Ok(found)
    }

    fn check_batches(&self, shard: usize, found: &[Range<u64>], path: &Path) -> Result<()> {
        let [first, end] = self.plan.shards[shard];
        let Some(foreign) = without(found, &[first..end]).into_iter().next() else { return Ok(()) };
        let of = self.plan.shards.iter().position(|own| own[0] <= foreign.start && foreign.start < own[1]);
        let of = of.map_or("of no shard".to_owned(), |of| format!("of shard {of}"));
        Err(Error::invalid(format!(
            "{}: must hold batches {first} to {} only, those of shard {shard}, found batch {}, {of}",
            path.display(),
            end - 1,
            foreign.start
        ))
        .with_help("every batch counts once; a file that was copied here from another shard has to go"))
    }

    /// What a shard lacks, by the first lines of its files; `verify` asks for their digests too, which takes longer.
    pub fn lacks(&self, shard: usize, verify: bool) -> Result<Vec<Lack>> {
        let [first, end] = self.plan.shards[shard];
        let mut lacks = Vec::new();
        for (acquisition, phase) in self.plan.phases.iter().enumerate() {
            let found = self.about(shard, acquisition, verify)?.map_or(Vec::new(), |about| about.batches());
            let batches = without(&[first..end], &found);
            if !batches.is_empty() {
                lacks.push(Lack { shard, phase: phase.clone(), batches });
            }
        }
        Ok(lacks)
    }

    /// The first line of the latest file of an acquisition of a shard that has one.
    fn about(&self, shard: usize, acquisition: usize, verify: bool) -> Result<Option<About>> {
        let look = if verify { partial::verified } else { partial::about };
        for path in paths(&self.states(shard).folder, acquisition) {
            // What is not whole counts as not there: it is played again.
            let Some(about) = path.exists().then(|| look(&path).ok()).flatten() else { continue };
            self.plan.identity.check(&about.identity).map_err(|e| e.within(&path.display().to_string()))?;
            self.check_batches(shard, &about.batches(), &path)?;
            return Ok(Some(about));
        }
        Ok(None)
    }

    /// What all shards lack. Refuses folders of shards that are not planned.
    pub fn all_lacks(&self) -> Result<Vec<Lack>> {
        let folder = self.folder.join(SHARDS);
        let unreadable =
            |error: std::io::Error| Error::Unreadable { path: folder.clone(), reason: error.to_string() };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
            let index = name.parse().ok().filter(|&shard| shard < self.plan.shards.len());
            let is_planned = index.is_some_and(|shard: usize| self.states(shard).folder.ends_with(&name));
            if !is_planned {
                return Err(Error::invalid(format!(
                    "{}: must hold the {} shards of the plan only, found `{name}`",
                    folder.display(),
                    self.plan.shards.len()
                )));
            }
        }
        let lacks = (0..self.plan.shards.len()).map(|shard| self.lacks(shard, false));
        Ok(lacks.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    }
}

/// Indices as schedulers write them: `0-3,7`.
pub fn index_list(mut indices: Vec<usize>) -> String {
    indices.dedup();
    let intervals = crate::simulation::partial::intervals(indices.into_iter().map(|index| index as u64));
    let words = intervals.into_iter().map(|run| match run.end - run.start {
        1 => run.start.to_string(),
        _ => format!("{}-{}", run.start, run.end - 1),
    });
    words.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(batches: u64, shards: u64) -> Result<CampaignPlan> {
        let identity = Identity {
            software_version: String::new(),
            git_commit: String::new(),
            stream_scheme: String::new(),
            physics_data_digest: String::new(),
            protocol_sha256: String::new(),
            phantom_digest: String::new(),
            exam_digest: String::new(),
        };
        CampaignPlan::new(Request::default(), identity, vec!["a".to_owned()], 100, (batches, shards))
    }

    #[test]
    fn shards_take_up_all_batches_in_turn() {
        let mut plan = plan(10, 3).unwrap();
        assert_eq!(plan.shards, [[0, 3], [3, 6], [6, 10]]);
        plan.extend(15, 2).unwrap();
        assert_eq!(plan.shards[3..], [[10, 12], [12, 15]]);
        assert!(plan.check().is_ok());
        assert_eq!(plan.histories(), 1500);
    }

    #[test]
    fn more_shards_than_batches_and_fewer_histories_than_planned_are_refused() {
        let refused = plan(10, 11).unwrap_err().to_string();
        assert!(refused.starts_with("--shards must lie between 1 and 10, found 11"), "{refused}");
        let mut plan = plan(10, 2).unwrap();
        assert!(plan.extend(10, 1).unwrap_err().to_string().contains("more than the 1000 that are planned"));
        plan.shards[1] = [6, 10];
        assert!(plan.check().is_err(), "a gap");
    }

    #[test]
    fn indices_are_listed_as_schedulers_write_them() {
        assert_eq!(index_list(vec![0, 1, 2, 2, 3, 7, 9, 10]), "0-3,7,9-10");
        assert_eq!(index_list(vec![]), "");
    }
}
