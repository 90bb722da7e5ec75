//! How large a patient is, slice by slice: widths, effective diameter (AAPM Report 204, 2011) and water-equivalent
//! diameter (AAPM Report 220, 2014).
//!
//! The report has Dw = 2 √(Aw / π) with Aw = (mean HU / 1000 + 1) A over the area A of the patient. HU / 1000 + 1 is
//! μ/μ(water), so Aw is its sum over the voxels of the body times the area of one.

use std::f64::consts::PI;

use crate::data::material::Material;
use crate::error::Result;
use crate::geometry::phantom::{Medium, Phantom};
use crate::physics::cross_section::Attenuation;

/// Energy at which attenuation is compared with water's, keV: about the mean of a 120 kV beam behind a body.
pub const REFERENCE_KEV: f64 = 70.0;

/// Size of one slice of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SliceSize {
    /// Middle of the slice, cm.
    pub z_cm: f64,
    /// Extent from front to back, cm.
    pub ap_cm: f64,
    /// Extent from side to side, cm; arms count where they are.
    pub lateral_cm: f64,
    /// Area of the body, cm².
    pub area_cm2: f64,
    /// √(AP × lateral), cm (AAPM 204).
    pub effective_diameter_cm: f64,
    /// Diameter of the water cylinder of the same attenuation, cm (AAPM 220).
    pub water_equivalent_diameter_cm: f64,
}

/// A part of the body between two landmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyPart {
    /// Name, for example `chest`.
    pub name: &'static str,
    /// Landmark of its upper end.
    pub top: &'static str,
    /// Landmark of its lower end.
    pub bottom: &'static str,
}

const fn part(name: &'static str, top: &'static str, bottom: &'static str) -> BodyPart {
    BodyPart { name, top, bottom }
}

/// The parts sizes are told for.
pub const BODY_PARTS: [BodyPart; 4] = [
    part("head", "vertex", "chin"),
    part("chest", "lung_apex", "diaphragm"),
    part("abdomen", "diaphragm", "iliac_crest"),
    part("pelvis", "iliac_crest", "ischium"),
];

/// Mean water-equivalent diameter of every part, cm; `None` where a phantom lacks its landmarks.
pub fn part_diameters_cm(phantom: &Phantom, sizes: &[SliceSize]) -> [Option<f64>; 4] {
    BODY_PARTS.map(|part| {
        let [low, high] = [part.bottom, part.top].map(|name| phantom.landmarks_z_cm.get(name));
        mean_water_equivalent_diameter_cm(sizes, *low?, *high?)
    })
}

/// Sizes of all slices that have a body, from foot to head. `energy_kev` is that of μ/μ(water).
pub fn slice_sizes(phantom: &Phantom, energy_kev: f64) -> Result<Vec<SliceSize>> {
    let ratios = media_over_water(phantom, energy_kev)?;
    Ok((0..phantom.grid.counts[2]).filter_map(|slice| slice_size(phantom, &ratios, slice)).collect())
}

/// μ/μ(water) of a phantom's media at an energy.
pub fn media_over_water(phantom: &Phantom, energy_kev: f64) -> Result<Vec<f64>> {
    let water = mu_per_cm(&Material::named("water")?, 1.0, energy_kev);
    let ratio = |medium: &Medium| mu_per_cm(&medium.material, medium.density_g_cm3, energy_kev) / water;
    Ok(phantom.media.iter().map(ratio).collect())
}

/// Mean water-equivalent diameter between two heights, cm; `None` where there is no body.
pub fn mean_water_equivalent_diameter_cm(sizes: &[SliceSize], low_z_cm: f64, high_z_cm: f64) -> Option<f64> {
    let inside = sizes.iter().filter(|size| (low_z_cm..=high_z_cm).contains(&size.z_cm));
    let (sum_cm, slices) =
        inside.fold((0.0, 0_u32), |(sum, n), size| (sum + size.water_equivalent_diameter_cm, n + 1));
    (slices > 0).then(|| sum_cm / f64::from(slices))
}

fn mu_per_cm(material: &Material, density_g_cm3: f64, energy_kev: f64) -> f64 {
    Attenuation::new(material).mu_over_rho_cm2_g(energy_kev) * density_g_cm3
}

fn slice_size(phantom: &Phantom, ratios: &[f64], slice: usize) -> Option<SliceSize> {
    let ([nx, ny, _], [dx, dy, _]) = (phantom.grid.counts, phantom.grid.spacing_cm);
    let (mut low, mut high) = ([nx, ny], [0, 0]);
    let (mut voxels, mut water) = (0_u64, 0.0);
    for iy in 0..ny {
        let row = phantom.grid.index(0, iy, slice);
        for ix in 0..nx {
            // Neither the air around the body nor a couch is of an organ.
            if phantom.regions[usize::from(phantom.labels[row + ix])].organ.is_none() {
                continue;
            }
            low = [low[0].min(ix), low[1].min(iy)];
            high = [high[0].max(ix + 1), high[1].max(iy + 1)];
            voxels += 1;
            water += ratios[usize::from(phantom.medium_index(row + ix))];
        }
    }
    if voxels == 0 {
        return None;
    }
    let (lateral_cm, ap_cm) = ((high[0] - low[0]) as f64 * dx, (high[1] - low[1]) as f64 * dy);
    Some(SliceSize {
        z_cm: phantom.grid.centre_cm(0, 0, slice).z,
        ap_cm,
        lateral_cm,
        area_cm2: voxels as f64 * dx * dy,
        effective_diameter_cm: (ap_cm * lateral_cm).sqrt(),
        water_equivalent_diameter_cm: 2.0 * (water * dx * dy / PI).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::standard::elliptic_cylinder;

    #[test]
    fn the_diameter_is_that_of_the_mean_hounsfield_number() {
        let material = Material::named("pmma").unwrap();
        let mu_ratio =
            mu_per_cm(&material, 1.19, 70.0) / mu_per_cm(&Material::named("water").unwrap(), 1.0, 70.0);
        let hounsfield = 1000.0 * (mu_ratio - 1.0);
        let phantom = elliptic_cylinder(16.0, 16.0, 1.0, material, [0.1; 3]).unwrap();
        let sizes = slice_sizes(&phantom, 70.0).unwrap();
        let size = sizes[sizes.len() / 2];
        let expected_cm = 2.0 * ((hounsfield / 1000.0 + 1.0) * size.area_cm2 / PI).sqrt();
        assert!((size.water_equivalent_diameter_cm / expected_cm - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_water_ellipse_is_as_large_as_the_circle_of_its_area_and_pmma_is_larger() {
        let size = |material: &str| {
            let material = Material::named(material).unwrap();
            let phantom = elliptic_cylinder(20.0, 10.0, 2.0, material, [0.1; 3]).unwrap();
            let sizes = slice_sizes(&phantom, REFERENCE_KEV).unwrap();
            sizes[sizes.len() / 2]
        };
        let (water, pmma) = (size("water"), size("pmma"));
        assert!((water.effective_diameter_cm - 200_f64.sqrt()).abs() < 0.2, "{water:?}");
        assert!((water.water_equivalent_diameter_cm - 200_f64.sqrt()).abs() < 0.05, "{water:?}");
        assert!((water.area_cm2 - PI * 50.0).abs() < 1.0, "{water:?}");
        let expected = (mu_per_cm(&Material::named("pmma").unwrap(), 1.19, 70.0)
            / mu_per_cm(&Material::named("water").unwrap(), 1.0, 70.0))
        .sqrt();
        let found = pmma.water_equivalent_diameter_cm / water.water_equivalent_diameter_cm;
        assert!((found / expected - 1.0).abs() < 1e-3, "{found} {expected}");
    }
}
