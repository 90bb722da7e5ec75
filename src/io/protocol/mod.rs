//! The protocol file: what a physicist writes, and what the engine makes of it.
//!
//! Console units (mm, degrees) change to the library's here and nowhere else. Everything that can be refused
//! without voxels is refused when the text is read; [`Protocol::prepare`] then makes the voxels.
//! The keys are documented in `docs/protocol.md`.

mod acquisition;
mod keys;
mod memory;
mod model;
mod modulation;
mod phantom;
mod phases;
mod range;
mod run;
mod scanner;
mod subject;

use std::path::Path;

use serde_json::{Value, json};

use crate::analysis::console::ConsoleCtdi;
use crate::analysis::exposure_control::{ExposureControl, modulate};
use crate::error::Result;
use crate::io::digest::{phantom_digest, sha256_hex};
use crate::io::document;
use crate::io::profile_csv::read_text;
use crate::io::section::Section;
use crate::simulation::Exam;
use crate::simulation::settings::Settings;

use acquisition::AcquisitionEntry;
use phantom::PhantomEntry;
use run::RunEntry;
use scanner::ScannerEntry;

pub use keys::all_keys;
pub use run::{DEFAULT_HISTORIES, DEFAULT_MIN_MASS_G, DEFAULT_SEED, Format, OutputSettings};
pub use subject::{Subject, SubjectKeys};

/// Name and version of the format.
pub const SCHEMA: &str = "childsize.protocol/1";
/// Largest protocol that is read, bytes.
const LONGEST_BYTES: u64 = 1 << 20;

/// A protocol that was read and found good.
#[derive(Clone, Debug)]
pub struct Protocol {
    text: String,
    sha256: String,
    name: String,
    phantom: PhantomEntry,
    scanner: ScannerEntry,
    acquisitions: Vec<AcquisitionEntry>,
    run: RunEntry,
    warnings: Vec<String>,
}

/// Everything a run needs, and what its result file says about where it came from.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Name of the protocol.
    pub name: String,
    /// Patient, scanner, acquisitions.
    pub exam: Exam,
    /// Histories, target, estimator, map.
    pub settings: Settings,
    /// Where results go, and as what.
    pub output: OutputSettings,
    /// What the console shows, by acquisition; `None` where no CTDI is wanted.
    pub console: Vec<Option<ConsoleCtdi>>,
    /// Threads, if the protocol names a number.
    pub threads: Option<usize>,
    /// What a physicist should look at.
    pub warnings: Vec<String>,
    /// SHA-256 of the voxelized phantom.
    pub phantom_digest: String,
    /// The protocol, verbatim.
    pub protocol_text: String,
    /// SHA-256 of the protocol's text.
    pub protocol_sha256: String,
    /// The protocol with every default filled in.
    pub resolved_json: Value,
}

impl Protocol {
    /// Reads a protocol file. Files it names are looked up from its folder.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path, LONGEST_BYTES)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|error| error.within(&path.display().to_string()))
    }

    /// Reads the text of a protocol. Files it names are looked up from `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self> {
        let file = Section::open(&document::read(text)?, keys::PROTOCOL)?;
        check_schema(&file)?;
        let phantom = PhantomEntry::read(&Section::open(file.need("phantom")?, keys::PHANTOM)?, folder)?;
        let scanner_section = Section::open(file.need("scanner")?, keys::SCANNER)?;
        let scanner = ScannerEntry::read(&scanner_section, folder)?;
        let acquisitions = phases::read(file.need("acquisition")?, &phantom.model, &scanner_section, folder)?;
        let run = RunEntry::read(&file.sub("run", keys::RUN)?, &file.sub("output", keys::OUTPUT)?, &phantom)?;
        let mut warnings: Vec<String> =
            phantom.warnings.iter().map(|warning| format!("phantom: {warning}")).collect();
        warnings.extend(acquisitions.iter().flat_map(|entry| entry.warnings.iter().cloned()));
        warnings.extend(spectrum_warnings(&scanner, &acquisitions));
        Ok(Protocol {
            text: text.to_owned(),
            sha256: sha256_hex(text.as_bytes()),
            name: file.text("name")?.unwrap_or("unnamed").to_owned(),
            phantom,
            scanner,
            acquisitions,
            run,
            warnings,
        })
    }

    /// The text, verbatim.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Name of the protocol.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a physicist should look at.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The protocol with every default filled in.
    pub fn resolved_json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "name": self.name,
            "phantom": self.phantom.resolved(),
            "scanner": self.scanner.resolved(),
            "acquisition": self.acquisitions.iter().map(|entry| entry.resolved.clone()).collect::<Vec<_>>(),
            "run": self.run.resolved_run(),
            "output": self.run.resolved_output(),
        })
    }

    /// Makes the voxels. Refuses, before it does, a run that would not fit into memory.
    pub fn prepare(&self) -> Result<Prepared> {
        self.memory_plan().check(self.phantom.voxel_mm, memory::available_bytes())?;
        let phantom = self.phantom.model.voxelize(self.phantom.voxel_cm(), self.phantom.sex)?;
        let phantom_digest = phantom_digest(&phantom);
        let mut exam = Exam {
            phantom,
            scanner: self.scanner.scanner.clone(),
            placement: self.phantom.placement(),
            acquisitions: self.acquisitions.iter().map(|entry| entry.acquisition.clone()).collect(),
        };
        exam.check()?;
        modulate(&mut exam, &self.modulations())?;
        Ok(Prepared {
            name: self.name.clone(),
            exam,
            settings: self.run.settings.clone(),
            output: self.run.output.clone(),
            console: self.acquisitions.iter().map(|entry| entry.console).collect(),
            threads: self.run.threads,
            warnings: self.warnings.clone(),
            phantom_digest,
            protocol_text: self.text.clone(),
            protocol_sha256: self.sha256.clone(),
            resolved_json: self.resolved_json(),
        })
    }

    fn modulations(&self) -> Vec<Option<ExposureControl>> {
        self.acquisitions.iter().map(|entry| entry.modulation.control.clone()).collect()
    }

    /// Memory the run will need, bytes; an estimate.
    pub fn memory_bytes(&self) -> f64 {
        self.memory_plan().bytes()
    }

    fn memory_plan(&self) -> memory::Plan {
        let counts = self.phantom.model.voxel_counts(self.phantom.voxel_cm());
        let map_counts =
            |factors: [usize; 3]| (0..3).map(|i| counts[i].div_ceil(factors[i] as u64) as f64).product();
        memory::Plan {
            voxels: counts.iter().map(|&count| count as f64).product(),
            voxel_media: self.phantom.model.has_voxel_media(),
            map_voxels: self.run.settings.map_binning.map_or(0.0, map_counts),
            smooths: self.run.settings.smooths(),
            threads: self.run.threads.unwrap_or_else(rayon::current_num_threads),
        }
    }
}

fn check_schema(file: &Section) -> Result<()> {
    match file.find("schema") {
        Some(item) if item.text()? != SCHEMA => {
            Err(item.refuse(format!("must be \"{SCHEMA}\", found {}", item.shown())))
        }
        _ => Ok(()),
    }
}

/// A spectrum of the user's own: its scale, and its energies against the tube voltages.
fn spectrum_warnings(scanner: &ScannerEntry, acquisitions: &[AcquisitionEntry]) -> Vec<String> {
    let of =
        |entry: &AcquisitionEntry| entry.scanner.as_ref().map_or(scanner.highest_kev, |own| own.highest_kev);
    if acquisitions.iter().all(|entry| of(entry).is_none()) {
        return Vec::new();
    }
    let mut warnings = vec![
        "the spectrum is a table: dose is absolute only if its fluence is photons per cm2 and mAs at 100 cm"
            .to_owned(),
    ];
    let beyond = acquisitions.iter().filter_map(|entry| {
        let (kv, highest_kev) = (entry.acquisition.tube_voltage_kv, of(entry)?);
        let phase = &entry.acquisition.phase;
        (highest_kev > kv + 1.0)
            .then(|| format!("acquisition `{phase}`: the spectrum reaches {highest_kev} keV at {kv} kV"))
    });
    warnings.extend(beyond);
    warnings
}
