//! How the error of the organ that is known worst fell with the histories.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::ink::{self, GRID, INK, LARGE, MARGIN, SERIES, SMALL, SOFT, WIDTH, mark_text, shortened, write};
use crate::io::picture::drawing::{Drawing, Drawn};
use crate::io::picture::sheet::LEFT;
use crate::io::report::result::convergence::Curve;

const HEIGHT: u32 = 1100;

/// The figure.
pub struct ConvergenceFigure {
    /// Title and subtitle.
    pub title: [String; 2],
    /// One curve at least.
    pub curves: Vec<Curve>,
}

impl Drawing for ConvergenceFigure {
    fn size(&self) -> (u32, u32) {
        (WIDTH, HEIGHT)
    }

    fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        area.fill(&WHITE)?;
        write(area, &self.title[0], (MARGIN, 50), LEFT, (LARGE, INK))?;
        write(area, &self.title[1], (MARGIN, 100), LEFT, (SMALL, SOFT))?;
        let bounds = self.curves.iter().map(Curve::bounds);
        let [low, high] = bounds.fold([f64::MAX, 0.0], |all, one| [all[0].min(one[0]), all[1].max(one[1])]);
        let histories = || self.curves.iter().flat_map(|curve| &curve.points).map(|point| point.histories);
        let [first, last] = [histories().fold(f64::MAX, f64::min), histories().fold(0.0, f64::max)];
        let room = area.margin(140, 60, 20, 50);
        let mut chart =
            ChartBuilder::on(&room).x_label_area_size(100).y_label_area_size(150).build_cartesian_2d(
                (0.9 * first..1.1 * last).log_scale().with_key_points(marks([0.9 * first, 1.1 * last])),
                (100.0 * low..100.0 * high).log_scale().with_key_points(marks([100.0 * low, 100.0 * high])),
            )?;
        chart
            .configure_mesh()
            .x_desc("histories")
            .y_desc("relative standard error, %")
            .x_label_formatter(&|histories| power(*histories))
            .y_label_formatter(&|percent| mark_text(*percent))
            .x_labels(8)
            .y_labels(10)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", SMALL).into_font().color(&INK))
            .axis_desc_style(("sans-serif", SMALL).into_font().color(&INK))
            .draw()?;
        for (curve, colour) in self.curves.iter().zip(SERIES.iter().cycle()) {
            let style = colour.stroke_width(4);
            let expected = curve.points.iter().map(|p| (p.histories, 100.0 * curve.expected(p.histories)));
            chart.draw_series(DashedLineSeries::new(expected, 12, 10, colour.stroke_width(2)))?;
            let points = || curve.points.iter().map(|p| (p.histories, 100.0 * p.relative_error));
            chart
                .draw_series(LineSeries::new(points(), style))?
                .label(shortened(&format!("{}: {}", curve.phase, curve.organ), 60))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 40, y)], style));
            chart.draw_series(points().map(|at| Circle::new(at, 7, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .legend_area_size(50)
            .margin(24)
            .background_style(WHITE.mix(0.9))
            .border_style(GRID)
            .label_font(("sans-serif", SMALL).into_font().color(&INK))
            .draw()?;
        ink::write_notice(area, self.size())?;
        area.present()
    }
}

/// 1, 2 and 5 times the powers of ten between two numbers above 0.
fn marks([low, high]: [f64; 2]) -> Vec<f64> {
    let powers = low.log10().floor() as i32..=high.log10().floor() as i32;
    let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
    all.filter(|mark| (low..=high).contains(mark)).collect()
}

/// Histories as `2.5e6`.
fn power(histories: f64) -> String {
    let exponent = histories.log10().floor();
    format!("{}e{exponent:.0}", mark_text(histories / 10_f64.powf(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_a_logarithmic_axis_are_round() {
        assert_eq!(marks([0.35, 1.2]), [0.5, 1.0]);
        assert_eq!(marks([470_000.0, 2.9e6]), [5e5, 1e6, 2e6]);
        assert_eq!([5e5, 1.5e7].map(power), ["5e5", "1.5e7"]);
    }
}
