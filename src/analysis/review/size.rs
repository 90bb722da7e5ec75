//! Is it child-sized: the patient's worksheet at the acquisition's tube voltage.

use super::Asked;
use crate::analysis::size::{SliceSize, mean_water_equivalent_diameter_cm};
use crate::analysis::size_tables::estimate::valid_sizes_cm;
use crate::analysis::size_tables::{Bowtie, Region};
use crate::analysis::worksheet::{Line, Patient, Technique, worksheet_at};
use crate::simulation::Exam;
use crate::source::acquisition::{Acquisition, Mode};

/// Distance from the tables' size of an age within which the patient is that of the tables, cm.
const SAME_SIZE_CM: f64 = 0.5;
/// Half the thickness of a head's middle slice, cm.
const HALF_SLICE_CM: f64 = 0.5;

/// Mean water-equivalent diameter of a range, of a head that of its middle, as the tables have it, cm.
pub fn diameter_cm(acquisition: &Acquisition, region: Option<Region>, sizes: &[SliceSize]) -> Option<f64> {
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let middle_cm = 0.5 * (bottom_cm + top_cm);
    match region.map(|region| region.bowtie) {
        Some(Bowtie::Head) => {
            mean_water_equivalent_diameter_cm(sizes, middle_cm - HALF_SLICE_CM, middle_cm + HALF_SLICE_CM)
        }
        _ => mean_water_equivalent_diameter_cm(sizes, bottom_cm, top_cm),
    }
}

/// The worksheet of the patient for an acquisition; `Err` says why there is none.
pub fn child_size(asked: &Asked, index: usize, dw_cm: Option<f64>) -> Result<(Technique, Line), String> {
    let acquisition = &asked.exam.acquisitions[index];
    if matches!(acquisition.mode, Mode::Stationary { .. }) {
        return Err("a projection has no worksheet".to_owned());
    }
    let region =
        asked.regions[index].ok_or("its range is that of no region of the tables; --region names one")?;
    let technique = asked.baseline.iter().find(|technique| technique.region == region).ok_or_else(|| {
        format!("the adult baseline has no technique for {}; --adult-baseline brings one", region.name)
    })?;
    let age_y = asked.age_y.ok_or("the age of the patient is not known; --age-y states it")?;
    let dw_cm = dw_cm.ok_or("there is no body in its range")?;
    let (tables, scanners) = asked.tables;
    let of = |sizes_cm| {
        let patient = Patient { name: "the patient".to_owned(), age_y, weight_kg: None, sizes_cm };
        let kvs = [acquisition.tube_voltage_kv];
        let sheets = worksheet_at(tables, scanners, std::slice::from_ref(technique), &[patient], &kvs);
        sheets.map_err(|error| error.to_string())
    };
    let mut sheet = of(Vec::new())?.remove(0);
    let of_age_cm = sheet.lines[0].water_equivalent_diameter_cm;
    if (dw_cm - of_age_cm).abs() > SAME_SIZE_CM {
        let [low, high] = valid_sizes_cm(tables, region.id);
        if !(low..=high).contains(&dw_cm) {
            return Err(format!("its Dw of {dw_cm:.1} cm lies outside the tables' {low:.1}..{high:.1} cm"));
        }
        sheet = of(vec![(region.id.to_owned(), dw_cm)])?.remove(0);
    }
    Ok((technique.clone(), sheet.lines.remove(0)))
}
