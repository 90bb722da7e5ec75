//! How a CT series is read: organs, calibration, couch, series.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::io::import::{Couch, Options};

/// What belongs to CT series in DICOM.
#[derive(Debug, Args)]
pub struct CtArguments {
    /// Organs of a CT series: a label map, a folder of masks, DICOM SEG or RTSTRUCT
    #[arg(long, value_name = "FILE")]
    organs: Option<PathBuf>,
    /// CSV with hu, density_g_cm3 and maybe material, in place of Schneider's tissues
    #[arg(long, value_name = "CSV")]
    calibration: Option<PathBuf>,
    /// Couch and other things around the body [default: removed]
    #[arg(long, value_enum)]
    couch: Option<CouchChoice>,
    /// SeriesInstanceUID, where a folder holds several
    #[arg(long, value_name = "UID")]
    series: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CouchChoice {
    /// Air takes its place
    Removed,
    /// It is a region of its own
    Kept,
}

impl CtArguments {
    /// What a phantom is imported with.
    pub fn options(&self, labels: Option<&PathBuf>) -> Options {
        Options {
            labels: labels.cloned(),
            organs: self.organs.clone(),
            calibration: self.calibration.clone(),
            couch: self.couch.map(|couch| match couch {
                CouchChoice::Removed => Couch::Removed,
                CouchChoice::Kept => Couch::Kept,
            }),
            series: self.series.clone(),
        }
    }

    /// The first flag that was given.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            ("--organs", self.organs.is_some()),
            ("--calibration", self.calibration.is_some()),
            ("--couch", self.couch.is_some()),
            ("--series", self.series.is_some()),
        ];
        given.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
    }
}
