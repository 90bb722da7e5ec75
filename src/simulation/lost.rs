//! How many lost histories a run may have.

use crate::error::{Error, Result};
use crate::simulation::outcome::BatchRecord;

/// Share of its histories that an acquisition may lose: what it does to a dose is far below any error.
pub const LOST_SHARE_MAX: f64 = 1.0e-7;

/// Refuses batches that lost more, and such whose energies are no numbers all the same. Names the first.
pub fn check_lost(acquisition: usize, records: &[BatchRecord], histories_per_batch: u64) -> Result<()> {
    let lost = || records.iter().flat_map(|record| &record.lost);
    let (count, histories) = (lost().count(), histories_per_batch * records.len() as u64);
    let share = count as f64 / histories.max(1) as f64;
    if let Some(first) = lost().next().filter(|_| share > LOST_SHARE_MAX) {
        return Err(Error::Internal(format!(
            "{count} of {histories} histories are lost, a share of {share:.1e} where {LOST_SHARE_MAX:e} may be; the first is \
             told by `childsize replay PROTOCOL --acquisition {acquisition} --batch {} --history {} --trace` ({})",
            first.batch,
            first.history,
            first.cause.name()
        )));
    }
    let is_finite = |record: &&BatchRecord| record.energies.organ_kev.iter().all(|kev| kev.is_finite());
    match records.iter().find(|record| !is_finite(record)) {
        None => Ok(()),
        Some(record) => Err(Error::Internal(format!(
            "the energies of acquisition {acquisition}, batch {} are no numbers",
            record.batch
        ))),
    }
}
