//! A plane of the dose figure: pixels, isodose lines with their names, scan ranges, letters of orientation.

use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;

use super::cut::Cut;
use super::ink::{INK, SMALL, SOFT, Scale, write};
use crate::io::picture::drawing::Drawn;
use crate::io::picture::sheet::{LEFT, MIDDLE};
use crate::io::picture::slice::Plane;

/// Doses of lines as shares of the scale's largest.
pub const ISODOSES: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];
/// Room for the letters of orientation around a plane.
pub const LETTERS: i32 = 34;
const LINE: RGBColor = RGBColor(255, 255, 255);
const NAME: RGBColor = RGBColor(0, 0, 0);
const RANGE: RGBColor = RGBColor(0, 158, 115);

/// A plane on the sheet.
pub struct Panel {
    /// What is shown.
    pub cut: Cut,
    /// Lines of each of [`ISODOSES`], corners in voxels.
    pub isodoses: Vec<Vec<Vec<(f64, f64)>>>,
    /// Column and row of its first pixel.
    pub corner: (i32, i32),
    /// Columns and rows.
    pub size: [u32; 2],
    /// What stands above it.
    pub name: String,
}

impl Panel {
    /// The row under its last one.
    pub fn bottom(&self) -> i32 {
        self.corner.1 + self.size[1] as i32
    }

    /// Draws it with the nominal and exposed ends of the ranges, mm.
    pub fn draw<B: DrawingBackend>(
        &self,
        scale: &Scale,
        ranges_mm: &[[f64; 4]],
        area: &DrawingArea<B, Shift>,
    ) -> Drawn<B> {
        let size = (self.size[0], self.size[1]);
        let pixels = self.cut.pixels(self.size, scale);
        // A picture of the right length is made above, so that there is none only where it is empty.
        if let Some(picture) = BitMapElement::with_owned_buffer(self.corner, size, pixels) {
            area.draw(&picture)?;
        }
        for (lines, share) in self.isodoses.iter().zip(ISODOSES) {
            self.draw_isodose(lines, share, area)?;
        }
        self.draw_ranges(ranges_mm, area)?;
        self.write_around(area)
    }

    /// The lines of a dose, and its percentage where the longest of them begins.
    fn draw_isodose<B: DrawingBackend>(
        &self,
        lines: &[Vec<(f64, f64)>],
        share: f64,
        area: &DrawingArea<B, Shift>,
    ) -> Drawn<B> {
        let [per_column, per_row] = [0, 1].map(|i| f64::from(self.size[i]) / self.cut.counts[i] as f64);
        let on_sheet = |line: &Vec<(f64, f64)>| -> Vec<(i32, i32)> {
            let corner = |&(column, row): &(f64, f64)| {
                let pixel = [column * per_column, row * per_row].map(|place| place.round() as i32);
                (self.corner.0 + pixel[0], self.corner.1 + pixel[1])
            };
            line.iter().map(corner).collect()
        };
        for line in lines {
            area.draw(&PathElement::new(on_sheet(line), LINE.stroke_width(2)))?;
        }
        let Some(longest) = lines.iter().max_by_key(|line| line.len()) else { return Ok(()) };
        let inside = |&(x, y): &(i32, i32)| {
            let room = [x - self.corner.0, y - self.corner.1];
            (0..2).all(|along| (40..self.size[along] as i32 - 40).contains(&room[along]))
        };
        // Each dose is named at another place of its line, so that names of near lines stay apart.
        let corners: Vec<(i32, i32)> = on_sheet(longest).into_iter().filter(inside).collect();
        let Some(&(x, y)) = corners.get((corners.len() as f64 * share) as usize) else { return Ok(()) };
        area.draw(&Rectangle::new([(x - 22, y - 15), (x + 22, y + 15)], NAME.mix(0.75).filled()))?;
        write(area, &format!("{:.0}", 100.0 * share), (x, y), MIDDLE, (26.0, LINE))
    }

    fn draw_ranges<B: DrawingBackend>(
        &self,
        ranges_mm: &[[f64; 4]],
        area: &DrawingArea<B, Shift>,
    ) -> Drawn<B> {
        if self.cut.plane == Plane::Axial {
            return Ok(());
        }
        let (left, right) = (self.corner.0 - 14, self.corner.0 + self.size[0] as i32 + 14);
        let pixels_per_mm = f64::from(self.size[1]) / self.cut.size_mm()[1];
        for range_mm in ranges_mm {
            for (end, &mm) in range_mm.iter().enumerate() {
                let row = self.corner.1 + (self.cut.below_top_mm(mm) * pixels_per_mm).round() as i32;
                if !(self.corner.1..=self.bottom()).contains(&row) {
                    continue;
                }
                let line = [(left, row), (right, row)];
                // Nominal ends first, then exposed ones.
                if end < 2 {
                    area.draw(&PathElement::new(line, RANGE.stroke_width(4)))?;
                } else {
                    area.draw(&DashedPathElement::new(line, 6, 8, RANGE.stroke_width(3)))?;
                }
            }
        }
        Ok(())
    }

    fn write_around<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let (x, y) = self.corner;
        let [width, height] = self.size.map(|pixels| pixels as i32);
        let [left, right, upper, lower] = self.cut.plane.letters();
        let half = LETTERS / 2 + 4;
        for (letter, at) in [
            (left, (x - half, y + height / 2)),
            (right, (x + width + half, y + height / 2)),
            (upper, (x + width / 2, y - half)),
            (lower, (x + width / 2, y + height + half)),
        ] {
            write(area, letter, at, MIDDLE, (SMALL, SOFT))?;
        }
        write(area, &self.name, (x, y - LETTERS - 24), LEFT, (SMALL, INK))
    }
}
