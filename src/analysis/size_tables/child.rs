//! The response of one child, and what it says of standard scans.

use super::asked::Asked;
use super::console::CtdiMatrices;
use super::slabs::{SLAB_CM, about, middle_slab, scans_about, slabs};
use super::table::{Entry, OrganEntry, SliceEntry};
use super::{Age, Bowtie, COLLIMATION_CM, Region};
use crate::analysis::effective_dose::SCHEMES;
use crate::analysis::exposure_control::Transmission;
use crate::analysis::response::answer::{answer, effective_msv};
use crate::analysis::response::part::{Lying, respond_between};
use crate::analysis::response::rows::{RowKind, Rows, rows_of};
use crate::analysis::size::{
    BODY_PARTS, REFERENCE_KEV, SliceSize, mean_water_equivalent_diameter_cm, slice_sizes,
};
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::mass::coverage;
use crate::geometry::phantom::Phantom;
use crate::simulation::Observer;
use crate::simulation::response::{ResponseMatrix, making_acquisition};
use crate::source::acquisition::Acquisition;
use crate::source::cell_weights::CellWeights;
use crate::source::gantry::Placement;
use crate::source::scanner::{FlatFilter, Scanner};
use crate::tally::estimate::Estimate;

/// By how much the planes of the body's matrix reach beyond the trunk, and of the head's below the skull, cm.
const BEYOND_CM: f64 = 12.0;
/// Beam width that cone angles are averaged over, cm.
const MAKING_COLLIMATION_CM: f64 = 2.0;
/// Aluminium that stands for the doubt about the source, cm.
const ALUMINIUM_CM: f64 = 0.1;

/// Matrices behind one bowtie.
struct Part {
    matrix: ResponseMatrix,
    slices: ResponseMatrix,
}

/// A child with its matrices.
pub struct Child {
    age: Age,
    phantom: Phantom,
    sizes: Vec<SliceSize>,
    rows: Rows,
    body: Part,
    head: Part,
}

impl Child {
    /// Plays all matrices of a child, behind the bowties of the consoles of bodies and of heads, until the scans that are
    /// asked for are known.
    pub fn make(
        (age, phantom, placement): (Age, Phantom, Placement),
        consoles: [&CtdiMatrices; 2],
        asked: &Asked,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let cut = slabs(&phantom)?;
        let sizes = slice_sizes(&phantom, REFERENCE_KEV)?;
        let part = |bowtie: Bowtie, z_cm: [f64; 2]| -> Result<Part> {
            let console = consoles[usize::from(bowtie == Bowtie::Head)];
            let matrix = |phantom: &Phantom, awaited| {
                let scanner = &console.scanner;
                let lying = Lying { phantom, scanner, placement, collimation_cm: MAKING_COLLIMATION_CM };
                respond_between(lying, z_cm, (asked.precision.seed, awaited), observer)
            };
            Ok(Part {
                matrix: matrix(&phantom, asked.regions_of(&phantom, (bowtie, console))?)?,
                slices: matrix(&cut, asked.slices_of(&phantom, (bowtie, console))?)?,
            })
        };
        let at = |name: &str| phantom.landmark_cm(name);
        let trunk_cm = [at("trunk_base")? - BEYOND_CM, at("lung_apex")? + BEYOND_CM];
        let head_cm = [at("brain_bottom")? - BEYOND_CM, at("vertex")? + 2.0];
        let (body, head) = (part(Bowtie::Body, trunk_cm)?, part(Bowtie::Head, head_cm)?);
        let (rows, _) = rows_of(&phantom);
        Ok(Child { age, sizes, rows, body, head, phantom })
    }

    /// Histories played.
    pub fn histories(&self) -> u64 {
        [&self.body, &self.head].iter().map(|part| part.matrix.histories + part.slices.histories).sum()
    }

    fn part(&self, bowtie: Bowtie) -> &Part {
        match bowtie {
            Bowtie::Body => &self.body,
            Bowtie::Head => &self.head,
        }
    }

    /// What the scan of a region gives.
    pub fn entry(&self, region: &Region, tube_voltage_kv: f64, console: &CtdiMatrices) -> Result<Entry> {
        let matrix = &self.part(region.bowtie).matrix;
        let [low_cm, high_cm] = region.range_cm(&self.phantom)?;
        let scanner = &console.scanner;
        let weights = |range_cm, scanner: &Scanner| {
            CellWeights::of(&scan(range_cm, tube_voltage_kv), scanner, &matrix.grid)
        };
        let whole = weights([low_cm, high_cm], scanner)?;
        let values = answer(matrix, std::slice::from_ref(&whole));
        let ctdi = console.per_mas(scanner, tube_voltage_kv)?;
        let effective = |values: &[Estimate]| {
            let of = |scheme| effective_msv(&self.rows, values, scheme);
            let found = SCHEMES.map(of);
            let lacks = || {
                let id = &self.phantom.id;
                Error::invalid(format!("phantom `{id}` has no voxels of some tissue of effective dose"))
                    .with_help("take smaller voxels")
            };
            Ok::<_, Error>([found[0].ok_or_else(lacks)?, found[1].ok_or_else(lacks)?])
        };
        let end = |range_cm| -> Result<Estimate> {
            let mut more = weights(range_cm, scanner)?;
            more.columns.iter_mut().zip(&whole.columns).for_each(|(more, whole)| *more -= whole);
            more.tilts.iter_mut().zip(&whole.tilts).for_each(|(more, whole)| *more -= whole);
            Ok(per(&effective(&answer(matrix, &[more]))?[0], &ctdi[1]))
        };
        let doses = effective(&values)?;
        let harder = with_more_aluminium(scanner)?;
        let harder_dose = effective(&answer(matrix, &[weights([low_cm, high_cm], &harder)?]))?[0].mean;
        let harder_ctdi = console.per_mas(&harder, tube_voltage_kv)?[1].mean;
        let dw_cm = self.size_cm(region, [low_cm, high_cm])?;
        let inside: Vec<&SliceSize> =
            self.sizes.iter().filter(|size| (low_cm..=high_cm).contains(&size.z_cm)).collect();
        let mean =
            |of: fn(&SliceSize) -> f64| inside.iter().map(|size| of(size)).sum::<f64>() / inside.len() as f64;
        Ok(Entry {
            age: self.age.id.to_owned(),
            region: region.id.to_owned(),
            tube_voltage_kv,
            water_equivalent_diameter_cm: dw_cm,
            ap_cm: mean(|size| size.ap_cm),
            lateral_cm: mean(|size| size.lateral_cm),
            length_cm: high_cm - low_cm,
            organs: self.organs([low_cm, high_cm], &values, &ctdi[1]),
            effective_per_ctdi_vol: doses.map(|dose| per(&dose, &ctdi[1])),
            effective_per_cm: [end([low_cm, high_cm + 1.0])?, end([low_cm - 1.0, high_cm])?],
            signal_per_mas: Transmission::of_spectrum(&scanner.spectrum_on_axis(tube_voltage_kv)?)?
                .energy_fluence_kev(dw_cm),
            with_more_aluminium: harder_dose / harder_ctdi / (doses[0].mean / ctdi[1].mean) - 1.0,
            ctdi_vol_mgy_per_mas: ctdi,
        })
    }

    /// Water-equivalent diameter of a region: the mean of its slices; of a head that of its middle, since slices at the vertex
    /// are smaller than any head.
    fn size_cm(&self, region: &Region, [low_cm, high_cm]: [f64; 2]) -> Result<f64> {
        let middle_cm = 0.5 * (low_cm + high_cm);
        let [from_cm, to_cm] = match region.bowtie {
            Bowtie::Head => [middle_cm - 0.5 * SLAB_CM, middle_cm + 0.5 * SLAB_CM],
            Bowtie::Body => [low_cm, high_cm],
        };
        mean_water_equivalent_diameter_cm(&self.sizes, from_cm, to_cm)
            .ok_or_else(|| Error::Internal(format!("region {} has no body", region.id)))
    }

    fn organs(&self, range_cm: [f64; 2], values: &[Estimate], ctdi_vol: &Estimate) -> Vec<OrganEntry> {
        let covered = coverage(&self.phantom, range_cm[0], range_cm[1]);
        let told = |(index, row): (usize, &crate::analysis::response::rows::Row)| {
            let is_dose = matches!(row.kind, RowKind::Organ | RowKind::Tissue) && row.mass_g >= 0.0;
            let coverage = (row.kind == RowKind::Organ).then(|| covered[index]);
            let scored = values[index].mean > 0.0;
            (is_dose && scored).then(|| OrganEntry {
                id: row.id.clone(),
                name: row.name.clone(),
                mass_g: row.mass_g,
                coverage,
                dose_per_ctdi_vol: per(&values[index], ctdi_vol),
            })
        };
        self.rows.rows.iter().enumerate().filter_map(told).collect()
    }

    /// Mean dose of the slice in the middle of a part of the body, by the length of the scan about it.
    pub fn slices(&self, tube_voltage_kv: f64, consoles: [&CtdiMatrices; 2]) -> Result<Vec<SliceEntry>> {
        let mut found = Vec::new();
        for part in BODY_PARTS {
            let head = part.name == "head";
            let (matrix, console) =
                if head { (&self.head.slices, consoles[1]) } else { (&self.body.slices, consoles[0]) };
            let (slab, extent_cm) = middle_slab(&self.phantom, &part)?;
            let dw_cm = mean_water_equivalent_diameter_cm(&self.sizes, extent_cm[0], extent_cm[1])
                .ok_or_else(|| Error::Internal(format!("the middle of the {} has no body", part.name)))?;
            let ctdi = console.per_mas(&console.scanner, tube_voltage_kv)?;
            for scan_cm in scans_about(&part) {
                let range_cm = about(extent_cm, *scan_cm);
                let weights =
                    CellWeights::of(&scan(range_cm, tube_voltage_kv), &console.scanner, &matrix.grid)?;
                let dose = answer(matrix, &[weights])[slab];
                found.push(SliceEntry {
                    age: self.age.id.to_owned(),
                    part: part.name.to_owned(),
                    tube_voltage_kv,
                    scan_cm: *scan_cm,
                    water_equivalent_diameter_cm: dw_cm,
                    dose_per_ctdi_vol: ctdi.map(|ctdi| per(&dose, &ctdi)),
                });
            }
        }
        Ok(found)
    }
}

/// One effective mAs over a range.
pub(super) fn scan([low_cm, high_cm]: [f64; 2], tube_voltage_kv: f64) -> Acquisition {
    let base = making_acquisition([low_cm, high_cm], COLLIMATION_CM);
    Acquisition { top_z_cm: high_cm, bottom_z_cm: low_cm, tube_voltage_kv, ..base }
}

/// Quotient of independent estimates.
fn per(dose: &Estimate, ctdi: &Estimate) -> Estimate {
    let mean = dose.mean / ctdi.mean;
    Estimate { mean, standard_error: mean.abs() * dose.relative_error().hypot(ctdi.relative_error()) }
}

fn with_more_aluminium(scanner: &Scanner) -> Result<Scanner> {
    let mut harder = scanner.clone();
    harder
        .filtration
        .push(FlatFilter { material: Material::named("aluminium")?, thickness_cm: ALUMINIUM_CM });
    Ok(harder)
}
