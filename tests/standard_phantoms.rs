//! Standard phantoms have the volumes and places their names say.

use std::f64::consts::PI;

use childsize::data::material::Material;
use childsize::geometry::mass::{organ_extent_z_cm, organ_mass_table};
use childsize::geometry::phantom::Phantom;
use childsize::geometry::standard::{ctdi_cylinder, elliptic_cylinder};

fn water() -> Material {
    Material {
        name: "water".to_owned(),
        density_g_cm3: 1.0,
        mass_fractions: vec![(1, 0.111_898), (8, 0.888_102)],
    }
}

fn centre_cm(phantom: &Phantom, organ_id: &str) -> [f64; 3] {
    let organ = phantom.organs.iter().position(|organ| organ.id == organ_id).unwrap();
    let [nx, ny, _] = phantom.grid.counts;
    let (mut sum, mut n) = ([0.0; 3], 0.0);
    for (i, &label) in phantom.labels.iter().enumerate() {
        if phantom.regions[usize::from(label)].organ.map(usize::from) == Some(organ) {
            let centre = phantom.grid.centre_cm(i % nx, i / nx % ny, i / nx / ny);
            (0..3).for_each(|axis| sum[axis] += centre[axis]);
            n += 1.0;
        }
    }
    sum.map(|s| s / n)
}

#[test]
fn a_ctdi_phantom_named_by_its_diameter_weighs_what_that_diameter_says() {
    for (diameter_cm, kg) in [(16.0, 3.589), (32.0, 14.356)] {
        let phantom = ctdi_cylinder(diameter_cm, 15.0, 1.0, [0.2; 3]).unwrap();
        let found_kg: f64 = 1e-3 * phantom.organ_masses_g().iter().sum::<f64>();
        assert!((found_kg / kg - 1.0).abs() < 0.002, "{diameter_cm} cm: {found_kg} kg");
    }
}

#[test]
fn rods_lie_1_cm_under_the_surface_at_their_angles() {
    let phantom = ctdi_cylinder(32.0, 15.0, 1.0, [0.1, 0.1, 0.5]).unwrap();
    let places = [
        ("ctdi_centre", [0.0, 0.0]),
        ("ctdi_periphery_000", [0.0, -15.0]),
        ("ctdi_periphery_090", [15.0, 0.0]),
        ("ctdi_periphery_180", [0.0, 15.0]),
        ("ctdi_periphery_270", [-15.0, 0.0]),
    ];
    for (id, [x, y]) in places {
        let found = centre_cm(&phantom, id);
        assert!(
            (found[0] - x).abs() < 0.03 && (found[1] - y).abs() < 0.03 && found[2].abs() < 0.1,
            "{id} {found:?}"
        );
        let organ = phantom.organs.iter().position(|organ| organ.id == id).unwrap();
        let (low_cm, high_cm) = organ_extent_z_cm(&phantom, organ).unwrap();
        assert!((high_cm - low_cm - 10.0).abs() < 1.01, "{id}: {low_cm} to {high_cm} cm");
    }
    let masses = organ_mass_table(&phantom);
    assert!(masses.iter().all(|organ| organ.deviation().unwrap().abs() < 0.02), "{masses:?}");
}

#[test]
fn volumes_of_cylinders_are_unbiased_over_sizes() {
    let mut pulls = Vec::new();
    for step in 0..24 {
        let diameter_cm = 8.0 + 0.77 * f64::from(step);
        let (edge_cm, length_cm) = (0.25, 6.3);
        let phantom =
            elliptic_cylinder(diameter_cm, 0.8 * diameter_cm, length_cm, water(), [edge_cm; 3]).unwrap();
        let exact_cm3 = PI / 4.0 * diameter_cm * 0.8 * diameter_cm * length_cm;
        let found_cm3 = phantom.region_voxels()[1] as f64 * phantom.grid.voxel_volume_cm3();
        // Voxels on the surface: its area over that of a face, times 1.5 for slanted faces; variance 1/6.
        let area_cm2 = PI * 0.9 * diameter_cm * length_cm + 2.0 * PI / 4.0 * 0.8 * diameter_cm * diameter_cm;
        let sigma_cm3 = edge_cm.powi(3) * (1.5 * area_cm2 / (edge_cm * edge_cm) / 6.0).sqrt();
        let pull = (found_cm3 - exact_cm3) / sigma_cm3;
        assert!(pull.abs() < 4.0, "{diameter_cm} cm: {found_cm3} cm3, not {exact_cm3} +- {sigma_cm3}");
        pulls.push(pull);
    }
    let mean = pulls.iter().sum::<f64>() / pulls.len() as f64;
    assert!(mean.abs() < 4.0 / (pulls.len() as f64).sqrt(), "mean pull {mean}");
}

#[test]
fn a_cylinder_is_surrounded_by_air_and_knows_its_ends() {
    let phantom = elliptic_cylinder(20.0, 15.0, 30.0, water(), [0.3; 3]).unwrap();
    assert_eq!(phantom.landmarks_z_cm["top"], 15.0);
    assert_eq!(phantom.landmarks_z_cm["bottom"], -15.0);
    assert_eq!(phantom.labels[0], 0);
    assert_eq!(phantom.media[0].material.name, "air");
    assert!((0..3).all(|axis| phantom.grid.extent_cm(axis).1 > [10.0, 7.5, 15.0][axis] + 0.1));
}

#[test]
fn impossible_standard_phantoms_are_refused_with_a_sentence() {
    let sentence = |outcome: childsize::error::Result<Phantom>| outcome.unwrap_err().to_string();
    assert_eq!(
        sentence(ctdi_cylinder(f64::NAN, 15.0, 1.0, [0.2; 3])),
        "the diameter of a CTDI phantom must be from 4 to 100 cm, found NaN cm"
    );
    assert_eq!(
        sentence(ctdi_cylinder(16.0, 5.0, 1.0, [0.2; 3])),
        "the length of a CTDI phantom must be from 10 to 300 cm, found 5 cm"
    );
    assert_eq!(
        sentence(elliptic_cylinder(20.0, 20.0, 10.0, water(), [0.2, 0.2, 2.0])),
        "the voxel size must be from 0.2 to 10 mm, found 20 mm"
    );
}

#[test]
fn a_body_of_dense_air_lies_in_usual_air() {
    let dense = Material::named("air").unwrap().with_density(0.1).unwrap();
    let phantom = elliptic_cylinder(2.0, 2.0, 2.0, dense, [0.5; 3]).unwrap();
    let around = phantom.media[usize::from(phantom.regions[0].medium)].density_g_cm3;
    assert!((around - 0.001_205).abs() < 1e-6, "{around}");
    assert!(phantom.media.iter().any(|medium| medium.density_g_cm3 == 0.1));
}
