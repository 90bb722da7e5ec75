//! Pictures of a phantom: a coronal and a sagittal slice, and axial slices at heights that are named.

use super::palette::organ_colours;
use super::panel::{AXIS_BELOW, AXIS_LEFT, MARGIN, Panel, TITLE_ABOVE};
use super::sheet::{INK, LEFT, Label, Rgb, Sheet, full_name};
use super::slice::{Plane, Slice};
use crate::error::{Error, Result};
use crate::geometry::mass::organ_extent_z_cm;
use crate::geometry::phantom::{EXTERIOR, Phantom};
use crate::units::MM_PER_CM;

/// Rows of the slice along the whole body, and columns of an axial slice, about.
const BODY_ROWS: f64 = 1400.0;
const AXIAL_COLUMNS: f64 = 520.0;
/// Most pixels a slice may have along an axis, whatever the shape of a body.
const MOST_PIXELS: f64 = 2400.0;
/// Room for the names of landmarks, and for the legend.
const LANDMARK_COLUMNS: i32 = 170;
const LEGEND_COLUMNS: i32 = 350;
const LEGEND_ROWS: i32 = 24;
/// A sheet is at least as high as this, and a letter of its title about as wide.
const LEAST_ROWS: i32 = 700;
const LETTER_COLUMNS: i32 = 10;
/// More landmarks than this (imported phantoms have two for every organ) are not drawn.
const MOST_LANDMARKS: usize = 60;
/// Axial slices, and the organ in whose middle each is cut: the first word an organ's id begins with.
const HEIGHTS: [(&str, &[&str]); 6] = [
    ("head", &["brain"]),
    ("lungs", &["lung"]),
    ("heart", &["heart"]),
    ("liver", &["liver"]),
    ("kidneys", &["kidney"]),
    ("pelvis", &["bladder", "urinary_bladder", "skeleton_pelvis", "pelvis"]),
];

/// A phantom, ready to be drawn.
pub struct Anatomy<'a> {
    phantom: &'a Phantom,
    colours: Vec<Rgb>,
    /// Bounds of the body, cm.
    body_cm: [[f64; 2]; 3],
}

impl<'a> Anatomy<'a> {
    /// Looks at a phantom; refuses one without a body.
    pub fn of(phantom: &'a Phantom) -> Result<Self> {
        let body_cm = body_bounds_cm(phantom)
            .ok_or_else(|| Error::invalid(format!("phantom `{}` has no voxel of a body", phantom.id)))?;
        Ok(Anatomy { phantom, colours: organ_colours(phantom), body_cm })
    }

    /// A coronal slice through the axis of the phantom, with its landmarks, as PNG.
    pub fn coronal(&self) -> Result<Vec<u8>> {
        self.whole_body(Plane::Coronal, self.phantom.axis_cm[1], "y")
    }

    /// A sagittal slice through the axis of the phantom, as PNG.
    pub fn sagittal(&self) -> Result<Vec<u8>> {
        self.whole_body(Plane::Sagittal, self.phantom.axis_cm[0], "x")
    }

    /// Axial slices at named heights, as PNG.
    pub fn axial(&self) -> Result<Vec<u8>> {
        let heights = self.heights_cm();
        let (window_cm, pixels_per_cm) = self.window_cm(Plane::Axial, AXIAL_COLUMNS / self.extent_cm(0));
        let slice = |position_cm| Slice { plane: Plane::Axial, position_cm, window_cm, pixels_per_cm };
        let [width, height] = slice(0.0).size().map(|n| n as i32);
        let (step_x, step_y) = (AXIS_LEFT + width + 20, TITLE_ABOVE + height + AXIS_BELOW + 8);
        let across = heights.len().clamp(1, 3) as i32;
        let down = (heights.len() as i32 + across - 1) / across;
        let panels: Vec<Panel> = (0..)
            .zip(&heights)
            .map(|(i, (name, z_cm))| {
                let corner = [AXIS_LEFT + i % across * step_x, 44 + TITLE_ABOVE + i / across * step_y];
                self.panel(slice(*z_cm), corner, format!("{name}, z = {:.0} mm", z_cm * MM_PER_CM))
            })
            .collect();
        let legend_x = across * step_x + 10;
        self.sheet([legend_x, 44 + down * step_y], panels, "axial slices, seen from the feet", &[])
    }

    fn whole_body(&self, plane: Plane, position_cm: f64, axis: &str) -> Result<Vec<u8>> {
        let (window_cm, pixels_per_cm) = self.window_cm(plane, BODY_ROWS / self.extent_cm(2));
        let slice = Slice { plane, position_cm, window_cm, pixels_per_cm };
        let [width, height] = slice.size().map(|n| n as i32);
        let landmarks = if plane == Plane::Coronal { self.landmarks() } else { Vec::new() };
        let names = if landmarks.is_empty() { 20 } else { LANDMARK_COLUMNS };
        let (title, seen_from) = match plane {
            Plane::Coronal => ("coronal slice", "the front"),
            _ => ("sagittal slice", "the left"),
        };
        let place = format!("{axis} = {:.0} mm", position_cm * MM_PER_CM).replace("-0 ", "0 ");
        let panel = self.panel(slice, [AXIS_LEFT, 44 + TITLE_ABOVE], place);
        let size = [AXIS_LEFT + width + names, 44 + TITLE_ABOVE + height + AXIS_BELOW];
        self.sheet(size, vec![panel], &format!("{title}, seen from {seen_from}"), &landmarks)
    }

    fn panel<'b>(&'b self, slice: Slice, corner: [i32; 2], title: String) -> Panel<'b> {
        Panel::new(self.phantom, &self.colours, slice, corner, title)
    }

    /// Panels, a title above them and the legend to their right.
    fn sheet(
        &self,
        [legend_x, panels_height]: [i32; 2],
        panels: Vec<Panel>,
        what: &str,
        landmarks: &[(&str, f64)],
    ) -> Result<Vec<u8>> {
        let shown: Vec<usize> = (0..self.phantom.organs.len())
            .filter(|&organ| panels.iter().any(|panel| panel.shows(organ)))
            .collect();
        let title = format!("{}: {what}", full_name(self.phantom));
        let height = panels_height.max(LEAST_ROWS);
        let rows = ((height - 120) / LEGEND_ROWS).max(1);
        let width = legend_x + (shown.len() as i32 + rows - 1) / rows * LEGEND_COLUMNS;
        let width = width.max(40 + LETTER_COLUMNS * title.chars().count() as i32);
        let mut sheet = Sheet::new([width, height].map(|n| n as usize));
        for panel in &panels {
            panel.draw(&mut sheet);
            panel.draw_landmarks(&mut sheet, landmarks);
        }
        sheet.write(Label::new(title, [20, 26], LEFT, 22.0));
        self.draw_legend(&mut sheet, &shown, [legend_x, 78], rows);
        sheet.png()
    }

    fn draw_legend(&self, sheet: &mut Sheet, shown: &[usize], [x, y]: [i32; 2], rows: i32) {
        sheet.write(Label::new("organs shown", [x, y - 18], LEFT, 18.0));
        for (place, &organ) in (0..).zip(shown) {
            let corner = [x + place / rows * LEGEND_COLUMNS, y + place % rows * LEGEND_ROWS];
            sheet.fill(corner, [26, 18], self.colours[organ]);
            sheet.frame(corner, [26, 18], INK);
            let text = format!("{}  {}", organ + 1, self.phantom.organs[organ].name);
            sheet.write(Label::new(text, [corner[0] + 36, corner[1] + 9], LEFT, 15.0));
        }
    }

    fn extent_cm(&self, axis: usize) -> f64 {
        self.body_cm[axis][1] - self.body_cm[axis][0]
    }

    /// The window of a plane that holds the body and its letters, cm, and its pixels per cm: as many as wanted,
    /// unless a side of the picture would become too long.
    fn window_cm(&self, plane: Plane, wanted: f64) -> ([[f64; 2]; 2], f64) {
        let [right, vertical, _] = plane.axes();
        let longest_cm = self.extent_cm(right).max(self.extent_cm(vertical));
        let pixels_per_cm = wanted.min(MOST_PIXELS / longest_cm);
        let margin_cm = MARGIN / pixels_per_cm;
        let window = |axis: usize| [self.body_cm[axis][0] - margin_cm, self.body_cm[axis][1] + margin_cm];
        ([window(right), window(vertical)], pixels_per_cm)
    }

    /// Names and heights of the axial slices, from head to foot, cm.
    fn heights_cm(&self) -> Vec<(String, f64)> {
        let named =
            HEIGHTS.iter().filter_map(|(name, words)| Some(((*name).to_owned(), self.middle_cm(words)?)));
        let mut heights: Vec<_> = named.collect();
        if heights.len() < 2 {
            let [low, high] = self.body_cm[2];
            let shares = [0.9, 0.75, 0.6, 0.45, 0.3, 0.15];
            heights = shares
                .map(|s| (format!("{:.0} % of the height", 100.0 * s), low + s * (high - low)))
                .to_vec();
        }
        heights.sort_by(|a, b| b.1.total_cmp(&a.1));
        heights
    }

    /// Middle height of the first organ whose id begins with one of some words, cm.
    fn middle_cm(&self, words: &[&str]) -> Option<f64> {
        let organ = words.iter().find_map(|word| {
            self.phantom.organs.iter().position(|organ| organ.id.to_lowercase().starts_with(word))
        })?;
        organ_extent_z_cm(self.phantom, organ).map(|(low, high)| 0.5 * (low + high))
    }

    /// Landmarks from head to foot, cm.
    fn landmarks(&self) -> Vec<(&str, f64)> {
        let all = self.phantom.landmarks_z_cm.iter().map(|(name, z_cm)| (name.as_str(), *z_cm));
        let mut landmarks: Vec<_> = all.collect();
        if landmarks.len() > MOST_LANDMARKS {
            landmarks.retain(|(name, _)| ["top", "bottom"].contains(name));
        }
        landmarks.sort_by(|a, b| b.1.total_cmp(&a.1));
        landmarks
    }
}

/// Bounds of the voxels that are not exterior, cm.
fn body_bounds_cm(phantom: &Phantom) -> Option<[[f64; 2]; 3]> {
    let [nx, ny, _] = phantom.grid.counts;
    let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
    for (row, labels) in phantom.labels.chunks_exact(nx).enumerate() {
        let body = |label: &u8| *label != EXTERIOR;
        let (Some(first), Some(last)) = (labels.iter().position(body), labels.iter().rposition(body)) else {
            continue;
        };
        for (axis, [from, to]) in [[first, last], [row % ny; 2], [row / ny; 2]].into_iter().enumerate() {
            low[axis] = low[axis].min(from);
            high[axis] = high[axis].max(to + 1);
        }
    }
    let face_cm = |axis: usize, voxel: usize| {
        phantom.grid.corner_cm[axis] + voxel as f64 * phantom.grid.spacing_cm[axis]
    };
    (high[0] > 0).then(|| [0, 1, 2].map(|axis| [face_cm(axis, low[axis]), face_cm(axis, high[axis])]))
}
