//! `childsize calibrate`: size tables of all ages, regions and tube voltages.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;

use super::console;
use super::progress::duration;
use super::{Done, interrupt};
use crate::analysis::response::part::Precision;
use crate::analysis::size_tables::asked::Asked;
use crate::analysis::size_tables::child::Child;
use crate::analysis::size_tables::console::CtdiMatrices;
use crate::analysis::size_tables::reduction::{head_reduction, reduction};
use crate::analysis::size_tables::table::{SizeTables, fits};
use crate::analysis::size_tables::{AGES, Age, REGIONS, Region, TUBE_VOLTAGES_KV};
use crate::data::image_gently::image_gently;
use crate::error::{Error, Result};
use crate::io::digest::physics_data_digest;
use crate::io::output_file;
use crate::io::protocol::{Subject, SubjectKeys};
use crate::io::result::NOTICE;
use crate::io::size_tables::{CheckRow, FILES, ReductionRow, SCHEMA, SizeTableFile, TablePhantom};
use crate::simulation::Observer;
use crate::source::scanner::Scanner;
use crate::validation::row::Row;
use crate::validation::size_tables::checks;

const AFTER_HELP: &str = "\
Examples:
  childsize calibrate -o tables/                                     everything; some minutes on two cores
  childsize calibrate --ages 00y,05y --regions chest --relative-error 0.03 -o quick/
  childsize estimate --age 5 --region chest --kv 100 --ctdi-vol 2.1 --phantom body32     uses the tables at once

Writes tables.json, CSV files and index.html (a page with plots): organ dose and effective dose per CTDIvol by age, region
and tube voltage, exponential fits against the water-equivalent diameter with covariances, size factors of slices beside
AAPM 204 and 293, k factors, mAs reduction factors beside the Image Gently worksheet's, the cost of a phase and of a
centimetre, and checks against published values. Every child is played behind the bowtie of bodies and that of heads, once;
everything else is sums.";

/// Make the size tables: dose per CTDIvol by age, region and tube voltage.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct CalibrateArguments {
    /// Folder of the tables; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Ages: all, or some of 00y, 01y, 05y, 10y, 15y, adult
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "all")]
    ages: Vec<String>,
    /// Regions: all, or some of head, chest, abdomen-pelvis, chest-abdomen-pelvis
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "all")]
    regions: Vec<String>,
    /// Tube voltages, kV, within 70..140
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = TUBE_VOLTAGES_KV)]
    kv: Vec<f64>,
    /// Scanner of the library
    #[arg(long, value_name = "ID", default_value = "generic-64")]
    scanner: String,
    /// Its bowtie for bodies and for heads
    #[arg(long, value_name = "BODY,HEAD", value_delimiter = ',', num_args = 1, default_value = "body,head")]
    bowties: Vec<String>,
    /// Relative standard error of organs in the field above 10 g
    #[arg(long, value_name = "SHARE", default_value_t = 0.01)]
    relative_error: f64,
    /// Relative standard error of CTDIw
    #[arg(long, value_name = "SHARE", default_value_t = 0.003)]
    ctdi_error: f64,
    /// Edge of a voxel, mm [default: that of protocols, 1 under two years, else 2]
    #[arg(long, value_name = "MM")]
    voxel_mm: Option<f64>,
    /// Seed of all chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Ends with the pass under way when the user asks.
struct Watched;

impl Observer for Watched {
    fn stop_requested(&self) -> bool {
        interrupt::requested()
    }
}

/// Makes the tables.
pub fn run(arguments: &CalibrateArguments) -> Done {
    let start = Instant::now();
    let (ages, regions) = (arguments.ages()?, arguments.regions()?);
    arguments.check()?;
    let folder = &arguments.output;
    FILES.iter().try_for_each(|name| output_file::refuse_existing(&folder.join(name), arguments.force))?;
    std::fs::create_dir_all(folder).map_err(|error| output_file::unwritable(folder, &error))?;
    output_file::beside(&folder.join("probe"))?;
    interrupt::listen(|| console::note("stopping: no tables are written; once more to stop at once"))?;
    let file = arguments.tables(&ages, &regions, start)?;
    file.write(folder)?;
    console::print(&summary(&file))?;
    console::print(&format!(
        " written  {} in {}   {}\n notice   {NOTICE}\n",
        FILES.join(", "),
        folder.display(),
        duration(start.elapsed().as_secs_f64())
    ))?;
    Ok(ExitCode::SUCCESS)
}

impl CalibrateArguments {
    fn ages(&self) -> Result<Vec<Age>> {
        chosen("--ages", &self.ages, &AGES, |age| age.id)
    }

    fn regions(&self) -> Result<Vec<Region>> {
        chosen("--regions", &self.regions, &REGIONS, |region| region.id)
    }

    fn check(&self) -> Result<()> {
        let [low, high] = [TUBE_VOLTAGES_KV[0], TUBE_VOLTAGES_KV[TUBE_VOLTAGES_KV.len() - 1]];
        if let Some(kv) = self.kv.iter().find(|kv| !(low..=high).contains(*kv)) {
            return Err(Error::invalid(format!("--kv must be within {low}..{high}, found {kv}")));
        }
        if self.bowties.len() != 2 {
            let found = self.bowties.join(",");
            return Err(Error::invalid(format!(
                "--bowties must name two, for bodies and for heads, found {found}"
            )));
        }
        for (key, value) in [("--relative-error", self.relative_error), ("--ctdi-error", self.ctdi_error)] {
            if !(value > 0.0 && value <= 0.5) {
                return Err(Error::invalid(format!("{key} must be above 0 and at most 0.5, found {value}")));
            }
        }
        Ok(())
    }

    fn subject(&self, age: &str, bowtie: usize) -> Result<Subject> {
        Subject::of(&SubjectKeys {
            phantom: &format!("ce-{age}-arms-raised"),
            scanner: &self.scanner,
            bowtie: Some(&self.bowties[bowtie]),
            voxel_mm: self.voxel_mm,
        })
    }

    fn tables(&self, ages: &[Age], regions: &[Region], start: Instant) -> Result<SizeTableFile> {
        let precision = Precision { organs: self.relative_error, ctdi: self.ctdi_error, seed: self.seed };
        let tell =
            |what: &str| console::note(&format!(" {:>6}  {what}", duration(start.elapsed().as_secs_f64())));
        let scanners = [self.subject(ages[0].id, 0)?.scanner, self.subject(ages[0].id, 1)?.scanner];
        tell("CTDI phantoms behind both bowties");
        let consoles = [
            CtdiMatrices::make(&scanners[0], precision, &Watched)?,
            CtdiMatrices::make(&scanners[1], precision, &Watched)?,
        ];
        let histories = consoles.iter().map(CtdiMatrices::histories).sum();
        let mut tables = SizeTables { histories, ..SizeTables::default() };
        let mut phantoms = Vec::new();
        for (done, &age) in ages.iter().enumerate() {
            tell(&format!("{} ({} of {})", age.name, done + 1, ages.len()));
            let subject = self.subject(age.id, 0)?;
            phantoms.push(TablePhantom {
                age: age.id.to_owned(),
                id: subject.phantom.id.clone(),
                digest: subject.phantom_digest.clone(),
            });
            let child = Child::make(
                (age, subject.phantom, subject.placement),
                [&consoles[0], &consoles[1]],
                &Asked { regions, tube_voltages_kv: &self.kv, precision },
                &Watched,
            )?;
            stop_if_asked()?;
            tables.histories += child.histories();
            for &kv in &self.kv {
                for region in regions {
                    let console =
                        &consoles[usize::from(region.bowtie == crate::analysis::size_tables::Bowtie::Head)];
                    tables.entries.push(child.entry(region, kv, console)?);
                }
                tables.slices.extend(child.slices(kv, [&consoles[0], &consoles[1]])?);
            }
        }
        fits(&mut tables);
        self.file(tables, phantoms, &scanners)
    }

    fn file(
        &self,
        tables: SizeTables,
        phantoms: Vec<TablePhantom>,
        scanners: &[Scanner; 2],
    ) -> Result<SizeTableFile> {
        Ok(SizeTableFile {
            schema: SCHEMA.to_owned(),
            notice: NOTICE.to_owned(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            physics_data_digest: physics_data_digest(),
            scanner: self.scanner.clone(),
            bowties: [self.bowties[0].clone(), self.bowties[1].clone()],
            seed: self.seed,
            phantoms,
            reductions: reductions(&tables, &scanners[0])?,
            checks: checks(&tables, &scanners[0])?.iter().filter_map(check_row).collect(),
            digest: SizeTableFile::digest_of(&tables)?,
            tables,
        })
    }
}

fn stop_if_asked() -> Result<()> {
    match interrupt::requested() {
        true => Err(Error::invalid("the calibration was stopped: there are no tables to save")),
        false => Ok(()),
    }
}

/// Those of a list that are asked for; `all` is all of them.
pub(super) fn chosen<T: Copy>(
    key: &str,
    asked: &[String],
    known: &[T],
    id: impl Fn(&T) -> &'static str,
) -> Result<Vec<T>> {
    if asked == ["all"] {
        return Ok(known.to_vec());
    }
    let ids = || known.iter().map(&id).collect::<Vec<_>>().join(", ");
    for word in asked {
        if !known.iter().any(|one| id(one) == word) {
            return Err(Error::invalid(format!("{key} must be all or some of {}, found {word}", ids())));
        }
    }
    Ok(known.iter().filter(|one| asked.iter().any(|word| word == id(one))).copied().collect())
}

/// Size of the worksheet's baseline, the medium adult, by AAPM 204, cm.
const BASELINE_CM: f64 = 29.7;
/// Thickness of the worksheet's baseline head, cm.
const HEAD_BASELINE_CM: f64 = 19.0;
/// Tube voltage of the reduction factors, kV.
const REDUCTION_KV: f64 = 120.0;

/// Reduction factors for the patients of the worksheet, by its thicknesses.
fn reductions(tables: &SizeTables, scanner: &Scanner) -> Result<Vec<ReductionRow>> {
    let mut found = Vec::new();
    for region in ["abdomen-pelvis", "chest"] {
        for line in image_gently() {
            let Some(size_cm) = line.effective_cm else { continue };
            let image_gently = if region == "chest" { line.thorax } else { Some(line.abdomen_or_head) };
            found.push(ReductionRow {
                region: region.to_owned(),
                patient: line.patient.to_owned(),
                pa_cm: line.pa_cm,
                size_cm,
                baseline_cm: BASELINE_CM,
                factors: reduction(tables, scanner, REDUCTION_KV, ("trunk", region), (size_cm, BASELINE_CM))?,
                image_gently,
            });
        }
    }
    found.extend(image_gently().iter().filter(|line| line.region == "head").filter_map(|line| {
        Some(ReductionRow {
            region: "head".to_owned(),
            patient: line.patient.to_owned(),
            pa_cm: line.pa_cm,
            size_cm: line.pa_cm,
            baseline_cm: HEAD_BASELINE_CM,
            factors: head_reduction(tables, REDUCTION_KV, line.pa_cm, HEAD_BASELINE_CM)?,
            image_gently: Some(line.abdomen_or_head),
        })
    }));
    Ok(found)
}

fn check_row(row: &Row) -> Option<CheckRow> {
    Some(CheckRow {
        case: row.case.clone(),
        quantity: row.quantity.clone(),
        reference: row.reference?,
        low: row.reference_min?,
        high: row.reference_max?,
        value: row.value,
        standard_error: row.standard_error,
        verdict: row.verdict.name().to_owned(),
        note: row.note.clone(),
    })
}

fn summary(file: &SizeTableFile) -> String {
    let count = |verdict: &str| file.checks.iter().filter(|row| row.verdict == verdict).count();
    let failed = file.checks.iter().filter(|row| row.verdict == "FAIL");
    let lines = failed.map(|row| {
        format!(
            "          FAIL {}: {} is {}, reference {}\n",
            row.case,
            row.quantity,
            console::digits(row.value, 4),
            console::digits(row.reference, 4)
        )
    });
    format!(
        " tables   {} scans, {} slices, {} organ fits, {} size factors\n checks   {} pass, {} fail, {} for information\n{}",
        file.tables.entries.len(),
        file.tables.slices.len(),
        file.tables.organ_fits.len(),
        file.tables.size_fits.len(),
        count("pass"),
        count("FAIL"),
        count("information"),
        lines.collect::<String>()
    )
}
