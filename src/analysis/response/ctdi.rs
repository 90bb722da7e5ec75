//! CTDI from a response matrix of the CTDI phantoms: any tube voltage, at once.

use super::answer::answer;
use super::rows::combinations_of;
use crate::analysis::ctdi::{
    Beam, Ctdi, CtdiPhantom, WIDEST_CM, phantom, rod_per_collimation, rods, rotation,
};
use crate::error::Result;
use crate::simulation::Observer;
use crate::simulation::response::{AwaitedScan, Effort, Making, ResponseMatrix, respond};
use crate::source::cell_weights::CellWeights;
use crate::source::gantry::{PatientPosition, Placement};
use crate::source::scanner::Scanner;

/// Heights of the matrix, cm: more than the widest beam that is measured.
const Z_CM: [f64; 2] = [-3.0, 3.0];
const PLANE_CM: f64 = 1.0;

/// Makes the matrix of a CTDI phantom until CTDIw of the making spectrum is known to a relative error.
pub fn respond_ctdi(
    scanner: &Scanner,
    of: CtdiPhantom,
    relative_error: f64,
    seed: u64,
    observer: &dyn Observer,
) -> Result<ResponseMatrix> {
    let phantom = phantom(of)?;
    let combinations = combinations_of(&phantom, &rods(&phantom)?);
    let making = Making {
        placement: Placement { position: PatientPosition::Hfs, isocentre_cm: phantom.axis_cm },
        phantom: &phantom,
        scanner,
        collimation_cm: WIDEST_CM,
        z_cm: Some(Z_CM),
        plane_cm: PLANE_CM,
        angles: 1,
        tilt: false,
    };
    let awaited = vec![AwaitedScan::whole(vec![2], relative_error)];
    let effort = Effort { seed, awaited, most_histories: u64::MAX };
    respond(&making, &combinations, &effort, observer)
}

/// CTDI of a beam, whose bowtie and distance must be those of the matrix.
pub fn ctdi(matrix: &ResponseMatrix, beam: &Beam) -> Result<Ctdi> {
    let rotation = rotation(beam.tube_voltage_kv, beam.collimation_cm);
    let weights = CellWeights::of(&rotation, &beam.scanner, &matrix.grid)?;
    let values = answer(matrix, &[weights]);
    let per_collimation = rod_per_collimation(&rotation);
    let value = |row: usize| values[row].scaled(per_collimation);
    Ok(Ctdi {
        centre_mgy_per_mas: value(0),
        periphery_mgy_per_mas: value(1),
        weighted_mgy_per_mas: value(2),
        histories: matrix.histories,
    })
}
