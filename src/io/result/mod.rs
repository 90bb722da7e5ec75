//! The result file: one HDF5 file that explains itself and that h5py, xarray and VTK or ParaView open.
//!
//! | group | holds |
//! |---|---|
//! | `/` | `format`, `format_version`, `software_version`, `git_commit`, `created`, `complete`, `notice` |
//! | `/protocol` | the protocol as it was read, as it was resolved, and its digest |
//! | `/provenance` | histories, batches, seed, random streams, digests, threads, times, energy balance |
//! | `/summary` | `json`: what `summary.json` holds |
//! | `/maps` | `z`, `y`, `x` in mm; dose, relative error, density, organ and material by voxel |
//! | `/anatomy` | without a dose map: density, organ and material by coarser voxels |
//! | `/acquisitions/NNN` | what the console was set to, and how the run of it ended |
//! | `/size` | widths and water-equivalent diameter along z |
//! | `/skin` | dose to the skin in patches of a square centimetre, and the largest |
//! | `/organs`, `/materials` | tables; `organ_id` and `material_id` of the maps index into them |
//! | `/batches/NNN` | energy by batch and organ: anyone can recompute the statistics |
//! | `/tissues` | dose by tissue of radiation protection, acquisition and batch |
//! | `/effective/NNN` | effective dose by ICRP 103 and 60 with the tissues it is made of |
//! | `/VTKHDF` | the maps once more, as soft links, for VTK and ParaView |
//! | `/digests` | SHA-256 of every dataset and group: [`crate::io::seal`] |
//!
//! Every dataset has `units` (`1` for a plain number, `none` for text).

mod acquisitions;
mod batches;
mod chunks;
pub(in crate::io) mod dimension;
mod effective;
pub(crate) mod hdf;
pub(in crate::io) mod map_file;
mod maps;
mod organs;
mod provenance;
pub mod read;
mod size;
mod skin;
mod tissues;
mod vtk;

use std::path::Path;

use jiff::{Timestamp, Unit};

use crate::analysis::console::AcquisitionCtdi;
use crate::analysis::organ_table::OrganTable;
use crate::analysis::size::SliceSize;
use crate::error::Result;
use crate::io::seal::seal;
use crate::io::trial::{self, Subject};
use crate::io::{output_file, summary};
use crate::simulation::Exam;
use crate::simulation::outcome::Outcome;
use crate::simulation::settings::Settings;
use hdf::{attribute, text_attribute};
pub use maps::NO_ORGAN;

/// What the file says it is.
pub const FORMAT: &str = "childsize.result";
/// Version of the layout: the first number changes when a reader would have to.
pub const FORMAT_VERSION: &str = "1.4";
/// Stands in every output.
pub const NOTICE: &str = "research use, not for clinical decisions";

/// The protocol a result came from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProtocolText {
    /// Name of the exam.
    pub name: String,
    /// The file, as it was read.
    pub toml: String,
    /// Every value in force, defaults filled in.
    pub resolved_json: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// The command that ran it, as a shell would read it; empty if there was none.
    pub command_line: String,
}

/// Everything that goes into a result.
#[derive(Clone, Copy, Debug)]
pub struct ResultFile<'a> {
    /// What was simulated.
    pub exam: &'a Exam,
    /// How.
    pub settings: &'a Settings,
    /// What came of it.
    pub outcome: &'a Outcome,
    /// The protocol.
    pub protocol: &'a ProtocolText,
    /// SHA-256 of the phantom, hexadecimal.
    pub phantom_digest: &'a str,
    /// CTDI by acquisition, where it was asked for.
    pub ctdi: &'a [Option<AcquisitionCtdi>],
    /// Sizes of the phantom's slices at [`crate::analysis::size::REFERENCE_KEV`].
    pub sizes: &'a [SliceSize],
    /// What the user was warned of.
    pub warnings: &'a [String],
    /// When the result was made.
    pub created: Timestamp,
}

impl ResultFile<'_> {
    /// Time of creation, UTC, RFC 3339, in whole seconds.
    pub fn created(&self) -> String {
        self.created.round(Unit::Second).unwrap_or(self.created).to_string()
    }

    /// Commit the program was built from.
    pub fn git_commit(&self) -> &'static str {
        git_commit()
    }
}

/// Commit the program was built from, `unknown` outside a repository.
pub fn git_commit() -> &'static str {
    option_env!("CHILDSIZE_GIT_COMMIT").unwrap_or("unknown")
}

/// Writes the file: beside its place, synced, then renamed, so that it appears whole or not at all.
pub fn write(path: &Path, result: &ResultFile) -> Result<()> {
    let temporary = output_file::beside(path)?.into_temp_path();
    fill(&temporary, result).map_err(|error| output_file::unwritable(path, &hdf::write_reason(&error)))?;
    output_file::publish(temporary, path)?;
    [true, false].iter().for_each(|&maps| trial::vouch(path, &Subject::Result { maps }));
    Ok(())
}

fn fill(path: &Path, result: &ResultFile) -> hdf5::Result<()> {
    let file = hdf5::File::create(path)?;
    text_attribute(&file, "format", FORMAT)?;
    text_attribute(&file, "format_version", FORMAT_VERSION)?;
    text_attribute(&file, "software_version", env!("CARGO_PKG_VERSION"))?;
    text_attribute(&file, "git_commit", result.git_commit())?;
    text_attribute(&file, "created", &result.created())?;
    text_attribute(&file, "notice", NOTICE)?;
    attribute(&file, "complete", result.outcome.complete)?;
    provenance::write_protocol(&file, result)?;
    provenance::write_provenance(&file, result)?;
    let summary = file.create_group("summary")?;
    hdf::text_dataset(&summary, "json", &format!("{:#}", summary::value(result)))?;
    let phantom = &result.exam.phantom;
    organs::write_organs(&file, phantom, &OrganTable::new(phantom, result.outcome), result.outcome)?;
    organs::write_materials(&file, phantom)?;
    size::write(&file, result.sizes)?;
    acquisitions::write(&file, result.exam, &result.outcome.acquisitions, result.ctdi, result.sizes)?;
    batches::write(&file, &result.outcome.acquisitions)?;
    skin::write(&file, result.outcome)?;
    tissues::write(&file, phantom, &result.outcome.acquisitions)?;
    effective::write(&file, phantom, &result.outcome.acquisitions)?;
    match &result.outcome.dose_map {
        Some(map) => {
            maps::write(&file, phantom, map)?;
            vtk::write(&file, &map.binning.grid)?;
        }
        None => maps::write_anatomy_alone(&file, phantom)?,
    }
    seal(&file)?;
    hdf::close(file)
}
