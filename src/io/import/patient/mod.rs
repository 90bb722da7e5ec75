//! A patient's CT becomes a phantom: body, organs, and matter by CT number.

mod body;
mod calibration;
mod component;
mod meaning;
pub(super) mod organ_file;
mod painting;
mod planar;
pub(super) mod polygon;
pub(super) mod structure;

use std::collections::HashMap;
use std::path::Path;

use self::body::{AIR, BODY, THING};
use self::calibration::Calibration;
pub(super) use self::meaning::{Meanings, OrganTable};
pub(super) use self::organ_file::about_grid;
use self::painting::Painting;
use self::structure::Structures;
use super::options::Couch;
use super::quantise::quantise;
use super::table::{Tables, air_medium};
use super::{Imported, assemble};
use crate::error::{Error, Result};
use crate::geometry::grid::VoxelGrid;

/// Share of the body's voxels that may lie above the table of CT numbers.
const MOST_ABOVE: f64 = 1.0e-3;
/// CT numbers below which body that no file names is gas, and lung; and from which it is bone. Gas ends where
/// Schneider's air does; the others are choices.
const GAS_HU: i16 = -950;
const LUNG_HU: i16 = -400;
const BONE_HU: i16 = 200;
/// CT numbers of 16 bits.
const NUMBERS: usize = 1 << 16;

/// CT numbers on a grid.
pub(super) struct Volume {
    /// Where.
    pub grid: VoxelGrid,
    /// HU, x fastest.
    pub hu: Vec<i16>,
    /// Frame of reference, to compare with that of organs; it is not kept.
    pub reference: Option<String>,
}

/// Makes a phantom of a CT.
pub(super) fn phantom(
    ct: Volume,
    organs: Option<(Structures, Meanings)>,
    calibration: Option<&Path>,
    couch: Couch,
) -> Result<Imported> {
    let calibration = calibration.map_or_else(Calibration::schneider, Calibration::read)?;
    let labels = body::find(&ct)?;
    let mut warnings = Vec::new();
    let mut painting = Painting::new(labels);
    if let Some((structures, meanings)) = organs {
        warnings.extend(painting.paint(&structures, &meanings)?);
    }
    warnings.extend(check_range(&ct, &painting.labels, &calibration)?);
    warnings.extend(painting.name_the_rest(&ct, couch)?);
    let (regions, organs) = painting.tables();
    let tables = Tables { regions, organs, media: Vec::new(), label_of: HashMap::new() };
    let (tables, media) = media(&ct, &painting.labels, &calibration, tables)?;
    drop(ct.hu);
    let phantom = assemble::phantom("patient", ct.grid, painting.labels, Some(media), tables)?;
    Ok(Imported { phantom, warnings })
}

/// Where a CT number stands among all of 16 bits.
fn place(hu: i16) -> usize {
    (i32::from(hu) - i32::from(i16::MIN)) as usize
}

/// Refuses a body of which too much lies above the table; else says how much does.
fn check_range(ct: &Volume, labels: &[u8], calibration: &Calibration) -> Result<Option<String>> {
    let (mut body, mut above, mut highest) = (0_u64, 0_u64, i16::MIN);
    for (&label, &hu) in labels.iter().zip(&ct.hu) {
        if label != AIR && label != THING {
            body += 1;
            above += u64::from(f64::from(hu) > calibration.ends_hu[1]);
            highest = highest.max(hu);
        }
    }
    let said = format!(
        "{above} of {body} voxels of the body ({:.3} %) above {} HU, the end of the table, up to {highest}",
        100.0 * above as f64 / body as f64,
        calibration.ends_hu[1]
    );
    if above as f64 > MOST_ABOVE * body as f64 {
        let sentence = format!(
            "at most {} % of a body may lie above the table of CT numbers, found {said}",
            100.0 * MOST_ABOVE
        );
        return Err(Error::invalid(sentence)
            .with_help("metal, or a longer scale: give a calibration that reaches farther (--calibration)"));
    }
    Ok((above > 0).then(|| format!("{said}: they are taken as what is at its end")))
}

/// Media of the CT numbers that occur, and that of every voxel.
fn media(
    ct: &Volume,
    labels: &[u8],
    calibration: &Calibration,
    mut tables: Tables,
) -> Result<(Tables, Vec<u8>)> {
    let mut counts = vec![0_u64; NUMBERS];
    for (&label, &hu) in labels.iter().zip(&ct.hu) {
        counts[place(hu)] += u64::from(label != AIR);
    }
    let mut seen = HashMap::new();
    let matter = |hu: i32| {
        let (material, density_g_cm3) = calibration.matter(f64::from(hu));
        (material, density_g_cm3 as f32)
    };
    let present = || (i32::from(i16::MIN)..).zip(&counts).filter(|(_, count)| **count > 0);
    for (hu, &count) in present() {
        let (material, density) = matter(hu);
        *seen.entry((material, density.to_bits())).or_default() += count;
    }
    let quantised = quantise(air_medium()?, &calibration.materials, &seen)?;
    let mut medium_of = vec![0_u8; NUMBERS];
    for (hu, _) in present() {
        let (material, density) = matter(hu);
        medium_of[(hu - i32::from(i16::MIN)) as usize] = quantised.medium(material, density);
    }
    let mut by_region = vec![[0_u64; 256]; tables.regions.len()];
    let mut medium = |(&label, &hu): (&u8, &i16)| {
        let medium = if label == AIR { 0 } else { medium_of[place(hu)] };
        by_region[usize::from(label)][usize::from(medium)] += 1;
        medium
    };
    let media = labels.iter().zip(&ct.hu).map(&mut medium).collect();
    for (region, counts) in tables.regions.iter_mut().zip(&by_region) {
        // The commonest stands for all; the first where there is none, as of air around a body that fills the CT.
        region.medium = (0..=255).rev().max_by_key(|&medium| counts[usize::from(medium)]).unwrap_or(0);
    }
    tables.media = quantised.media;
    Ok((tables, media))
}

/// Key of the organ of body that no structure names.
fn rest_of(hu: i16) -> usize {
    match hu {
        ..GAS_HU => 0,
        GAS_HU..LUNG_HU => 1,
        LUNG_HU..BONE_HU => 2,
        BONE_HU.. => 3,
    }
}

/// Whether a label is that of body without a structure.
fn is_rest(label: u8) -> bool {
    label == BODY
}

#[cfg(test)]
mod tests {
    use super::structure::{Run, Structure};
    use super::*;

    /// A block of muscle of 12 x 12 x 3 voxels of 5 mm with a rib and a lung, on a couch 2 cm below.
    fn patient() -> Volume {
        let counts = [20, 24, 3];
        let grid = VoxelGrid { counts, spacing_cm: [0.5; 3], corner_cm: [0.0; 3] };
        let hu = |voxel: usize| {
            let (x, y) = (voxel % 20, voxel / 20 % 24);
            match (x, y) {
                (4..16, 20..22) => 150,
                (6, 6) => 900,
                (9..11, 9..11) => -800,
                (4..16, 4..16) => 50,
                _ => -1000,
            }
        };
        Volume { hu: (0..grid.len()).map(hu).collect(), grid, reference: None }
    }

    fn organ_at(imported: &Imported, [x, y]: [usize; 2]) -> Option<&str> {
        let phantom = &imported.phantom;
        let region = &phantom.regions[usize::from(phantom.labels[phantom.grid.index(x, y, 1)])];
        region.organ.map(|organ| phantom.organs[usize::from(organ)].id.as_str())
    }

    #[test]
    fn body_that_no_file_names_goes_by_ct_number() {
        let imported = phantom(patient(), None, None, Couch::Removed).unwrap();
        let at = [[6, 6], [9, 9], [12, 12], [8, 20], [0, 0]].map(|at| organ_at(&imported, at));
        assert_eq!(at, [Some("skeleton"), Some("lungs"), Some("residual_soft_tissue"), None, None]);
        assert_eq!(imported.warnings, ["9 cm3 of couch and other things around the body are removed"]);
        assert!(imported.phantom.regions.iter().all(|region| region.id != "couch"));
    }

    #[test]
    fn a_couch_that_is_kept_is_matter_but_not_body() {
        let imported = phantom(patient(), None, None, Couch::Kept).unwrap();
        let found = &imported.phantom;
        let voxel = found.grid.index(8, 20, 1);
        let region = &found.regions[usize::from(found.labels[voxel])];
        assert!(region.id == "couch" && region.organ.is_none());
        assert!((found.density_g_cm3(voxel) - (1.017 + 0.592 * 0.15)).abs() < 1e-6);
        // The body alone lies on the scanner's axis.
        assert_eq!(found.axis_cm, [5.0, 5.0]);
        assert_eq!(
            found.organ_masses_g(),
            phantom(patient(), None, None, Couch::Removed).unwrap().phantom.organ_masses_g()
        );
    }

    #[test]
    fn structures_take_matter_around_the_body_and_leave_air_outside() {
        // From the air beside the body into it, and in the couch.
        let runs = vec![Run { start: 20 * 8 + 1, length: 6 }, Run { start: 20 * 20 + 5, length: 2 }];
        let list = vec![Structure { name: "Liver".to_owned(), number: None, runs }];
        let structures = Structures { list, warnings: Vec::new() };
        let imported = phantom(patient(), Some((structures, Meanings::Names)), None, Couch::Removed).unwrap();
        let phantom = &imported.phantom;
        let liver = phantom.organs.iter().position(|organ| organ.id == "liver").unwrap();
        let is_liver = |label: &u8| phantom.regions[usize::from(*label)].organ == Some(liver as u16);
        assert_eq!(phantom.labels.iter().filter(|label| is_liver(label)).count(), 3 + 2);
        assert_eq!(imported.warnings[0], "3 voxels of structures are air around the body and stay outside");
    }
}
