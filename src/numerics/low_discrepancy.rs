//! Owen-scrambled Sobol' points: evenly spread, yet random, so that independent scramblings give honest
//! standard errors.
//!
//! Direction numbers: Joe & Kuo 2008, `new-joe-kuo-6.21201`, dimensions 1 to 8. Scrambling: the hash of
//! Laine & Karras (2011) with Vegdahl's constants, as in Burley, "Practical Hash-based Owen Scrambling"
//! (JCGT 2020).

/// Highest number of dimensions offered.
pub const DIMENSIONS_MAX: usize = 8;

/// (degree, polynomial coefficients, initial m) of dimensions 2 to 8; dimension 1 is van der Corput's.
const JOE_KUO: [(u32, u32, &[u32]); DIMENSIONS_MAX - 1] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
];

/// The points of one randomly scrambled Sobol' sequence in `D` dimensions, in Gray-code order.
///
/// Joined with the coordinate (index + jitter) / count, the first 2^m points form a net in `D` + 1
/// dimensions, already sorted along the extra one.
pub struct ScrambledSobol<const D: usize> {
    directions: [[u32; 32]; D],
    state: [u32; D],
    seeds: [u32; D],
    index: u32,
}

impl<const D: usize> ScrambledSobol<D> {
    /// A sequence scrambled by `seeds` (one per dimension, drawn at random).
    pub fn new(seeds: [u32; D]) -> Self {
        assert!((1..=DIMENSIONS_MAX).contains(&D));
        let directions = std::array::from_fn(|dimension| direction_numbers(dimension).map(u32::reverse_bits));
        ScrambledSobol { directions, state: [0; D], seeds, index: 0 }
    }

    /// The next point; every coordinate is a 32-bit fraction of one.
    #[inline]
    pub fn next_point(&mut self) -> [u32; D] {
        let point = std::array::from_fn(|d| scramble(self.state[d], self.seeds[d]).reverse_bits());
        let changed_bit = (!self.index).trailing_zeros() as usize & 31;
        for (state, directions) in self.state.iter_mut().zip(&self.directions) {
            *state ^= directions[changed_bit];
        }
        self.index = self.index.wrapping_add(1);
        point
    }
}

/// Nested uniform scrambling of a bit-reversed coordinate: each bit flips depending on the bits before it.
#[inline]
fn scramble(reversed: u32, seed: u32) -> u32 {
    let mut x = reversed;
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul((seed >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^ x.wrapping_mul(0x53a2_2864)
}

/// Direction numbers of a dimension (0-based), the leading bit in the highest place.
fn direction_numbers(dimension: usize) -> [u32; 32] {
    let mut v = [0_u32; 32];
    if dimension == 0 {
        for (bit, value) in v.iter_mut().enumerate() {
            *value = 1 << (31 - bit);
        }
        return v;
    }
    let (degree, coefficients, initial) = JOE_KUO[dimension - 1];
    let s = degree as usize;
    for bit in 0..32 {
        v[bit] = if bit < s {
            initial[bit] << (31 - bit)
        } else {
            (1..s).fold(v[bit - s] ^ (v[bit - s] >> s), |value, k| {
                if (coefficients >> (s - 1 - k)) & 1 == 1 { value ^ v[bit - k] } else { value }
            })
        };
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points<const D: usize>(count: usize, salt: u32) -> Vec<[f64; D]> {
        let seeds =
            std::array::from_fn(|d| crate::numerics::rng::mix64(u64::from(salt) * 64 + d as u64) as u32);
        let mut sobol = ScrambledSobol::<D>::new(seeds);
        (0..count).map(|_| sobol.next_point().map(|bits| f64::from(bits) / 4_294_967_296.0)).collect()
    }

    #[test]
    fn every_dimension_puts_one_point_in_each_of_256_intervals() {
        for salt in 0..20 {
            let set = points::<8>(256, salt);
            for dimension in 0..8 {
                let mut hit = [0; 256];
                set.iter().for_each(|point| hit[(point[dimension] * 256.0) as usize] += 1);
                assert!(hit.iter().all(|&h| h == 1), "dimension {dimension}, salt {salt}");
            }
        }
    }

    #[test]
    fn with_its_index_each_dimension_forms_a_net() {
        // 2^8 points; every elementary box of volume 2^-8 in (index, coordinate) holds exactly one.
        let set = points::<1>(256, 3);
        for log_rows in 0..=8 {
            let (rows, columns) = (1 << log_rows, 1 << (8 - log_rows));
            let mut hit = vec![0; 256];
            for (index, point) in set.iter().enumerate() {
                let row = index * rows / 256;
                hit[row * columns + (point[0] * columns as f64) as usize] += 1;
            }
            assert!(hit.iter().all(|&h| h == 1), "{rows} x {columns}");
        }
    }

    #[test]
    fn the_first_two_dimensions_form_a_net() {
        let set = points::<2>(256, 11);
        for log_rows in 0..=8 {
            let (rows, columns) = (1 << log_rows, 1 << (8 - log_rows));
            let mut hit = vec![0; 256];
            for point in &set {
                hit[(point[0] * rows as f64) as usize * columns + (point[1] * columns as f64) as usize] += 1;
            }
            assert!(hit.iter().all(|&h| h == 1), "{rows} x {columns}");
        }
    }

    #[test]
    fn scramblings_are_unbiased_and_beat_independent_sampling() {
        // Integral of prod (1 + (x_d - 1/2)) over 5 dimensions is 1.
        let estimates: Vec<f64> = (0..200)
            .map(|salt| {
                let set = points::<5>(1024, 1000 + salt);
                set.iter().map(|p| p.iter().map(|x| 0.5 + x).product::<f64>()).sum::<f64>() / 1024.0
            })
            .collect();
        let mean = estimates.iter().sum::<f64>() / 200.0;
        let variance = estimates.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / 199.0;
        assert!((mean - 1.0).abs() < 4.0 * (variance / 200.0).sqrt(), "mean {mean}");
        let independent_variance = ((13.0_f64 / 12.0).powi(5) - 1.0) / 1024.0;
        assert!(variance < independent_variance / 50.0, "{variance} vs {independent_variance}");
    }
}
