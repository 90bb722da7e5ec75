//! Mean dose of the body's layers and tube current along z, with the scan ranges.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::Options;
use super::dose::ends_mm;
use super::ink::{self, GRID, INK, LARGE, MARGIN, SERIES, SMALL, SOFT, WIDTH, mark_text, write};
use crate::io::picture::drawing::{Drawing, Drawn};
use crate::io::picture::sheet::LEFT;
use crate::io::report::result::Told;
use crate::io::report::result::along_z::{Curve, largest};

const HEIGHT: u32 = 1100;
const TOP: u32 = 130;
const BOTTOM: u32 = 60;
/// What is shown beyond the exposed ranges, mm.
const AROUND_MM: f64 = 200.0;

/// The figure.
pub struct ProfileFigure {
    title: [String; 2],
    dose_mgy: Curve,
    /// Phase, nominal top and bottom, exposed top and bottom, mm, current, mA.
    phases: Vec<(String, [f64; 4], Curve)>,
    z_mm: [f64; 2],
}

impl ProfileFigure {
    /// The profile of a result; without a dose map, the tube current alone.
    pub fn new(told: &Told, options: &Options) -> Self {
        let phases: Vec<(String, [f64; 4], Curve)> = told
            .acquisitions
            .iter()
            .zip(&told.currents)
            .map(|(acquisition, current)| {
                let phase = acquisition["phase"].as_str().unwrap_or_default().to_owned();
                (phase, ends_mm(acquisition), current.clone())
            })
            .collect();
        let exposed = phases.iter().map(|(_, ends, _)| [ends[3], ends[2]]);
        let exposed = exposed.fold([f64::MAX, f64::MIN], |all, one| [all[0].min(one[0]), all[1].max(one[1])]);
        let body_mm = told.volume.as_ref().map_or(exposed, |volume| volume.planes.z_mm);
        let z_mm = match options.whole {
            true => body_mm,
            false => [body_mm[0].max(exposed[0] - AROUND_MM), body_mm[1].min(exposed[1] + AROUND_MM)],
        };
        let profile = told.volume.as_ref().map_or(&[][..], |volume| &volume.profile);
        let shown = |(mm, _): &&(f64, f64)| (z_mm[0]..=z_mm[1]).contains(mm);
        let dose_mgy = profile.iter().filter(shown).copied().collect();
        ProfileFigure { title: ink::title(told), dose_mgy, phases, z_mm }
    }
}

impl Drawing for ProfileFigure {
    fn size(&self) -> (u32, u32) {
        (WIDTH, HEIGHT)
    }

    fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        area.fill(&WHITE)?;
        write(area, &self.title[0], (MARGIN, 50), LEFT, (LARGE, INK))?;
        write(area, &self.title[1], (MARGIN, 100), LEFT, (SMALL, SOFT))?;
        let room = area.margin(TOP, BOTTOM, 20, 20);
        let above = |most: f64| if most > 0.0 { 1.08 * most } else { 1.0 };
        let most_mgy = above(largest(&self.dose_mgy));
        let most_ma = above(self.phases.iter().map(|(_, _, curve)| largest(curve)).fold(0.0, f64::max));
        let [low_mm, high_mm] = self.z_mm;
        let mut chart = ChartBuilder::on(&room)
            .x_label_area_size(100)
            .y_label_area_size(130)
            .right_y_label_area_size(130)
            .build_cartesian_2d(low_mm..high_mm, 0.0..most_mgy)?
            .set_secondary_coord(low_mm..high_mm, 0.0..most_ma);
        for ((_, ends, _), colour) in self.phases.iter().zip(SERIES.iter().cycle()) {
            let [top, bottom, first, last] = *ends;
            for [low, high] in [[last, first], [bottom, top]] {
                let box_ = Rectangle::new([(low, 0.0), (high, most_mgy)], colour.mix(0.09).filled());
                chart.draw_series([box_])?;
            }
        }
        let dose = if self.dose_mgy.is_empty() { "" } else { "mean dose of the layer, mGy (black)" };
        chart
            .configure_mesh()
            .x_desc("z, mm (to the head); tinted: scan range, paler: with overrange")
            .y_desc(dose)
            .x_label_formatter(&|mm| mark_text(*mm))
            .y_label_formatter(&|mgy| mark_text(*mgy))
            .y_labels(if self.dose_mgy.is_empty() { 0 } else { 8 })
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", SMALL).into_font().color(&INK))
            .axis_desc_style(("sans-serif", SMALL).into_font().color(&INK))
            .draw()?;
        chart
            .configure_secondary_axes()
            .y_desc("tube current, mA (dashed)")
            .y_label_formatter(&|ma| mark_text(*ma))
            .label_style(("sans-serif", SMALL).into_font().color(&INK))
            .axis_desc_style(("sans-serif", SMALL).into_font().color(&INK))
            .draw()?;
        for ((phase, _, current), colour) in self.phases.iter().zip(SERIES.iter().cycle()) {
            let style = colour.stroke_width(4);
            chart
                .draw_secondary_series(DashedLineSeries::new(current.iter().copied(), 14, 8, style))?
                .label(ink::shortened(phase, 30))
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 40, y)], style));
        }
        chart.draw_series(LineSeries::new(self.dose_mgy.iter().copied(), INK.stroke_width(4)))?;
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
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
