//! Processes that share the batches of one run and decide together when it ends.
//!
//! They play in rounds. After each, all of them have the records of all, and so come to the same decision as one process
//! would; what they have on their maps is added up at the first of them in the end, in fixed point.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::simulation::outcome::{BatchRecord, OrganEnergies};
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::partial_sums::{MapCells, SmoothedRows};
use crate::transport::lost::LostHistory;

/// Cells of a map that are sent at a time: 28 MB.
const CELLS_AT_A_TIME: usize = 1 << 20;
/// Rows of a smoothed map that are sent at a time: some 20 MB.
const ROWS_AT_A_TIME: usize = 1 << 14;

/// The processes, as one of them sees them.
pub trait Peers {
    /// Own index, and how many there are.
    fn place(&self) -> (usize, usize);
    /// Gives `own` to all; returns what all gave, by index. All have to call it.
    fn exchange(&self, own: &[u8]) -> Result<Vec<Vec<u8>>>;
    /// Gives `own` to the first of them; what others gave comes back there, and nothing elsewhere. All have to call it.
    fn collect(&self, own: &[u8]) -> Result<Vec<Vec<u8>>>;
}

/// What a process tells the others after a round.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Told {
    /// Whether it was asked to stop.
    pub interrupted: bool,
    /// Whether it stopped for that, or because its time was up.
    pub stopped: bool,
    /// CPU time since the last round, s.
    pub cpu_s: f64,
    /// Batches of the round.
    pub records: Vec<BatchRecord>,
}

impl Told {
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.count(self.interrupted.into());
        out.count(self.stopped.into());
        out.number(self.cpu_s);
        out.count(self.records.len());
        self.records.iter().for_each(|record| out.record(record));
        out.0
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut from = Reader(bytes);
        let [interrupted, stopped] = [from.count()? != 0, from.count()? != 0];
        let (cpu_s, count) = (from.number()?, from.count()?);
        let records = (0..count).map(|_| from.record()).collect::<Result<_>>()?;
        Ok(Told { interrupted, stopped, cpu_s, records })
    }
}

/// Adds up the cells that the processes have: the first of them takes in those of the others, part by part.
pub(super) fn collect_cells(
    peers: &dyn Peers,
    own: &MapCells,
    take: impl Fn(&MapCells) -> Result<()>,
) -> Result<()> {
    in_parts(
        peers,
        (own.cell.len(), CELLS_AT_A_TIME),
        |part, out| out.cells(own, part),
        |from| take(&from.cells()?),
    )
}

/// The same for the rows of a smoothed map.
pub(super) fn collect_rows(
    peers: &dyn Peers,
    own: &[SmoothedRows; 2],
    take: impl Fn(&[SmoothedRows; 2]) -> Result<()>,
) -> Result<()> {
    for (half, rows) in own.iter().enumerate() {
        in_parts(
            peers,
            (rows.row.len(), ROWS_AT_A_TIME),
            |part, out| out.rows(rows, part),
            |from| {
                let mut halves = [SmoothedRows::default(), SmoothedRows::default()];
                halves[half] = from.rows()?;
                take(&halves)
            },
        )?;
    }
    Ok(())
}

/// Sends so many things to the first process, some at a time; it takes what the others send.
fn in_parts(
    peers: &dyn Peers,
    (count, at_a_time): (usize, usize),
    write: impl Fn(Range<usize>, &mut Writer),
    take: impl Fn(&mut Reader) -> Result<()>,
) -> Result<()> {
    let mut counts = Writer::default();
    counts.count(count.div_ceil(at_a_time));
    let counts =
        peers.exchange(&counts.0)?.iter().map(|bytes| Reader(bytes).count()).collect::<Result<Vec<_>>>()?;
    for part in 0..counts.into_iter().max().unwrap_or(0) {
        let mut out = Writer::default();
        if peers.place().0 != 0 {
            write((part * at_a_time).min(count)..((part + 1) * at_a_time).min(count), &mut out);
        }
        for bytes in peers.collect(&out.0)?.iter().filter(|bytes| !bytes.is_empty()) {
            take(&mut Reader(bytes))?;
        }
    }
    Ok(())
}

/// Numbers as bytes, little-endian.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn count(&mut self, count: usize) {
        self.0.extend_from_slice(&(count as u64).to_le_bytes());
    }

    fn number(&mut self, number: f64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn numbers(&mut self, numbers: &[f64]) {
        self.count(numbers.len());
        numbers.iter().for_each(|&number| self.number(number));
    }

    fn record(&mut self, record: &BatchRecord) {
        self.count(record.batch as usize);
        self.energies(&record.energies);
        self.count(record.ends.iter().flatten().count());
        record.ends.iter().flatten().for_each(|end| self.energies(end));
        self.count(record.skin_kev.len());
        record.skin_kev.iter().for_each(|kev| self.0.extend_from_slice(&kev.to_le_bytes()));
        let of = &record.balance;
        [of.emitted_kev, of.deposited_kev, of.escaped_kev, of.kerma_kev]
            .iter()
            .for_each(|&kev| self.number(kev));
        self.count(record.lost.len());
        let words = record.lost.iter().flat_map(|lost| lost.words());
        words.for_each(|word| self.0.extend_from_slice(&word.to_le_bytes()));
    }

    fn energies(&mut self, energies: &OrganEnergies) {
        self.numbers(&energies.organ_kev);
        self.numbers(&energies.marrow_kev);
    }

    fn cells(&mut self, cells: &MapCells, part: Range<usize>) {
        self.0.reserve(28 * part.len());
        for at in part {
            self.0.extend_from_slice(&cells.cell[at].to_le_bytes());
            self.0.extend_from_slice(&cells.sum[at].to_le_bytes());
            self.0.extend_from_slice(&cells.square_high[at].to_le_bytes());
            self.0.extend_from_slice(&cells.square_low[at].to_le_bytes());
        }
    }

    fn rows(&mut self, rows: &SmoothedRows, part: Range<usize>) {
        let voxels = rows.taken.len().checked_div(rows.row.len()).unwrap_or(0);
        self.count(voxels);
        for at in part {
            self.0.extend_from_slice(&rows.row[at].to_le_bytes());
            let taken = &rows.taken[at * voxels..(at + 1) * voxels];
            taken.iter().for_each(|taken| self.0.extend_from_slice(&taken.to_le_bytes()));
        }
    }
}

/// Reads them back.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(short)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<f64> {
        self.take().map(f64::from_le_bytes)
    }

    /// A count, of things that take up at least a byte each where they follow.
    fn count(&mut self) -> Result<usize> {
        Ok(u64::from_le_bytes(self.take()?) as usize)
    }

    fn numbers(&mut self) -> Result<Vec<f64>> {
        let count = self.count()?;
        (0..count).map(|_| self.number()).collect()
    }

    fn record(&mut self) -> Result<BatchRecord> {
        let (batch, energies) = (self.count()? as u64, self.energies()?);
        let ends = match self.count()? {
            0 => None,
            _ => Some([self.energies()?, self.energies()?]),
        };
        let patches = self.count()?;
        let skin_kev = (0..patches).map(|_| self.take().map(f32::from_le_bytes)).collect::<Result<_>>()?;
        let balance = EnergyBalance {
            emitted_kev: self.number()?,
            deposited_kev: self.number()?,
            escaped_kev: self.number()?,
            kerma_kev: self.number()?,
        };
        let lost = self.count()?;
        let mut word = || self.take().map(u64::from_le_bytes);
        let lost = (0..lost)
            .map(|_| Ok(LostHistory::from_words([word()?, word()?, word()?])))
            .collect::<Result<_>>()?;
        Ok(BatchRecord { batch, energies, ends, skin_kev, lost, balance })
    }

    fn energies(&mut self) -> Result<OrganEnergies> {
        Ok(OrganEnergies { organ_kev: self.numbers()?, marrow_kev: self.numbers()? })
    }

    fn cells(&mut self) -> Result<MapCells> {
        let mut cells = MapCells::default();
        while !self.0.is_empty() {
            cells.cell.push(u32::from_le_bytes(self.take()?));
            cells.sum.push(i64::from_le_bytes(self.take()?));
            cells.square_high.push(u64::from_le_bytes(self.take()?));
            cells.square_low.push(u64::from_le_bytes(self.take()?));
        }
        Ok(cells)
    }

    fn rows(&mut self) -> Result<SmoothedRows> {
        let (mut rows, voxels) = (SmoothedRows::default(), self.count()?);
        while !self.0.is_empty() {
            rows.row.push(u32::from_le_bytes(self.take()?));
            for _ in 0..voxels {
                rows.taken.push(i64::from_le_bytes(self.take()?));
            }
        }
        Ok(rows)
    }
}

fn short() -> Error {
    Error::Internal("a message between processes is too short".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::lost::Cause;

    #[test]
    fn what_is_told_comes_across() {
        let energies = |kev: f64| OrganEnergies { organ_kev: vec![kev, 0.1], marrow_kev: vec![] };
        let balance =
            EnergyBalance { emitted_kev: 1.0, deposited_kev: 0.25, escaped_kev: 0.75, kerma_kev: 0.3 };
        let record = |batch, ends| BatchRecord {
            batch,
            energies: energies(2.5),
            ends,
            skin_kev: vec![0.5, 3.0],
            lost: vec![LostHistory { batch, history: 9, cause: Cause::Stuck }],
            balance,
        };
        let records = vec![record(3, None), record(7, Some([energies(1.0), energies(f64::MIN_POSITIVE)]))];
        let told = Told { interrupted: false, stopped: true, cpu_s: 1.5, records };
        let bytes = told.bytes();
        assert_eq!(Told::from_bytes(&bytes).unwrap(), told);
        assert!(Told::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    }
}
