//! Organs are painted into the body.
//!
//! Of structures that overlap, the one with fewer voxels has what both claim. A voxel outside the body that a
//! structure claims becomes body if there is matter; air there stays outside.

use super::body::{AIR, BODY, THING};
use super::meaning::{Meanings, Meant};
use super::structure::Structures;
use super::{LUNG_HU, Volume, is_rest, rest_of};
use crate::error::{Error, Result};
use crate::geometry::phantom::{Organ, Region};
use crate::io::import::options::Couch;

/// Most structures: labels above are taken, and the rest of the body needs five.
const MOST_STRUCTURES: usize = 240;
/// Key and name of what no structure names, from low CT numbers to high ones.
const REST: [(&str, &str); 4] = [
    ("gas", "Gas"),
    ("lungs", "Lungs"),
    ("residual_soft_tissue", "Residual soft tissue"),
    ("skeleton", "Skeleton"),
];

/// Labels, and what they mean: the first is 1.
pub(super) struct Painting {
    /// Label of every voxel.
    pub labels: Vec<u8>,
    meant: Vec<Meant>,
    /// Label of the things around the body, if they are kept.
    couch: Option<u8>,
}

impl Painting {
    /// A body without organs.
    pub fn new(labels: Vec<u8>) -> Self {
        Painting { labels, meant: Vec::new(), couch: None }
    }

    /// Paints structures, the large ones first; what should be said about it.
    pub fn paint(&mut self, structures: &Structures, meanings: &Meanings) -> Result<Vec<String>> {
        let meant = meanings.of(&structures.list)?;
        let mut order: Vec<(usize, &Meant, u64)> = meant
            .iter()
            .enumerate()
            .filter_map(|(index, meant)| Some((index, meant.as_ref()?, structures.list[index].voxels())))
            .filter(|(.., voxels)| *voxels > 0)
            .collect();
        if order.len() > MOST_STRUCTURES {
            return Err(Error::invalid(format!(
                "a patient may have {MOST_STRUCTURES} structures, found {}",
                order.len()
            )));
        }
        order.sort_by_key(|&(index, _, voxels)| (std::cmp::Reverse(voxels), index));
        let (mut overlaps, mut in_air) = (0_u64, 0_u64);
        for (index, meant, _) in order {
            self.meant.push(meant.clone());
            let own = self.meant.len() as u8;
            for run in &structures.list[index].runs {
                for label in &mut self.labels[run.start as usize..][..run.length as usize] {
                    match *label {
                        AIR => in_air += 1,
                        THING | BODY => *label = own,
                        _ => {
                            overlaps += u64::from(*label != own);
                            *label = own;
                        }
                    }
                }
            }
        }
        let mut warnings = structures.warnings.clone();
        if overlaps > 0 {
            warnings
                .push(format!("{overlaps} voxels are claimed by several structures: the smallest has them"));
        }
        if in_air > 0 {
            warnings.push(format!("{in_air} voxels of structures are air around the body and stay outside"));
        }
        if self.meant.is_empty() {
            warnings.push("the file of organs has none within the CT".to_owned());
        }
        Ok(warnings)
    }

    /// Gives the rest of the body to gas, lungs, soft tissue and skeleton by CT number, and the things around it to
    /// the couch or to the air.
    pub fn name_the_rest(&mut self, ct: &Volume, couch: Couch) -> Result<Option<String>> {
        let first = self.meant.len() as u8 + 1;
        // Where a file says what is lung, what it leaves out is not.
        let has_lungs = self.meant.iter().any(|meant| meant.organ == "lungs");
        let mut things = 0_u64;
        let couch_label = first + REST.len() as u8;
        for (label, &hu) in self.labels.iter_mut().zip(&ct.hu) {
            if is_rest(*label) {
                let hu = if has_lungs && rest_of(hu) == 1 { LUNG_HU } else { hu };
                *label = first + rest_of(hu) as u8;
            } else if *label == THING {
                things += 1;
                *label = if couch == Couch::Kept { couch_label } else { AIR };
            }
        }
        let rest = REST.map(|(organ, name)| Meant {
            region: if organ == "lungs" { "lungs_by_hu".to_owned() } else { organ.to_owned() },
            organ: organ.to_owned(),
            name: Some(name.to_owned()),
        });
        self.meant.extend(rest);
        self.couch = (couch == Couch::Kept).then_some(couch_label);
        let volume_cm3 = things as f64 * ct.grid.voxel_volume_cm3();
        let what = if couch == Couch::Kept { "kept as the couch" } else { "removed" };
        Ok((things > 0)
            .then(|| format!("{volume_cm3:.0} cm3 of couch and other things around the body are {what}")))
    }

    /// Regions and organs of the labels that occur; labels are numbered anew without those that do not.
    pub fn tables(&mut self) -> (Vec<Region>, Vec<Organ>) {
        let mut present = [false; 256];
        self.labels.iter().for_each(|&label| present[usize::from(label)] = true);
        let mut regions = vec![Region { id: "exterior".to_owned(), organ: None, medium: 0 }];
        let mut organs: Vec<Organ> = Vec::new();
        let mut new_label = [AIR; 256];
        for (meant, label) in self.meant.iter().zip(1_u8..).filter(|(_, label)| present[usize::from(*label)])
        {
            new_label[usize::from(label)] = regions.len() as u8;
            let organ = organ(&mut organs, meant);
            regions.push(Region { id: unique(&regions, &meant.region), organ: Some(organ), medium: 0 });
        }
        if let Some(label) = self.couch.filter(|&label| present[usize::from(label)]) {
            new_label[usize::from(label)] = regions.len() as u8;
            // Like the air, the couch is no organ.
            regions.push(Region { id: unique(&regions, "couch"), organ: None, medium: 0 });
        }
        self.labels.iter_mut().for_each(|label| *label = new_label[usize::from(*label)]);
        (regions, organs)
    }
}

fn organ(organs: &mut Vec<Organ>, meant: &Meant) -> u16 {
    let known = organs.iter().position(|organ| organ.id == meant.organ);
    let index = known.unwrap_or_else(|| {
        let name = meant.name.clone().unwrap_or_else(|| meant.organ.replace('_', " "));
        organs.push(Organ { id: meant.organ.clone(), name, target_mass_g: None });
        organs.len() - 1
    });
    index as u16
}

/// A key that no region has yet.
fn unique(regions: &[Region], key: &str) -> String {
    let is_free = |key: &str| !regions.iter().any(|region| region.id == key);
    let numbered = (2..).map(|number| format!("{key}_{number}"));
    std::iter::once(key.to_owned()).chain(numbered).find(|key| is_free(key)).unwrap_or_default()
}
