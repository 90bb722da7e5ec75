//! Random streams with an address: a batch's stream is a function of (seed, acquisition, batch) alone,
//! never of a thread, so a result does not depend on how many threads or machines computed it.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// The engine's random stream: xoshiro256++ (Blackman & Vigna 2019), period 2²⁵⁶ − 1.
pub type Stream = Xoshiro256PlusPlus;

/// Name of the stream scheme, written into results. It changes whenever the numbers would.
pub const STREAM_SCHEME: &str =
    "xoshiro256++ seeded by splitmix64(seed, acquisition, batch[, history, part]) v10";

/// SplitMix64's finaliser (Steele, Lea & Flood 2014): a bijection of 64 bits that mixes well.
#[inline]
pub fn mix64(value: u64) -> u64 {
    let mut z = value.wrapping_add(SPLITMIX_STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What SplitMix64 adds to its state for every number.
const SPLITMIX_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The stream that SplitMix64 seeds from 64 bits: that of `seed_from_u64`, found without its calls.
#[inline]
pub fn stream_from(bits: u64) -> Stream {
    let mut seed = [0; 32];
    for (word, eight) in (0..).zip(seed.as_chunks_mut::<8>().0) {
        *eight = mix64(bits.wrapping_add(SPLITMIX_STEP.wrapping_mul(word))).to_le_bytes();
    }
    Stream::from_seed(seed)
}

/// The stream of one batch of one acquisition.
pub fn batch_stream(seed: u64, acquisition: u64, batch: u64) -> Stream {
    let address = mix64(mix64(mix64(seed).wrapping_add(acquisition)).wrapping_add(batch));
    stream_from(address)
}

/// Address of the streams of one history of a batch.
///
/// A history has streams of its own, so that what happens in one does not move the random numbers of the next: two runs
/// that differ a little have almost all their numbers in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryAddress(u64);

impl HistoryAddress {
    /// The address of a history, from 64 bits that are the batch's own.
    #[inline]
    pub fn new(batch_bits: u64, history: u64) -> Self {
        HistoryAddress(mix64(batch_bits.wrapping_add(history)))
    }

    /// The stream of one part of the history: of each interaction of a split primary, for example.
    #[inline]
    pub fn stream(self, part: u64) -> Stream {
        stream_from(self.0.wrapping_add(part))
    }

    /// One deviate in (0, 1) for a part of the history that needs no more.
    #[inline]
    pub fn deviate(self, part: u64) -> f32 {
        unit_from_bits(mix64(self.0.wrapping_add(part)) as u32 >> 9)
    }
}

/// A deviate in the open interval (0, 1) with 23 random bits: never 0, never 1, exact in f32.
#[inline]
pub fn open01(stream: &mut impl Rng) -> f32 {
    unit_from_bits(stream.next_u64() as u32 >> 9)
}

/// Two deviates in (0, 1) of 23 random bits each, from one number of the stream.
#[inline(always)]
pub fn two_open01(stream: &mut impl Rng) -> (f32, f32) {
    let bits = stream.next_u64();
    (unit_from_bits((bits as u32) >> 9), unit_from_bits((bits >> 41) as u32))
}

/// The midpoint of cell `bits` of 2²³ equal cells of (0, 1).
#[inline]
pub fn unit_from_bits(bits: u32) -> f32 {
    (bits as i32 as f32 + 0.5) * (1.0 / 8_388_608.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_seeded_as_their_authors_advise() {
        for bits in [0, 1, 0xdead_beef, u64::MAX] {
            let (mut ours, mut theirs) = (stream_from(bits), Stream::seed_from_u64(bits));
            assert!((0..10).all(|_| ours.next_u64() == theirs.next_u64()), "{bits}");
        }
    }

    #[test]
    fn a_stream_is_its_address() {
        let first = |seed, acquisition, batch| batch_stream(seed, acquisition, batch).next_u64();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        let mut seen = std::collections::HashSet::new();
        for seed in 0..20 {
            for acquisition in 0..20 {
                for batch in 0..20 {
                    assert!(seen.insert(first(seed, acquisition, batch)), "two addresses share a stream");
                }
            }
        }
    }

    #[test]
    fn deviates_are_never_zero_or_one_and_average_one_half() {
        assert!(unit_from_bits(0) > 0.0);
        assert!(unit_from_bits((1 << 23) - 1) < 1.0);
        let mut stream = batch_stream(7, 0, 0);
        let count = 1_000_000;
        let mean = (0..count).map(|_| f64::from(open01(&mut stream))).sum::<f64>() / f64::from(count);
        let standard_error = (1.0_f64 / 12.0 / f64::from(count)).sqrt();
        assert!((mean - 0.5).abs() < 4.0 * standard_error, "mean {mean}");
    }
}
