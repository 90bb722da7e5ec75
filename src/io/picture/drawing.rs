//! What is drawn once and comes as PNG or SVG.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::sheet::{load_font, png, undrawn};
use crate::error::Result;

/// What drawing hands back.
pub type Drawn<B> = std::result::Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// A picture of lines and texts on white paper.
pub trait Drawing {
    /// Width and height, pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it on an area of that size.
    fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B>;

    /// The picture as PNG.
    fn png(&self) -> Result<Vec<u8>> {
        load_font()?;
        let size = self.size();
        let mut pixels = vec![255; 3 * size.0 as usize * size.1 as usize];
        self.draw_on(&BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area()).map_err(undrawn)?;
        png([size.0, size.1], &pixels)
    }

    /// The picture as SVG.
    fn svg(&self) -> Result<String> {
        load_font()?;
        let mut text = String::new();
        self.draw_on(&SVGBackend::with_string(&mut text, self.size()).into_drawing_area())
            .map_err(undrawn)?;
        Ok(text)
    }
}
