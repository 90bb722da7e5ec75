//! Densities that differ from voxel to voxel become media: exactly where 256 are enough, else in steps.

use std::collections::{BTreeMap, HashMap};

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::phantom::Medium;

/// Most media: the medium of a voxel is one byte.
const MOST_MEDIA: usize = 256;
/// First step that is tried where there are more densities than media, in ln(density): 0.2 %.
const FIRST_STEP: f64 = 0.002;

/// Media of a phantom, and that of every pair of material and density.
pub(super) struct Quantised {
    /// The media; the first is that of the air around the body.
    pub media: Vec<Medium>,
    medium_of: HashMap<(u8, u32), u8>,
}

impl Quantised {
    /// The medium of a material at a density.
    pub fn medium(&self, material: u8, density_g_cm3: f32) -> u8 {
        self.medium_of[&(material, density_g_cm3.to_bits())]
    }
}

/// How often every pair of material and density occurs. Voxels of one medium differ in density by one step at
/// most, and the medium has their mean density, so that no mass is lost.
pub(super) fn quantise(
    exterior: Medium,
    materials: &[Material],
    voxels: &HashMap<(u8, u32), u64>,
) -> Result<Quantised> {
    let mut pairs: Vec<(u8, f32, u64)> =
        voxels.iter().map(|(&(material, bits), &count)| (material, f32::from_bits(bits), count)).collect();
    pairs.sort_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).expect("densities are finite"));
    let mut step = 0.0;
    let bins = loop {
        let bins = binned(&pairs, step);
        if bins.len() < MOST_MEDIA {
            break bins;
        }
        step = if step == 0.0 { FIRST_STEP } else { step * 1.2 };
        if step > 1.0 {
            return Err(Error::invalid(format!(
                "a phantom may have {MOST_MEDIA} media, found more materials"
            )));
        }
    };
    let mut quantised = Quantised { media: vec![exterior], medium_of: HashMap::new() };
    for members in bins.values() {
        let count: u64 = members.iter().map(|&(_, _, count)| count).sum();
        let sum: f64 = members.iter().map(|&(_, density, count)| f64::from(density) * count as f64).sum();
        let material = materials[usize::from(members[0].0)].clone();
        for &(material, density, _) in members {
            quantised.medium_of.insert((material, density.to_bits()), quantised.media.len() as u8);
        }
        quantised.media.push(Medium { material, density_g_cm3: sum / count as f64 });
    }
    Ok(quantised)
}

type Bins = BTreeMap<(u8, i64), Vec<(u8, f32, u64)>>;

/// Pairs by material and step; a step of 0 keeps every density apart.
fn binned(pairs: &[(u8, f32, u64)], step: f64) -> Bins {
    let mut bins = Bins::new();
    for &pair in pairs {
        let place = match step {
            0.0 => i64::from(pair.1.to_bits()),
            step => (f64::from(pair.1).ln() / step).floor() as i64,
        };
        bins.entry((pair.0, place)).or_default().push(pair);
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_densities_become_256_media_at_most_and_keep_the_mass() {
        let water = Material::named("water").unwrap();
        let air = Medium { material: Material::named("air").unwrap(), density_g_cm3: 0.0012 };
        let densities: Vec<f32> = (0..1000).map(|k| 0.2 + 0.002 * k as f32).collect();
        let voxels = densities.iter().map(|d| ((0, d.to_bits()), 3)).collect();
        let quantised = quantise(air, &[water], &voxels).unwrap();
        assert!((200..=256).contains(&quantised.media.len()), "{}", quantised.media.len());
        let of = |d: &f32| quantised.media[usize::from(quantised.medium(0, *d))].density_g_cm3;
        let (mass, kept): (f64, f64) =
            densities.iter().fold((0.0, 0.0), |(a, b), d| (a + f64::from(*d), b + of(d)));
        assert!((kept / mass - 1.0).abs() < 1e-12);
        assert!(densities.iter().all(|d| (of(d) / f64::from(*d) - 1.0).abs() < 0.02));
    }
}
