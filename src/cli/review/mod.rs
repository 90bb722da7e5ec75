//! `childsize review`: is a protocol child-sized, what does each phase cost, what does each centimetre cost.

mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Done, EXIT_INTERRUPTED, console, interrupt};
use crate::analysis::console::{ConsoleCtdi, calibrate};
use crate::analysis::review::engine::Engine;
use crate::analysis::review::range::region_of;
use crate::analysis::review::{Asked, Review, review, usual_phantom};
use crate::analysis::size_tables::{AGES, REGIONS, Region};
use crate::error::{Error, Result};
use crate::io::protocol::{Prepared, Protocol};
use crate::io::response::{self, Response};
use crate::io::review::ReviewFile;
use crate::io::size_tables::{SizeTableFile, load};
use crate::io::worksheet::scanners_of;
use crate::io::worksheet::site_file::Site;
use crate::io::{ctdi_cache, output_file};
use crate::simulation::Observer;
use crate::simulation::settings::Settings;
use crate::source::acquisition::Mode;
use crate::transport::batch::Estimator;

use super::run::plan::whole_number;

const AFTER_HELP: &str = "\
Examples:
  childsize review examples/chest-5y.toml                    some seconds, in the terminal
  childsize review chest.toml -o review.html --json r.json   a page for radiologist, technologist and physicist
  childsize review chest.toml --response 5y.h5               at once, from a response (childsize respond)
  childsize review chest.toml --adult-baseline site.toml     beside your own adult techniques

Three questions. Is it child-sized: CTDIvol beside the worksheet's for this size and kV (childsize worksheet), and what another
tube voltage would do at the same noise and at the same contrast of iodine to noise. What does each phase cost. What does a
centimetre at either end cost, what lies beyond the landmarks of the region (head, chest, abdomen-pelvis or all of the trunk;
the one that the range overlaps most), and the overrange.

The exam is played with few histories, again at every tube voltage, without overrange and between the landmarks, always with
the same random numbers, so that differences are known better than doses; every number has its error. More --histories make
it surer. Noise alone is not image quality.";

/// The adult techniques that ship: those of examples/site.toml.
const BASELINE: &str = include_str!("../../../examples/site.toml");

/// Review a protocol: is it child-sized, what does each phase and each centimetre cost.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ReviewArguments {
    /// The protocol file (TOML)
    protocol: PathBuf,
    /// Write the page: one HTML file that needs no network
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write everything to a JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Take doses from a response of the protocol's phantom instead of simulating
    #[arg(long, value_name = "FILE")]
    response: Option<PathBuf>,
    /// Your site's adult techniques [default: those of examples/site.toml]
    #[arg(long, value_name = "FILE")]
    adult_baseline: Option<PathBuf>,
    /// Region of every acquisition: head, chest, abdomen-pelvis or chest-abdomen-pelvis [default: by its range]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Age of the patient, years, 0 to 20 (the adult) [default: that of a shipped phantom]
    #[arg(long, value_name = "YEARS")]
    age_y: Option<f64>,
    /// Tube voltages to try, kV, within 70..140
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [70.0, 80.0, 100.0, 120.0, 140.0])]
    kv: Vec<f64>,
    /// Histories per acquisition and run
    #[arg(long, value_name = "N", value_parser = whole_number, default_value = "200000")]
    histories: u64,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Ends the run under way when the user asks.
struct Watched;

impl Observer for Watched {
    fn stop_requested(&self) -> bool {
        interrupt::requested()
    }
}

/// Prints the review and writes its files.
pub fn run(arguments: &ReviewArguments) -> Done {
    for path in [&arguments.output, &arguments.json].into_iter().flatten() {
        output_file::refuse_existing(path, arguments.force)?;
    }
    arguments.check()?;
    interrupt::listen(|| console::note("stopping: the review ends without an answer"))?;
    match arguments.reviewed() {
        Err(error @ Error::Invalid { .. }) if interrupt::requested() => {
            console::complain(&error);
            Ok(ExitCode::from(EXIT_INTERRUPTED))
        }
        done => done.map(|()| ExitCode::SUCCESS),
    }
}

impl ReviewArguments {
    fn check(&self) -> Result<()> {
        if let Some(kv) = self.kv.iter().find(|kv| !(70.0..=140.0).contains(*kv)) {
            return Err(Error::invalid(format!("--kv must be within 70..140 kV, found {kv}")));
        }
        match self.age_y {
            Some(age_y) if !(0.0..=20.0).contains(&age_y) => {
                Err(Error::invalid(format!("--age-y must be within 0..20 years, found {age_y}")))
            }
            _ => Ok(()),
        }
    }

    fn reviewed(&self) -> Result<()> {
        let region = self.region()?;
        let tables = load(None)?;
        let site = self.site(&tables)?;
        let mut prepared = Protocol::read(&self.protocol)?.prepare()?;
        let regions: Vec<Option<Region>> = prepared
            .exam
            .acquisitions
            .iter()
            .map(|acquisition| region.or_else(|| region_of(&prepared.exam.phantom, acquisition)))
            .collect();
        ask_for_ctdi(&mut prepared, &regions);
        let response = self.response.as_deref().map(response::read).transpose()?;
        let ctdi = match &response {
            Some(response) => {
                response.about.check(&prepared)?;
                prepared.warnings.extend(response.about.warnings(&prepared));
                calibrate(&mut prepared.exam, &prepared.console, |beam, _| response.ctdi(beam))?
            }
            None => calibrate(&mut prepared.exam, &prepared.console, ctdi_cache::measured)?,
        };
        let scanners = scanners_of(&tables)?;
        let asked = Asked {
            exam: &prepared.exam,
            ctdi: &ctdi,
            regions: &regions,
            age_y: self.age_y.or_else(|| age_of(&prepared.exam.phantom.id)),
            baseline: &site.techniques,
            tables: (&tables.tables, [&scanners[0], &scanners[1]]),
            tube_voltages_kv: &self.kv,
        };
        let (engine, source) = self.engine(&prepared, response.as_ref());
        let tell = |what: &str| {
            if response.is_none() {
                console::note(&format!(" playing  {}", console::plain(what)))
            }
        };
        let found = review(&engine, &asked, &tell)?;
        self.conclude(&prepared, &source, &found)
    }

    fn engine<'a>(&self, prepared: &Prepared, response: Option<&'a Response>) -> (Engine<'a>, String) {
        if let Some(Response { rows, matrix, .. }) = response {
            return (Engine::Response { rows, matrix }, "sums over a response matrix".to_owned());
        }
        let settings = Settings {
            seed: prepared.settings.seed,
            histories: self.histories,
            estimator: Estimator::Organ,
            map_binning: None,
            target: None,
        };
        let source = format!("simulation, {} histories per acquisition and run", self.histories);
        (Engine::Simulation { settings, observer: &Watched }, source)
    }

    fn conclude(&self, prepared: &Prepared, source: &str, found: &Review) -> Result<()> {
        for warning in &prepared.warnings {
            console::note(&format!("warning: {}", console::plain(warning)));
        }
        let baseline = match &self.adult_baseline {
            Some(path) => path.display().to_string(),
            None => {
                "the made-up example hospital of examples/site.toml; --adult-baseline takes yours".to_owned()
            }
        };
        let file = ReviewFile {
            name: &prepared.name,
            protocol_sha256: &prepared.protocol_sha256,
            phantom: &prepared.exam.phantom.id,
            baseline: &baseline,
            source,
            warnings: &prepared.warnings,
            review: found,
        };
        if let Some(path) = &self.output {
            output_file::replace(path, file.html()?.as_bytes())?;
        }
        if let Some(path) = &self.json {
            output_file::replace(path, format!("{:#}\n", file.value()).as_bytes())?;
        }
        console::print(&text::text(&file))
    }

    fn region(&self) -> Result<Option<Region>> {
        let Some(asked) = &self.region else { return Ok(None) };
        match REGIONS.iter().find(|region| region.id == asked) {
            Some(region) => Ok(Some(*region)),
            None => {
                let ids = REGIONS.map(|region| region.id).join(", ");
                Err(Error::invalid(format!("--region must be one of {ids}, found {asked}")))
            }
        }
    }

    fn site(&self, tables: &SizeTableFile) -> Result<Site> {
        match &self.adult_baseline {
            Some(path) => Site::read(path, &tables.tables),
            None => Site::parse(BASELINE, &tables.tables),
        }
    }
}

/// Asks for the CTDIvol of every acquisition that has one, in the phantom that is usual for its region.
fn ask_for_ctdi(prepared: &mut Prepared, regions: &[Option<Region>]) {
    let acquisitions = prepared.exam.acquisitions.iter().zip(regions);
    for (asked, (acquisition, region)) in prepared.console.iter_mut().zip(acquisitions) {
        if let (None, Some(region), false) =
            (&asked, region, matches!(acquisition.mode, Mode::Stationary { .. }))
        {
            *asked = Some(ConsoleCtdi { phantom: usual_phantom(region), ctdi_vol_mgy: None });
        }
    }
}

/// Age of a shipped phantom, years, by its id (`ce-05y-arms-raised`).
fn age_of(id: &str) -> Option<f64> {
    let rest = id.strip_prefix("ce-")?;
    AGES.iter().find(|age| rest == age.id || rest.starts_with(&format!("{}-", age.id))).map(|age| age.years)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_phantom_is_that_of_its_id() {
        assert_eq!(age_of("ce-05y-arms-raised"), Some(5.0));
        assert_eq!((age_of("ce-adult"), age_of("ce-00y")), (Some(20.0), Some(0.0)));
        assert_eq!((age_of("patient"), age_of("ce-05yx")), (None, None));
    }
}
