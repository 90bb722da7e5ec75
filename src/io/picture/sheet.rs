//! A sheet of paper: pixels, and texts and lines on them.

use std::sync::OnceLock;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;

/// DejaVu Sans 2.37, cut down to Latin, Greek and a few signs; its licence lies beside it.
const FONT: &[u8] = include_bytes!("font/DejaVuSans.ttf");

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// Colour of texts and frames.
pub const INK: Rgb = [34, 34, 34];

/// Makes the font known; every text is drawn with `sans-serif`.
pub fn load_font() -> Result<()> {
    static LOADED: OnceLock<bool> = OnceLock::new();
    match LOADED.get_or_init(|| register_font("sans-serif", FontStyle::Normal, FONT).is_ok()) {
        true => Ok(()),
        false => Err(Error::Internal("the font of the pictures cannot be read".to_owned())),
    }
}

/// Which point of a text is put on the place that is named.
pub const LEFT: Pos = Pos { h_pos: HPos::Left, v_pos: VPos::Center };
/// The middle of its right end.
pub const RIGHT: Pos = Pos { h_pos: HPos::Right, v_pos: VPos::Center };
/// Its middle.
pub const MIDDLE: Pos = Pos { h_pos: HPos::Center, v_pos: VPos::Center };

/// A text and where it goes.
#[derive(Clone)]
pub struct Label {
    /// The text.
    pub text: String,
    /// Column and row of the point it is anchored at.
    pub at: [i32; 2],
    /// Which of its points that is.
    pub anchor: Pos,
    /// Height, pixels.
    pub size: f64,
    /// Colour.
    pub colour: Rgb,
    /// Whether it is read from below to above.
    pub upwards: bool,
}

impl Label {
    /// A text in ink.
    pub fn new(text: impl Into<String>, at: [i32; 2], anchor: Pos, size: f64) -> Self {
        Label { text: text.into(), at, anchor, size, colour: INK, upwards: false }
    }
}

/// Pixels, and what is written on them at the end.
pub struct Sheet {
    size: [usize; 2],
    pixels: Vec<u8>,
    labels: Vec<Label>,
}

impl Sheet {
    /// White paper.
    pub fn new(size: [usize; 2]) -> Self {
        Sheet { size, pixels: vec![255; 3 * size[0] * size[1]], labels: Vec::new() }
    }

    /// Colours a pixel; beyond the paper nothing happens.
    pub fn set(&mut self, at: [i32; 2], colour: Rgb) {
        let [x, y] = at.map(|i| usize::try_from(i).unwrap_or(usize::MAX));
        if x < self.size[0] && y < self.size[1] {
            let first = 3 * (y * self.size[0] + x);
            self.pixels[first..first + 3].copy_from_slice(&colour);
        }
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, corner: [i32; 2], size: [i32; 2], colour: Rgb) {
        for y in corner[1]..corner[1] + size[1] {
            (corner[0]..corner[0] + size[0]).for_each(|x| self.set([x, y], colour));
        }
    }

    /// Draws the frame around a rectangle.
    pub fn frame(&mut self, corner: [i32; 2], size: [i32; 2], colour: Rgb) {
        let [x, y] = corner.map(|i| i - 1);
        let [width, height] = size.map(|i| i + 2);
        self.fill([x, y], [width, 1], colour);
        self.fill([x, y + height - 1], [width, 1], colour);
        self.fill([x, y], [1, height], colour);
        self.fill([x + width - 1, y], [1, height], colour);
    }

    /// A straight line of one pixel; every `gap`-th pixel stays as it is (0: none).
    pub fn line(&mut self, from: [i32; 2], to: [i32; 2], gap: i32, colour: Rgb) {
        let steps = (to[0] - from[0]).abs().max((to[1] - from[1]).abs()).max(1);
        for step in (0..=steps).filter(|step| gap == 0 || step % gap != 0) {
            let along = |axis: usize| {
                let share = f64::from(step) / f64::from(steps);
                (f64::from(from[axis]) + share * f64::from(to[axis] - from[axis])).round() as i32
            };
            self.set([along(0), along(1)], colour);
        }
    }

    /// Writes a text, when the picture is made.
    pub fn write(&mut self, label: Label) {
        self.labels.push(label);
    }

    /// The picture as PNG.
    pub fn png(mut self) -> Result<Vec<u8>> {
        load_font()?;
        let size = self.size.map(|n| n as u32);
        let area = BitMapBackend::with_buffer(&mut self.pixels, (size[0], size[1])).into_drawing_area();
        for label in &self.labels {
            let colour = RGBColor(label.colour[0], label.colour[1], label.colour[2]);
            let turn = if label.upwards { FontTransform::Rotate270 } else { FontTransform::None };
            let font = ("sans-serif", label.size).into_font().transform(turn);
            let style = TextStyle::from(font).color(&colour).pos(label.anchor);
            area.draw_text(&label.text, &style, (label.at[0], label.at[1])).map_err(undrawn)?;
        }
        area.present().map_err(undrawn)?;
        drop(area);
        png(size, &self.pixels)
    }
}

/// Name and key of a phantom, for the title of a picture.
pub fn full_name(phantom: &Phantom) -> String {
    match phantom.name == phantom.id {
        true => phantom.id.clone(),
        false => format!("{} ({})", phantom.name, phantom.id),
    }
}

/// The refusal of a drawing library.
pub fn undrawn(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("a picture cannot be drawn: {error}"))
}

/// Pixels as PNG.
pub fn png([width, height]: [u32; 2], pixels: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(pixels).and_then(|()| writer.finish()))
        .map_err(undrawn)?;
    Ok(bytes)
}
