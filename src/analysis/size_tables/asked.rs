//! What size tables are asked for, and when the matrices that they come from are known well enough.

use super::child::scan;
use super::console::CtdiMatrices;
use super::slabs::{about, middle_slab, scans_about};
use super::{Bowtie, LEAST_COVERAGE, Region};
use crate::analysis::response::part::{Precision, organs_among};
use crate::analysis::size::BODY_PARTS;
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::simulation::response::AwaitedScan;

/// Regions, tube voltages and how well they have to be known.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked<'a> {
    /// Regions.
    pub regions: &'a [Region],
    /// Tube voltages, kV.
    pub tube_voltages_kv: &'a [f64],
    /// Errors: those of doses per CTDIvol.
    pub precision: Precision,
}

/// A bowtie, and the CTDI phantoms behind it.
type Behind<'a> = (Bowtie, &'a CtdiMatrices);

impl Asked<'_> {
    /// Scans of the regions behind a bowtie, with the organs that lie in them.
    pub(super) fn regions_of(&self, phantom: &Phantom, behind: Behind) -> Result<Vec<AwaitedScan>> {
        let (bowtie, console) = behind;
        let mut found = Vec::new();
        for region in self.regions.iter().filter(|region| region.bowtie == bowtie) {
            let range_cm = region.range_cm(phantom)?;
            found.extend(self.at_all_tube_voltages(
                range_cm,
                organs_among(phantom, range_cm, LEAST_COVERAGE),
                console,
            )?);
        }
        Ok(found)
    }

    /// Scans about the slices in the middle of the parts of the body.
    pub(super) fn slices_of(&self, phantom: &Phantom, behind: Behind) -> Result<Vec<AwaitedScan>> {
        let (bowtie, console) = behind;
        let mut found = Vec::new();
        for part in BODY_PARTS.into_iter().filter(|part| (part.name == "head") == (bowtie == Bowtie::Head)) {
            let (slab, extent_cm) = middle_slab(phantom, &part)?;
            for &scan_cm in scans_about(&part) {
                found.extend(self.at_all_tube_voltages(about(extent_cm, scan_cm), vec![slab], console)?);
            }
        }
        Ok(found)
    }

    fn at_all_tube_voltages(
        &self,
        range_cm: [f64; 2],
        rows: Vec<usize>,
        console: &CtdiMatrices,
    ) -> Result<Vec<AwaitedScan>> {
        let at = |&kv: &f64| {
            let relative_error = self.error_of_doses(kv, console)?;
            Ok(AwaitedScan { scan: Some(scan(range_cm, kv)), rows: rows.clone(), relative_error })
        };
        self.tube_voltages_kv.iter().map(at).collect()
    }

    /// What the error of CTDIvol leaves for the doses.
    fn error_of_doses(&self, tube_voltage_kv: f64, console: &CtdiMatrices) -> Result<f64> {
        let ctdi = console.per_mas(&console.scanner, tube_voltage_kv)?;
        let of_ctdi = ctdi.iter().map(|ctdi| ctdi.relative_error()).fold(0.0, f64::max);
        let left = self.precision.organs.powi(2) - of_ctdi.powi(2);
        if left > 0.0 {
            return Ok(left.sqrt());
        }
        Err(Error::invalid(format!(
            "the error of CTDIw must be below that of organs, {:.2} %, found {:.2} % at {tube_voltage_kv} kV",
            100.0 * self.precision.organs,
            100.0 * of_ctdi
        ))
        .with_help("ask for a smaller error of CTDIw, --ctdi-error"))
    }
}
