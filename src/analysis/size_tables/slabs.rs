//! A phantom cut into slices, to ask for the mean dose of a slice.

use crate::analysis::size::BodyPart;
use crate::error::{Error, Result};
use crate::geometry::phantom::{EXTERIOR, Organ, Phantom, Region};

/// Thickness of a slice, cm.
pub const SLAB_CM: f64 = 1.0;
/// Most slices: labels are bytes.
const MOST: usize = 255;

/// Lengths of scans about a slice of the trunk, cm; about one of the head, the first.
const SLICE_SCANS_CM: [f64; 2] = [10.0, 30.0];

/// Lengths of the scans about the slice in the middle of a part of the body, cm.
pub fn scans_about(part: &BodyPart) -> &'static [f64] {
    if part.name == "head" { &SLICE_SCANS_CM[..1] } else { &SLICE_SCANS_CM }
}

/// Ends of a scan of a length about a slice, cm.
pub fn about(extent_cm: [f64; 2], scan_cm: f64) -> [f64; 2] {
    let centre_cm = 0.5 * (extent_cm[0] + extent_cm[1]);
    [centre_cm - 0.5 * scan_cm, centre_cm + 0.5 * scan_cm]
}

/// Index and extent of the slice in the middle of a part of the body.
pub fn middle_slab(phantom: &Phantom, part: &BodyPart) -> Result<(usize, [f64; 2])> {
    let middle_cm = 0.5 * (phantom.landmark_cm(part.top)? + phantom.landmark_cm(part.bottom)?);
    let grid = &phantom.grid;
    let thickness_cm = (SLAB_CM / grid.spacing_cm[2]).round().max(1.0) * grid.spacing_cm[2];
    let slab = ((middle_cm - grid.corner_cm[2]) / thickness_cm).floor().max(0.0);
    let low_cm = grid.corner_cm[2] + slab * thickness_cm;
    Ok((slab as usize, [low_cm, low_cm + thickness_cm]))
}

/// The same matter, its organs replaced by slices of [`SLAB_CM`] (or as many slices of voxels as that is): `slab_000`
/// is the lowest. Slices without body have no voxels.
pub fn slabs(phantom: &Phantom) -> Result<Phantom> {
    let grid = &phantom.grid;
    let per_slab = (SLAB_CM / grid.spacing_cm[2]).round().max(1.0) as usize;
    let count = grid.counts[2].div_ceil(per_slab);
    if count > MOST {
        return Err(Error::invalid(format!(
            "phantom `{}` would have {count} slices, at most {MOST} fit",
            phantom.id
        )));
    }
    let layer = grid.counts[0] * grid.counts[1];
    // Matter around the body (air, a couch) is of no organ.
    let outside: Vec<bool> = phantom.regions.iter().map(|region| region.organ.is_none()).collect();
    let label = |(voxel, &label): (usize, &u8)| match outside[usize::from(label)] {
        true => EXTERIOR,
        false => (voxel / layer / per_slab + 1) as u8,
    };
    let slab = |index: usize| Region {
        id: format!("slab_{index:03}"),
        organ: Some(index as u16),
        medium: phantom.regions[usize::from(EXTERIOR)].medium,
    };
    Ok(Phantom {
        id: format!("{}-slices", phantom.id),
        labels: phantom.labels.iter().enumerate().map(label).collect(),
        voxel_media: Some((0..phantom.labels.len()).map(|voxel| phantom.medium_index(voxel)).collect()),
        regions: std::iter::once(phantom.regions[usize::from(EXTERIOR)].clone())
            .chain((0..count).map(slab))
            .collect(),
        organs: (0..count)
            .map(|index| Organ {
                id: format!("slab_{index:03}"),
                name: format!("Slice {index}"),
                target_mass_g: None,
            })
            .collect(),
        bone_sites: Vec::new(),
        ..phantom.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::material::Material;
    use crate::geometry::standard::elliptic_cylinder;

    #[test]
    fn slices_weigh_what_the_body_weighs() {
        let water = Material::named("water").unwrap();
        let phantom = elliptic_cylinder(10.0, 8.0, 6.0, water, [0.5; 3]).unwrap();
        let cut = slabs(&phantom).unwrap();
        let (whole, parts) = (phantom.organ_masses_g(), cut.organ_masses_g());
        assert!((whole.iter().sum::<f64>() / parts.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(parts.len() >= 6 && parts[2] > 0.0);
    }
}
