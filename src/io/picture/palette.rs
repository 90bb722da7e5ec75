//! Colours of organs, for normal and for colour-blind eyes.
//!
//! Bones are ivory, soft tissue between the organs is pale, lungs and gas are light blue; every other organ takes the
//! next of Paul Tol's colours for colour-blind readers (schemes bright, vibrant, muted and light, technical note
//! SRON/EPS/TN/09-002, from memory), then others. There are more organs than colours an eye can tell apart, so pictures also
//! number them. What fills an organ (`stomach_contents`) has a lighter shade of its wall's colour.

use std::collections::BTreeMap;

use super::sheet::Rgb;
use crate::geometry::phantom::Phantom;

/// Organs below this density hold gas, g/cm³.
const GAS_G_CM3: f64 = 0.1;
const GAS: Rgb = [226, 239, 250];
const LUNG: Rgb = [153, 204, 236];
const SKIN: Rgb = [212, 160, 118];
const BETWEEN: Rgb = [241, 232, 226];
const BONES: [Rgb; 4] = [[214, 202, 164], [190, 176, 134], [228, 219, 188], [168, 154, 116]];
const BONE_WORDS: [&str; 12] = [
    "skeleton", "bone", "cranium", "rib", "spine", "femur", "humer", "pelvis", "scapula", "clavicle",
    "sternum", "teeth",
];
const BETWEEN_WORDS: [&str; 5] = ["residual", "soft_tissue", "muscle", "adipose", "body"];
const DISTINCT: [Rgb; 32] = [
    [204, 51, 17],
    [0, 119, 187],
    [34, 136, 51],
    [238, 119, 51],
    [170, 51, 119],
    [204, 187, 68],
    [0, 153, 136],
    [136, 34, 85],
    [102, 204, 238],
    [51, 34, 136],
    [238, 102, 119],
    [153, 153, 51],
    [238, 51, 119],
    [68, 119, 170],
    [68, 170, 153],
    [170, 68, 153],
    [17, 119, 51],
    [238, 136, 102],
    [119, 170, 221],
    [187, 204, 51],
    [90, 90, 90],
    [255, 170, 187],
    [153, 79, 0],
    [221, 204, 119],
    [120, 94, 240],
    [0, 80, 80],
    [200, 120, 200],
    [140, 20, 20],
    [80, 140, 220],
    [200, 150, 30],
    [60, 60, 150],
    [130, 190, 90],
];

/// Colour of every organ.
pub fn organ_colours(phantom: &Phantom) -> Vec<Rgb> {
    let mut stems: BTreeMap<&str, Rgb> = BTreeMap::new();
    let mut bones = 0;
    let gas = gas_organs(phantom);
    let mut colour = |(index, id)| {
        if gas[index] {
            return GAS;
        }
        match Kind::of(id) {
            Kind::Bone => {
                bones += 1;
                BONES[(bones - 1) % BONES.len()]
            }
            Kind::Lung => LUNG,
            Kind::Skin => SKIN,
            Kind::Between => BETWEEN,
            Kind::Organ { stem, contents } => {
                let next = DISTINCT[stems.len() % DISTINCT.len()];
                let own = *stems.entry(stem).or_insert(next);
                if contents { own.map(|part| part / 2 + 127) } else { own }
            }
        }
    };
    phantom.organs.iter().enumerate().map(|(index, organ)| colour((index, organ.id.as_str()))).collect()
}

#[derive(Debug, PartialEq)]
enum Kind<'a> {
    Bone,
    Lung,
    Skin,
    Between,
    Organ { stem: &'a str, contents: bool },
}

impl<'a> Kind<'a> {
    fn of(id: &'a str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| id.contains(word));
        if has(&["lung"]) {
            Kind::Lung
        } else if has(&["skin"]) {
            Kind::Skin
        } else if has(&BONE_WORDS) {
            Kind::Bone
        } else if has(&BETWEEN_WORDS) {
            Kind::Between
        } else {
            let contents = id.ends_with("_contents");
            Kind::Organ { stem: id.trim_end_matches("_contents").trim_end_matches("_wall"), contents }
        }
    }
}

/// Which organs hold gas, by the densest of their regions.
pub fn gas_organs(phantom: &Phantom) -> Vec<bool> {
    let mut densest = vec![0.0_f64; phantom.organs.len()];
    for region in &phantom.regions {
        let medium = phantom.media.get(usize::from(region.medium));
        if let (Some(organ), Some(medium)) = (region.organ, medium) {
            let known = &mut densest[usize::from(organ)];
            *known = known.max(medium.density_g_cm3);
        }
    }
    densest.into_iter().map(|density| density < GAS_G_CM3).collect()
}

/// Black or white, whichever reads better on a colour (luminance by ITU-R BT.709).
pub fn readable_on([red, green, blue]: Rgb) -> Rgb {
    let luminance = 0.2126 * f64::from(red) + 0.7152 * f64::from(green) + 0.0722 * f64::from(blue);
    if luminance > 125.0 { [0; 3] } else { [255; 3] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::voxelize::{Voxelization, voxelize};
    use crate::io::phantom_file::load_shipped;

    #[test]
    fn organs_that_are_neither_bone_nor_filling_have_colours_of_their_own() {
        let phantom = voxelize(&load_shipped("ce-05y").unwrap(), &Voxelization::cubes(1.0)).unwrap();
        let colours = organ_colours(&phantom);
        let mut seen = BTreeMap::new();
        for (organ, colour) in phantom.organs.iter().zip(colours) {
            let single = matches!(Kind::of(&organ.id), Kind::Organ { contents: false, .. });
            if single && colour != GAS {
                assert_eq!(seen.insert(colour, &organ.id), None, "{}", organ.id);
            }
        }
        assert!(seen.len() > 25);
    }

    #[test]
    fn what_fills_an_organ_has_a_lighter_shade_of_its_wall() {
        assert_eq!(Kind::of("stomach_wall"), Kind::Organ { stem: "stomach", contents: false });
        assert_eq!(Kind::of("stomach_contents"), Kind::Organ { stem: "stomach", contents: true });
        assert_eq!((readable_on([255; 3]), readable_on([51, 34, 136])), ([0; 3], [255; 3]));
    }
}
