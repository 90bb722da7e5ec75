//! Which region an acquisition scans, and what of its range lies beyond the region's landmarks.

use crate::analysis::size_tables::{REGIONS, Region};
use crate::geometry::phantom::Phantom;
use crate::simulation::Exam;
use crate::source::acquisition::{Acquisition, Mode, Overrange};

/// Least overlap (of both ranges' union) at which a range is taken for that of a region.
const LEAST_OVERLAP: f64 = 0.3;
/// Millimetres within which a range is as indicated, cm.
const TOLERANCE_CM: f64 = 0.1;

/// Heights between which a region lies in a phantom, bottom and top, cm; `None` without its landmarks.
pub fn extent_cm(phantom: &Phantom, region: &Region) -> Option<[f64; 2]> {
    let end = |(name, offset_cm): (&str, f64)| phantom.landmarks_z_cm.get(name).map(|cm| cm + offset_cm);
    Some([end(region.bottom)?, end(region.top)?])
}

/// The region that a scan is of: that with the largest overlap; `None` where none is near.
pub fn region_of(phantom: &Phantom, acquisition: &Acquisition) -> Option<Region> {
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let overlap = |region: &Region| {
        let [low, high] = extent_cm(phantom, region)?;
        let shared = (top_cm.min(high) - bottom_cm.max(low)).max(0.0);
        Some(shared / (top_cm.max(high) - bottom_cm.min(low)))
    };
    let found = REGIONS.iter().filter_map(|region| overlap(region).map(|share| (region, share)));
    let best = found.max_by(|a, b| a.1.total_cmp(&b.1));
    best.filter(|(_, share)| *share >= LEAST_OVERLAP).map(|(region, _)| *region)
}

/// How far a range reaches beyond a region's landmarks at the head end and the foot end, cm; 0 where it does not.
pub fn beyond_cm(phantom: &Phantom, acquisition: &Acquisition, region: &Region) -> Option<[f64; 2]> {
    let [low, high] = extent_cm(phantom, region)?;
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let over = |cm: f64| if cm > TOLERANCE_CM { cm } else { 0.0 };
    Some([over(top_cm - high), over(low - bottom_cm)])
}

/// The acquisition with a range shorter at the head end and at the foot end, cm; `None` where nothing would be left.
pub fn shorter(acquisition: &Acquisition, [head_cm, foot_cm]: [f64; 2]) -> Option<Acquisition> {
    let (top_z_cm, bottom_z_cm) = (acquisition.top_z_cm - head_cm, acquisition.bottom_z_cm + foot_cm);
    (top_z_cm > bottom_z_cm)
        .then(|| with_current_of(acquisition, Acquisition { top_z_cm, bottom_z_cm, ..acquisition.clone() }))
}

/// The acquisition without overrange; `None` where it has none.
pub fn without_overrange(acquisition: &Acquisition) -> Option<Acquisition> {
    let helical = matches!(acquisition.mode, Mode::Helical { .. });
    (helical && acquisition.overrange_cm() != (0.0, 0.0)).then(|| {
        with_current_of(acquisition, Acquisition { overrange: Overrange::None, ..acquisition.clone() })
    })
}

/// A shorter acquisition with the current that the whole one has at every height: the mean of a modulated current goes with
/// the path.
fn with_current_of(whole: &Acquisition, shorter: Acquisition) -> Acquisition {
    let Some(profile) = &whole.modulation else { return shorter };
    let ratio = profile.mean_along(&shorter.trajectory()) / profile.mean_along(&whole.trajectory());
    Acquisition { tube_current_ma: ratio * whole.tube_current_ma, ..shorter }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::data::material::Material;
    use crate::geometry::standard::elliptic_cylinder;
    use crate::source::current::CurrentProfile;

    /// A body with the landmarks of a chest from 10 to 30 cm and of an abdomen from 0 to 14 cm.
    fn phantom() -> Phantom {
        let water = Material::named("water").unwrap();
        let mut phantom = elliptic_cylinder(10.0, 10.0, 40.0, water, [1.0; 3]).unwrap();
        let landmarks = [("lung_apex", 29.0), ("diaphragm", 11.0), ("liver_top", 13.0), ("trunk_base", 0.0)];
        phantom.landmarks_z_cm =
            landmarks.map(|(name, z)| (name.to_owned(), z)).into_iter().collect::<BTreeMap<_, _>>();
        phantom
    }

    fn scan(range_cm: [f64; 2]) -> Acquisition {
        Acquisition::plain("scan", Mode::Helical { pitch: 1.0 }, 100.0, 2.0, range_cm)
    }

    #[test]
    fn a_scan_is_of_the_region_it_overlaps_most_and_what_lies_beyond_is_told() {
        let phantom = phantom();
        let of = |range_cm| region_of(&phantom, &scan(range_cm)).map(|region| region.id);
        assert_eq!(of([8.0, 33.0]), Some("chest"));
        assert_eq!(of([1.0, 13.0]), Some("abdomen-pelvis"));
        assert_eq!(of([0.0, 30.0]), Some("chest-abdomen-pelvis"));
        assert_eq!(of([31.0, 39.0]), None);
        let chest = REGIONS[1];
        assert_eq!(beyond_cm(&phantom, &scan([8.0, 33.0]), &chest), Some([3.0, 2.0]));
        assert_eq!(beyond_cm(&phantom, &scan([10.05, 29.0]), &chest), Some([0.0, 0.0]));
    }

    #[test]
    fn a_range_is_cut_at_its_ends_and_not_to_nothing() {
        let cut = shorter(&scan([8.0, 33.0]), [3.0, 2.0]).unwrap();
        assert_eq!((cut.bottom_z_cm, cut.top_z_cm), (10.0, 30.0));
        assert!(shorter(&scan([8.0, 9.0]), [1.0, 0.0]).is_none());
        assert!(without_overrange(&scan([8.0, 9.0])).is_none());
    }

    #[test]
    fn a_modulated_current_stays_as_it_is_where_the_range_is_cut() {
        // 3 mA above 20 cm, 1 mA below: 2 mA in the mean of 10 to 30 cm, 7/3 mA in that of 15 to 30 cm.
        let profile = CurrentProfile::new(vec![19.999, 20.001], 1, vec![1.0, 3.0]).unwrap();
        let modulated =
            Acquisition { modulation: Some(Arc::new(profile)), tube_current_ma: 200.0, ..scan([10.0, 30.0]) };
        let cut = shorter(&modulated, [0.0, 5.0]).unwrap();
        assert!((cut.tube_current_ma / 200.0 - 7.0 / 6.0).abs() < 1e-3, "{}", cut.tube_current_ma);
    }
}
