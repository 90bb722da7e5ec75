//! Tables of numbers: interpolation in one variable, a fast bilinear table, and the inverse of a distribution.

/// Pairs (x, y), ascending in x, interpolated log-log; linearly where a logarithm does not exist. A double
/// x is an edge: at it and above, the second value holds. Beyond its ends the outermost law goes on.
#[derive(Clone, Debug, Default)]
pub struct LogLogTable {
    pairs: Vec<(f64, f64)>,
    logs: Vec<(f64, f64)>,
}

impl LogLogTable {
    /// A table of at least two pairs.
    pub fn new(pairs: Vec<(f64, f64)>) -> Self {
        assert!(pairs.len() > 1 && pairs.windows(2).all(|w| w[0].0 <= w[1].0), "pairs must ascend");
        let logs = pairs.iter().map(|&(x, y)| (x.ln(), y.ln())).collect();
        LogLogTable { pairs, logs }
    }

    /// Interpolated value at x.
    pub fn value(&self, x: f64) -> f64 {
        let i = segment(&self.pairs, x);
        let ((lx0, ly0), (lx1, ly1)) = (self.logs[i], self.logs[i + 1]);
        if (lx0 + ly0 + ly1).is_finite() {
            (ly0 + (ly1 - ly0) * (x.ln() - lx0) / (lx1 - lx0)).exp()
        } else {
            linear(self.pairs[i], self.pairs[i + 1], x)
        }
    }

    /// The lowest x of the table.
    pub fn first_x(&self) -> f64 {
        self.pairs[0].0
    }
}

/// Pairs (x, y), ascending in x, interpolated linearly; constant beyond its ends; zero everywhere if empty.
#[derive(Clone, Debug, Default)]
pub struct LinearTable {
    pairs: Vec<(f64, f64)>,
}

impl LinearTable {
    /// A table of no pair, or of at least two.
    pub fn new(pairs: Vec<(f64, f64)>) -> Self {
        assert!(pairs.len() != 1 && pairs.windows(2).all(|w| w[0].0 <= w[1].0), "pairs must ascend");
        LinearTable { pairs }
    }

    /// Interpolated value at x.
    pub fn value(&self, x: f64) -> f64 {
        match (self.pairs.first(), self.pairs.last()) {
            (Some(&(first_x, first_y)), _) if x < first_x => first_y,
            (_, Some(&(last_x, last_y))) if x >= last_x => last_y,
            (Some(_), Some(_)) => {
                let i = segment(&self.pairs, x);
                linear(self.pairs[i], self.pairs[i + 1], x)
            }
            _ => 0.0,
        }
    }
}

/// Index of the pair of neighbours that x lies between, the upper side of an edge included.
fn segment(pairs: &[(f64, f64)], x: f64) -> usize {
    pairs.partition_point(|pair| pair.0 <= x).clamp(1, pairs.len() - 1) - 1
}

/// The straight line through two pairs.
fn linear((x0, y0): (f64, f64), (x1, y1): (f64, f64), x: f64) -> f64 {
    y0 + (y1 - y0) * (x - x0) / (x1 - x0)
}

/// Rows of an [`OctaveTable`] per octave of its first variable: they halve each octave four times.
pub const ROWS_PER_OCTAVE: usize = 1 << ROW_BITS;
const ROW_BITS: u32 = 4;
const SHIFT: u32 = f32::MANTISSA_DIGITS - 1 - ROW_BITS;
const FRACTION: f32 = 1.0 / (1 << SHIFT) as f32;

/// A table of two variables in single precision, bilinear: rows at values x ≥ 1 that split every octave
/// in [`ROWS_PER_OCTAVE`] equal steps, so that a row is found from the bits of x without a logarithm;
/// columns at equal steps of y in 0..=1.
#[derive(Clone, Debug)]
pub struct OctaveTable {
    columns: usize,
    last_column: f32,
    x_max: f32,
    /// The last row that has one above it.
    last_row: u32,
    values: Vec<f32>,
}

impl OctaveTable {
    /// Fills a table from 1 to `x_max` (itself a row, such as 160) from a function that gives the values
    /// of one row, one for each of the `columns`.
    pub fn from_rows(x_max: f32, columns: usize, mut row: impl FnMut(f64) -> Vec<f64>) -> Self {
        assert!(columns > 1 && x_max > 1.0);
        let rows = ((x_max.to_bits() - 1.0_f32.to_bits()) >> SHIFT) + 1;
        let mut values = Vec::with_capacity(rows as usize * columns);
        for i in 0..rows {
            let x = f32::from_bits(1.0_f32.to_bits() + (i << SHIFT));
            values.extend(row(f64::from(x)).iter().map(|&value| value as f32));
        }
        assert_eq!(values.len(), rows as usize * columns, "every row must fill its columns");
        OctaveTable { columns, last_column: (columns - 1) as f32, x_max, last_row: rows - 2, values }
    }

    /// Interpolated value at x, held to the table's range, and y in 0..=1.
    #[inline]
    pub fn value(&self, x: f32, y: f32) -> f32 {
        let steps = x.clamp(1.0, self.x_max).to_bits() - 1.0_f32.to_bits();
        let row = (steps >> SHIFT).min(self.last_row);
        let row_share = (steps - (row << SHIFT)) as i32 as f32 * FRACTION;
        let column = y * self.last_column;
        let j = (column as i32).min(self.columns as i32 - 2);
        let column_share = column - j as f32;
        // Two neighbours of one row and the two above them.
        let four = &self.values[row as usize * self.columns + j as usize..][..self.columns + 2];
        let left = four[0] + (four[self.columns] - four[0]) * row_share;
        let right = four[1] + (four[self.columns + 1] - four[1]) * row_share;
        left + (right - left) * column_share
    }

    /// Memory of the values, bytes.
    pub fn size_bytes(&self) -> usize {
        std::mem::size_of_val(self.values.as_slice())
    }
}

/// A distribution over ascending nodes z, its density linear between them: its integral and its inverse.
#[derive(Clone, Debug)]
pub struct Distribution {
    nodes: Vec<f64>,
    density: Vec<f64>,
    cumulative: Vec<f64>,
}

impl Distribution {
    /// The distribution with this density (not normalised) at the nodes.
    pub fn new(nodes: Vec<f64>, density: Vec<f64>) -> Self {
        assert!(nodes.len() > 1 && nodes.len() == density.len());
        let mut cumulative = vec![0.0];
        for i in 1..nodes.len() {
            let area = 0.5 * (density[i - 1] + density[i]) * (nodes[i] - nodes[i - 1]);
            cumulative.push(cumulative[i - 1] + area);
        }
        Distribution { nodes, density, cumulative }
    }

    /// Integral of the density.
    pub fn integral(&self) -> f64 {
        self.cumulative[self.cumulative.len() - 1]
    }

    /// The z below which the share u of the distribution lies.
    pub fn inverse(&self, u: f64) -> f64 {
        let target = u.clamp(0.0, 1.0) * self.integral();
        let i = self.cumulative.partition_point(|&c| c <= target).clamp(1, self.nodes.len() - 1) - 1;
        let width = self.nodes[i + 1] - self.nodes[i];
        let slope = (self.density[i + 1] - self.density[i]) / width;
        let rest = target - self.cumulative[i];
        // The stable root of slope/2 s² + density s = rest.
        let root = (self.density[i].powi(2) + 2.0 * slope * rest).max(0.0).sqrt();
        let step = if rest > 0.0 { 2.0 * rest / (self.density[i] + root) } else { 0.0 };
        self.nodes[i] + step.min(width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_log_table_follows_a_power_law_and_takes_the_upper_side_of_an_edge() {
        let table = LogLogTable::new(vec![(1.0, 8.0), (2.0, 1.0), (2.0, 4.0), (8.0, 1.0)]);
        assert!((table.value(2.0_f64.sqrt()) - 8.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(table.value(2.0), 4.0);
        assert!((table.value(4.0) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn log_log_table_is_linear_next_to_a_zero() {
        let table = LogLogTable::new(vec![(0.0, 0.0), (1.0, 3.0), (2.0, 6.0)]);
        assert_eq!(table.value(0.5), 1.5);
    }

    #[test]
    fn linear_table_is_constant_beyond_its_ends_and_zero_when_empty() {
        let table = LinearTable::new(vec![(1.0, 2.0), (3.0, 4.0)]);
        assert_eq!([table.value(0.0), table.value(2.0), table.value(9.0)], [2.0, 3.0, 4.0]);
        assert_eq!(LinearTable::default().value(5.0), 0.0);
    }

    #[test]
    fn octave_table_gives_back_a_bilinear_function_up_to_its_last_row() {
        let table = OctaveTable::from_rows(160.0, 5, |x| (0..5).map(|j| x * (1.0 + f64::from(j))).collect());
        for (x, y) in [(1.0_f32, 0.0_f32), (17.3, 0.31), (100.0, 1.0), (159.9, 0.99), (160.0, 1.0)] {
            let expected = x * (1.0 + 4.0 * y);
            assert!((table.value(x, y) / expected - 1.0).abs() < 1e-5, "{x} {y} {}", table.value(x, y));
        }
        assert_eq!(table.value(300.0, 0.0), 160.0);
        assert_eq!(table.value(0.5, 0.0), 1.0);
    }

    #[test]
    fn inverse_of_a_linear_density_is_its_square_root() {
        let triangle = Distribution::new(vec![0.0, 0.5, 1.0], vec![0.0, 0.5, 1.0]);
        for u in [0.0, 0.01, 0.25, 0.5, 0.9, 1.0] {
            assert!((triangle.inverse(u) - f64::sqrt(u)).abs() < 1e-12);
        }
        assert_eq!(triangle.integral(), 0.5);
    }
}
