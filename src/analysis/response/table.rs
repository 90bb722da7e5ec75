//! Doses of a protocol from a matrix, in the form that runs have.

use super::answer::{answers, effective_msv};
use super::rows::Rows;
use crate::analysis::effective_dose::{SCHEMES, Scheme};
use crate::analysis::organ_table::{OrganDose, OrganRow, OrganTable, organ_volumes_cm3};
use crate::error::Result;
use crate::geometry::mass::OrganProfile;
use crate::simulation::Exam;
use crate::simulation::response::ResponseMatrix;
use crate::source::cell_weights::CellWeights;
use crate::tally::estimate::Estimate;

/// What a matrix says of an exam.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Mass, coverage and dose by organ.
    pub table: OrganTable,
    /// Values of all rows, by acquisition.
    pub by_acquisition: Vec<Vec<Estimate>>,
    /// Values of all rows, of the whole exam. Acquisitions share the matrix, so that this is not a sum of independent
    /// parts.
    pub total: Vec<Estimate>,
}

/// Evaluates an exam whose phantom and scanner are those of the matrix.
pub fn evaluate(exam: &Exam, rows: &Rows, matrix: &ResponseMatrix) -> Result<Evaluation> {
    let weights = exam.acquisitions.iter().map(|a| CellWeights::of(a, exam.scanner_of(a), &matrix.grid));
    let weights: Vec<CellWeights> = weights.collect::<Result<_>>()?;
    let (by_acquisition, total) = answers(matrix, &weights);
    Ok(Evaluation { table: table(exam, rows, &by_acquisition, &total), by_acquisition, total })
}

impl Evaluation {
    /// Effective dose by every scheme that the phantom has the tissues for: of the exam, then by acquisition, mSv.
    pub fn effective_msv(&self, rows: &Rows) -> Vec<(Scheme, Estimate, Vec<Estimate>)> {
        let of = |scheme| {
            let total = effective_msv(rows, &self.total, scheme)?;
            let parts = self.by_acquisition.iter().map(|values| effective_msv(rows, values, scheme));
            Some((scheme, total, parts.collect::<Option<Vec<_>>>()?))
        };
        SCHEMES.into_iter().filter_map(of).collect()
    }
}

fn table(exam: &Exam, rows: &Rows, by_acquisition: &[Vec<Estimate>], total: &[Estimate]) -> OrganTable {
    let volumes_cm3 = organ_volumes_cm3(&exam.phantom);
    let profile = OrganProfile::of(&exam.phantom);
    let covered = exam.acquisitions.iter().map(|acquisition| {
        let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
        profile.coverage(bottom_cm, top_cm)
    });
    let covered: Vec<Vec<f64>> = covered.collect();
    let row = |organ: usize| {
        let (about, mass_g) = (&exam.phantom.organs[organ], rows.rows[organ].mass_g);
        let dose = |value: Estimate| if mass_g > 0.0 { OrganDose::of(value) } else { OrganDose::NoVoxels };
        OrganRow {
            organ,
            id: about.id.clone(),
            name: about.name.clone(),
            mass_g,
            target_mass_g: about.target_mass_g,
            volume_cm3: volumes_cm3[organ],
            coverage: covered.iter().map(|coverage| coverage[organ]).collect(),
            doses: by_acquisition.iter().map(|values| dose(values[organ])).collect(),
            total: dose(total[organ]),
        }
    };
    OrganTable {
        phases: exam.acquisitions.iter().map(|acquisition| acquisition.phase.clone()).collect(),
        rows: (0..exam.phantom.organs.len()).map(row).collect(),
    }
}
