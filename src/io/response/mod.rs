//! The response file: what a photon of every cell leaves in every organ of a phantom, as HDF5.
//!
//! | group | holds |
//! |---|---|
//! | `/` | `format`, `format_version`, `software_version`, `git_commit`, `created`, `notice`, `digest` |
//! | `/about` | `json`: phantom, scanner and physics with their digests, how the matrix was made |
//! | `/rows` | `kind`, `id`, `name`, `unit`, `mass` of every row; `json`: the same for programs, with the tissues' rows |
//! | `/matrix` | `mean`, `standard_error` [z, angle, energy, row] per 10⁹ photons per radian of fan angle before the bowtie; `z`, `angle`, `energy` are the middles (the mean energy) of the cells, `energy_edges` the bins; `tilt_slope`, `tilt_slope_standard_error`: how the mean changes from rays in the plane of rotation to those of the sine `tilt_sin_cone` to it |
//! | `/ctdi/head16`, `/ctdi/body32` | the same of the CTDI phantoms: rows centre, periphery, weighted |
//!
//! `digest` is over all numbers and the two texts: a file that was changed is refused.

mod about;
mod read;
mod write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::analysis::ctdi::{Beam, Ctdi, CtdiPhantom};
use crate::analysis::response::ctdi;
use crate::analysis::response::rows::Rows;
use crate::error::{Error, Result};
use crate::io::digest::sha256_hex;
use crate::simulation::response::ResponseMatrix;
use crate::units::MM_PER_CM;

pub use about::About;
pub use read::read;
pub(in crate::io) use read::read_untried;
pub use write::write;

/// What the file says it is.
pub const FORMAT: &str = "childsize.response";
/// Version of the layout.
pub const FORMAT_VERSION: &str = "1.1";

/// A phantom's response with that of the CTDI phantoms.
#[derive(Clone, Debug)]
pub struct Response {
    /// What it is of.
    pub about: About,
    /// Its rows.
    pub rows: Rows,
    /// The phantom's matrix.
    pub matrix: ResponseMatrix,
    /// Matrices of the CTDI phantoms.
    pub ctdi: Vec<(CtdiPhantom, ResponseMatrix)>,
}

/// How a matrix came about, beside its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    histories: u64,
    reached: f64,
    wall_s: f64,
}

impl Response {
    /// CTDI of a beam from the matrix of its phantom.
    pub fn ctdi(&self, beam: &Beam) -> Result<Ctdi> {
        self.about.check_scanner(&beam.scanner, beam.tube_voltage_kv)?;
        let found = self.ctdi.iter().find(|(phantom, _)| *phantom == beam.phantom);
        let (_, matrix) = found.ok_or_else(|| {
            Error::invalid(format!("the response has no CTDI phantom {}", beam.phantom.name()))
        })?;
        ctdi::ctdi(matrix, beam)
    }

    /// Digest of all that answers depend on.
    fn digest(&self) -> Result<String> {
        let internal = |error: serde_json::Error| Error::Internal(format!("a response as JSON: {error}"));
        let mut parts = vec![
            serde_json::to_string(&self.about).map_err(internal)?,
            serde_json::to_string(&self.rows).map_err(internal)?,
            matrix_digest(&self.matrix),
        ];
        parts.extend(
            self.ctdi.iter().map(|(phantom, matrix)| format!("{} {}", phantom.name(), matrix_digest(matrix))),
        );
        Ok(sha256_hex(parts.join("\n").as_bytes()))
    }
}

fn matrix_digest(matrix: &ResponseMatrix) -> String {
    let mut digest = Sha256::new();
    let slopes = matrix.tilt.iter().flat_map(|tilt| [&tilt.slope, &tilt.standard_error]);
    for values in [&matrix.mean, &matrix.standard_error].into_iter().chain(slopes) {
        // A block at a time: the digest would rather not be called for four bytes.
        let mut bytes = Vec::with_capacity(1 << 18);
        for block in values.chunks(1 << 16) {
            bytes.clear();
            block.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            digest.update(&bytes);
        }
    }
    let grid = &matrix.grid;
    // Heights as the file has them, in mm: what is left of their conversion is no change.
    let heights = format!("{:.6} {:.6}", grid.low_z_cm * MM_PER_CM, grid.plane_cm * MM_PER_CM);
    let shape = [grid.planes, grid.angles, grid.energies(), matrix.rows];
    let energies = (&grid.energy_edges_kev, &grid.mean_energies_kev);
    let sin_cone = matrix.tilt.as_ref().map(|tilt| tilt.sin_cone);
    let rest =
        format!("{heights} {shape:?} {energies:?} {:?} {:?} {sin_cone:?}", matrix.photons, matrix.one_photon);
    digest.update(rest.as_bytes());
    sha256_hex(&digest.finalize())
}
