//! Scenes: the geometries of the report as voxel phantoms, played like any other.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::data::material::Material;
use crate::error::Result;
use crate::geometry::grid::VoxelGrid;
use crate::geometry::outline::Outline;
use crate::geometry::phantom::{Medium, Organ, Phantom, Region};
use crate::geometry::sampling::sample_point_cm;
use crate::simulation::outcome::SourceOutcome;
use crate::simulation::settings::Settings;
use crate::simulation::{Unobserved, simulate_source};
use crate::source::beam::PhotonSource;
use crate::tally::estimate::Estimate;
use crate::transport::batch::Estimator;
use crate::transport::world::World;

/// How long a scene is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effort {
    /// So many histories.
    Histories(u64),
    /// Until every scored region is as precise as [`precision`] asks, or so many histories are played.
    UntilPrecise {
        /// Most histories.
        most: u64,
        /// How many times larger errors may be.
        error_factor: f64,
    },
}

/// Histories of the first round of [`Effort::UntilPrecise`]; later ones follow from its errors.
const FIRST_ROUND: u64 = 1 << 20;

/// Relative standard error that is asked of a region that receives so much, eV per history.
pub fn precision(energy_ev: f64) -> f64 {
    match energy_ev {
        100.0.. => 0.003,
        10.0..100.0 => 0.005,
        1.0..10.0 => 0.01,
        _ => 0.02,
    }
}

/// eV per keV.
pub const EV_PER_KEV: f64 = 1000.0;

/// Regions of a scene, from label 1 on: name and material. The first one is the air around the objects, whose
/// scatter is played too.
pub type Regions = Vec<(String, Material)>;

/// The report's dry air.
pub fn air() -> Result<Material> {
    Material::named("air")?.with_density(0.001_205)
}

/// A phantom whose voxels get the label of one point each: their region's share is right on average, and exact
/// where its faces lie on the grid's.
pub fn scene(
    id: &str,
    grid: VoxelGrid,
    regions: Regions,
    label_at: impl Fn(&Vector3<f64>) -> u8 + Sync,
) -> Phantom {
    let mut labels = vec![0; grid.len()];
    let slice = grid.counts[0] * grid.counts[1];
    labels.par_chunks_mut(slice).enumerate().for_each(|(iz, labels)| {
        for (i, label) in labels.iter_mut().enumerate() {
            let voxel = [i % grid.counts[0], i / grid.counts[0], iz];
            *label = label_at(&sample_point_cm(&grid, voxel));
        }
    });
    phantom_of(id, grid, regions, labels)
}

/// A phantom of labels that are given.
pub fn phantom_of(id: &str, grid: VoxelGrid, regions: Regions, labels: Vec<u8>) -> Phantom {
    let medium = |material: Material| Medium { density_g_cm3: material.density_g_cm3, material };
    let exterior = Material::named("air").and_then(|air| air.with_density(0.001_205)).expect("air is known");
    let mut phantom = Phantom {
        id: id.to_owned(),
        name: id.to_owned(),
        grid,
        voxel_media: None,
        labels,
        regions: vec![Region { id: "exterior".to_owned(), organ: None, medium: 0 }],
        media: vec![medium(exterior)],
        organs: Vec::new(),
        bone_sites: Vec::new(),
        landmarks_z_cm: Default::default(),
        axis_cm: [0.0, 0.0],
    };
    for (name, material) in regions {
        let known = phantom.media.iter().position(|m| m.material == material);
        let index = known.unwrap_or_else(|| {
            phantom.media.push(medium(material));
            phantom.media.len() - 1
        });
        let organ = Some(phantom.organs.len() as u16);
        phantom.regions.push(Region { id: name.clone(), organ, medium: index as u8 });
        phantom.organs.push(Organ { id: name.clone(), name, target_mass_g: None });
    }
    phantom
}

/// A grid between two corners; the spacing divides the lengths.
pub fn grid(low_cm: [f64; 3], high_cm: [f64; 3], spacing_cm: [f64; 3]) -> VoxelGrid {
    let counts = std::array::from_fn(|i| ((high_cm[i] - low_cm[i]) / spacing_cm[i]).round() as usize);
    VoxelGrid { counts, spacing_cm, corner_cm: low_cm }
}

/// A scene ready to be irradiated.
pub struct Stage<'a> {
    phantom: &'a Phantom,
    world: World<'a>,
    /// Voxels by label.
    voxels: Vec<u64>,
    /// Whether a region's precision matters.
    is_scored: fn(&str) -> bool,
}

impl<'a> Stage<'a> {
    /// Prepares a scene; `is_scored` tells the regions whose precision matters.
    pub fn new(phantom: &'a Phantom, is_scored: fn(&str) -> bool) -> Result<Self> {
        let world = World::new(phantom, &Outline::of(phantom))?;
        Ok(Stage { phantom, world, voxels: phantom.region_voxels(), is_scored })
    }

    /// Plays a source with the estimator for organs; energy imparted by region, eV per history.
    pub fn play(
        &self,
        source: &impl PhotonSource,
        effort: Effort,
        seed: u64,
    ) -> Result<Vec<(String, Estimate)>> {
        match effort {
            Effort::Histories(histories) => self.play_with(source, histories, seed, Estimator::Organ),
            Effort::UntilPrecise { most, error_factor } => {
                self.play_until_precise(source, (most, error_factor), seed)
            }
        }
    }

    /// Plays rounds of independent histories until the scored regions are precise enough.
    fn play_until_precise(
        &self,
        source: &impl PhotonSource,
        (most, error_factor): (u64, f64),
        seed: u64,
    ) -> Result<Vec<(String, Estimate)>> {
        let imprecision = |energies: &[(String, Estimate)]| self.imprecision(energies) / error_factor;
        let mut done = FIRST_ROUND.min(most);
        let mut energies = self.play_with(source, done, seed, Estimator::Organ)?;
        for round in 1.. {
            // A tenth more than the errors ask for: they are estimates themselves.
            let wanted = (1.1 * imprecision(&energies).powi(2)).min(2.0);
            let histories = ((wanted - 1.0) * done as f64) as u64;
            let histories = histories.max(FIRST_ROUND / 4).min(most - done);
            if imprecision(&energies) <= 1.0 || histories == 0 {
                break;
            }
            let more = self.play_with(source, histories, seed + (round << 32), Estimator::Organ)?;
            for ((_, known), (_, new)) in energies.iter_mut().zip(&more) {
                *known = pooled([(done, known), (histories, new)]);
            }
            done += histories;
        }
        Ok(energies)
    }

    /// Largest quotient of a scored region's relative error and the one asked for.
    fn imprecision(&self, energies: &[(String, Estimate)]) -> f64 {
        let scored = energies.iter().filter(|(region, _)| (self.is_scored)(region));
        scored.map(|(_, energy)| energy.relative_error() / precision(energy.mean)).fold(0.0, f64::max)
    }

    /// Plays a source with an estimator; energy imparted by region, eV per history.
    pub fn play_with(
        &self,
        source: &impl PhotonSource,
        histories: u64,
        seed: u64,
        estimator: Estimator,
    ) -> Result<Vec<(String, Estimate)>> {
        let settings = Settings { seed, histories, estimator, map_binning: None, target: None };
        let outcome = simulate_source(self.phantom, &self.world, source, &settings, &Unobserved)?;
        Ok(self.energies_ev(&outcome))
    }

    fn energies_ev(&self, outcome: &SourceOutcome) -> Vec<(String, Estimate)> {
        let energies = outcome.organ_kev.iter().map(|energy| energy.scaled(EV_PER_KEV));
        self.phantom.organs.iter().map(|organ| organ.id.clone()).zip(energies).collect()
    }

    /// Volume of the voxels of a region, cm³.
    pub fn volume_cm3(&self, region: &str) -> f64 {
        let label = self.phantom.regions.iter().position(|known| known.id == region);
        label.map_or(0.0, |label| self.voxels[label] as f64 * self.phantom.grid.voxel_volume_cm3())
    }
}

/// Two independent estimates per history, weighted by their histories.
fn pooled(parts: [(u64, &Estimate); 2]) -> Estimate {
    let total: u64 = parts.iter().map(|part| part.0).sum();
    let weighted = parts.map(|(histories, part)| part.scaled(histories as f64 / total as f64));
    weighted[0].plus(&weighted[1])
}

/// The energy of a region that some voxels misname on average by nothing, but in this draw by a little: scaled
/// from the volume of its voxels to its true one.
pub fn with_true_volume(energy: Estimate, voxels_cm3: f64, true_cm3: f64) -> Estimate {
    energy.scaled(true_cm3 / voxels_cm3)
}

/// The estimate of a region by name.
pub fn of<'a>(energies: &'a [(String, Estimate)], region: &str) -> &'a Estimate {
    let found = energies.iter().find(|(name, _)| name == region);
    &found.unwrap_or_else(|| panic!("the scene has no region {region}")).1
}
