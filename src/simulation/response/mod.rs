//! Response matrices: what a photon of every cell leaves in every organ, simulated once.
//!
//! Every cell is a stratum. Within it the fan is cut into strata of equal numbers of photons, from each of which two
//! are drawn, independently: their differences tell the variance. Columns are played by one thread each, passes are
//! added in order, so that the matrix does not depend on the number of threads.

mod awaited;
mod work;

use std::time::Instant;

use crate::error::{Error, Result};
use crate::geometry::outline::Outline;
use crate::geometry::phantom::Phantom;
use crate::simulation::{Exam, Observer};
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::beam::Beam;
use crate::source::cell_source::CellSource;
use crate::source::cells::{CellGrid, making_spectrum};
use crate::source::gantry::Placement;
use crate::source::scanner::Scanner;
use crate::source::spectrum::Spectrum;
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::response_score::Combinations;
use crate::transport::aim::fan_windows;
use crate::transport::world::World;

use awaited::Awaited;
use work::{ColumnPlan, Work};

/// What a matrix is made for.
#[derive(Clone, Copy, Debug)]
pub struct Making<'a> {
    /// The patient.
    pub phantom: &'a Phantom,
    /// The scanner; its bowtie becomes part of the matrix.
    pub scanner: &'a Scanner,
    /// How the patient lies in it.
    pub placement: Placement,
    /// Beam width on the axis, whose cone angles are averaged over, cm.
    pub collimation_cm: f64,
    /// Interval of heights on the axis, cm; `None` for the whole body and [`MARGIN_CM`] beyond.
    pub z_cm: Option<[f64; 2]>,
    /// Thickness of a plane, cm.
    pub plane_cm: f64,
    /// Gantry angles.
    pub angles: usize,
    /// Whether slopes with the tilt of rays are kept.
    pub tilt: bool,
}

/// By how much the planes reach beyond the body, cm: a tilted ray that crosses the axis there may still meet it.
pub const MARGIN_CM: f64 = 2.0;

/// Most values of a matrix: 24 bytes each while it is made.
const MOST_VALUES: f64 = 1e8;

/// How far a matrix is worked out.
#[derive(Clone, Debug, PartialEq)]
pub struct Effort {
    /// Seed of all chance.
    pub seed: u64,
    /// Scans that are waited for.
    pub awaited: Vec<AwaitedScan>,
    /// Most histories.
    pub most_histories: u64,
}

/// A scan, and how well its rows have to be known.
#[derive(Clone, Debug, PartialEq)]
pub struct AwaitedScan {
    /// The scan; `None` for one of the whole grid with the spectrum that matrices are made with.
    pub scan: Option<Acquisition>,
    /// Its rows.
    pub rows: Vec<usize>,
    /// Largest relative error of the rows.
    pub relative_error: f64,
}

impl AwaitedScan {
    /// A scan of the whole grid.
    pub fn whole(rows: Vec<usize>, relative_error: f64) -> Self {
        AwaitedScan { scan: None, rows, relative_error }
    }
}

/// How the values of a matrix change with the tilt of a ray: the sine of its angle to the plane of rotation, positive where it
/// comes from below.
#[derive(Clone, Debug, PartialEq)]
pub struct Tilt {
    /// Largest sine that was played.
    pub sin_cone: f64,
    /// Change of the value from no tilt to the largest.
    pub slope: Vec<f32>,
    /// Its standard error.
    pub standard_error: Vec<f32>,
}

/// A response matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseMatrix {
    /// Its cells.
    pub grid: CellGrid,
    /// Rows: values of every cell.
    pub rows: usize,
    /// Value per photon and radian of fan angle before the bowtie, by column, energy, row.
    pub mean: Vec<f32>,
    /// Standard error of the value.
    pub standard_error: Vec<f32>,
    /// How values change with the tilt of rays, if that is known.
    pub tilt: Option<Tilt>,
    /// Photons of every cell, by energy.
    pub photons: Vec<u64>,
    /// By row: an upper limit of what one photon can leave, for rows that no history touched.
    pub one_photon: Vec<f64>,
    /// Histories played.
    pub histories: u64,
    /// Largest relative error of all awaited rows.
    pub reached: f64,
    /// Where the energy went.
    pub energy_balance: EnergyBalance,
    /// Wall time, s.
    pub wall_s: f64,
}

/// Makes a matrix whose rows are combinations of organ energies. Ends with the pass that reaches the error, the
/// histories or the observer's wish.
pub fn respond(
    making: &Making,
    combinations: &Combinations,
    effort: &Effort,
    observer: &dyn Observer,
) -> Result<ResponseMatrix> {
    let start = Instant::now();
    check(making, effort)?;
    let outline = Outline::of(making.phantom);
    let world = World::new(making.phantom, &outline)?;
    let made_with = making_spectrum(making.scanner)?;
    let grid = CellGrid::new(interval_cm(making, &outline)?, making.plane_cm, making.angles, &made_with)?;
    let values = grid.columns() as f64 * grid.energies() as f64 * combinations.rows() as f64;
    if values > MOST_VALUES {
        return Err(Error::invalid(format!(
            "a response must have at most {MOST_VALUES:.0e} values, found {values:.1e}: {} planes, {} angles, {} energies, {} rows",
            grid.planes,
            grid.angles,
            grid.energies(),
            combinations.rows()
        ))
        .with_help("take thicker planes or fewer angles"));
    }
    let source = source(making, &outline, &grid, &made_with)?;
    let column = ColumnPlan::new(&source, &grid, &made_with)?;
    let awaited = Awaited::all(&effort.awaited, making.scanner, &grid, &made_with)?;
    let mut work = Work::new(&grid, combinations, column, (effort.seed, making.tilt));
    let mut planned = 1;
    while work.play((&world, &source), observer, planned, start) {
        let excess = awaited.iter().map(|scan| work.error(scan) / scan.relative_error).fold(0.0, f64::max);
        let growth = excess.powi(2);
        let affordable = (effort.most_histories / work.histories_per_pass()).max(1);
        planned = ((work.passes as f64 * growth.min(4.0)).ceil() as u64).min(affordable).max(work.passes);
        if excess <= 1.0 || work.passes >= affordable {
            break;
        }
    }
    let sin_cone = making.tilt.then_some(source.sin_cone());
    work.finish(&awaited, sin_cone, start.elapsed().as_secs_f64())
}

fn check(making: &Making, effort: &Effort) -> Result<()> {
    making.scanner.check()?;
    let errors = effort.awaited.iter().map(|target| target.relative_error);
    if let Some(found) = errors.into_iter().find(|&error| !(error > 0.0 && error < 1.0)) {
        return Err(Error::invalid(format!(
            "the relative error of a response must lie between 0 and 1, found {found}"
        )));
    }
    Ok(())
}

fn interval_cm(making: &Making, outline: &Outline) -> Result<[f64; 2]> {
    if let Some(interval_cm) = making.z_cm {
        return Ok(interval_cm);
    }
    let body = outline.extent_between(f64::NEG_INFINITY, f64::INFINITY);
    let (low_cm, high_cm) = body
        .ok_or_else(|| Error::invalid(format!("phantom `{}` has no voxel of a body", making.phantom.id)))?;
    Ok([low_cm - MARGIN_CM, high_cm + MARGIN_CM])
}

/// A helix over the whole grid: what it would emit is what the cells are made of.
pub fn making_acquisition(grid_z_cm: [f64; 2], collimation_cm: f64) -> Acquisition {
    let ends_cm = [grid_z_cm[0] - 0.5 * collimation_cm, grid_z_cm[1] + 0.5 * collimation_cm];
    Acquisition::plain("response", Mode::Helical { pitch: 1.0 }, 120.0, collimation_cm, ends_cm)
}

fn source(making: &Making, outline: &Outline, grid: &CellGrid, made_with: &Spectrum) -> Result<CellSource> {
    let acquisition = making_acquisition([grid.low_z_cm, grid.high_z_cm()], making.collimation_cm);
    acquisition.check()?;
    let beam = Beam::new(making.scanner, &acquisition, making.placement)?;
    let windows = fan_windows(&beam, outline);
    let tan_cone = beam.tan_cone();
    let sin_cone = tan_cone / (1.0 + tan_cone * tan_cone).sqrt();
    Ok(CellSource::new(making.scanner, sin_cone, making.placement, grid.clone(), windows, made_with))
}

/// The exam that a matrix stands for, for whoever watches its making.
pub fn making_exam(making: &Making) -> Exam {
    let acquisition = making_acquisition(making.z_cm.unwrap_or([0.0, 1.0]), making.collimation_cm);
    Exam {
        phantom: making.phantom.clone(),
        scanner: making.scanner.clone(),
        placement: making.placement,
        acquisitions: vec![acquisition],
    }
}
