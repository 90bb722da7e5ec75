//! The plan of a campaign: which batches every shard plays, and of what.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::partial::Identity;
use crate::io::request::Request;
use crate::simulation::share::Share;

const SCHEMA: &str = "childsize.campaign/1";
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
    pub(super) fn check(&self) -> Result<()> {
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
}
