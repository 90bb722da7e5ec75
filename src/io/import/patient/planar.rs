//! Masks of one slice: shrunk, grown, and with their holes filled.

/// A slice of so many columns and rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

impl Slice {
    /// Keeps what is `radius` away from everything that is not set, along rows and columns. Beyond the slice's
    /// borders all counts as set.
    pub fn shrink(self, mask: &mut [bool], radius: [usize; 2]) {
        self.lines(mask, radius, |line, (low, high), radius| {
            let from = if low == 0 { 0 } else { (low + radius).min(high) };
            let to = if high == line.count { high } else { high.saturating_sub(radius).max(low) };
            line.set(low..from, false);
            line.set(to..high, false);
        });
    }

    /// Sets what is within `radius` of what is set, along rows and columns.
    pub fn grow(self, mask: &mut [bool], radius: [usize; 2]) {
        self.lines(mask, radius, |line, (low, high), radius| {
            line.set(low.saturating_sub(radius)..(high + radius).min(line.count), true);
        });
    }

    /// Grows by one step to the four neighbours where that is allowed.
    pub fn creep(self, mask: &mut [bool], allowed: impl Fn(usize) -> bool) {
        let before = mask.to_vec();
        for (at, here) in mask.iter_mut().enumerate() {
            if !*here && allowed(at) {
                *here = self.neighbours(at).into_iter().flatten().any(|next| before[next]);
            }
        }
    }

    /// Sets what cannot be reached from the slice's border.
    pub fn fill_holes(self, mask: &mut [bool]) {
        let mut outside = vec![false; mask.len()];
        self.mark_outside(mask, &mut outside);
        mask.iter_mut().zip(outside).for_each(|(here, outside)| *here = !outside);
    }

    fn mark_outside(self, mask: &[bool], outside: &mut [bool]) {
        let border = |at: usize| {
            let (x, y) = (at % self.columns, at / self.columns);
            x == 0 || y == 0 || x == self.columns - 1 || y == self.rows - 1
        };
        let mut left: Vec<usize> = (0..mask.len()).filter(|&at| border(at) && !mask[at]).collect();
        left.iter().for_each(|&at| outside[at] = true);
        while let Some(at) = left.pop() {
            for next in self.neighbours(at).into_iter().flatten() {
                if !mask[next] && !outside[next] {
                    outside[next] = true;
                    left.push(next);
                }
            }
        }
    }

    fn neighbours(self, at: usize) -> [Option<usize>; 4] {
        let (x, y) = (at % self.columns, at / self.columns);
        [
            (x > 0).then(|| at - 1),
            (x + 1 < self.columns).then_some(at + 1),
            (y > 0).then(|| at - self.columns),
            (y + 1 < self.rows).then_some(at + self.columns),
        ]
    }

    /// Shows the runs of every row, then those of every column.
    fn lines(self, mask: &mut [bool], radius: [usize; 2], act: impl Fn(&mut Line, (usize, usize), usize)) {
        let Slice { columns, rows } = self;
        let mut runs = Vec::new();
        for y in 0..rows {
            Line { mask, start: y * columns, step: 1, count: columns }.each_run(&mut runs, radius[0], &act);
        }
        for x in 0..columns {
            Line { mask, start: x, step: columns, count: rows }.each_run(&mut runs, radius[1], &act);
        }
    }
}

/// A row or a column.
struct Line<'a> {
    mask: &'a mut [bool],
    start: usize,
    step: usize,
    count: usize,
}

impl Line<'_> {
    fn set(&mut self, cells: std::ops::Range<usize>, value: bool) {
        for cell in cells {
            self.mask[self.start + cell * self.step] = value;
        }
    }

    fn each_run(
        &mut self,
        runs: &mut Vec<(usize, usize)>,
        radius: usize,
        act: &impl Fn(&mut Line, (usize, usize), usize),
    ) {
        runs.clear();
        let mut low = None;
        for cell in 0..=self.count {
            let set = cell < self.count && self.mask[self.start + cell * self.step];
            match (set, low) {
                (true, None) => low = Some(cell),
                (false, Some(from)) => {
                    runs.push((from, cell));
                    low = None;
                }
                _ => {}
            }
        }
        for &run in runs.iter() {
            act(self, run, radius);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Slice = Slice { columns: 9, rows: 7 };

    fn mask(picture: &str) -> Vec<bool> {
        picture.split_whitespace().flat_map(str::chars).map(|cell| cell == '#').collect()
    }

    #[test]
    fn opening_cuts_a_thin_line_and_keeps_what_is_broad() {
        let drawn = mask("......... .####.... .####.... .######## .####.... ......... .........");
        let mut opened = drawn.clone();
        SLICE.shrink(&mut opened, [1, 1]);
        SLICE.grow(&mut opened, [1, 1]);
        assert_eq!(opened, mask("......... .####.... .####.... .####.... .####.... ......... ........."));
        SLICE.creep(&mut opened, |at| drawn[at]);
        assert_eq!(opened, mask("......... .####.... .####.... .#####... .####.... ......... ........."));
    }

    #[test]
    fn what_the_border_cuts_is_not_shrunk_from_there() {
        let mut cut = mask("####..... ####..... ####..... ####..... ####..... ####..... ####.....");
        SLICE.shrink(&mut cut, [1, 1]);
        assert_eq!(cut, mask("###...... ###...... ###...... ###...... ###...... ###...... ###......"));
    }

    #[test]
    fn a_hole_is_filled_and_a_bay_is_not() {
        let mut drawn = mask("......... .#####... .#...#... .#####... .#...##.. .#####... .#...#...");
        SLICE.fill_holes(&mut drawn);
        assert_eq!(drawn, mask("......... .#####... .#####... .#####... .######.. .#####... .#...#..."));
    }
}
