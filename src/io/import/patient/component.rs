//! Connected parts of a volume, found in runs: some bytes per run, none per voxel.

/// A part counts with the largest if it has this share of its voxels: legs that are scanned without the pelvis.
const COMPANION: f64 = 0.25;

/// Runs of a volume and what they are connected to by faces.
struct Runs {
    /// First voxel and the one beyond the last.
    ends: Vec<[u32; 2]>,
    /// First run of every row, and the end.
    rows: Vec<u32>,
    parent: Vec<u32>,
}

/// Keeps the largest connected part of what has a label, and parts nearly as large; the rest gets another label.
pub(super) fn keep_largest(labels: &mut [u8], counts: [usize; 3], of: u8, rest: u8) {
    let mut runs = Runs::of(labels, counts, of);
    runs.join(counts);
    let mut sizes = vec![0_u64; runs.ends.len()];
    for run in 0..runs.ends.len() {
        let root = runs.root(run as u32);
        sizes[root as usize] += u64::from(runs.ends[run][1] - runs.ends[run][0]);
    }
    let largest = sizes.iter().copied().max().unwrap_or(0);
    for run in 0..runs.ends.len() {
        let root = runs.root(run as u32);
        if (sizes[root as usize] as f64) < COMPANION * largest as f64 {
            let [low, high] = runs.ends[run].map(|end| end as usize);
            labels[low..high].fill(rest);
        }
    }
}

impl Runs {
    fn of(labels: &[u8], counts: [usize; 3], of: u8) -> Self {
        let (mut ends, mut rows) = (Vec::new(), vec![0]);
        for (row, cells) in labels.chunks_exact(counts[0]).enumerate() {
            let mut at = (row * counts[0]) as u32;
            for run in cells.chunk_by(|a, b| (*a == of) == (*b == of)) {
                let end = at + run.len() as u32;
                if run[0] == of {
                    ends.push([at, end]);
                }
                at = end;
            }
            rows.push(ends.len() as u32);
        }
        let parent = (0..ends.len() as u32).collect();
        Runs { ends, rows, parent }
    }

    /// Joins the runs of neighbouring rows and slices.
    fn join(&mut self, counts: [usize; 3]) {
        let [nx, ny, _] = counts;
        for row in 0..self.rows.len() - 1 {
            if row % ny > 0 {
                self.join_rows(row - 1, row, nx);
            }
            if row >= ny {
                self.join_rows(row - ny, row, nx * ny);
            }
        }
    }

    /// Joins the runs of two rows that are `offset` voxels apart.
    fn join_rows(&mut self, before: usize, row: usize, offset: usize) {
        let (mut a, end_a) = (self.rows[before], self.rows[before + 1]);
        let (mut b, end_b) = (self.rows[row], self.rows[row + 1]);
        while a < end_a && b < end_b {
            let [low_a, high_a] = self.ends[a as usize].map(|end| end + offset as u32);
            let [low_b, high_b] = self.ends[b as usize];
            if low_a < high_b && low_b < high_a {
                self.unite(a, b);
            }
            if high_a < high_b {
                a += 1;
            } else {
                b += 1;
            }
        }
    }

    fn root(&mut self, mut run: u32) -> u32 {
        while self.parent[run as usize] != run {
            self.parent[run as usize] = self.parent[self.parent[run as usize] as usize];
            run = self.parent[run as usize];
        }
        run
    }

    fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b) as usize] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts by flooding, voxel by voxel.
    fn flooded(labels: &[u8], [nx, ny, nz]: [usize; 3]) -> Vec<u8> {
        let mut part = vec![0_usize; labels.len()];
        let mut sizes = vec![0];
        for start in 0..labels.len() {
            if labels[start] == 0 || part[start] > 0 {
                continue;
            }
            sizes.push(0);
            let mut left = vec![start];
            part[start] = sizes.len() - 1;
            while let Some(at) = left.pop() {
                sizes[part[start]] += 1;
                let (x, y, z) = (at % nx, at / nx % ny, at / nx / ny);
                let next = [
                    (x > 0).then(|| at - 1),
                    (x + 1 < nx).then(|| at + 1),
                    (y > 0).then(|| at - nx),
                    (y + 1 < ny).then(|| at + nx),
                    (z > 0).then(|| at - nx * ny),
                    (z + 1 < nz).then(|| at + nx * ny),
                ];
                for next in next.into_iter().flatten() {
                    if labels[next] > 0 && part[next] == 0 {
                        part[next] = part[start];
                        left.push(next);
                    }
                }
            }
        }
        let largest = *sizes.iter().max().unwrap() as f64;
        let label = |part: &usize| match part {
            0 => 0,
            &part if (sizes[part] as f64) < COMPANION * largest => 2,
            _ => 1,
        };
        part.iter().map(label).collect()
    }

    #[test]
    fn runs_find_the_parts_that_flooding_finds() {
        let counts = [13, 11, 9];
        let mut state = 1_u64;
        for density in [2, 3, 4, 5] {
            let mut labels: Vec<u8> = (0..counts.iter().product::<usize>())
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    u8::from((state >> 33) % 6 < density)
                })
                .collect();
            let expected = flooded(&labels, counts);
            keep_largest(&mut labels, counts, 1, 2);
            assert_eq!(labels, expected, "{density}");
        }
    }
}
