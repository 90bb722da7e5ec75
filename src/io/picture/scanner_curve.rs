//! Curves of a scanner: half-value layers, outputs across the fan, thickness of its bowties.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::*;

use super::drawing::{Drawing, Drawn};

const PANEL: (u32, u32) = (760, 640);
const GRID: RGBColor = RGBColor(225, 225, 225);
/// Colours of Okabe and Ito (2008) for colour-blind readers, from memory.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 0, 0),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
];

/// Something that is drawn against the same axis: a line, points, or both.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Name.
    pub name: String,
    /// Corners of a line.
    pub line: Vec<(f64, f64)>,
    /// Measured points.
    pub points: Vec<(f64, f64)>,
}

/// Where the names of curves stand.
#[derive(Clone, Copy, Debug, Default)]
pub enum Legend {
    /// For curves that fall.
    #[default]
    UpperRight,
    /// For curves that are high at both ends.
    UpperMiddle,
    /// For curves that rise.
    LowerRight,
}

/// One diagram.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// Title.
    pub title: String,
    /// Name and unit of the horizontal and of the vertical axis.
    pub axes: [String; 2],
    /// What is drawn.
    pub series: Vec<Series>,
    /// Where its names stand.
    pub legend: Legend,
}

impl Panel {
    /// Bounds of both axes; the vertical one begins at 0.
    fn bounds(&self) -> [Range<f64>; 2] {
        let all = || self.series.iter().flat_map(|series| series.line.iter().chain(&series.points));
        let (low, high) = all().fold((f64::MAX, f64::MIN), |(low, high), p| (low.min(p.0), high.max(p.0)));
        let top = all().map(|p| p.1).fold(0.0, f64::max);
        let room = (0.03 * (high - low)).max(1e-6);
        [low - room..high + room, 0.0..(1.08 * top).max(1e-6)]
    }
}

/// Diagrams side by side.
#[derive(Clone, Debug, Default)]
pub struct Panels(pub Vec<Panel>);

impl Drawing for Panels {
    fn size(&self) -> (u32, u32) {
        (PANEL.0 * self.0.len().max(1) as u32, PANEL.1)
    }

    fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        area.fill(&WHITE)?;
        for (panel, part) in self.0.iter().zip(area.split_evenly((1, self.0.len().max(1)))) {
            draw_panel(panel, &part)?;
        }
        area.present()
    }
}

fn draw_panel<B: DrawingBackend>(panel: &Panel, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    let [x, y] = panel.bounds();
    let decimals = if y.end > 20.0 { 0 } else { 1 };
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(50)
        .y_label_area_size(62)
        .build_cartesian_2d(x, y)?;
    chart
        .configure_mesh()
        .x_desc(&panel.axes[0])
        .y_desc(&panel.axes[1])
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.decimals$}"))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 16))
        .draw()?;
    for (series, colour) in panel.series.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(series.line.iter().copied(), style))?
            .label(&series.name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], style));
        chart.draw_series(series.points.iter().map(|&at| Circle::new(at, 4, style)))?;
    }
    let position = match panel.legend {
        Legend::UpperRight => SeriesLabelPosition::UpperRight,
        Legend::UpperMiddle => SeriesLabelPosition::UpperMiddle,
        Legend::LowerRight => SeriesLabelPosition::LowerRight,
    };
    chart
        .configure_series_labels()
        .position(position)
        .background_style(WHITE.mix(0.9))
        .border_style(GRID)
        .label_font(("sans-serif", 15))
        .draw()
}
