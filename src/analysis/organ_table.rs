//! The organ table: mass, coverage and dose of every organ, by acquisition and in total.

use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::Outcome;
use crate::simulation::settings::IN_FIELD_COVERAGE;
use crate::tally::estimate::Estimate;

/// Organs below this mean density hold gas, g/cm³: listed in files, left out of the printed table.
pub const GAS_DENSITY_G_CM3: f64 = 0.1;

/// How much of an organ the nominal scan range covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InField {
    /// At least [`IN_FIELD_COVERAGE`] of its mass.
    In,
    /// Some of it. Its dose hangs on the exact range.
    Partly,
    /// None of it: scatter and overrange only.
    Out,
}

impl InField {
    /// All classes, in the order of tables.
    pub const ALL: [InField; 3] = [InField::In, InField::Partly, InField::Out];

    /// Class of a coverage, from 0 to 1.
    pub fn of_coverage(coverage: f64) -> Self {
        if coverage >= IN_FIELD_COVERAGE {
            InField::In
        } else if coverage > 0.0 {
            InField::Partly
        } else {
            InField::Out
        }
    }

    /// Words for people: `in the field`.
    pub fn words(self) -> &'static str {
        match self {
            InField::In => "in the field",
            InField::Partly => "partly in the field",
            InField::Out => "out of the field",
        }
    }
}

/// What a run knows of an organ's dose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OrganDose {
    /// Mean and standard error, mGy.
    Scored(Estimate),
    /// No history touched the organ: its dose is below about this, mGy.
    Below(f64),
    /// The organ has no voxels at this voxel size.
    NoVoxels,
}

impl OrganDose {
    /// Reads the conventions of [`Outcome`]: NaN for no voxels, mean 0 with an upper limit as its error.
    pub fn of(dose_mgy: Estimate) -> Self {
        if dose_mgy.mean.is_nan() {
            OrganDose::NoVoxels
        } else if dose_mgy.mean == 0.0 {
            OrganDose::Below(dose_mgy.standard_error)
        } else {
            OrganDose::Scored(dose_mgy)
        }
    }

    /// The estimate, if there is one.
    pub fn estimate(&self) -> Option<Estimate> {
        match self {
            OrganDose::Scored(estimate) => Some(*estimate),
            _ => None,
        }
    }

    /// The upper limit of an organ without score, mGy.
    pub fn upper_limit_mgy(&self) -> Option<f64> {
        match self {
            OrganDose::Below(limit_mgy) => Some(*limit_mgy),
            _ => None,
        }
    }
}

/// One organ of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganRow {
    /// Index into [`Phantom::organs`].
    pub organ: usize,
    /// Key, for example `lungs`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Mass of its voxels, g.
    pub mass_g: f64,
    /// Mass its source states, g.
    pub target_mass_g: Option<f64>,
    /// Volume of its voxels, cm³.
    pub volume_cm3: f64,
    /// Share of its mass in the nominal range, by acquisition.
    pub coverage: Vec<f64>,
    /// Dose by acquisition.
    pub doses: Vec<OrganDose>,
    /// Dose of all acquisitions together.
    pub total: OrganDose,
}

impl OrganRow {
    /// Largest share of the organ's mass in the range of any one acquisition.
    pub fn largest_coverage(&self) -> f64 {
        self.coverage.iter().copied().fold(0.0, f64::max)
    }

    /// Class by the largest coverage.
    pub fn in_field(&self) -> InField {
        InField::of_coverage(self.largest_coverage())
    }

    /// Whether the organ holds gas (contents of lungs are tissue at 0.3 g/cm³ and do not count).
    pub fn is_gas(&self) -> bool {
        self.mass_g < GAS_DENSITY_G_CM3 * self.volume_cm3
    }
}

/// Mass, coverage and dose of every organ of a phantom.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganTable {
    /// Name of every acquisition done.
    pub phases: Vec<String>,
    /// Rows in the order of [`Phantom::organs`].
    pub rows: Vec<OrganRow>,
}

impl OrganTable {
    /// The table of a run.
    pub fn new(phantom: &Phantom, outcome: &Outcome) -> Self {
        let masses_g = phantom.organ_masses_g();
        let volumes_cm3 = organ_volumes_cm3(phantom);
        let totals = outcome.total_organ_dose_mgy();
        let row = |(index, organ): (usize, &crate::geometry::phantom::Organ)| OrganRow {
            organ: index,
            id: organ.id.clone(),
            name: organ.name.clone(),
            mass_g: masses_g[index],
            target_mass_g: organ.target_mass_g,
            volume_cm3: volumes_cm3[index],
            coverage: outcome.acquisitions.iter().map(|a| a.coverage[index]).collect(),
            doses: outcome.acquisitions.iter().map(|a| OrganDose::of(a.organ_dose_mgy[index])).collect(),
            total: OrganDose::of(totals[index]),
        };
        OrganTable {
            phases: outcome.acquisitions.iter().map(|a| a.acquisition.phase.clone()).collect(),
            rows: phantom.organs.iter().enumerate().map(row).collect(),
        }
    }

    /// Rows of one class, the highest dose first; organs that hold gas and organs without voxels are left out.
    pub fn group(&self, class: InField) -> Vec<&OrganRow> {
        let shown = |row: &&OrganRow| row.in_field() == class && row.mass_g > 0.0 && !row.is_gas();
        let mut rows: Vec<&OrganRow> = self.rows.iter().filter(shown).collect();
        let dose = |row: &OrganRow| row.total.estimate().map_or(0.0, |estimate| estimate.mean);
        rows.sort_by(|a, b| dose(b).total_cmp(&dose(a)));
        rows
    }
}

/// Volume of every organ's voxels, cm³.
pub fn organ_volumes_cm3(phantom: &Phantom) -> Vec<f64> {
    let mut volumes = vec![0.0; phantom.organs.len()];
    for (region, &voxels) in phantom.regions.iter().zip(&phantom.region_voxels()) {
        if let Some(organ) = region.organ {
            volumes[usize::from(organ)] += voxels as f64 * phantom.grid.voxel_volume_cm3();
        }
    }
    volumes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organ_is_in_partly_in_or_out_of_the_field() {
        let classes = [1.0, 0.95, 0.949, 1e-6, 0.0].map(InField::of_coverage);
        assert_eq!(classes, [InField::In, InField::In, InField::Partly, InField::Partly, InField::Out]);
    }

    #[test]
    fn an_organ_without_score_has_an_upper_limit_and_no_dose() {
        let dose = OrganDose::of(Estimate { mean: 0.0, standard_error: 0.2 });
        assert_eq!((dose.estimate(), dose.upper_limit_mgy()), (None, Some(0.2)));
        let missing = OrganDose::of(Estimate { mean: f64::NAN, standard_error: f64::NAN });
        assert_eq!(missing, OrganDose::NoVoxels);
    }
}
