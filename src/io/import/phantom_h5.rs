//! The program's own phantom file: HDF5 `childsize.phantom/2`, see [`crate::io::export::phantom_h5`].

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::assemble::check_counts;
use super::source;
use super::table::check_density;
use crate::data::element;
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::grid::VoxelGrid;
use crate::geometry::phantom::{BoneSite, Medium, Organ, Phantom, Region};
use crate::io::export::phantom_h5::{FORMAT, content_sha256};
use crate::io::seal;
use crate::io::trial::{self, Subject};

/// Reads a phantom, after another process has tried to where there is one for it.
pub(super) fn read(path: &Path) -> Result<Phantom> {
    source::open(path)?;
    trial::try_first(path, &Subject::Phantom)?;
    read_untried(path)
}

/// Reads a phantom in this process. A damaged file may end it: libhdf5 is not proof against all.
pub fn read_untried(path: &Path) -> Result<Phantom> {
    let file = hdf5::File::open(path).map_err(|error| damaged(&error))?;
    seal::refuse_links(&file)?;
    match seal::attribute_text(&file, "format") {
        Ok(found) if found == FORMAT => {}
        Ok(found) => return Err(Error::invalid(format!("the format must be {FORMAT}, found {found}"))),
        Err(_) => return Err(Error::invalid(format!("the format must be {FORMAT}, found none"))),
    }
    let sha256 = seal::attribute_text(&file, "sha256").map_err(|e| damaged(&e))?;
    let text = file.dataset("tables").and_then(|set| seal::dataset_text(&set)).map_err(|e| damaged(&e))?;
    let tables: Value = serde_json::from_str(&text).map_err(|e| Error::invalid(format!("tables: {e}")))?;
    let mut phantom =
        from_tables(&tables).ok_or_else(|| Error::invalid("the tables of the phantom are not whole"))??;
    phantom.labels = cube(&file, "labels", phantom.grid.counts)?;
    if file.link_exists("media") {
        phantom.voxel_media = Some(cube(&file, "media", phantom.grid.counts)?);
    }
    if content_sha256(&text, &phantom) != sha256 {
        return Err(Error::invalid("what the file holds is not what was written to it: its sha256 differs"));
    }
    check_indices(&phantom)?;
    Ok(phantom)
}

fn cube(file: &hdf5::File, name: &str, counts: [usize; 3]) -> Result<Vec<u8>> {
    let set = file.dataset(name).map_err(|error| damaged(&error))?;
    let [nx, ny, nz] = counts;
    if set.shape() != [nz, ny, nx] {
        return Err(Error::invalid(format!(
            "{name} must have the shape {nz} x {ny} x {nx}, found {:?}",
            set.shape()
        )));
    }
    set.read_raw::<u8>().map_err(|error| damaged(&error))
}

fn damaged(error: &hdf5::Error) -> Error {
    let reason = error.to_string();
    Error::invalid(format!("not a whole phantom file: {}", reason.lines().next().unwrap_or_default()))
}

fn triple(value: &Value) -> Option<[f64; 3]> {
    let list = value.as_array()?;
    let numbers: Vec<f64> = list.iter().filter_map(Value::as_f64).collect();
    numbers.try_into().ok()
}

fn bone_site(value: &Value) -> Option<BoneSite> {
    let organs = value["organs"].as_array()?.iter();
    Some(BoneSite {
        organs: organs.map(|organ| organ.as_u64()?.try_into().ok()).collect::<Option<_>>()?,
        active_marrow_share: value["active_marrow_share"].as_f64()?,
        endosteum_share: value["endosteum_share"].as_f64(),
    })
}

/// Everything but the voxels; `None` where something is missing.
fn from_tables(tables: &Value) -> Option<Result<Phantom>> {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let counts = triple(&tables["counts"])?.map(super::metaimage::count);
    let counts = match check_counts(counts) {
        Ok(counts) => counts,
        Err(error) => return Some(Err(error)),
    };
    let grid = VoxelGrid {
        counts,
        spacing_cm: triple(&tables["spacing_cm"])?,
        corner_cm: triple(&tables["corner_cm"])?,
    };
    if !grid.spacing_cm.iter().all(|edge| (0.001..=10.0).contains(edge)) {
        return None;
    }
    let organ = |value: &Value| {
        Some(Organ {
            id: text(value, "id")?,
            name: text(value, "name")?,
            target_mass_g: value["target_mass_g"].as_f64(),
        })
    };
    let region = |value: &Value| {
        let organ = value["organ"].as_u64().map(u16::try_from).transpose().ok()?;
        Some(Region { id: text(value, "id")?, organ, medium: u8::try_from(value["medium"].as_u64()?).ok()? })
    };
    let media = tables["media"].as_array()?.iter().map(medium).collect::<Option<Result<Vec<_>>>>()?;
    let landmarks = tables["landmarks_z_cm"].as_object()?.iter();
    let axis = tables["axis_cm"].as_array()?;
    Some(media.and_then(|media| {
        let missing = || Error::invalid("the tables of the phantom are not whole");
        Ok(Phantom {
            id: text(tables, "id").ok_or_else(missing)?,
            name: text(tables, "name").ok_or_else(missing)?,
            grid,
            labels: Vec::new(),
            voxel_media: None,
            regions: list(&tables["regions"], region).ok_or_else(missing)?,
            media,
            organs: list(&tables["organs"], organ).ok_or_else(missing)?,
            bone_sites: list(&tables["bone_sites"], bone_site).unwrap_or_default(),
            landmarks_z_cm: landmarks
                .map(|(name, z)| z.as_f64().map(|z| (name.clone(), z)))
                .collect::<Option<BTreeMap<_, _>>>()
                .ok_or_else(missing)?,
            axis_cm: match axis.iter().filter_map(Value::as_f64).collect::<Vec<_>>()[..] {
                [x, y] => [x, y],
                _ => return Err(missing()),
            },
        })
    }))
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.as_array()?.iter().map(item).collect()
}

fn medium(value: &Value) -> Option<Result<Medium>> {
    let name = value["name"].as_str()?;
    let density_g_cm3 = value["density_g_cm3"].as_f64()?;
    let nominal_g_cm3 = value["nominal_density_g_cm3"].as_f64()?;
    let mut mass_fractions = Vec::new();
    for (symbol, fraction) in value["mass_fractions"].as_object()? {
        mass_fractions.push((element::atomic_number(symbol).ok()?, fraction.as_f64()?));
    }
    mass_fractions.sort_by_key(|&(z, _)| z);
    let sum: f64 = mass_fractions.iter().map(|&(_, fraction)| fraction).sum();
    if !((sum - 1.0).abs() < 1e-6 && mass_fractions.iter().all(|&(_, fraction)| fraction > 0.0)) {
        return Some(Err(Error::invalid(format!("mass fractions of {name} must sum to 1, found {sum}"))));
    }
    let material = Material { name: name.to_owned(), density_g_cm3: nominal_g_cm3, mass_fractions };
    Some(
        check_density(nominal_g_cm3)
            .and_then(|_| check_density(density_g_cm3))
            .map(|_| Medium { material, density_g_cm3 }),
    )
}

/// Refuses voxels, regions and organs that point beyond their tables.
fn check_indices(phantom: &Phantom) -> Result<()> {
    let most = |values: &[u8]| values.iter().copied().max().map_or(0, usize::from);
    let media = phantom.media.len();
    let fits = (1..=256).contains(&phantom.regions.len())
        && (1..=256).contains(&media)
        && most(&phantom.labels) < phantom.regions.len()
        && phantom.voxel_media.as_deref().map_or(0, most) < media
        && phantom.regions.iter().all(|region| usize::from(region.medium) < media)
        && phantom
            .regions
            .iter()
            .filter_map(|region| region.organ)
            .all(|o| usize::from(o) < phantom.organs.len())
        && phantom.regions[0].organ.is_none();
    match fits {
        true => Ok(()),
        false => Err(Error::invalid("voxels or regions point beyond the tables of the phantom")),
    }
}
