//! A slice on a sheet: organs, axes in mm, letters of orientation, numbers.

use super::palette::readable_on;
use super::sheet::{INK, LEFT, Label, MIDDLE, RIGHT, Rgb, Sheet};
use super::slice::{NOTHING, Plane, Slice, deepest};
use crate::geometry::phantom::Phantom;
use crate::units::MM_PER_CM;

/// Room around the body, where the letters of orientation stand, pixels.
pub const MARGIN: f64 = 34.0;
/// Room left of and below a slice for its axes.
pub const AXIS_LEFT: i32 = 84;
/// Room below.
pub const AXIS_BELOW: i32 = 58;
/// Room above, for the title.
pub const TITLE_ABOVE: i32 = 34;

const AXIS_NAMES: [&str; 3] =
    ["x, mm (to the left of the patient)", "y, mm (to the back)", "z, mm (to the head)"];
/// Least room between two marks of an axis, pixels.
const MARK_PIXELS: f64 = 48.0;
/// An organ as deep as this has room for its number.
const NUMBER_DEPTH: u16 = 9;
const LETTER: Rgb = [0, 0, 0];

/// A slice, the place of its first pixel, and its title.
pub struct Panel<'a> {
    /// The slice.
    slice: Slice,
    /// Organ of every pixel.
    organs: Vec<u16>,
    /// Column and row of its first pixel.
    corner: [i32; 2],
    /// What stands above it.
    title: String,
    /// The phantom.
    phantom: &'a Phantom,
    /// Colour of every organ.
    colours: &'a [Rgb],
}

impl<'a> Panel<'a> {
    /// Samples a slice of a phantom.
    pub fn new(
        phantom: &'a Phantom,
        colours: &'a [Rgb],
        slice: Slice,
        corner: [i32; 2],
        title: String,
    ) -> Self {
        Panel { organs: slice.organs(phantom), slice, corner, title, phantom, colours }
    }

    /// Whether an organ is in the slice.
    pub fn shows(&self, organ: usize) -> bool {
        self.organs.iter().any(|&found| usize::from(found) == organ)
    }

    /// Draws the panel.
    pub fn draw(&self, sheet: &mut Sheet) {
        let [columns, rows] = self.slice.size();
        for (at, &organ) in self.organs.iter().enumerate().filter(|(_, organ)| **organ != NOTHING) {
            sheet.set(self.at([at % columns, at / columns]), self.colours[usize::from(organ)]);
        }
        sheet.frame(self.corner, [columns as i32, rows as i32], INK);
        self.draw_axis(sheet, 0);
        self.draw_axis(sheet, 1);
        self.write_letters(sheet);
        self.number_organs(sheet);
        sheet.write(Label::new(&self.title, [self.corner[0], self.corner[1] - 18], LEFT, 18.0));
    }

    fn at(&self, pixel: [usize; 2]) -> [i32; 2] {
        [self.corner[0] + pixel[0] as i32, self.corner[1] + pixel[1] as i32]
    }

    fn size(&self) -> [i32; 2] {
        self.slice.size().map(|n| n as i32)
    }

    fn draw_axis(&self, sheet: &mut Sheet, along: usize) {
        let [x, y] = self.corner;
        let [width, height] = self.size();
        let [low_mm, high_mm] = self.slice.window_cm[along].map(|cm| cm * MM_PER_CM);
        let pixels_per_mm = self.slice.pixels_per_cm / MM_PER_CM;
        let step_mm = step_mm(pixels_per_mm);
        let (first, last) = ((low_mm / step_mm).ceil() as i64, (high_mm / step_mm).floor() as i64);
        for mark in first..=last {
            let mm = mark as f64 * step_mm;
            let at = self.slice.pixel_of(along, mm / MM_PER_CM);
            let text = format!("{mm:.0}").replace('-', "\u{2212}");
            if along == 0 {
                sheet.line([x + at, y + height], [x + at, y + height + 6], 0, INK);
                sheet.write(Label::new(text, [x + at, y + height + 16], MIDDLE, 14.0));
            } else {
                sheet.line([x - 7, y + at], [x - 1, y + at], 0, INK);
                sheet.write(Label::new(text, [x - 11, y + at], RIGHT, 14.0));
            }
        }
        let name = AXIS_NAMES[self.slice.plane.axes()[along]];
        sheet.write(match along {
            0 => Label::new(name, [x + width / 2, y + height + 38], MIDDLE, 15.0),
            _ => Label { upwards: true, ..Label::new(name, [x - 64, y + height / 2], MIDDLE, 15.0) },
        });
    }

    fn write_letters(&self, sheet: &mut Sheet) {
        let ([x, y], [width, height]) = (self.corner, self.size());
        let [left, right, upper, lower] = self.slice.plane.letters();
        let places = [
            (left, [x + 16, y + height / 2]),
            (right, [x + width - 16, y + height / 2]),
            (upper, [x + width / 2, y + 15]),
            (lower, [x + width / 2, y + height - 15]),
        ];
        for (letter, at) in places {
            sheet.write(Label { colour: LETTER, ..Label::new(letter, at, MIDDLE, 24.0) });
        }
    }

    /// Writes the number of every organ where it has most room.
    fn number_organs(&self, sheet: &mut Sheet) {
        let columns = self.slice.size()[0];
        let found = deepest(&self.organs, columns, self.phantom.organs.len());
        for (organ, place) in found.into_iter().enumerate() {
            let Some((pixel, depth)) = place else { continue };
            if depth >= NUMBER_DEPTH {
                let colour = readable_on(self.colours[organ]);
                let number = Label::new((organ + 1).to_string(), self.at(pixel), MIDDLE, 14.0);
                sheet.write(Label { colour, ..number });
            }
        }
    }

    /// Draws the heights of landmarks across a slice along the body, their names to its right.
    pub fn draw_landmarks(&self, sheet: &mut Sheet, landmarks: &[(&str, f64)]) {
        if self.slice.plane == Plane::Axial {
            return;
        }
        let ([x, y], [width, height]) = (self.corner, self.size());
        let rows: Vec<i32> = landmarks.iter().map(|(_, z_cm)| y + self.slice.pixel_of(1, *z_cm)).collect();
        let written = spread(&rows, 17, [y + 6, y + height]);
        for (((name, _), row), text_row) in landmarks.iter().zip(rows).zip(written) {
            sheet.line([x, row], [x + width, row], 3, [120, 120, 120]);
            sheet.line([x + width + 1, row], [x + width + 16, text_row], 0, [120, 120, 120]);
            sheet.write(Label::new(*name, [x + width + 20, text_row], LEFT, 14.0));
        }
    }
}

/// The smallest of 1, 2, 5, 10, 20, … mm whose marks have room.
fn step_mm(pixels_per_mm: f64) -> f64 {
    let steps = (0..15).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
    steps.into_iter().find(|mm| mm * pixels_per_mm >= MARK_PIXELS).unwrap_or(1e15)
}

/// Rows moved apart, downwards and then back up, so that texts of a height do not lie on each other.
fn spread(rows: &[i32], apart: i32, [first, last]: [i32; 2]) -> Vec<i32> {
    let mut placed: Vec<i32> = Vec::with_capacity(rows.len());
    for &row in rows {
        let free = placed.last().map_or(first, |above| above + apart);
        placed.push(row.max(free));
    }
    let mut free = last;
    for row in placed.iter_mut().rev() {
        *row = (*row).min(free);
        free = *row - apart;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_an_axis_have_room_however_large_a_body_is() {
        assert_eq!([1.3, 0.8, 100.0, 1e-9].map(step_mm), [50.0, 100.0, 1.0, 5e10]);
    }

    #[test]
    fn names_of_near_landmarks_do_not_lie_on_each_other() {
        let placed = spread(&[100, 101, 102, 300, 398, 400], 17, [0, 400]);
        assert!(placed.windows(2).all(|pair| pair[1] - pair[0] >= 17), "{placed:?}");
        assert_eq!((placed[0], placed[3], placed[5]), (100, 300, 400));
    }
}
