//! `childsize scanner show`: the file of a scanner, and the thickness of its bowties.

use std::path::Path;

use clap::Args;

use super::pictures::PictureArguments;
use crate::error::{Error, Result};
use crate::io::library_scanner::LibraryScanner;
use crate::io::picture::scanner_curve::{Legend, Panel, Panels, Series};
use crate::io::scanner_library::scanner_text;
use crate::units::{MM_PER_CM, RAD_PER_DEG};

/// Steps of a curve over the half fan.
const STEPS: usize = 200;

/// Which scanner, and whether it is drawn.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// A scanner of the library (`childsize scanner` lists them), or a scanner file that ends in .toml
    id: String,
    #[command(flatten)]
    pictures: PictureArguments,
}

/// The file with its comments, or the names of the pictures.
pub fn show(arguments: &ShowArguments) -> Result<String> {
    let own = arguments.id.ends_with(".toml").then(|| Path::new(&arguments.id));
    let scanner = own.map_or_else(|| LibraryScanner::shipped(&arguments.id), LibraryScanner::read)?;
    if arguments.pictures.paths().next().is_none() {
        return match own {
            None => Ok(scanner_text(&arguments.id).unwrap_or_default().to_owned()),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| Error::Unreadable { path: path.to_owned(), reason: error.to_string() }),
        };
    }
    arguments.pictures.refuse_existing()?;
    arguments.pictures.write(&Panels(vec![thickness(&scanner)]))?;
    Ok(arguments.pictures.paths().map(|path| format!("{}\n", path.display())).collect())
}

fn thickness(scanner: &LibraryScanner) -> Panel {
    let half_rad = 0.5 * scanner.scanner.fan_angle_rad;
    let angle = |step: usize| half_rad * (2.0 * step as f64 / STEPS as f64 - 1.0);
    let series = |bowtie: &crate::source::bowtie::Bowtie| Series {
        name: format!("{} ({})", bowtie.name, bowtie.material.name),
        line: (0..=STEPS)
            .map(|step| (angle(step) / RAD_PER_DEG, bowtie.thickness_cm(angle(step)) * MM_PER_CM))
            .collect(),
        points: Vec::new(),
    };
    Panel {
        title: format!("Bowties of {}", scanner.id),
        axes: ["fan angle, degrees".to_owned(), "thickness along the ray, mm".to_owned()],
        series: scanner.bowties.iter().map(series).collect(),
        legend: Legend::UpperMiddle,
    }
}
