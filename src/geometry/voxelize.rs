//! From a declaration to voxels: one sample per voxel, at a random place in it.
//!
//! A label by the voxel's centre makes thin shells (ribs, skin, bowel walls) too heavy or too light
//! by up to a fifth, as planes of the grid happen to fall; a label by majority makes them vanish. A
//! sample at a place drawn from a hash of the voxel's index is unbiased: the expected volume of every
//! region is its true one. The labels depend on the declaration and the grid alone.

use rayon::prelude::*;

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::brick::BrickPainter;
use crate::geometry::formula::Sex;
use crate::geometry::grid::VoxelGrid;
use crate::geometry::phantom::{BoneSite, Medium, Organ, Phantom, Region};
use crate::geometry::stylised::{DeclarativePhantom, StylisedRegion};

/// Smallest and largest accepted edge of a voxel, cm.
pub const VOXEL_EDGE_CM: [f64; 2] = [0.02, 1.0];

/// Most voxels a phantom may have.
pub const MOST_VOXELS: u64 = 1 << 31;

/// Densest air that may stand for the air around the body, g/cm³: 0 °C at sea level has 0.00129.
const DENSEST_AIR_G_CM3: f64 = 0.0015;

/// Slices one task paints; also the edge of the largest brick.
const SLICES_PER_TASK: usize = 16;

/// How a declaration is turned into voxels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Voxelization {
    /// Edges of a voxel along x, y, z, cm.
    pub voxel_cm: [f64; 3],
    /// Sex of the phantom; `None` keeps the organs of both, as the Cristy-Eckerman family does.
    pub sex: Option<Sex>,
    /// Most memory the labels may take, bytes.
    pub memory_limit_bytes: u64,
}

impl Voxelization {
    /// Cubes of an edge, both sexes, at most 2 GiB.
    pub fn cubes(edge_cm: f64) -> Self {
        Voxelization { voxel_cm: [edge_cm; 3], sex: None, memory_limit_bytes: MOST_VOXELS }
    }
}

/// Turns a declaration into voxels.
///
/// Regions of the other sex are left out, and their points fall to the next region that holds them.
/// The grid is that of the scaled body; its samples are looked up where they lie in the declaration.
/// Around the body, and wherever no region is, the label is 0 and the medium dry air.
pub fn voxelize(model: &DeclarativePhantom, how: &Voxelization) -> Result<Phantom> {
    let grid = grid_for(model, how)?;
    let regions: Vec<&StylisedRegion> = model.regions.iter().filter(|region| region.is_in(how.sex)).collect();
    let mut labels = vec![0; grid.len()];
    let declared_grid = model.scaling.unscaled(&grid);
    let painter = BrickPainter::new(model, &regions, how.sex, &declared_grid);
    labels
        .par_chunks_mut(SLICES_PER_TASK * grid.counts[0] * grid.counts[1])
        .enumerate()
        .for_each(|(task, slices)| painter.paint_slices(task * SLICES_PER_TASK, slices));
    Ok(with_tables(model, &regions, grid, labels))
}

/// The grid that covers a declaration's bounds, centred on them.
fn grid_for(model: &DeclarativePhantom, how: &Voxelization) -> Result<VoxelGrid> {
    check_voxel_edges(&how.voxel_cm)?;
    let counts_f: [f64; 3] = std::array::from_fn(|i| {
        let [low, high] = model.bounds_cm[i];
        ((high - low) / how.voxel_cm[i] - 1e-9).ceil().max(1.0)
    });
    check_size(counts_f.iter().product(), how.memory_limit_bytes)?;
    let counts = counts_f.map(|count| count as usize);
    let corner_cm = std::array::from_fn(|i| {
        let [low, high] = model.bounds_cm[i];
        0.5 * (low + high) - 0.5 * counts_f[i] * how.voxel_cm[i]
    });
    Ok(VoxelGrid { counts, spacing_cm: how.voxel_cm, corner_cm })
}

fn check_voxel_edges(voxel_cm: &[f64; 3]) -> Result<()> {
    let [least, most] = VOXEL_EDGE_CM;
    match voxel_cm.iter().find(|edge| !(least..=most).contains(*edge)) {
        None => Ok(()),
        Some(edge) => Err(Error::invalid(format!(
            "the voxel size must be from {:.1} to {:.0} mm, found {} mm",
            10.0 * least,
            10.0 * most,
            10.0 * edge
        ))),
    }
}

fn check_size(voxels: f64, memory_limit_bytes: u64) -> Result<()> {
    let most = MOST_VOXELS.min(memory_limit_bytes);
    if voxels <= most as f64 {
        return Ok(());
    }
    let [found, most] = [voxels, most as f64].map(|n| n / 1e6);
    Err(Error::invalid(format!(
        "the phantom would have {found:.0} million voxels of one byte each, at most {most:.0} million fit"
    ))
    .with_help("choose larger voxels"))
}

/// Gathers regions into organs, and materials at densities into media.
fn with_tables(
    model: &DeclarativePhantom,
    kept: &[&StylisedRegion],
    grid: VoxelGrid,
    labels: Vec<u8>,
) -> Phantom {
    let exterior = Region { id: "exterior".to_owned(), organ: None, medium: 0 };
    let air = exterior_air(model);
    let (mut regions, mut media, mut organs) = (vec![exterior], vec![air], Vec::new());
    for region in kept {
        regions.push(Region {
            id: region.id.clone(),
            organ: Some(organ_index(&mut organs, model, region, kept)),
            medium: medium_index(&mut media, model, region),
        });
    }
    let bone_sites = bone_sites(model, &organs);
    Phantom {
        bone_sites,
        id: model.id.clone(),
        name: model.name.clone(),
        grid,
        labels,
        voxel_media: None,
        regions,
        media,
        organs,
        landmarks_z_cm: model.landmarks_z_cm.clone(),
        axis_cm: model.axis_cm,
    }
}

fn bone_sites(model: &DeclarativePhantom, organs: &[Organ]) -> Vec<BoneSite> {
    const PERCENT: f64 = 0.01;
    let index = |id: &String| organs.iter().position(|organ| organ.id == *id).map(|index| index as u16);
    let sites = model.marrow.iter().map(|share| BoneSite {
        organs: share.organs.iter().filter_map(index).collect(),
        active_marrow_share: share.active_marrow_percent * PERCENT,
        endosteum_share: share.endosteum_percent.map(|percent| percent * PERCENT),
    });
    sites.collect()
}

/// The declaration's own air if it has one, so that airways and exterior share a medium. Air as dense as no
/// atmosphere (a gauge for kerma, a foam) stays where it is declared.
fn exterior_air(model: &DeclarativePhantom) -> Medium {
    let is_free_air = |m: &&Material| m.name == "air" && m.density_g_cm3 <= DENSEST_AIR_G_CM3;
    let material = model.materials.iter().find(is_free_air).cloned();
    let material = material.unwrap_or_else(|| Material::named("air").expect("air is a named material"));
    Medium { density_g_cm3: material.density_g_cm3, material }
}

fn organ_index(
    organs: &mut Vec<Organ>,
    model: &DeclarativePhantom,
    region: &StylisedRegion,
    kept: &[&StylisedRegion],
) -> u16 {
    let index = organs.iter().position(|organ| organ.id == region.organ).unwrap_or_else(|| {
        let parts = kept.iter().filter(|other| other.organ == region.organ);
        organs.push(Organ {
            id: region.organ.clone(),
            name: model.organ_name(&region.organ),
            target_mass_g: parts.map(|part| part.target_mass_g).sum(),
        });
        organs.len() - 1
    });
    index as u16
}

fn medium_index(media: &mut Vec<Medium>, model: &DeclarativePhantom, region: &StylisedRegion) -> u8 {
    let material = &model.materials[region.material];
    let is_it = |m: &Medium| m.material == *material && m.density_g_cm3 == region.density_g_cm3;
    let index = media.iter().position(is_it).unwrap_or_else(|| {
        media.push(Medium { material: material.clone(), density_g_cm3: region.density_g_cm3 });
        media.len() - 1
    });
    index as u8
}
