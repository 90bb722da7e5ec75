//! A plane through a phantom, sampled at pixels.

use crate::geometry::phantom::Phantom;

/// Which way a slice is cut, and how it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Seen from the front: the patient's right is on the left.
    Coronal,
    /// Seen from the patient's left: the front is on the left.
    Sagittal,
    /// Seen from the feet: the patient's right is on the left, the front above.
    Axial,
}

impl Plane {
    /// Axes to the right and up or down of the picture, and the one it is cut at.
    pub fn axes(self) -> [usize; 3] {
        match self {
            Plane::Coronal => [0, 2, 1],
            Plane::Sagittal => [1, 2, 0],
            Plane::Axial => [0, 1, 2],
        }
    }

    /// Letters of the sides: left, right, upper, lower.
    pub fn letters(self) -> [&'static str; 4] {
        match self {
            Plane::Coronal => ["R", "L", "H", "F"],
            Plane::Sagittal => ["A", "P", "H", "F"],
            Plane::Axial => ["R", "L", "A", "P"],
        }
    }

    /// Whether the vertical coordinate grows to the top of the picture.
    pub fn grows_upwards(self) -> bool {
        self != Plane::Axial
    }
}

/// Pixels without an organ.
pub const NOTHING: u16 = u16::MAX;

/// A plane of a phantom and the window of it that is looked at; square pixels.
pub struct Slice {
    /// How it is cut.
    pub plane: Plane,
    /// Where it is cut, cm.
    pub position_cm: f64,
    /// Lowest and highest coordinate to the right and along the vertical, cm.
    pub window_cm: [[f64; 2]; 2],
    /// Pixels per cm, along both axes.
    pub pixels_per_cm: f64,
}

impl Slice {
    /// Columns and rows.
    pub fn size(&self) -> [usize; 2] {
        self.window_cm.map(|[low, high]| ((high - low) * self.pixels_per_cm).round().max(1.0) as usize)
    }

    /// Column of a coordinate along the horizontal, and row of one along the vertical.
    pub fn pixel_of(&self, along: usize, cm: f64) -> i32 {
        let [low, high] = self.window_cm[along];
        let from_start_cm = if along == 1 && self.plane.grows_upwards() { high - cm } else { cm - low };
        (from_start_cm * self.pixels_per_cm).round() as i32
    }

    /// Organ of every pixel, row by row.
    pub fn organs(&self, phantom: &Phantom) -> Vec<u16> {
        let [columns, rows] = self.size();
        let [right, vertical, cut] = self.plane.axes();
        let voxel = |axis: usize, cm: f64| {
            let grid = &phantom.grid;
            let place = ((cm - grid.corner_cm[axis]) / grid.spacing_cm[axis]).floor();
            (place >= 0.0 && place < grid.counts[axis] as f64).then_some(place as usize)
        };
        let across: Vec<_> = (0..columns)
            .map(|column| voxel(right, self.window_cm[0][0] + (column as f64 + 0.5) / self.pixels_per_cm))
            .collect();
        let fixed = voxel(cut, self.position_cm);
        let mut organs = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let from_edge_cm = (row as f64 + 0.5) / self.pixels_per_cm;
            let [low, high] = self.window_cm[1];
            let down = voxel(
                vertical,
                if self.plane.grows_upwards() { high - from_edge_cm } else { low + from_edge_cm },
            );
            organs.extend(across.iter().map(|&column| {
                let (Some(column), Some(down), Some(fixed)) = (column, down, fixed) else { return NOTHING };
                let mut place = [0; 3];
                (place[right], place[vertical], place[cut]) = (column, down, fixed);
                let label = phantom.labels[phantom.grid.index(place[0], place[1], place[2])];
                phantom.regions[usize::from(label)].organ.unwrap_or(NOTHING)
            }));
        }
        organs
    }
}

/// The pixel of every organ that lies deepest in it, and how deep (in steps to the nearest other organ).
pub fn deepest(organs: &[u16], columns: usize, count: usize) -> Vec<Option<([usize; 2], u16)>> {
    let mut depth = vec![1_u16; organs.len()];
    let beside = |depth: &[u16], at: usize, other: Option<usize>| match other {
        Some(other) if organs[other] == organs[at] => depth[other],
        _ => 0,
    };
    for at in 0..organs.len() {
        let (left, above) = ((at % columns > 0).then(|| at - 1), at.checked_sub(columns));
        depth[at] = 1 + beside(&depth, at, left).min(beside(&depth, at, above)).min(u16::MAX - 1);
    }
    let mut best = vec![None; count];
    for at in (0..organs.len()).rev() {
        let right = (at % columns + 1 < columns).then_some(at + 1);
        let below = Some(at + columns).filter(|&below| below < organs.len());
        let back = 1 + beside(&depth, at, right).min(beside(&depth, at, below)).min(u16::MAX - 1);
        depth[at] = depth[at].min(back);
        if let Some(known) = best.get_mut(usize::from(organs[at])) {
            let found = ([at % columns, at / columns], depth[at]);
            if known.is_none_or(|(_, depth)| depth < found.1) {
                *known = Some(found);
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_deepest_in_its_middle() {
        let columns = 9;
        let organs: Vec<u16> = (0..columns * 9)
            .map(|at| {
                if (2..7).contains(&(at % columns)) && (2..7).contains(&(at / columns)) { 0 } else { NOTHING }
            })
            .collect();
        assert_eq!(deepest(&organs, columns, 2), [Some(([4, 4], 3)), None]);
    }

    #[test]
    fn rows_run_down_from_the_head_and_columns_from_the_right_of_the_patient() {
        let slice = |plane| Slice {
            plane,
            position_cm: 0.0,
            window_cm: [[-1.0, 3.0], [10.0, 20.0]],
            pixels_per_cm: 5.0,
        };
        assert_eq!(slice(Plane::Coronal).size(), [20, 50]);
        assert_eq!((slice(Plane::Coronal).pixel_of(0, 0.0), slice(Plane::Coronal).pixel_of(1, 20.0)), (5, 0));
        assert_eq!(slice(Plane::Axial).pixel_of(1, 20.0), 50);
    }
}
