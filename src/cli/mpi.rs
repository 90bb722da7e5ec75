//! `childsize run --mpi`: one run played by all processes of an MPI job.

use std::process::ExitCode;

use mpi::Threading;
use mpi::datatype::PartitionMut;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};

use super::progress::{Show, Watch};
use super::run::outputs::Outputs;
use super::run::plan::Plan;
use super::run::{RunArguments, conclude, listen, prepare, report};
use super::{Done, EXIT_INTERRUPTED, console};
use crate::error::{Error, Result};
use crate::io::folder_lock::FolderLock;
use crate::simulation::peers::Peers;
use crate::simulation::share::simulate_among;

/// All processes of the job.
struct Processes(SimpleCommunicator);

impl Processes {
    /// Lengths of what all give, and where each begins when they lie one after the other.
    fn lengths(&self, own: &[u8]) -> Result<(Vec<i32>, Vec<i32>)> {
        let too_long = || Error::Internal("a message between processes is longer than 2 GiB".to_owned());
        let length = i32::try_from(own.len()).map_err(|_| too_long())?;
        let mut lengths = vec![0_i32; self.place().1];
        self.0.all_gather_into(&length, &mut lengths[..]);
        let mut end = 0_i32;
        let mut starts = Vec::new();
        for length in &lengths {
            starts.push(end);
            end = end.checked_add(*length).ok_or_else(too_long)?;
        }
        Ok((lengths, starts))
    }
}

fn cut(bytes: &[u8], lengths: &[i32], starts: &[i32]) -> Vec<Vec<u8>> {
    let part = |(&length, &start): (&i32, &i32)| bytes[start as usize..(start + length) as usize].to_vec();
    lengths.iter().zip(starts).map(part).collect()
}

impl Peers for Processes {
    fn place(&self) -> (usize, usize) {
        (self.0.rank() as usize, self.0.size() as usize)
    }

    fn exchange(&self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        let (lengths, starts) = self.lengths(own)?;
        let mut all = vec![0_u8; lengths.iter().map(|&length| length as usize).sum()];
        let mut parts = PartitionMut::new(&mut all[..], &lengths[..], &starts[..]);
        self.0.all_gather_varcount_into(own, &mut parts);
        Ok(cut(&all, &lengths, &starts))
    }

    fn collect(&self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        let (lengths, starts) = self.lengths(own)?;
        let first = self.0.process_at_rank(0);
        if self.0.rank() != 0 {
            first.gather_varcount_into(own);
            return Ok(Vec::new());
        }
        let mut all = vec![0_u8; lengths.iter().map(|&length| length as usize).sum()];
        let mut parts = PartitionMut::new(&mut all[..], &lengths[..], &starts[..]);
        first.gather_varcount_into_root(own, &mut parts);
        Ok(cut(&all, &lengths, &starts))
    }
}

/// Plays with the other processes; the first of them tells and saves.
pub fn run(arguments: &RunArguments) -> Done {
    // All calls come from this thread: batches run on others, which know nothing of it.
    let universe = mpi::initialize_with_threading(Threading::Funneled);
    let (universe, _) = universe.ok_or_else(|| Error::Internal("MPI cannot be started".to_owned()))?;
    let processes = Processes(universe.world());
    let is_first = processes.place().0 == 0;
    let plan = ready(arguments, is_first);
    // What is wrong with a protocol is wrong everywhere: the first process tells it for all.
    let bad = processes.exchange(&[plan.as_ref().err().map_or(0, Error::exit_code)])?;
    if let Some(code) = bad.iter().flatten().find(|&&code| code != 0) {
        return match plan {
            Err(error) if is_first || bad[0] == [0] => Err(error),
            _ => Ok(ExitCode::from(*code)),
        };
    }
    let (plan, claimed) = plan?;
    play(plan, claimed, &processes, if is_first { arguments.manner.progress } else { Show::None }).or_else(
        |error| {
            // The others may wait for this one: they would wait for ever.
            console::complain(&error);
            processes.0.abort(error.exit_code().into())
        },
    )
}

type Claimed = Option<(Outputs, FolderLock)>;

fn ready(arguments: &RunArguments, is_first: bool) -> Result<(Plan, Claimed)> {
    let plan = Plan::new(arguments, arguments.protocol()?)?;
    if !is_first {
        return Ok((plan, None));
    }
    let outputs = Outputs::claim(&plan.directory, &plan.formats, arguments.force)?;
    let lock = FolderLock::claim(&plan.directory)?;
    Ok((plan, Some((outputs, lock))))
}

fn play(mut plan: Plan, claimed: Claimed, processes: &Processes, show: Show) -> Done {
    listen(show)?;
    let prepared = claimed.as_ref().map(|_| prepare(&mut plan)).transpose()?;
    let watch = Watch::new(show, &plan.exam, &plan.settings);
    if claimed.is_some() {
        plan.warnings.iter().for_each(|warning| watch.say("warning", warning));
    }
    // Batches run on the global pool, so that this thread, which began MPI, is the one that speaks.
    let threads = rayon::ThreadPoolBuilder::new().num_threads(plan.pool.current_num_threads()).build_global();
    threads.map_err(|error| Error::Internal(format!("threads: {error}")))?;
    let outcome = simulate_among(&plan.exam, &plan.settings, &watch, processes);
    watch.finish();
    let (Some(outcome), Some((outputs, _lock)), Some((ctdi, sizes))) = (outcome?, claimed, prepared) else {
        return Ok(ExitCode::SUCCESS);
    };
    conclude(&plan, &outputs, show, &outcome, (&ctdi, &sizes))?;
    if outcome.complete {
        return Ok(ExitCode::SUCCESS);
    }
    watch.say("interrupted", &report::rerun(&outcome, None));
    Ok(ExitCode::from(EXIT_INTERRUPTED))
}
