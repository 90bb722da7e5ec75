//! Matrices of a part of a body, over whole turns: what size tables and the explorer are made of.

use super::rows::rows_of;
use crate::error::Result;
use crate::geometry::mass::coverage;
use crate::geometry::phantom::Phantom;
use crate::simulation::Observer;
use crate::simulation::response::{AwaitedScan, Effort, Making, ResponseMatrix, respond};
use crate::source::gantry::Placement;
use crate::source::scanner::Scanner;

/// Thickness of the planes, cm.
const PLANE_CM: f64 = 0.5;
/// Lightest organ whose error is waited for, g, and the share of it that must lie among the planes.
const LIGHTEST_G: f64 = 10.0;
const SHARE: f64 = 0.95;

/// How exact matrices are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Relative error of organs in the field above 10 g, and of slices.
    pub organs: f64,
    /// Relative error of CTDIw.
    pub ctdi: f64,
    /// Seed of all chance.
    pub seed: u64,
}

/// A patient on a scanner.
#[derive(Clone, Copy, Debug)]
pub struct Lying<'a> {
    /// The patient.
    pub phantom: &'a Phantom,
    /// The scanner.
    pub scanner: &'a Scanner,
    /// How the patient lies in it.
    pub placement: Placement,
    /// Beam width that cone angles are averaged over, cm.
    pub collimation_cm: f64,
}

/// Every organ above 10 g that lies between two heights, cm, in a scan of all planes.
pub fn all_organs_among(phantom: &Phantom, z_cm: [f64; 2], relative_error: f64) -> Vec<AwaitedScan> {
    vec![AwaitedScan::whole(organs_among(phantom, z_cm, SHARE), relative_error)]
}

/// Rows of organs above 10 g of which a share at least lies between two heights, cm.
pub fn organs_among(phantom: &Phantom, z_cm: [f64; 2], share: f64) -> Vec<usize> {
    let (rows, _) = rows_of(phantom);
    let among = coverage(phantom, z_cm[0], z_cm[1]);
    let mut found = rows.organs_of_at_least(LIGHTEST_G);
    found.retain(|&row| among[row] >= share);
    found
}

/// Makes a matrix of the planes between two heights, cm, until every target is known. There is one gantry angle, the
/// whole turn: tube currents that follow the angle are not for it.
pub fn respond_between(
    lying: Lying,
    z_cm: [f64; 2],
    (seed, awaited): (u64, Vec<AwaitedScan>),
    observer: &dyn Observer,
) -> Result<ResponseMatrix> {
    let Lying { phantom, scanner, placement, collimation_cm } = lying;
    let (_, combinations) = rows_of(phantom);
    let making = Making {
        phantom,
        scanner,
        placement,
        collimation_cm,
        z_cm: Some(z_cm),
        plane_cm: PLANE_CM,
        angles: 1,
        tilt: false,
    };
    respond(&making, &combinations, &Effort { seed, awaited, most_histories: u64::MAX }, observer)
}
