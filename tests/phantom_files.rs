//! Phantom files are read, or refused with a sentence; nothing a file says makes the program fall.

use childsize::geometry::voxelize::{Voxelization, voxelize};
use childsize::io::phantom_file::{load_shipped, parse, shipped_ids};
use nalgebra::Vector3;

const HEAD: &str = r#"
[phantom]
id = "cube"
bounds = [[-2, 2], [-2, 2], [-2, 2]]

[[material]]
id = "water"
density = 1.0
mass_percent = { H = 11.19, O = 88.81 }
"#;

const REST: &str = r#"
[[solid]]
id = "ball"
shape = "ellipsoid"
center = [0, 0, 0]
axes = [1, 1, 1]

[[region]]
id = "ball"
expr = "ball"
material = "water"
"#;

/// The sentence a file is refused with, after one text is put in the place of another.
fn refusal(from: &str, to: &str) -> String {
    let text = format!("{HEAD}{REST}");
    assert!(text.contains(from), "{from}");
    parse(&text.replace(from, to)).expect_err(to).to_string()
}

#[test]
fn a_users_own_phantom_is_read() {
    let model = parse(&format!("{HEAD}{REST}")).unwrap();
    assert_eq!(model.region_at(&Vector3::new(0.5, 0.0, 0.5), None), Some(0));
    assert_eq!(model.region_at(&Vector3::new(1.5, 0.0, 0.0), None), None);
    let phantom = voxelize(&model, &Voxelization::cubes(0.1)).unwrap();
    let sphere_g = 4.0 / 3.0 * std::f64::consts::PI;
    assert!((phantom.organ_masses_g()[0] / sphere_g - 1.0).abs() < 0.01);
    assert_eq!(phantom.organs[0].name, "Ball");
}

#[test]
fn every_shipped_phantom_is_read() {
    assert_eq!(shipped_ids().count(), 18);
    for id in shipped_ids() {
        let model = load_shipped(id).unwrap();
        assert_eq!(model.id, id);
        assert!(model.name.contains("Cristy-Eckerman") && model.age_y.is_some() && model.regions.len() > 45);
        assert!(model.regions.iter().all(|region| model.organ_names.contains_key(&region.organ)), "{id}");
    }
}

#[test]
fn an_unknown_id_is_answered_with_the_nearest() {
    let refusal = load_shipped("ce-5y").unwrap_err();
    assert!(refusal.to_string().starts_with("no shipped phantom is called `ce-5y`; the nearest are ce-05y"));
    assert!(refusal.help().unwrap().contains("ce-adult-1987"));
}

#[test]
fn bad_files_are_refused_with_line_block_and_what_was_expected() {
    let cases = [
        (
            "axes = [1, 1, 1]",
            "axes = [1, 0, 1]",
            "line 11, solid `ball`: `axes` must be above 0 (at least 1e-6 cm), found 0",
        ),
        (
            "axes = [1, 1, 1]",
            "axes = [1, nan, 1]",
            "`axes` must be 3 numbers within ±10000, found [1, nan, 1]",
        ),
        ("axes = [1, 1, 1]", "axes = [1, 1e300, 1]", "`axes` must be 3 numbers within ±10000"),
        ("axes = [1, 1, 1]", "axes = [1, 1]", "`axes` must be 3 numbers within ±10000, found [1, 1]"),
        ("axes = [1, 1, 1]", "", "line 11, solid `ball`: the shape ellipsoid needs `axes`, found none"),
        (
            "axes = [1, 1, 1]",
            "axes = [1, 1, 1]\nradius = 2",
            "the shape ellipsoid has the keys center, axes and frame, found `radius`",
        ),
        (
            "\"ellipsoid\"",
            "\"blob\"",
            "shape must be ellipsoid, frustum, cylinder_x, halfspace, slab, torus, stack or thyroid_notch, found `blob`",
        ),
        (
            "expr = \"ball\"",
            "expr = \"bowl\"",
            "line 17, region `ball`: `bowl` at character 1 of `bowl` is neither a solid nor a define above this place",
        ),
        (
            "expr = \"ball\"",
            "expr = \"ball &\"",
            "expected a name, `!` or `(` at character 7 of `ball &`, found the end",
        ),
        (
            "material = \"water\"",
            "material = \"wine\"",
            "material must be one of those declared (water), found `wine`",
        ),
        ("bounds = [[-2, 2],", "bounds = [[2, -2],", "phantom.bounds must be three pairs [low, high]"),
        ("bounds = [[-2, 2],", "bounds = [[nan, 2],", "phantom.bounds must be three pairs [low, high]"),
        (
            "density = 1.0",
            "density = -1.0",
            "line 6, material `water`: density must be above 0 and at most 25 g/cm3, found -1",
        ),
        ("H = 11.19", "Xx = 11.19", "element must be a symbol from H to U, found Xx"),
        ("H = 11.19", "H = 50", "mass_percent must sum to 100 within 1, found 138.810"),
        ("id = \"cube\"", "id = \"cube\"\nunits = \"mm\"", "phantom.units must be \"cm\", found \"mm\""),
        ("id = \"cube\"", "id = \"cube\"\ncolour = 1", "line 4: unknown field `colour`"),
        ("id = \"cube\"", "id = cube", "line 3: "),
        ("[[region]]", "[[region]]\nsex = \"X\"", "sex must be \"F\" or \"M\", found \"X\""),
        ("[[region]]", "[[region]]\ntarget_mass_g = 0", "target_mass_g must be above 0, found 0"),
        (
            "[[region]]",
            "[[define]]\nid = \"a\"\nexpr = \"b\"\n[[define]]\nid = \"b\"\nexpr = \"a\"\n[[region]]",
            "define `a`: `b` at character 1",
        ),
        ("[[region]]", "[[define]]\nid = \"ball\"\nexpr = \"ball\"\n[[region]]", "`ball` is declared twice"),
        (
            "axes = [1, 1, 1]",
            "axes = [1, 1, 1]\nframe = { origin = [0, 0, 0], rows = [[1, 0, 0], [1, 0, 0], [0, 0, 1]] }",
            "three unit vectors at right angles",
        ),
    ];
    for (from, to, expected) in cases {
        let found = refusal(from, to);
        assert!(found.contains(expected), "{to}: {found}");
        assert!(!found.contains('\n'), "one sentence, not: {found}");
    }
}

#[test]
fn hostile_files_are_refused_or_read_but_never_followed_into_the_ground() {
    assert!(parse("").is_err());
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&format!("a = {}", "[".repeat(100_000))).is_err());
    assert!(
        parse(&format!(
            "{HEAD}{}",
            REST.replace("expr = \"ball\"", &format!("expr = \"{}\"", "(".repeat(100_000)))
        ))
        .is_err()
    );
    // Each define doubles the one above it: 2^60 uses of the ball, if one wrote them out.
    let mut doubled = String::from("[[define]]\nid = \"d0\"\nexpr = \"ball\"\n");
    for i in 1..60 {
        doubled += &format!("[[define]]\nid = \"d{i}\"\nexpr = \"d{} | d{}\"\n", i - 1, i - 1);
    }
    let text = format!("{HEAD}{REST}")
        .replace("[[region]]", &(doubled + "[[region]]"))
        .replace("expr = \"ball\"\nmaterial", "expr = \"d59\"\nmaterial");
    let phantom = voxelize(&parse(&text).unwrap(), &Voxelization::cubes(0.2)).unwrap();
    assert!(phantom.region_voxels()[1] > 400);
    let many: String = (0..256)
        .map(|i| format!("[[region]]\nid = \"r{i}\"\nexpr = \"ball\"\nmaterial = \"water\"\n"))
        .collect();
    let refusal = parse(&format!("{HEAD}{REST}{many}")).unwrap_err().to_string();
    assert!(refusal.contains("at most 255 regions"), "{refusal}");
}

#[test]
fn silly_voxels_are_refused_with_a_sentence() {
    let model = load_shipped("ce-05y").unwrap();
    let refused = |how: &Voxelization| voxelize(&model, how).unwrap_err().to_string();
    assert_eq!(refused(&Voxelization::cubes(1.2)), "the voxel size must be from 0.2 to 10 mm, found 12 mm");
    assert_eq!(
        refused(&Voxelization::cubes(f64::NAN)),
        "the voxel size must be from 0.2 to 10 mm, found NaN mm"
    );
    let tight = Voxelization { memory_limit_bytes: 1_000_000, ..Voxelization::cubes(0.2) };
    assert_eq!(
        refused(&tight),
        "the phantom would have 8 million voxels of one byte each, at most 1 million fit"
    );
    assert!(refused(&Voxelization::cubes(0.02)).contains("at most 2147 million fit"));
}
