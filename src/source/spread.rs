//! Source photons spread evenly over a batch: a few focal spots along the path, and from each of them a fan that is filled
//! evenly.
//!
//! Rays of one focal spot that are evenly spread cross every voxel about equally often; of rays that each have a focal spot of
//! their own, a voxel is crossed by as many as chance will have it. Each spot stands anywhere in its own part of the path (equal
//! distances between them would make what the path's ends leave in an organ depend on one deviate), and where the start angle is
//! random, neighbours are turned by the golden ratio of a full turn: any few of them in a row look at a voxel from all around.

use rand::Rng;

use crate::numerics::low_discrepancy::ScrambledSobol;
use crate::numerics::rng::{Stream, open01, unit_from_bits};
use crate::source::beam::RayDeviates;

/// Most histories of a focal spot that moves: more bring less than more spots do.
const PER_SPOT_MAX: u64 = 1 << 13;
/// The golden ratio of a full turn, as a 32-bit fraction.
const GOLDEN_TURN: u32 = 0x9e37_79b9;

/// Deviates in (0, 1) of a batch's histories, in order.
pub struct Spread {
    count: u64,
    per_spot: u64,
    next: u64,
    /// Start angle of the next spot, as a 32-bit fraction of a turn.
    turn: u32,
    /// Energy, fan angle, place. As the first dimension the fan angle would lie as evenly in the fan of a spot, but go with the same cone
    /// angles from every spot, and what an organ at an end of the path gets would hang on a few pairs of the two.
    points: ScrambledSobol<3>,
}

/// A focal spot that begins.
#[derive(Clone, Copy, Debug)]
pub struct SpotDeviates {
    /// Fraction of the beam-on time.
    pub time: f64,
    /// Start angle, where it is random.
    pub turn: f32,
}

/// What one history is made of.
#[derive(Clone, Copy, Debug)]
pub struct SpreadDeviates {
    /// The focal spot, where this is its first history; otherwise it is that of the history before.
    pub spot: Option<SpotDeviates>,
    /// The ray.
    pub ray: RayDeviates,
    /// Places the interactions along the ray.
    pub place: f32,
}

impl Spread {
    /// For `count` histories from so many focal spots at least, or from the one of a source at rest (0).
    pub fn new(count: u64, spots: f64, stream: &mut Stream) -> Self {
        Spread {
            count,
            per_spot: histories_per_spot(count, spots),
            next: 0,
            turn: stream.next_u64() as u32,
            points: ScrambledSobol::new(std::array::from_fn(|_| stream.next_u64() as u32)),
        }
    }

    /// The next history.
    #[inline]
    pub fn next_history(&mut self, stream: &mut Stream) -> SpreadDeviates {
        // A power of two.
        let within = self.next & (self.per_spot - 1);
        let first = self.next - within;
        let size = self.per_spot.min(self.count - first) as f64;
        let spot = (within == 0).then(|| {
            let turn = unit_from_bits(self.turn >> 9);
            self.turn = self.turn.wrapping_add(GOLDEN_TURN);
            SpotDeviates { time: (first as f64 + f64::from(open01(stream)) * size) / self.count as f64, turn }
        });
        self.next += 1;
        let [energy, fan, place] = self.points.next_point().map(|bits| unit_from_bits(bits >> 9));
        // In the order of the cone angle, so that neighbours in the sequence cross the same voxels.
        let cone = (within as f64 + f64::from(open01(stream))) / size * f64::from(1 << 23);
        SpreadDeviates { spot, ray: RayDeviates { fan, cone: unit_from_bits(cone as u32), energy }, place }
    }
}

/// Histories of one focal spot, a power of two: stretches of the sequence of such a length are evenly spread themselves.
fn histories_per_spot(count: u64, spots: f64) -> u64 {
    if spots == 0.0 {
        return count.next_power_of_two();
    }
    let most = (count as f64 / spots.max(1.0)).clamp(1.0, PER_SPOT_MAX as f64);
    1 << most.log2() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::rng::batch_stream;

    fn all(count: u64, spots: f64, batch: u64) -> Vec<(SpotDeviates, SpreadDeviates)> {
        let mut stream = batch_stream(3, 0, batch);
        let mut spread = Spread::new(count, spots, &mut stream);
        let mut last = None;
        (0..count)
            .map(|_| {
                let history = spread.next_history(&mut stream);
                last = history.spot.or(last);
                (last.unwrap(), history)
            })
            .collect()
    }

    #[test]
    fn a_focal_spot_has_a_power_of_two_of_histories() {
        assert_eq!(histories_per_spot(1 << 18, 64.0), 1 << 12);
        assert_eq!(histories_per_spot(1 << 16, 54.0), 1 << 10);
        assert_eq!(histories_per_spot(1 << 14, 216.0), 1 << 6);
        assert_eq!(histories_per_spot(1 << 20, 1.0), 1 << 13);
        assert_eq!(histories_per_spot(1000, 0.25), 512);
        assert_eq!(histories_per_spot(7, 40.0), 1);
        assert_eq!(histories_per_spot(1000, 0.0), 1024);
    }

    #[test]
    fn the_fan_of_a_focal_spot_is_filled_evenly() {
        // 64 histories of a spot: one in each of 8 x 8 cells of cone and fan angle, and of 64 x 1, 16 x 4, ...
        let histories = all(128, 2.0, 1);
        for part in histories.chunks(64) {
            for log_rows in 0..=6 {
                let (rows, columns) = (1 << log_rows, 1 << (6 - log_rows));
                let mut hit = vec![0; 64];
                for (_, SpreadDeviates { ray, .. }) in part {
                    let (row, column) = (ray.cone * rows as f32, ray.fan * columns as f32);
                    hit[row as usize * columns + column as usize] += 1;
                }
                assert!(hit.iter().all(|&h| h == 1), "{rows} x {columns}: {hit:?}");
            }
        }
    }

    #[test]
    fn rays_of_one_cone_angle_have_other_fan_angles_from_spot_to_spot() {
        // 64 spots of 64 histories, as many cells of cone and fan angle: one pattern for all spots would hit 64 of them.
        let mut hit = vec![false; 1 << 12];
        for (_, SpreadDeviates { ray, .. }) in all(1 << 12, 64.0, 5) {
            hit[(ray.cone * 64.0) as usize * 64 + (ray.fan * 64.0) as usize] = true;
        }
        assert!(hit.iter().filter(|&&hit| hit).count() >= 1 << 11);
    }

    #[test]
    fn every_part_of_the_path_has_a_spot_and_neighbours_look_from_all_around() {
        let histories = all(1 << 12, 60.0, 2);
        let spots: Vec<SpotDeviates> = histories.iter().filter_map(|(_, history)| history.spot).collect();
        assert_eq!(spots.len(), 64);
        assert!(spots.iter().enumerate().all(|(k, spot)| (spot.time * 64.0) as usize == k));
        // Of five in a row no two neighbours on the circle are farther apart than 0.382 turns, nor closer than 0.145.
        for few in spots.windows(5) {
            let mut turns: Vec<f32> = few.iter().map(|spot| spot.turn).collect();
            turns.sort_by(f32::total_cmp);
            let gaps = (0..5).map(|k| (turns[(k + 1) % 5] - turns[k]).rem_euclid(1.0));
            assert!(
                gaps.clone().all(|gap| (0.1458..0.3820).contains(&gap)),
                "{:?}",
                gaps.collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn every_deviate_is_as_likely_anywhere_also_where_histories_do_not_come_out_even() {
        // 100 histories, 64 of the first spot and 36 of the second: means and mean squares over 4000 batches.
        let (mut sums, batches) = ([[0.0; 2]; 6], 4000);
        for batch in 0..batches {
            for (spot, SpreadDeviates { ray, place, .. }) in all(100, 1.5, 100 + batch) {
                let values = [spot.time, spot.turn.into(), ray.fan.into(), ray.cone.into()];
                let values = values.into_iter().chain([ray.energy.into(), place.into()]);
                for (sum, value) in sums.iter_mut().zip(values) {
                    assert!(value > 0.0 && value < 1.0);
                    sum[0] += value;
                    sum[1] += value * value;
                }
            }
        }
        // A batch's mean varies by at most 0.29: that of its turns does.
        let count = batches as f64 * 100.0;
        for [sum, squares] in sums {
            assert!((sum / count - 0.5).abs() < 4.0 * 0.29 / (batches as f64).sqrt(), "{}", sum / count);
            assert!((squares / count - 1.0 / 3.0).abs() < 4.0 * 0.3 / (batches as f64).sqrt());
        }
    }
}
