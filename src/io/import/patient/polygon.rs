//! What polygons enclose, even-odd.

/// Cells of a plane, their centres at whole numbers.
pub(in crate::io::import) struct Plane {
    counts: [usize; 2],
    /// Whether the number of edges between a cell and the one before it is odd.
    toggles: Vec<bool>,
}

impl Plane {
    /// Nothing enclosed yet.
    pub fn new(counts: [usize; 2]) -> Self {
        Plane { counts, toggles: vec![false; counts[0] * counts[1]] }
    }

    /// Adds a polygon: what it encloses changes sides.
    pub fn toggle(&mut self, corners: &[[f64; 2]]) {
        let Some(&last) = corners.last() else { return };
        let mut from = last;
        for &to in corners {
            self.toggle_beyond(from, to);
            from = to;
        }
    }

    /// Changes the side of every cell to the right of an edge.
    fn toggle_beyond(&mut self, from: [f64; 2], to: [f64; 2]) {
        let [low, high] = if from[1] <= to[1] { [from, to] } else { [to, from] };
        let first = low[1].ceil().max(0.0);
        // The upper end of an edge belongs to the next one.
        let beyond = high[1].ceil().min(self.counts[1] as f64);
        if first >= beyond {
            return;
        }
        for row in first as usize..beyond as usize {
            let share = (row as f64 - low[1]) / (high[1] - low[1]);
            let column = (low[0] + share * (high[0] - low[0])).ceil().max(0.0);
            if column < self.counts[0] as f64 {
                self.toggles[row * self.counts[0] + column as usize] ^= true;
            }
        }
    }

    /// Shows every enclosed cell, row by row.
    pub fn each(&self, mut show: impl FnMut([usize; 2])) {
        for (row, toggles) in self.toggles.chunks_exact(self.counts[0].max(1)).enumerate() {
            let mut inside = false;
            for (column, &toggle) in toggles.iter().enumerate() {
                inside ^= toggle;
                if inside {
                    show([column, row]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enclosed(polygons: &[&[[f64; 2]]]) -> Vec<[usize; 2]> {
        let mut plane = Plane::new([8, 6]);
        polygons.iter().for_each(|corners| plane.toggle(corners));
        let mut cells = Vec::new();
        plane.each(|cell| cells.push(cell));
        cells
    }

    const OUTER: [[f64; 2]; 4] = [[0.5, 0.5], [6.5, 0.5], [6.5, 4.5], [0.5, 4.5]];
    const INNER: [[f64; 2]; 4] = [[2.5, 1.5], [2.5, 3.5], [4.5, 3.5], [4.5, 1.5]];

    #[test]
    fn a_square_encloses_the_centres_within_whichever_way_it_turns() {
        let cells = enclosed(&[&OUTER]);
        assert_eq!(cells.len(), 24);
        assert!(cells.iter().all(|[x, y]| (1..=6).contains(x) && (1..=4).contains(y)));
        let backwards: Vec<[f64; 2]> = OUTER.iter().rev().copied().collect();
        assert_eq!(enclosed(&[&backwards]), cells);
    }

    #[test]
    fn a_hole_stays_empty_as_a_second_contour_and_as_a_keyhole() {
        let holed = enclosed(&[&OUTER, &INNER]);
        assert_eq!(holed.len(), 20);
        assert!(!holed.contains(&[3, 2]) && holed.contains(&[1, 2]) && holed.contains(&[5, 2]));
        let mut keyhole = vec![[0.5, 0.5], [2.5, 1.5]];
        keyhole.extend(&INNER[1..]);
        keyhole.extend([[2.5, 1.5], [0.5, 0.5]]);
        keyhole.extend(&OUTER[1..]);
        assert_eq!(enclosed(&[&keyhole]), holed);
    }

    #[test]
    fn a_polygon_that_reaches_beyond_the_plane_is_cut_and_a_shared_border_counts_once() {
        let far = [[-1e300, -1e300], [1e300, -1e300], [1e300, 1e300], [-1e300, 1e300]];
        assert_eq!(enclosed(&[&far]).len(), 48);
        let [left, right] = [[-1.0, 3.0], [3.0, 9.0]]
            .map(|[a, b]| enclosed(&[&[[a, -1.0], [b, -1.0], [b, 9.0], [a, 9.0]]]).len());
        assert_eq!(left + right, 48);
    }
}
