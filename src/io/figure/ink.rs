//! Colours, sizes and words that the figures share.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::Pos;
use serde_json::Value;

use crate::io::picture::drawing::Drawn;
use crate::io::report::result::Told;
use crate::io::result::NOTICE;

/// Texts, black on white.
pub const INK: RGBColor = RGBColor(27, 31, 36);
/// Texts that stand back.
pub const SOFT: RGBColor = RGBColor(91, 100, 112);
/// Lines of a grid.
pub const GRID: RGBColor = RGBColor(225, 228, 232);
/// Colours of Okabe and Ito (2008) for colour-blind readers, from memory: acquisitions, and places in the field.
pub const SERIES: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(230, 159, 0),
    RGBColor(204, 121, 167),
];
/// Heights of texts, pixels: at 180 mm of paper a figure of [`WIDTH`] has letters of 8 and 10 points.
pub const SMALL: f64 = 32.0;
/// Titles.
pub const LARGE: f64 = 42.0;
/// Width of figures, pixels.
pub const WIDTH: u32 = 2000;
/// Room around a figure.
pub const MARGIN: i32 = 50;

/// Writes a text.
pub fn write<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &str,
    at: (i32, i32),
    anchor: Pos,
    (size, colour): (f64, RGBColor),
) -> Drawn<B> {
    let style = TextStyle::from(("sans-serif", size).into_font()).color(&colour).pos(anchor);
    area.draw_text(text, &style, at)
}

/// The line under every figure.
pub fn write_notice<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    (width, height): (u32, u32),
) -> Drawn<B> {
    let text = format!("childsize {}; {NOTICE}", env!("CARGO_PKG_VERSION"));
    let at = (width as i32 - MARGIN, height as i32 - 24);
    write(area, &text, at, crate::io::picture::sheet::RIGHT, (22.0, SOFT))
}

/// Title and subtitle of a figure: the exam, and what was simulated.
pub fn title(told: &Told) -> [String; 2] {
    let name = told.summary["protocol"]["name"].as_str().unwrap_or_default();
    let phantom = told.summary["phantom"]["name"].as_str().unwrap_or_default();
    let phase = |one: &Value| {
        let number = |key: &str| one[key].as_f64().unwrap_or(0.0);
        let phase = one["phase"].as_str().unwrap_or_default();
        format!("{phase}: {} kV, {:.0} effective mAs", number("tube_voltage_kv"), number("effective_mas"))
    };
    let phases: Vec<String> = told.acquisitions.iter().take(3).map(phase).collect();
    let more = if told.acquisitions.len() > 3 { " …" } else { "" };
    let name = if name.is_empty() { phantom } else { name };
    [shortened(name, 70), shortened(&format!("{phantom}. {}{more}", phases.join("; ")), 110)]
}

/// A text of at most so many letters, on one line.
pub fn shortened(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.chars().count() > most {
        true => line.chars().take(most - 1).chain(['…']).collect(),
        false => line,
    }
}

/// A scale of values, linear from 0 or logarithmic over some decades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The largest value.
    pub most: f64,
    /// Decades below it; `None` for a linear scale.
    pub decades: Option<f64>,
}

impl Scale {
    /// The smallest value.
    pub fn least(&self) -> f64 {
        self.decades.map_or(0.0, |decades| self.most / 10_f64.powf(decades))
    }

    /// A value as a share of the scale; below 0 under its least.
    pub fn share(&self, value: f64) -> f64 {
        match self.decades {
            Some(decades) => 1.0 + (value / self.most).log10() / decades,
            None => value / self.most,
        }
    }

    /// Values with marks, at most about so many.
    pub fn marks(&self, count: usize) -> Vec<f64> {
        let range: Range<f64> = self.least()..self.most;
        match self.decades {
            Some(_) => {
                let lowest = range.start.log10().ceil() as i32;
                let highest = range.end.log10().floor() as i32;
                (lowest..=highest).map(|power| 10_f64.powi(power)).collect()
            }
            None => RangedCoordf64::from(range).key_points(count),
        }
    }
}

/// A number of a mark, without noise of its last bits.
pub fn mark_text(value: f64) -> String {
    let text = RangedCoordf64::format(&value);
    let shorter = format!("{value:.3}");
    let shorter = shorter.trim_end_matches('0').trim_end_matches('.');
    if value != 0.0 && value.abs() < 1e-3 { text } else { shorter.to_owned() }.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_share_and_mark_their_values() {
        let linear = Scale { most: 8.0, decades: None };
        assert_eq!((linear.share(2.0), linear.least()), (0.25, 0.0));
        assert_eq!(linear.marks(5), [0.0, 2.0, 4.0, 6.0, 8.0]);
        let logarithmic = Scale { most: 50.0, decades: Some(3.0) };
        assert!((logarithmic.share(0.05)).abs() < 1e-12 && logarithmic.share(50.0) == 1.0);
        assert!(logarithmic.share(0.0) < 0.0);
        assert_eq!(logarithmic.marks(5), [0.1, 1.0, 10.0]);
    }

    #[test]
    fn texts_stay_on_one_line() {
        assert_eq!(shortened("a\nbcdef", 4), "a b…");
        assert_eq!(
            [0.1, 12.0, -2.5, 0.30000000000000004].map(mark_text),
            ["0.1", "12", "\u{2212}2.5", "0.3"]
        );
    }
}
