//! The CTDI phantoms behind one bowtie: what a console would show, at any tube voltage.

use super::COLLIMATION_CM;
use crate::analysis::ctdi::{Beam, CtdiPhantom};
use crate::analysis::response::ctdi::{ctdi, respond_ctdi};
use crate::analysis::response::part::Precision;
use crate::error::Result;
use crate::simulation::Observer;
use crate::simulation::response::ResponseMatrix;
use crate::source::scanner::Scanner;
use crate::tally::estimate::Estimate;

/// The CTDI phantoms behind one bowtie.
pub struct CtdiMatrices {
    pub(super) scanner: Scanner,
    matrices: [ResponseMatrix; 2],
}

impl CtdiMatrices {
    /// Plays both phantoms.
    pub fn make(scanner: &Scanner, precision: Precision, observer: &dyn Observer) -> Result<Self> {
        let of = |phantom| respond_ctdi(scanner, phantom, precision.ctdi, precision.seed, observer);
        Ok(CtdiMatrices {
            scanner: scanner.clone(),
            matrices: [of(CtdiPhantom::Head16)?, of(CtdiPhantom::Body32)?],
        })
    }

    /// Histories played.
    pub fn histories(&self) -> u64 {
        self.matrices.iter().map(|matrix| matrix.histories).sum()
    }

    /// CTDIw of the 16 and the 32 cm phantom per mAs, mGy, which is CTDIvol per effective mAs.
    pub(super) fn per_mas(&self, scanner: &Scanner, tube_voltage_kv: f64) -> Result<[Estimate; 2]> {
        let of = |index: usize, phantom| {
            let beam =
                Beam { scanner: scanner.clone(), tube_voltage_kv, collimation_cm: COLLIMATION_CM, phantom };
            ctdi(&self.matrices[index], &beam).map(|found| found.weighted_mgy_per_mas)
        };
        Ok([of(0, CtdiPhantom::Head16)?, of(1, CtdiPhantom::Body32)?])
    }
}
