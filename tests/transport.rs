//! Claims about photons in voxels.

mod common;

use childsize::data::material::Material;
use childsize::geometry::grid::VoxelGrid;
use childsize::geometry::outline::Outline;
use childsize::geometry::phantom::{Medium, Organ, Phantom, Region};
use childsize::numerics::rng::{Stream, batch_stream};
use childsize::photon::Photon;
use childsize::physics::cross_section::Attenuation;
use childsize::physics::tables::{FlightRow, empty_row};
use childsize::tally::estimate::Estimate;
use childsize::transport::flock::Flock;
use childsize::transport::history::follow;
use childsize::transport::importance::Importance;
use childsize::transport::primary::walk_primary;
use childsize::transport::scatter::fly_by_voxel;
use childsize::transport::tally::{HistoryMark, Tally};
use childsize::transport::world::World;
use nalgebra::Vector3;

/// Layers along x, cm: water, bone, lung, water, with voxels that do not fit the layers' thickness.
const LAYERS_CM: [f64; 4] = [2.1, 1.05, 4.2, 3.15];

fn layered_phantom() -> Phantom {
    let spacing_cm = [0.35, 0.5, 0.5];
    let grid = VoxelGrid { counts: [30, 8, 8], spacing_cm, corner_cm: [-1.0, -2.0, -2.0] };
    let water = Material::named("water").unwrap();
    let bone = Material::named("bone").unwrap();
    let lung = water.clone();
    let media =
        [(water.clone(), 0.0012), (water.clone(), 1.0), (bone.clone(), bone.density_g_cm3), (lung, 0.26)]
            .map(|(material, density_g_cm3)| Medium { material, density_g_cm3 });
    let ends_cm = [2.1, 3.15, 7.35, 10.5];
    let label =
        |ix: usize| [1, 2, 3, 4][ends_cm.iter().position(|&end| (ix as f64 + 0.5) * 0.35 < end).unwrap()];
    let labels = (0..grid.len()).map(|voxel| label(voxel % 30)).collect();
    let region = |id: &str, organ, medium| Region { id: id.to_owned(), organ, medium };
    let organ = |id: &str| Organ { id: id.to_owned(), name: id.to_owned(), target_mass_g: None };
    Phantom {
        id: "layers".to_owned(),
        name: "Layers".to_owned(),
        grid,
        voxel_media: None,
        labels,
        regions: vec![
            region("air", None, 0),
            region("front", Some(0), 1),
            region("bone", Some(1), 2),
            region("lung", Some(2), 3),
            region("back", Some(3), 1),
        ],
        media: media.to_vec(),
        organs: ["front", "bone", "lung", "back"].map(organ).to_vec(),
        bone_sites: Vec::new(),
        landmarks_z_cm: Default::default(),
        axis_cm: [0.0, 0.0],
    }
}

#[derive(Default)]
struct Layers {
    kerma_kev: [f64; 5],
}

impl Tally for Layers {
    fn emit(&mut self, _: f32) {}
    fn kerma(&mut self, _: usize, label: u8, energy_kev: f32, _: f32) {
        self.kerma_kev[usize::from(label)] += f64::from(energy_kev);
    }
    fn deposit(&mut self, _: usize, _: u8, _: f32) {}
    fn escape(&mut self, _: f32) {}
}

struct Beamlet {
    phantom: Phantom,
    photon: Photon,
    /// Optical depth of each layer along the ray.
    depths: [f64; 4],
    /// μtr/μ of each layer.
    shares: [f64; 4],
}

/// An oblique pencil beam through the layers. It crosses voxels of all three axes.
fn beamlet(energy_kev: f32) -> Beamlet {
    let phantom = layered_phantom();
    let direction = Vector3::new(0.96_f32, 0.2, -0.195_959_2);
    let position_cm = Vector3::new(-11.0_f32, -3.2, 3.0);
    let media = [1, 2, 3, 1].map(|medium| phantom.media[medium].clone());
    let tables = media.map(|m| (Attenuation::new(&m.material), m.density_g_cm3));
    let e = f64::from(energy_kev);
    let path = |layer: usize| LAYERS_CM[layer] / f64::from(direction.x);
    Beamlet {
        depths: std::array::from_fn(|i| tables[i].0.mu_over_rho_cm2_g(e) * tables[i].1 * path(i)),
        shares: std::array::from_fn(|i| {
            tables[i].0.mu_tr_over_rho_cm2_g(e) / tables[i].0.mu_over_rho_cm2_g(e)
        }),
        photon: Photon { position_cm, direction, energy_kev, weight: 1.0 },
        phantom,
    }
}

fn row(world: &World, energy_kev: f32) -> (Box<FlightRow>, f32) {
    let mut row = empty_row();
    let majorant_per_cm = world.tables.fill_row(energy_kev, &mut row);
    (row, majorant_per_cm)
}

#[test]
fn expected_primary_kerma_is_beer_lambert_through_mixed_voxels() {
    for energy_kev in [20.0, 35.3, 60.0, 118.7] {
        let beamlet = beamlet(energy_kev);
        let world = World::new(&beamlet.phantom, &Outline::of(&beamlet.phantom)).unwrap();
        let (row, _) = row(&world, energy_kev);
        let mut layers = Layers::default();
        let ray = (&beamlet.photon, world.clip_cm(&beamlet.photon).unwrap());
        walk_primary(&world, &row, ray, (1.0, 0.5), &mut Vec::new(), &mut layers);
        let mut transmission = 1.0;
        for layer in 0..4 {
            let after = transmission * (-beamlet.depths[layer]).exp();
            let expected = f64::from(energy_kev) * (transmission - after) * beamlet.shares[layer];
            let found = layers.kerma_kev[layer + 1];
            // 0.1 %: the coefficients' interpolation in energy and single precision.
            assert!(
                (found / expected - 1.0).abs() < 1e-3,
                "{energy_kev} keV, layer {layer}: {found} {expected}"
            );
            transmission = after;
        }
    }
}

#[test]
fn primary_interactions_are_placed_by_collision_probability() {
    let beamlet = beamlet(60.0);
    let world = World::new(&beamlet.phantom, &Outline::of(&beamlet.phantom)).unwrap();
    let (row, _) = row(&world, 60.0);
    let (splits, rays) = (4, 5000);
    let mut counts = [0_u32; 5];
    for ray in 0..rays {
        let mut sites = Vec::new();
        let place = (ray as f32 + 0.5) / rays as f32;
        walk_primary(
            &world,
            &row,
            (&beamlet.photon, world.clip_cm(&beamlet.photon).unwrap()),
            (splits as f32, place),
            &mut sites,
            &mut Layers::default(),
        );
        sites.iter().for_each(|site| counts[usize::from(site.label)] += 1);
    }
    let mut transmission = 1.0;
    for layer in 0..4 {
        let after = transmission * (-beamlet.depths[layer]).exp();
        let found = f64::from(counts[layer + 1]) / f64::from(splits * rays as u32);
        // The deviates are evenly spread: the error is that of counting at the layer's two faces.
        assert!(
            (found - (transmission - after)).abs() < 5e-4,
            "layer {layer}: {found} {}",
            transmission - after
        );
        transmission = after;
    }
}

/// Counts interactions.
#[derive(Default)]
struct Interactions(u32);

impl Tally for Interactions {
    fn emit(&mut self, _energy_kev: f32) {}
    fn kerma(&mut self, _voxel: usize, _label: u8, _energy_kev: f32, _marrow_over_medium: f32) {}
    fn deposit(&mut self, _voxel: usize, _label: u8, _energy_kev: f32) {
        self.0 += 1;
    }
    fn escape(&mut self, _energy_kev: f32) {}
}

/// Distance between the points at which flights are scored, cm: two voxels.
const SPACING_CM: f32 = 0.7;
const FLIGHTS: u32 = 400_000;

/// Share of photons that cross all layers without an interaction, flown voxel by voxel and in a flock; and what it should be.
fn survival() -> ([f64; 2], f64) {
    let beamlet = beamlet(60.0);
    let world = World::new(&beamlet.phantom, &Outline::of(&beamlet.phantom)).unwrap();
    let (row, _) = row(&world, 60.0);
    let ray = (&beamlet.photon, world.clip_cm(&beamlet.photon).unwrap());
    let (mut stream, mut flock) = (batch_stream(1, 0, 0), Flock::new(SPACING_CM));
    let (mut by_voxel, mut in_flock) = (0, 0);
    for flight in 0..FLIGHTS {
        let site = fly_by_voxel(&world, &row, ray, &mut stream, &mut Layers::default());
        by_voxel += u32::from(site.is_none());
        let mut interactions = Interactions::default();
        let own = (HistoryMark::default(), batch_stream(3, 0, u64::from(flight)));
        flock.send(&world, beamlet.photon, own, &mut interactions);
        flock.fly(None, &world, &mut interactions);
        in_flock += u32::from(interactions.0 == 0);
    }
    let share = |survived: u32| f64::from(survived) / f64::from(FLIGHTS);
    ([share(by_voxel), share(in_flock)], (-beamlet.depths.iter().sum::<f64>()).exp())
}

#[test]
fn attenuation_is_beer_lambert_for_every_way_to_fly() {
    let (shares, expected) = survival();
    let standard_error = (expected * (1.0 - expected) / f64::from(FLIGHTS)).sqrt();
    for found in shares {
        // 4 standard errors and 0.1 % for the energy interpolation of the coefficients.
        let allowed = 4.0 * standard_error + 1e-3 * expected;
        assert!((found - expected).abs() < allowed, "{found} {expected}");
    }
}

fn kerma_of_flights(seed: u64) -> [f64; 5] {
    let beamlet = beamlet(60.0);
    let world = World::new(&beamlet.phantom, &Outline::of(&beamlet.phantom)).unwrap();
    let (row, _) = row(&world, 60.0);
    let mut stream = batch_stream(seed, 0, 0);
    let ray = (&beamlet.photon, world.clip_cm(&beamlet.photon).unwrap());
    let mut layers = Layers::default();
    for _ in 0..FLIGHTS {
        fly_by_voxel(&world, &row, ray, &mut stream, &mut layers);
    }
    layers.kerma_kev.map(|kev| kev / f64::from(FLIGHTS))
}

#[test]
fn flights_score_the_kerma_of_the_uncollided_fluence() {
    let beamlet = beamlet(60.0);
    let mut transmission = 1.0;
    let track = kerma_of_flights(4);
    for layer in 0..4 {
        let after = transmission * (-beamlet.depths[layer]).exp();
        let expected = 60.0 * (transmission - after) * beamlet.shares[layer];
        // 1 %: 4 standard errors of 400,000 flights in the thinnest layer by either estimator.
        let found = track[layer + 1];
        assert!((found / expected - 1.0).abs() < 0.01, "layer {layer}: {found} {expected}");
        transmission = after;
    }
}

#[test]
fn a_phantom_with_too_many_voxels_along_an_axis_is_refused() {
    let mut phantom = layered_phantom();
    phantom.grid.counts = [1, 40_000, 1];
    phantom.labels = vec![1; 40_000];
    let refusal = World::new(&phantom, &Outline::of(&phantom)).err().expect("a refusal").to_string();
    assert!(refusal.contains("40000 voxels along an axis"), "{refusal}");
}

/// Kerma per photon in the layers, scattered photons included, from 400 groups of 1000 photons.
fn kerma_of_lives(mut live: impl FnMut(&World, Photon, Stream, &mut Layers)) -> [Estimate; 4] {
    let beamlet = beamlet(60.0);
    let world = World::new(&beamlet.phantom, &Outline::of(&beamlet.phantom)).unwrap();
    let groups: Vec<[f64; 5]> = (0..400)
        .map(|group| {
            let mut layers = Layers::default();
            for photon in 0..1000 {
                live(&world, beamlet.photon, batch_stream(9, group, photon), &mut layers);
            }
            layers.kerma_kev
        })
        .collect();
    std::array::from_fn(|layer| Estimate::from_replicates(groups.iter().map(|kev| kev[layer + 1] / 1000.0)))
}

#[test]
fn photons_that_fly_together_or_split_leave_the_kerma_of_those_that_fly_alone() {
    let mut row = empty_row();
    let alone = kerma_of_lives(|world, photon, mut stream, layers| {
        follow(world, photon, &mut stream, &mut row, layers);
    });
    let mut flock = Flock::new(SPACING_CM);
    let together = kerma_of_lives(|world, photon, stream, layers| {
        flock.send(world, photon, (HistoryMark::default(), stream), layers);
        flock.fly(None, world, layers);
    });
    // The beamlet comes from above: photons are split as they fall, and played for as they rise again.
    let importance = Importance::towards([1.0, 2.0], &[[-2.0, -1.5]]).unwrap();
    let split = kerma_of_lives(|world, photon, stream, layers| {
        flock.send(world, photon, (HistoryMark::default(), stream), layers);
        flock.fly(Some(&importance), world, layers);
    });
    // Photons of several histories under way at once.
    let mut flock = Flock::new(0.1);
    let mixed = kerma_of_lives(|world, photon, stream, layers| {
        flock.send(world, photon, (HistoryMark::default(), stream), layers);
        flock.fly_for_room(1, None, world, layers);
    });
    for layer in 0..4 {
        let others = [(together, "together"), (split, "split"), (mixed, "mixed")];
        for (other, what) in others.map(|(layers, what)| (layers[layer], what)) {
            let z = other.z_score(&alone[layer]);
            assert!(z.abs() < 4.0, "layer {layer}, {what}: {other:?} {:?}, z {z:.2}", alone[layer]);
            assert!(other.relative_error() < 0.01, "layer {layer}, {what}: {other:?}");
        }
    }
}
