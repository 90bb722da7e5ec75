//! `childsize explore`: a page that answers protocols of six children while they are moved.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use serde_json::Value;

use super::console;
use super::progress::{Show, Watch, duration};
use super::{Done, EXIT_INTERRUPTED, interrupt};
use crate::analysis::ctdi::{CTDI_PHANTOMS, CtdiPhantom};
use crate::analysis::response::ctdi::respond_ctdi;
use crate::analysis::response::part::{Lying, all_organs_among, respond_between};
use crate::analysis::response::rows::rows_of;
use crate::analysis::size_tables::{AGES, Age, TUBE_VOLTAGES_KV};
use crate::error::{Error, Result};
use crate::io::explorer::{self, LARGEST_BYTES};
use crate::io::output_file;
use crate::io::protocol::{Subject, SubjectKeys};
use crate::io::response::{self, About, Response, write};
use crate::io::result::NOTICE;
use crate::simulation::Unobserved;
use crate::simulation::response::{Making, ResponseMatrix, making_exam};
use crate::simulation::settings::{Settings, Target, TargetOrgans};
use crate::transport::batch::Estimator;

const AFTER_HELP: &str = "\
Examples:
  childsize explore -o explorer.html                               six children, some minutes; then open it in a browser
  childsize explore --ages 00y,05y --relative-error 0.05 -o quick.html
  childsize respond ce-05y-arms-raised -o 5y.h5
  childsize explore --responses 5y.h5 -o explorer.html             from responses that are there, at once

One page without network, to be passed on: kV, mA, pitch, range, phases and child are moved, and organ doses, effective dose,
CTDIvol and SSDE follow with their errors, beside a baseline. It holds the response of every child behind the bowtie of bodies
(head to 12 cm below the trunk) and that of heads, for 70, 80, 90, 100, 110, 120, 130, 135 and 140 kV, and adds up as childsize
evaluate does. Its protocol can be copied for childsize run.";

/// By how much the planes reach beyond the trunk, and beyond the brain, cm.
const BEYOND_CM: f64 = 12.0;
/// By how much they reach beyond the vertex, cm.
const ABOVE_CM: f64 = 2.0;
/// Beam width that cone angles are averaged over, cm: the widest that the page offers.
const COLLIMATION_CM: f64 = 4.0;

/// Make the explorer: a page on which protocols are moved and doses follow at once.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ExploreArguments {
    /// The page (HTML)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Response files of shipped phantoms (childsize respond) in place of making them
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["ages", "scanner", "bowties", "relative_error", "ctdi_error", "voxel_mm", "seed", "keep"])]
    responses: Vec<PathBuf>,
    /// Ages: all, or some of 00y, 01y, 05y, 10y, 15y, adult
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "all")]
    ages: Vec<String>,
    /// Scanner of the library
    #[arg(long, value_name = "ID", default_value = "generic-64")]
    scanner: String,
    /// Its bowties for bodies and for heads
    #[arg(long, value_name = "BODY,HEAD", value_delimiter = ',', num_args = 1, default_value = "body,head")]
    bowties: Vec<String>,
    /// Relative standard error of organs above 10 g in a scan of all planes
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    relative_error: f64,
    /// Relative standard error of CTDIw
    #[arg(long, value_name = "SHARE", default_value_t = 0.005)]
    ctdi_error: f64,
    /// Edge of a voxel, mm [default: that of protocols, 1 under two years, else 2]
    #[arg(long, value_name = "MM")]
    voxel_mm: Option<f64>,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Keep the responses that are made in a folder, for `evaluate` and for `--responses`
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
    /// How progress is shown, on standard error
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
    progress: Show,
}

/// Makes the page.
pub fn run(arguments: &ExploreArguments) -> Done {
    let start = Instant::now();
    output_file::refuse_existing(&arguments.output, arguments.force)?;
    arguments.check()?;
    output_file::beside(&arguments.output)?;
    let entries = match arguments.responses.is_empty() {
        true => match arguments.made(start)? {
            Some(entries) => entries,
            None => return Ok(ExitCode::from(EXIT_INTERRUPTED)),
        },
        false => arguments.read()?,
    };
    let page = explorer::page(&entries, &TUBE_VOLTAGES_KV)?;
    if page.len() > LARGEST_BYTES {
        return Err(Error::invalid(format!(
            "the page must have at most {:.0} MB, found {:.1} MB of {} responses",
            LARGEST_BYTES as f64 / 1e6,
            page.len() as f64 / 1e6,
            entries.len()
        ))
        .with_help("take fewer ages or responses"));
    }
    output_file::replace(&arguments.output, page.as_bytes())?;
    console::print(&format!(
        " written  {}   {:.1} MB, {} responses   {}\n notice   {NOTICE}\n",
        arguments.output.display(),
        page.len() as f64 / 1e6,
        entries.len(),
        duration(start.elapsed().as_secs_f64())
    ))?;
    Ok(ExitCode::SUCCESS)
}

impl ExploreArguments {
    fn check(&self) -> Result<()> {
        for (key, value) in [("--relative-error", self.relative_error), ("--ctdi-error", self.ctdi_error)] {
            if !(value > 0.0 && value <= 0.5) {
                return Err(Error::invalid(format!("{key} must be above 0 and at most 0.5, found {value}")));
            }
        }
        if self.bowties.len() != 2 {
            let found = self.bowties.join(",");
            return Err(Error::invalid(format!(
                "--bowties must name two, for bodies and for heads, found {found}"
            )));
        }
        Ok(())
    }

    /// Entries of response files. The phantom is voxelized anew, and must be the response's voxel by voxel.
    fn read(&self) -> Result<Vec<Value>> {
        let one =
            |path: &PathBuf| -> Result<Value> {
                let response = response::read(path)?;
                let about = &response.about;
                let within = |error: Error| error.within(&path.display().to_string());
                let Some(id) = about.resolved["phantom"]["id"].as_str() else {
                    return Err(within(Error::invalid(format!(
                        "the response must be of a shipped phantom, found `{}`",
                        about.phantom_id
                    ))));
                };
                let subject = Subject::of(&SubjectKeys {
                    phantom: id,
                    scanner: &about.scanner,
                    bowtie: Some(&about.bowtie),
                    voxel_mm: about.resolved["phantom"]["voxel_mm"][0].as_f64(),
                })
                .map_err(within)?;
                if subject.phantom_digest != about.phantom_digest {
                    return Err(within(Error::invalid(format!(
                    "the response must be of `{id}` as it ships, found another body: its digest differs"
                ))
                .with_help("sizes, sexes and positions of one's own have no place in the explorer yet")));
                }
                explorer::entry(&response, &subject, &TUBE_VOLTAGES_KV).map_err(within)
            };
        self.responses.iter().map(one).collect()
    }

    /// Entries of responses that are made now; `None` if the user ended it.
    fn made(&self, start: Instant) -> Result<Option<Vec<Value>>> {
        let ages = super::calibrate::chosen("--ages", &self.ages, &AGES, |age| age.id)?;
        let files = self.files(&ages)?;
        let show = self.progress;
        interrupt::listen(move || show.say("stopping", "no page is written; once more to stop at once"))?;
        let mut entries = Vec::new();
        let mut files = files.into_iter();
        for bowtie in 0..self.bowties.len() {
            let ctdi = self.ctdi(&self.subject(&ages[0], bowtie)?)?;
            for age in &ages {
                let said = format!(
                    "{}, bowtie {}   {} so far",
                    age.name,
                    self.bowties[bowtie],
                    duration(start.elapsed().as_secs_f64())
                );
                if show != Show::None {
                    show.say("child", &said);
                }
                let subject = self.subject(age, bowtie)?;
                let response = self.response(&subject, bowtie == 1, &ctdi)?;
                if interrupt::requested() {
                    show.say("stopped", "there is no page to save");
                    return Ok(None);
                }
                if let Some(path) = files.next().flatten() {
                    write(&path, &response)?;
                }
                entries.push(explorer::entry(&response, &subject, &TUBE_VOLTAGES_KV)?);
            }
        }
        Ok(Some(entries))
    }

    /// Where responses are kept, in the order in which they are made.
    fn files(&self, ages: &[Age]) -> Result<Vec<Option<PathBuf>>> {
        let Some(folder) = &self.keep else { return Ok(Vec::new()) };
        std::fs::create_dir_all(folder).map_err(|error| output_file::unwritable(folder, &error))?;
        let file = |bowtie: &String, age: &Age| folder.join(format!("{}-{bowtie}.h5", age.id));
        let files: Vec<PathBuf> =
            self.bowties.iter().flat_map(|bowtie| ages.iter().map(move |age| file(bowtie, age))).collect();
        files.iter().try_for_each(|path| output_file::refuse_existing(path, self.force))?;
        Ok(files.into_iter().map(Some).collect())
    }

    fn subject(&self, age: &Age, bowtie: usize) -> Result<Subject> {
        Subject::of(&SubjectKeys {
            phantom: &format!("ce-{}-arms-raised", age.id),
            scanner: &self.scanner,
            bowtie: Some(&self.bowties[bowtie]),
            voxel_mm: self.voxel_mm,
        })
    }

    fn ctdi(&self, subject: &Subject) -> Result<Vec<(CtdiPhantom, ResponseMatrix)>> {
        let of = |(_, phantom)| {
            let made = respond_ctdi(&subject.scanner, phantom, self.ctdi_error, self.seed, &Unobserved)?;
            Ok((phantom, made))
        };
        CTDI_PHANTOMS.into_iter().map(of).collect()
    }

    fn response(
        &self,
        subject: &Subject,
        head: bool,
        ctdi: &[(CtdiPhantom, ResponseMatrix)],
    ) -> Result<Response> {
        let phantom = &subject.phantom;
        let foot = if head { "brain_bottom" } else { "trunk_base" };
        let z_cm = [phantom.landmark_cm(foot)? - BEYOND_CM, phantom.landmark_cm("vertex")? + ABOVE_CM];
        let lying = Lying {
            phantom,
            scanner: &subject.scanner,
            placement: subject.placement,
            collimation_cm: COLLIMATION_CM,
        };
        let awaited = all_organs_among(phantom, z_cm, self.relative_error);
        let watch = Watch::new(self.progress, &making_exam(&self.making(lying, z_cm)), &self.settings());
        let matrix = respond_between(lying, z_cm, (self.seed, awaited), &watch);
        watch.finish();
        let matrix = matrix?;
        Ok(Response {
            about: About::of(subject, COLLIMATION_CM, self.seed),
            rows: rows_of(phantom).0,
            matrix,
            ctdi: ctdi.to_vec(),
        })
    }

    /// For whoever watches.
    fn making<'a>(&self, lying: Lying<'a>, z_cm: [f64; 2]) -> Making<'a> {
        Making {
            phantom: lying.phantom,
            scanner: lying.scanner,
            placement: lying.placement,
            collimation_cm: lying.collimation_cm,
            z_cm: Some(z_cm),
            plane_cm: 1.0,
            angles: 1,
            tilt: false,
        }
    }

    fn settings(&self) -> Settings {
        let target = Target {
            relative_error: self.relative_error,
            organs: TargetOrgans::All,
            min_mass_g: 10.0,
            max_wall_s: None,
        };
        Settings {
            seed: self.seed,
            histories: u64::MAX,
            estimator: Estimator::Organ,
            map_binning: None,
            target: Some(target),
        }
    }
}
