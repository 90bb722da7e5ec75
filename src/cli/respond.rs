//! `childsize respond`: a phantom's response to photons of every place, angle and energy, simulated once.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::console::{self, digits, plain};
use super::progress::{Show, Watch, duration};
use super::run::plan::whole_number;
use super::{Done, interrupt};
use crate::analysis::ctdi::CTDI_PHANTOMS;
use crate::analysis::response::ctdi::respond_ctdi;
use crate::analysis::response::rows::{RowKind, rows_of};
use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::protocol::{Subject, SubjectKeys};
use crate::io::response::{About, Response, write};
use crate::io::result::NOTICE;
use crate::simulation::response::{AwaitedScan, Effort, Making, ResponseMatrix, making_exam, respond};
use crate::simulation::settings::{Settings, Target, TargetOrgans};
use crate::transport::batch::Estimator;
use crate::units::CM_PER_MM;

const AFTER_HELP: &str = "\
Examples:
  childsize respond ce-05y-arms-raised -o 5y.h5                  the 5-year-old on generic-64 with its default bowtie
  childsize respond ce-00y --bowtie medium -o newborn.h5
  childsize respond chest.toml -o patient.h5                     [phantom] and [scanner] of a protocol; any phantom
  childsize evaluate 5y.h5 chest.toml                            then: doses of any protocol, at once

The file holds what a photon leaves in every organ, by the height at which its ray crosses the scanner's axis, the gantry
angle and the energy. Any tube voltage of 70 to 140 kV, flat filter, collimation, pitch, range, tube current along z and
angle, and number of phases is then a sum. Distance, fan and bowtie are part of it. CTDI phantoms are played, too, so that
doses come per CTDIvol. The same seed gives the same file on any number of threads. docs/size-tables.md says how exact it is.";

/// Lightest organ whose error is waited for, g.
const LIGHTEST_G: f64 = 10.0;

/// Simulate a phantom's response once, to evaluate any protocol from it.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct RespondArguments {
    /// A shipped phantom's id, or a protocol (.toml) whose [phantom] and [scanner] are taken
    phantom: String,
    /// The response file (HDF5)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Scanner of the library [default: generic-64]
    #[arg(long, value_name = "ID")]
    scanner: Option<String>,
    /// Bowtie of the scanner [default: the scanner's]
    #[arg(long, value_name = "NAME")]
    bowtie: Option<String>,
    /// Edge of a voxel, mm [default: that of protocols, 1 under two years, else 2]
    #[arg(long, value_name = "MM")]
    voxel_mm: Option<f64>,
    /// Relative standard error of every organ above 10 g in a scan of the whole body
    #[arg(long, value_name = "SHARE", default_value_t = 0.005)]
    relative_error: f64,
    /// Most histories, for example 1e8
    #[arg(long, value_name = "N", value_parser = whole_number, default_value = "1000000000")]
    histories: u64,
    /// Relative standard error of CTDIw
    #[arg(long, value_name = "SHARE", default_value_t = 0.002)]
    ctdi_error: f64,
    /// Thickness of the planes along z, mm
    #[arg(long, value_name = "MM", default_value_t = 5.0)]
    plane_mm: f64,
    /// Gantry angles
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=360))]
    angles: u16,
    /// Beam width whose cone angles are averaged over, mm
    #[arg(long, value_name = "MM", default_value_t = 40.0)]
    collimation_mm: f64,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// How progress is shown, on standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
    progress: Show,
}

/// Makes the response. What can be refused is refused before the first history.
pub fn run(arguments: &RespondArguments) -> Done {
    output_file::refuse_existing(&arguments.output, arguments.force)?;
    arguments.check()?;
    output_file::beside(&arguments.output)?;
    let subject = arguments.subject()?;
    let show = arguments.progress;
    interrupt::listen(move || {
        show.say("stopping", "the pass under way is finished; once more to stop at once")
    })?;
    let (rows, combinations) = rows_of(&subject.phantom);
    let making = arguments.making(&subject);
    let effort = Effort {
        seed: arguments.seed,
        awaited: vec![AwaitedScan::whole(rows.organs_of_at_least(LIGHTEST_G), arguments.relative_error)],
        most_histories: arguments.histories,
    };
    console::print(&format!(
        " phantom  {}   {}\n scanner  {}, bowtie {}\n rows     {}\n",
        plain(&subject.phantom.id),
        plain(&subject.phantom.name),
        plain(&subject.scanner.name),
        subject.scanner.bowtie.as_ref().map_or("none", |bowtie| bowtie.name.as_str()),
        summary_of(&rows.rows.iter().map(|row| row.kind).collect::<Vec<_>>())
    ))?;
    let watch = Watch::new(show, &making_exam(&making), &arguments.settings());
    let matrix = respond(&making, &combinations, &effort, &watch);
    watch.finish();
    let matrix = matrix?;
    console::print(&made("matrix", &matrix, arguments.relative_error))?;
    let mut ctdi = Vec::new();
    for (name, phantom) in CTDI_PHANTOMS {
        let error = arguments.ctdi_error;
        let matrix =
            respond_ctdi(&subject.scanner, phantom, error, arguments.seed, &crate::simulation::Unobserved)?;
        console::print(&made(name, &matrix, error))?;
        ctdi.push((phantom, matrix));
    }
    let about = About::of(&subject, making.collimation_cm, arguments.seed);
    write(&arguments.output, &Response { about, rows, matrix, ctdi })?;
    console::print(&format!(" written  {}\n notice   {NOTICE}\n", arguments.output.display()))?;
    Ok(ExitCode::SUCCESS)
}

impl RespondArguments {
    fn check(&self) -> Result<()> {
        let above = |key: &str, value: f64, most: f64| match value > 0.0 && value <= most {
            true => Ok(()),
            false => Err(Error::invalid(format!("{key} must be above 0 and at most {most}, found {value}"))),
        };
        above("--relative-error", self.relative_error, 0.5)?;
        above("--ctdi-error", self.ctdi_error, 0.5)?;
        above("--collimation-mm", self.collimation_mm, 400.0)?;
        above("--plane-mm", self.plane_mm, 100.0)
    }

    fn subject(&self) -> Result<Subject> {
        if !self.phantom.ends_with(".toml") {
            return Subject::of(&SubjectKeys {
                phantom: &self.phantom,
                scanner: self.scanner.as_deref().unwrap_or("generic-64"),
                bowtie: self.bowtie.as_deref(),
                voxel_mm: self.voxel_mm,
            });
        }
        let given = [
            ("--scanner", self.scanner.is_some()),
            ("--bowtie", self.bowtie.is_some()),
            ("--voxel-mm", self.voxel_mm.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((flag, _)) => Err(Error::invalid(format!(
                "{flag} is for shipped phantoms, a protocol has its own keys for it"
            ))),
            None => Subject::read(self.phantom.as_ref()),
        }
    }

    fn making<'a>(&self, subject: &'a Subject) -> Making<'a> {
        Making {
            phantom: &subject.phantom,
            scanner: &subject.scanner,
            placement: subject.placement,
            collimation_cm: self.collimation_mm * CM_PER_MM,
            z_cm: None,
            plane_cm: self.plane_mm * CM_PER_MM,
            angles: usize::from(self.angles),
            tilt: true,
        }
    }

    /// What the progress line looks at.
    fn settings(&self) -> Settings {
        let target = Target {
            relative_error: self.relative_error,
            organs: TargetOrgans::All,
            min_mass_g: LIGHTEST_G,
            max_wall_s: None,
        };
        Settings {
            seed: self.seed,
            histories: self.histories,
            estimator: Estimator::Organ,
            map_binning: None,
            target: Some(target),
        }
    }
}

fn summary_of(kinds: &[RowKind]) -> String {
    let count = |kind| kinds.iter().filter(|&&of| of == kind).count();
    format!(
        "{} organs, {} tissues, {} effective doses, body and energy imparted",
        count(RowKind::Organ),
        count(RowKind::Tissue),
        count(RowKind::Effective) + count(RowKind::EffectiveApart)
    )
}

/// ` matrix   121 planes x 12 angles x 28 energies   12.3 Mhist in 45 s   worst 0.48 % (target 0.50 %)`
fn made(name: &str, matrix: &ResponseMatrix, target: f64) -> String {
    format!(
        " {name:8} {} planes x {} angles x {} energies   {} Mhist in {}   worst {} % (target {} %)\n",
        matrix.grid.planes,
        matrix.grid.angles,
        matrix.grid.energies(),
        digits(matrix.histories as f64 / 1e6, 3),
        duration(matrix.wall_s),
        digits(matrix.reached * 100.0, 2),
        digits(target * 100.0, 2)
    )
}
