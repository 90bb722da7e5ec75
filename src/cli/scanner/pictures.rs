//! Where pictures of scanners go.

use std::path::PathBuf;

use clap::Args;

use crate::error::Result;
use crate::io::output_file;
use crate::io::picture::drawing::Drawing;
use crate::io::picture::scanner_curve::Panels;

/// Files of pictures.
#[derive(Debug, Args)]
pub struct PictureArguments {
    /// Draw into a PNG file
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Draw into an SVG file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

impl PictureArguments {
    /// Files that were asked for.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.png, &self.svg].into_iter().flatten()
    }

    /// Refuses files that are there.
    pub fn refuse_existing(&self) -> Result<()> {
        self.paths().try_for_each(|path| output_file::refuse_existing(path, self.force))
    }

    /// Draws what was asked for.
    pub fn write(&self, panels: &Panels) -> Result<()> {
        if let Some(path) = &self.png {
            output_file::replace(path, &panels.png()?)?;
        }
        self.svg.as_ref().map_or(Ok(()), |path| output_file::replace(path, panels.svg()?.as_bytes()))
    }
}
