//! Children between the ages: a declared phantom brought to a height and a weight.

use childsize::geometry::formula::Sex;
use childsize::geometry::mass::{body_mass_g, organ_mass_table};
use childsize::geometry::phantom::Phantom;
use childsize::geometry::scaling::{HEIGHT_FACTORS, Scaling};
use childsize::geometry::stylised::DeclarativePhantom;
use childsize::geometry::voxelize::{Voxelization, voxelize};
use childsize::io::phantom_file::{Size, load_shipped, resized, shipped_figures};
use childsize::io::protocol::Protocol;
use nalgebra::Vector3;

fn sized(id: &str, sex: Option<Sex>, height_mm: Option<f64>, weight_kg: Option<f64>) -> DeclarativePhantom {
    resized(load_shipped(id).unwrap(), sex, Size { height_mm, weight_kg }).unwrap()
}

fn voxels(model: &DeclarativePhantom, edge_cm: f64) -> Phantom {
    voxelize(model, &Voxelization::cubes(edge_cm)).unwrap()
}

#[test]
fn a_child_has_the_height_and_the_weight_it_was_brought_to() {
    for (id, height_mm, weight_kg) in
        [("ce-05y", 1150.0, 21.0), ("ce-00y", 550.0, 4.2), ("ce-10y-1987", 1300.0, 35.0)]
    {
        let model = sized(id, None, Some(height_mm), Some(weight_kg));
        assert!((10.0 * model.height_cm().unwrap() - height_mm).abs() < 1e-9, "{id}");
        let found_kg = 1e-3 * body_mass_g(&voxels(&model, 0.2));
        assert!((found_kg / weight_kg - 1.0).abs() < 1e-3, "{id}: {found_kg} kg, not {weight_kg}");
    }
}

#[test]
fn every_organ_scales_with_the_body() {
    let (plain, scaled) = (load_shipped("ce-05y").unwrap(), sized("ce-05y", None, Some(1150.0), Some(23.0)));
    let factor = scaled.scaling.mass();
    let [before, after] = [&plain, &scaled].map(|model| voxels(model, 0.15));
    for (a, b) in organ_mass_table(&before).iter().zip(organ_mass_table(&after)) {
        let id = &before.organs[a.organ].id;
        // Each mass is a sum of coin tosses of a voxel's mass, mostly on the surface.
        let voxel_g = 1.4 * 0.15_f64.powi(3);
        let sigma = 2.0 * (voxel_g / a.mass_g).sqrt().min(0.2);
        assert!(
            (b.mass_g / a.mass_g / factor - 1.0).abs() < 0.004 + sigma,
            "{id}: {} g, {} g",
            a.mass_g,
            b.mass_g
        );
        let stated = a.target_mass_g.zip(b.target_mass_g);
        assert!(stated.is_none_or(|(a_g, b_g)| (b_g / a_g / factor - 1.0).abs() < 1e-12), "{id}");
    }
    let bodies = [&before, &after].map(body_mass_g);
    assert!((bodies[1] / bodies[0] / factor - 1.0).abs() < 1e-3);
}

#[test]
fn a_point_of_a_scaled_child_has_the_organ_of_the_point_it_came_from() {
    let (plain, scaled) = (load_shipped("ce-01y").unwrap(), sized("ce-01y", None, Some(850.0), Some(12.0)));
    let factors = scaled.scaling.factors();
    let phantom = voxels(&scaled, 0.4);
    for voxel in (0..phantom.labels.len()).step_by(97) {
        let [nx, ny, _] = phantom.grid.counts;
        let place = [voxel % nx, voxel / nx % ny, voxel / nx / ny];
        let point = childsize::geometry::sampling::sample_point_cm(&phantom.grid, place);
        let origin = Vector3::from_fn(|axis, _| point[axis] / factors[axis]);
        let expected = plain.region_at(&origin, None);
        assert_eq!(scaled.region_at(&point, None), expected);
        assert_eq!(usize::from(phantom.labels[voxel]), expected.map_or(0, |region| region + 1), "{point}");
    }
}

#[test]
fn landmarks_bounds_and_axis_follow() {
    let plain = load_shipped("ce-10y").unwrap();
    let scaling = Scaling { height: 1.1, girth: 0.9 };
    let scaled = plain.clone().scaled(scaling);
    for (name, z_cm) in &plain.landmarks_z_cm {
        assert!((scaled.landmarks_z_cm[name] - 1.1 * z_cm).abs() < 1e-9, "{name}");
    }
    let phantom = voxels(&scaled, 0.3);
    assert_eq!(phantom.landmarks_z_cm, scaled.landmarks_z_cm);
    assert!((scaled.bounds_cm[0][1] - 0.9 * plain.bounds_cm[0][1]).abs() < 1e-12);
    assert!(scaled.name.ends_with("height x 1.1000, girth x 0.9000"), "{}", scaled.name);
}

#[test]
fn a_height_alone_keeps_the_girth_and_a_weight_alone_the_height() {
    let tall = sized("ce-05y", None, Some(1200.0), None).scaling;
    assert!(tall.girth == 1.0 && (tall.height - 1200.0 / 1091.1).abs() < 1e-6);
    let heavy = sized("ce-05y", None, None, Some(25.0)).scaling;
    assert!(heavy.height == 1.0 && (heavy.girth - (25.0_f64 / 19.28).sqrt()).abs() < 1e-3, "{heavy:?}");
}

#[test]
fn a_weight_is_that_of_the_sex_and_of_the_child_with_its_arms() {
    let sexes = [None, Some(Sex::Female)].map(|sex| sized("ce-15y", sex, None, Some(60.0)).scaling.girth);
    assert!(sexes[1] > sexes[0] + 1e-4, "a female lacks the genitalia block: {sexes:?}");
    let arms = ["ce-05y", "ce-05y-arms-raised"].map(|id| sized(id, None, Some(1150.0), Some(21.0)).scaling);
    assert_eq!(arms[0], arms[1]);
}

#[test]
fn what_is_out_of_reach_is_refused_with_the_phantom_that_is_nearer() {
    let refusal = |height_mm, weight_kg| {
        let model = load_shipped("ce-05y-arms-raised").unwrap();
        let error = resized(model, None, Size { height_mm, weight_kg }).unwrap_err();
        format!("{error}\n{}", error.help().unwrap_or_default())
    };
    assert_eq!(
        refusal(Some(1400.0), None),
        "the height must be from 895 to 1331 mm, 0.82 to 1.22 times the 1091 mm of ce-05y, found 1400 mm\n\
         ce-10y-arms-raised is nearer: 1398 mm, 31.5 kg"
    );
    let heavy = refusal(None, Some(45.0));
    assert!(
        heavy.starts_with("the weight must be from 12.34 to 32.58 kg, 0.8 to 1.3 times the girth"),
        "{heavy}"
    );
    for odd in [0.0, -3.0, f64::NAN, f64::INFINITY] {
        assert!(refusal(Some(odd), None).contains("must be") && refusal(None, Some(odd)).contains("must be"));
    }
}

#[test]
fn every_height_between_newborn_and_adult_is_within_reach() {
    let heights: Vec<f64> = shipped_figures().unwrap().iter().map(|figures| figures.height_cm).collect();
    let [low, high] = HEIGHT_FACTORS;
    for wanted_cm in 50..=180 {
        let reached = heights.iter().any(|cm| (low..=high).contains(&(f64::from(wanted_cm) / cm)));
        assert!(reached, "{wanted_cm} cm");
    }
}

const PROTOCOL: &str = r#"
[phantom]
id = "ce-05y"
voxel_mm = 6

[scanner]
model = "generic-64"

[[acquisition]]
mode = "helical"
tube_voltage_kv = 100
tube_current_ma = 80
rotation_time_s = 0.5
total_collimation_mm = 40
pitch = 1.0
range = { top = "lung_apex", bottom = "diaphragm" }
"#;

#[test]
fn a_protocol_says_how_its_child_was_scaled() {
    let read = |text: &str| Protocol::parse(text, std::path::Path::new("")).unwrap().prepare().unwrap();
    let plain = read(PROTOCOL);
    let scaled = read(&PROTOCOL.replace("voxel_mm = 6", "voxel_mm = 6\nheight_mm = 1150\nweight_kg = 21"));
    assert_ne!(plain.phantom_digest, scaled.phantom_digest);
    assert!(
        scaled.exam.phantom.name.contains("height x 1.0540, girth x 1.01"),
        "{}",
        scaled.exam.phantom.name
    );
    let [before, after] = [&plain, &scaled].map(|run| run.exam.acquisitions[0].top_z_cm);
    assert!((after / before - 1150.0 / 1091.1).abs() < 1e-6, "the range follows the landmarks");
    let section = |run: &childsize::io::protocol::Prepared| run.resolved_json["phantom"].clone();
    assert_eq!(section(&plain)["scaling"]["mass_factor"], 1.0);
    assert!(section(&plain).get("height_mm").is_none());
    assert_eq!(
        (&section(&scaled)["height_mm"], &section(&scaled)["weight_kg"]),
        (&1150.0.into(), &21.0.into())
    );
    let factor = section(&scaled)["scaling"]["mass_factor"].as_f64().unwrap();
    assert!((factor - 21.0 / 19.28).abs() < 2e-3, "{factor}");
}
