//! `[run]` and `[output]`: how long, how exactly, and what is kept.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::keys;
use super::phantom::{PhantomEntry, edges_mm};
use crate::error::Result;
use crate::io::document::{Item, Value as Found};
use crate::io::section::{Section, nearest, within, word};
use crate::simulation::settings::{BATCHES_MIN, Settings, Target, TargetOrgans};
use crate::transport::batch::Estimator;

/// Histories per acquisition unless a protocol says otherwise.
pub const DEFAULT_HISTORIES: u64 = 100_000_000;
/// Seed unless a protocol says otherwise.
pub const DEFAULT_SEED: u64 = 1;
/// Mass below which a target does not wait for an organ, g, unless a protocol says otherwise.
pub const DEFAULT_MIN_MASS_G: f64 = 10.0;
/// Most threads.
const MOST_THREADS: u64 = 4096;
const ESTIMATORS: [(&str, Estimator); 5] = [
    ("organ", Estimator::Organ),
    ("map", Estimator::Map),
    ("analog", Estimator::Analog),
    ("map-smoothed", Estimator::MapSmoothed),
    ("track-length", Estimator::TrackLength),
];

/// A kind of result file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// HDF5: everything.
    Hdf5,
    /// CSV: the organ table.
    Csv,
    /// JSON: the organ table and how it came about.
    Json,
    /// HTML: a page for people.
    Html,
}

const FORMATS: [(&str, Format); 4] =
    [("hdf5", Format::Hdf5), ("csv", Format::Csv), ("json", Format::Json), ("html", Format::Html)];

/// Where results go, and as what.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSettings {
    /// Folder of the results, from the working directory, if the protocol names one.
    pub directory: Option<PathBuf>,
    /// Kinds of files.
    pub formats: Vec<Format>,
}

/// What `[run]` and `[output]` say, every default filled in.
#[derive(Clone, Debug)]
pub(super) struct RunEntry {
    pub settings: Settings,
    pub output: OutputSettings,
    pub threads: Option<usize>,
    map_voxel_mm: Option<[f64; 3]>,
}

impl RunEntry {
    /// Reads both sections.
    pub fn read(run: &Section, output: &Section, phantom: &PhantomEntry) -> Result<Self> {
        let map_voxel_mm = map_voxel_mm(output, phantom)?;
        let map_binning = map_voxel_mm.map(|map_mm| binning(map_mm, phantom.voxel_mm));
        let usual = if map_binning.is_some() { Estimator::Map } else { Estimator::Organ };
        let histories = whole(run, "histories", BATCHES_MIN, 1 << 60)?.unwrap_or(DEFAULT_HISTORIES);
        let threads = whole(run, "threads", 1, MOST_THREADS)?.map(|threads| threads as usize);
        let settings = Settings {
            seed: whole(run, "seed", 0, u64::MAX)?.unwrap_or(DEFAULT_SEED),
            histories,
            estimator: run.word("estimator", &ESTIMATORS)?.unwrap_or(usual),
            map_binning,
            target: run.find("target").map(|item| target(item, phantom)).transpose()?,
        };
        settings.check()?;
        let output = OutputSettings {
            directory: output.text("directory")?.map(PathBuf::from),
            formats: formats(output)?,
        };
        Ok(RunEntry { settings, output, threads, map_voxel_mm })
    }

    /// `[run]` with every default filled in.
    pub fn resolved_run(&self) -> Value {
        let settings = &self.settings;
        json!({
            "histories": settings.histories,
            "seed": settings.seed,
            "estimator": settings.estimator.name(),
            "threads": self.threads,
            "target": settings.target.as_ref().map(resolved_target),
        })
    }

    /// `[output]` with every default filled in.
    pub fn resolved_output(&self) -> Value {
        let name = |format: &Format| FORMATS.iter().find(|(_, known)| known == format).map(|(name, _)| *name);
        json!({
            "directory": self.output.directory,
            "formats": self.output.formats.iter().filter_map(name).collect::<Vec<_>>(),
            "dose_map": self.settings.map_binning.is_some(),
            "map_voxel_mm": self.map_voxel_mm,
        })
    }
}

/// A whole number, written as `100000000` or `1e8`.
fn whole(section: &Section, key: &str, low: u64, high: u64) -> Result<Option<u64>> {
    let Some(item) = section.find(key) else { return Ok(None) };
    let found = match item.value {
        Found::Whole(whole) => whole,
        // Above 2^53 a number with a point no longer says which whole number it is.
        Found::Number(number) if number.fract() == 0.0 && number.abs() <= 9.0e15 => number as i128,
        Found::Number(_) => return Err(item.refuse_type("a whole number")),
        _ => return Err(item.refuse_type("a whole number")),
    };
    match u64::try_from(found).ok().filter(|whole| (low..=high).contains(whole)) {
        Some(whole) => Ok(Some(whole)),
        None if found < i128::from(low) => Err(item.refuse(format!("must be at least {low}, found {found}"))),
        None => Err(item.refuse(format!("must be at most {high}, found {found}"))),
    }
}

fn target(item: &Item, phantom: &PhantomEntry) -> Result<Target> {
    let section = Section::open(item, keys::TARGET)?;
    let error_item = section.need("relative_error")?;
    let relative_error = error_item.number()?;
    if !(relative_error > 0.0 && relative_error < 1.0) {
        let refusal = error_item.refuse(format!("must lie between 0 and 1, found {relative_error}"));
        return Err(refusal.with_help("0.01 is 1 %"));
    }
    let max_wall_s = section.number("max_wall_s", crate::io::section::above_zero_up_to(3.2e8))?;
    Ok(Target {
        relative_error,
        organs: target_organs(section.find("organs"), phantom)?,
        min_mass_g: section.number("min_mass_g", within(0.0, 1.0e6))?.unwrap_or(DEFAULT_MIN_MASS_G),
        max_wall_s,
    })
}

fn target_organs(item: Option<&Item>, phantom: &PhantomEntry) -> Result<TargetOrgans> {
    let Some(item) = item else { return Ok(TargetOrgans::InField) };
    let words = [("in-field", true), ("all", false)];
    if let Found::Text(_) = item.value {
        let in_field = word(item, &words)?;
        return Ok(if in_field { TargetOrgans::InField } else { TargetOrgans::All });
    }
    let known = phantom.model.organ_ids(phantom.sex);
    let named = item.list().map_err(|_| item.refuse_type("\"in-field\", \"all\" or a list of organs"))?;
    if named.is_empty() {
        return Err(item.refuse("must name at least one organ, found none"));
    }
    named.iter().map(|organ| known_organ(organ, &known)).collect::<Result<_>>().map(TargetOrgans::Named)
}

fn known_organ(item: &Item, known: &BTreeSet<String>) -> Result<String> {
    let organ = item.text()?;
    if known.contains(organ) {
        return Ok(organ.to_owned());
    }
    let error = item.refuse(format!("must be organs of the phantom, found \"{organ}\""));
    Err(error.with_help(match nearest(organ, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("its organs are {}", known.iter().cloned().collect::<Vec<_>>().join(", ")),
    }))
}

fn resolved_target(target: &Target) -> Value {
    let organs = match &target.organs {
        TargetOrgans::InField => json!("in-field"),
        TargetOrgans::All => json!("all"),
        TargetOrgans::Named(organs) => json!(organs),
    };
    json!({
        "relative_error": target.relative_error,
        "organs": organs,
        "min_mass_g": target.min_mass_g,
        "max_wall_s": target.max_wall_s,
    })
}

fn formats(output: &Section) -> Result<Vec<Format>> {
    let Some(item) = output.find("formats") else { return Ok(FORMATS.map(|(_, format)| format).to_vec()) };
    let formats =
        item.list()?.iter().map(|format| word(format, &FORMATS)).collect::<Result<BTreeSet<_>>>()?;
    if formats.is_empty() {
        return Err(item.refuse("must name at least one of hdf5, csv, json, html, found none"));
    }
    Ok(formats.into_iter().collect())
}

/// Edges of a map voxel, mm; `None` for no map. They must be multiples of the phantom's.
fn map_voxel_mm(output: &Section, phantom: &PhantomEntry) -> Result<Option<[f64; 3]>> {
    let wanted = output.find("dose_map").map_or(Ok(true), Item::flag)?;
    let Some(item) = output.find("map_voxel_mm") else { return Ok(wanted.then_some(phantom.voxel_mm)) };
    if !wanted {
        return Err(item.refuse("belongs to a dose map, found it with dose_map = false"));
    }
    let map_mm = edges_mm(item)?;
    for (map_mm, voxel_mm) in map_mm.into_iter().zip(phantom.voxel_mm) {
        let times = map_mm / voxel_mm;
        if !((1.0 - 1e-6..1e4).contains(&times) && (times - times.round()).abs() < 1e-6) {
            let sentence =
                format!("must be a multiple of the phantom's voxel, {voxel_mm} mm, found {map_mm} mm");
            return Err(item.refuse(sentence));
        }
    }
    Ok(Some(map_mm))
}

fn binning(map_mm: [f64; 3], voxel_mm: [f64; 3]) -> [usize; 3] {
    std::array::from_fn(|i| (map_mm[i] / voxel_mm[i]).round() as usize)
}
