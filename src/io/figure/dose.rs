//! Dose over anatomy in three planes on one scale, with isodose lines, a scale bar and a colour bar.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use serde_json::Value;

use super::Options;
use super::cut::{Cut, Maps, SMOOTHED_VOXELS};
use super::dose_panel::{ISODOSES, LETTERS, Panel};
use super::ink::{self, INK, LARGE, MARGIN, SMALL, SOFT, Scale, WIDTH, mark_text, write};
use crate::error::{Error, Result};
use crate::io::picture::drawing::{Drawing, Drawn};
use crate::io::picture::overlay::{dose_colour, high};
use crate::io::picture::sheet::{LEFT, MIDDLE, RIGHT};
use crate::io::picture::slice::Plane;
use crate::io::report::result::{Told, middle_mm, range};
use crate::io::result::map_file::MapFile;

/// Room above the planes, between them, and below.
const TOP: i32 = 200;
const GAP: i32 = 70;
const BOTTOM: i32 = 110;
/// Height of what stands under the axial plane.
const KEY: i32 = 360;
/// Highest picture, pixels.
const HIGHEST: f64 = 2600.0;
/// What is shown beyond the exposed range, mm, and decades of a logarithmic scale.
const AROUND_MM: f64 = 100.0;
const DECADES: f64 = 3.0;
const SCALE_BAR_MM: f64 = 50.0;

/// The figure.
pub struct DoseFigure {
    title: [String; 2],
    scale: Scale,
    panels: [Panel; 3],
    pixels_per_mm: f64,
    smoothed_mm: f64,
    /// Nominal and exposed ends of the ranges, mm.
    ranges_mm: Vec<[f64; 4]>,
    height: u32,
}

impl DoseFigure {
    /// Reads the maps of a result. Refuses one without a dose map, and a point outside it.
    pub fn new(path: &Path, told: &Told, options: &Options) -> Result<Self> {
        let maps = Maps::read(&MapFile::open(path)?)?;
        let ranges_mm: Vec<[f64; 4]> = told.acquisitions.iter().map(ends_mm).collect();
        let shown_mm = if options.whole { [f64::MIN, f64::MAX] } else { around_mm(&ranges_mm) };
        let bounds = maps.body(shown_mm).or_else(|| maps.body([f64::MIN, f64::MAX]));
        let bounds = bounds.ok_or_else(|| Error::invalid("the maps hold no voxel of a body"))?;
        let place = place(&maps, bounds, options.at_mm, middle_mm(&told.acquisitions))?;
        let cuts = [Plane::Coronal, Plane::Sagittal, Plane::Axial]
            .map(|plane| Cut::new(&maps, plane, place, bounds));
        let most_mgy = f64::from(high(cuts.iter().flat_map(Cut::doses_mgy)));
        let decades = options.logarithmic.then_some(DECADES);
        let scale = Scale { most: if most_mgy > 0.0 { most_mgy } else { 1.0 }, decades };
        let pixels_per_mm = pixels_per_mm(&cuts);
        let panels = panels(cuts, pixels_per_mm, scale.most)?;
        let lowest = panels[0].bottom().max(panels[2].bottom() + KEY);
        Ok(DoseFigure {
            title: ink::title(told),
            scale,
            panels,
            pixels_per_mm,
            smoothed_mm: SMOOTHED_VOXELS as f64 * maps.grid.spacing_mm[0],
            ranges_mm,
            height: (lowest + BOTTOM) as u32,
        })
    }
}

/// Top and bottom of an acquisition's nominal range, and of all it exposes, mm.
pub(super) fn ends_mm(acquisition: &Value) -> [f64; 4] {
    let range = range(acquisition);
    ["top_mm", "bottom_mm", "first_mm", "last_mm"].map(|end| range[end].as_f64().unwrap_or(0.0))
}

fn around_mm(ranges_mm: &[[f64; 4]]) -> [f64; 2] {
    let low = ranges_mm.iter().map(|range| range[3]).fold(f64::MAX, f64::min);
    let high = ranges_mm.iter().map(|range| range[2]).fold(f64::MIN, f64::max);
    [low - AROUND_MM, high + AROUND_MM]
}

/// The voxel that all planes go through.
fn place(maps: &Maps, bounds: [[usize; 2]; 3], at_mm: Option<[f64; 3]>, z_mm: f64) -> Result<[usize; 3]> {
    let Some(at_mm) = at_mm else {
        let middle = |axis: usize| (bounds[axis][0] + bounds[axis][1]) / 2;
        let z = maps.grid.index_of(2, z_mm).unwrap_or_else(|| middle(2));
        return Ok([middle(0), middle(1), z.clamp(bounds[2][0], bounds[2][1])]);
    };
    let mut place = [0; 3];
    for axis in 0..3 {
        let found = maps.grid.index_of(axis, at_mm[axis]);
        let [low, high] = bounds[axis];
        place[axis] = found.filter(|index| (low..=high).contains(index)).ok_or_else(|| {
            let name = ["x", "y", "z"][axis];
            let ends = [low, high].map(|index| maps.grid.centre_mm(axis, index));
            Error::invalid(format!(
                "the point must lie in what is shown, {name} from {:.0} to {:.0} mm, found {} mm",
                ends[0], ends[1], at_mm[axis]
            ))
            .with_help("--whole shows the whole body")
        })?;
    }
    Ok(place)
}

/// Planes side by side fill the width, unless they would become too high.
fn pixels_per_mm(cuts: &[Cut; 3]) -> f64 {
    let wide_mm: f64 = cuts.iter().map(|cut| cut.size_mm()[0]).sum();
    let high_mm = cuts[0].size_mm()[1].max(1.0);
    let room = f64::from(WIDTH as i32 - 2 * MARGIN - 2 * GAP - 6 * LETTERS);
    (room / wide_mm.max(1.0)).min(HIGHEST / high_mm)
}

fn panels(cuts: [Cut; 3], pixels_per_mm: f64, most_mgy: f64) -> Result<[Panel; 3]> {
    let names = ["coronal, y", "sagittal, x", "axial, z"];
    let mut left = MARGIN + LETTERS;
    let mut panels = Vec::new();
    for (cut, name) in cuts.into_iter().zip(names) {
        let size = cut.size_mm().map(|mm| (mm * pixels_per_mm).round().max(1.0) as u32);
        let isodoses = ISODOSES.iter().map(|share| cut.isodose(share * most_mgy)).collect::<Result<_>>()?;
        let name = format!("{name} = {} mm", mark_text(cut.at_mm.round()));
        panels.push(Panel { cut, isodoses, corner: (left, TOP + LETTERS), size, name });
        left += size[0] as i32 + GAP + 2 * LETTERS;
    }
    panels.try_into().map_err(|_| Error::Internal("three planes".to_owned()))
}

impl Drawing for DoseFigure {
    fn size(&self) -> (u32, u32) {
        let right = self.panels[2].corner.0 + self.panels[2].size[0] as i32 + LETTERS + MARGIN;
        (right.max(1200) as u32, self.height)
    }

    fn draw_on<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        area.fill(&WHITE)?;
        write(area, &self.title[0], (MARGIN, 50), LEFT, (LARGE, INK))?;
        write(area, &self.title[1], (MARGIN, 104), LEFT, (SMALL, SOFT))?;
        for panel in &self.panels {
            panel.draw(&self.scale, &self.ranges_mm, area)?;
        }
        self.draw_scale_bar(area)?;
        self.draw_key(area)?;
        ink::write_notice(area, self.size())?;
        area.present()
    }
}

impl DoseFigure {
    /// Under the coronal plane: its scale is that of all.
    fn draw_scale_bar<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let panel = &self.panels[0];
        let (x, y) = (panel.corner.0, panel.bottom() + LETTERS + 22);
        let end = x + (SCALE_BAR_MM * self.pixels_per_mm).round() as i32;
        area.draw(&Rectangle::new([(x, y - 4), (end, y + 4)], INK.filled()))?;
        write(area, &format!("{SCALE_BAR_MM} mm"), (end + 16, y), LEFT, (SMALL, INK))
    }

    /// Colour bar and words under the axial plane.
    fn draw_key<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Drawn<B> {
        let panel = &self.panels[2];
        let (x, y) = (panel.corner.0, panel.bottom() + LETTERS + 70);
        let [width, height] = [panel.size[0].max(420), 34];
        let colour = |column: u32| dose_colour(column as f32 / (width - 1) as f32);
        let pixels: Vec<u8> = (0..height).flat_map(|_| (0..width).flat_map(colour)).collect();
        if let Some(bar) = BitMapElement::with_owned_buffer((x, y), (width, height), pixels) {
            area.draw(&bar)?;
        }
        let (right, below) = (x + width as i32, y + height as i32);
        area.draw(&Rectangle::new([(x, y), (right, below)], INK.stroke_width(1)))?;
        for value in self.scale.marks(5) {
            let at = x + (self.scale.share(value) * f64::from(width)).round() as i32;
            area.draw(&PathElement::new([(at, below), (at, below + 8)], INK.stroke_width(2)))?;
            write(area, &mark_text(value), (at, below + 26), MIDDLE, (SMALL, INK))?;
        }
        write(area, "absorbed dose, mGy", (right, y - 26), RIGHT, (SMALL, INK))?;
        let shares = ISODOSES.map(|share| format!("{:.0}", 100.0 * share)).join(", ");
        let doses = ISODOSES.map(|share| format!("{:.2}", share * self.scale.most)).join(", ");
        let smoothed = mark_text(self.smoothed_mm);
        let lines = [
            format!("White: {shares} % of {:.2} mGy", self.scale.most),
            format!("({doses} mGy),"),
            format!("of the mean over {smoothed} mm"),
            "Green: scan range; dashed: with overrange".to_owned(),
        ];
        for (line, text) in (0..).zip(lines) {
            write(area, &text, (x, below + 84 + 36 * line), LEFT, (26.0, SOFT))?;
        }
        Ok(())
    }
}
