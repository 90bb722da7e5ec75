//! Figures of a result for papers, as SVG and PNG: dose in three planes, organ doses, dose and tube current along z,
//! convergence. The numbers are those of the page.

mod convergence;
mod cut;
mod dose;
mod dose_panel;
mod ink;
mod organs;
mod profile;

use std::path::Path;

use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::picture::drawing::Drawing;
use crate::io::report::result::Told;

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Dose over anatomy in three planes, with isodose lines.
    Dose,
    /// Organ doses with their errors, grouped by the field.
    Organs,
    /// Mean dose and tube current along z.
    Profile,
    /// How the error of the worst organ fell.
    Convergence,
}

impl Figure {
    /// Figures by name.
    pub const NAMES: [(&'static str, Figure); 4] = [
        ("dose", Figure::Dose),
        ("organs", Figure::Organs),
        ("profile", Figure::Profile),
        ("convergence", Figure::Convergence),
    ];
}

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lines and texts as such: for papers.
    Svg,
    /// Pixels: for slides and browsers.
    Png,
}

impl Kind {
    /// Kinds by name, which is also the ending of the file's name.
    pub const NAMES: [(&'static str, Kind); 2] = [("svg", Kind::Svg), ("png", Kind::Png)];
}

/// What may be chosen.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Point that the planes go through, LPS, mm; the middle of the body and of the first range without it.
    pub at_mm: Option<[f64; 3]>,
    /// Doses on a logarithmic scale.
    pub logarithmic: bool,
    /// The whole body instead of the ranges and what lies near them.
    pub whole: bool,
}

/// A result whose figures are drawn.
pub struct Figures<'a> {
    path: &'a Path,
    told: Told,
    options: &'a Options,
}

impl<'a> Figures<'a> {
    /// Reads a result.
    pub fn open(path: &'a Path, options: &'a Options) -> Result<Self> {
        Ok(Figures { path, told: Told::open(path)?, options })
    }

    /// Whether the result has what a figure shows.
    pub fn has(&self, figure: Figure) -> Result<bool> {
        Ok(match figure {
            Figure::Dose => self.told.volume.as_ref().is_some_and(|volume| !volume.dose_mgy.is_empty()),
            Figure::Organs | Figure::Profile => true,
            Figure::Convergence => !self.told.convergence(self.path)?.is_empty(),
        })
    }

    /// Draws a figure into a file.
    pub fn write(&self, figure: Figure, kind: Kind, path: &Path) -> Result<()> {
        match figure {
            Figure::Dose => save(&dose::DoseFigure::new(self.path, &self.told, self.options)?, kind, path),
            Figure::Organs => save(&organs::OrganFigure::new(&self.told, self.options), kind, path),
            Figure::Profile => save(&profile::ProfileFigure::new(&self.told, self.options), kind, path),
            Figure::Convergence => {
                let curves = self.told.convergence(self.path)?;
                match curves.is_empty() {
                    true => Err(Error::invalid(format!(
                        "{}: no organ in the field has batches enough for a curve of convergence",
                        self.path.display()
                    ))),
                    false => {
                        let title = ink::title(&self.told);
                        save(&convergence::ConvergenceFigure { title, curves }, kind, path)
                    }
                }
            }
        }
    }
}

/// Name of the file of a figure.
pub fn file_name(figure: Figure, kind: Kind) -> String {
    let name = Figure::NAMES.iter().find(|(_, known)| *known == figure).map_or("", |(name, _)| name);
    let end = Kind::NAMES.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| name);
    format!("plot_{name}.{end}")
}

fn save(drawing: &impl Drawing, kind: Kind, path: &Path) -> Result<()> {
    let bytes = match kind {
        Kind::Svg => drawing.svg()?.into_bytes(),
        Kind::Png => drawing.png()?,
    };
    output_file::replace(path, &bytes)
}
