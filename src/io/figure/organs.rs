//! Organ doses as bars with their standard errors, grouped by their place in the field.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Options;
use super::ink::{
    self, GRID, INK, LARGE, MARGIN, SERIES, SMALL, SOFT, Scale, WIDTH, mark_text, shortened, write,
};
use crate::analysis::organ_table::{InField, OrganDose};
use crate::io::picture::drawing::{Drawing, Drawn};
use crate::io::picture::sheet::{LEFT, MIDDLE, RIGHT};
use crate::io::report::digits;
use crate::io::report::result::Told;

const TOP: i32 = 150;
const ROW: i32 = 40;
const HEADING: i32 = 62;
const BOTTOM: i32 = 150;
/// Where bars begin and end.
const BARS: [i32; 2] = [620, 1560];
/// Decades of a logarithmic scale.
const DECADES: f64 = 4.0;
const LETTERS: usize = 34;

/// Names of organs and their doses.
type Rows = Vec<(String, OrganDose)>;

/// The figure.
pub struct OrganFigure {
    title: [String; 2],
    groups: Vec<(InField, Rows)>,
    scale: Scale,
}

impl OrganFigure {
    /// The organs of a result.
    pub fn new(told: &Told, options: &Options) -> Self {
        let table = told.organs();
        let rows = |class| -> Rows {
            table.group(class).into_iter().map(|row| (row.name.clone(), row.total)).collect()
        };
        let groups = InField::ALL.map(|class| (class, rows(class)));
        let groups: Vec<(InField, Rows)> = groups.into_iter().filter(|(_, rows)| !rows.is_empty()).collect();
        let doses = groups.iter().flat_map(|(_, rows)| rows).filter_map(|(_, dose)| dose.estimate());
        let most = doses.map(|dose| dose.mean + dose.standard_error.max(0.0)).fold(0.0, f64::max);
        let scale = Scale {
            most: if most > 0.0 { 1.04 * most } else { 1.0 },
            decades: options.logarithmic.then_some(DECADES),
        };
        OrganFigure { title: ink::title(told), groups, scale }
    }

    fn x(&self, dose_mgy: f64) -> i32 {
        let share = self.scale.share(dose_mgy).clamp(0.0, 1.0);
        BARS[0] + (share * f64::from(BARS[1] - BARS[0])).round() as i32
    }

    fn bottom(&self) -> i32 {
        TOP + self.groups.iter().map(|(_, rows)| HEADING + ROW * rows.len() as i32).sum::<i32>()
    }

    fn draw_axis<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let bottom = self.bottom() + 10;
        for value in self.scale.marks(6) {
            let x = self.x(value);
            area.draw(&PathElement::new([(x, TOP), (x, bottom)], GRID.stroke_width(2)))?;
            write(area, &mark_text(value), (x, bottom + 24), MIDDLE, (SMALL, INK))?;
        }
        let middle = (BARS[0] + BARS[1]) / 2;
        let words = "organ dose, mGy; whiskers: one standard error of the simulation";
        write(area, words, (middle, bottom + 68), MIDDLE, (SMALL, INK))
    }

    fn draw_row<B: DrawingBackend>(
        &self,
        area: &DrawingArea<B, Shift>,
        (name, dose): &(String, OrganDose),
        y: i32,
        colour: RGBColor,
    ) -> Drawn<B> {
        write(area, &shortened(name, LETTERS), (BARS[0] - 18, y), RIGHT, (28.0, INK))?;
        let value = match dose.estimate() {
            Some(estimate) => {
                let (mean, error) = (estimate.mean, estimate.standard_error);
                area.draw(&Rectangle::new([(BARS[0], y - 13), (self.x(mean), y + 13)], colour.filled()))?;
                let [low, high] = [mean - error, mean + error].map(|end| self.x(end));
                area.draw(&PathElement::new([(low, y), (high, y)], INK.stroke_width(2)))?;
                for end in [low, high] {
                    area.draw(&PathElement::new([(end, y - 8), (end, y + 8)], INK.stroke_width(2)))?;
                }
                format!("{} ± {}", digits(mean, 4), digits(error, 2))
            }
            None => {
                dose.upper_limit_mgy().map_or("–".to_owned(), |limit| format!("< {}", digits(limit, 1)))
            }
        };
        write(area, &value, (BARS[1] + 24, y), LEFT, (28.0, SOFT))
    }
}

impl Drawing for OrganFigure {
    fn size(&self) -> (u32, u32) {
        (WIDTH, (self.bottom() + BOTTOM) as u32)
    }

    fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        area.fill(&WHITE)?;
        write(area, &self.title[0], (MARGIN, 50), LEFT, (LARGE, INK))?;
        write(area, &self.title[1], (MARGIN, 104), LEFT, (SMALL, SOFT))?;
        self.draw_axis(area)?;
        let mut y = TOP;
        for (class, rows) in &self.groups {
            let colour = match class {
                InField::In => SERIES[0],
                InField::Partly => SERIES[3],
                InField::Out => SOFT,
            };
            write(area, class.words(), (MARGIN, y + HEADING / 2 + 6), LEFT, (SMALL, colour))?;
            y += HEADING;
            for row in rows {
                self.draw_row(area, row, y + ROW / 2, colour)?;
                y += ROW;
            }
        }
        ink::write_notice(area, self.size())?;
        area.present()
    }
}
