//! Standard phantoms: the CTDI cylinder with its five rods, and elliptic cylinders.
//!
//! The CTDI phantom follows IEC 60601-2-44 and 21 CFR 1020.33: a PMMA cylinder of 16 or 32 cm
//! *diameter*, with holes at the centre and at four places whose centres lie 1 cm below the surface.
//! The holes hold rods of the same PMMA, so kerma is scored in PMMA; a chamber's air kerma is that
//! times the ratio of mass energy-transfer coefficients.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::geometry::solid::{Shape, Solid};
use crate::geometry::stylised::{DeclarativePhantom, RegionDeclaration};
use crate::geometry::voxelize::{Voxelization, voxelize};

/// Length of the rods of a CTDI phantom, cm: the active length of the pencil chamber.
pub const CTDI_ROD_LENGTH_CM: f64 = 10.0;

/// Diameter of the rods of a CTDI phantom, cm, unless something else is asked for.
pub const CTDI_ROD_DIAMETER_CM: f64 = 1.0;

/// Depth of the centres of the peripheral rods below the surface, cm (21 CFR 1020.33).
pub const CTDI_ROD_DEPTH_CM: f64 = 1.0;

/// Accepted lengths of a standard phantom, cm.
const LENGTHS_CM: [f64; 2] = [0.1, 300.0];

/// The CTDI phantom as voxels. Regions and organs: `ctdi_centre`, `ctdi_periphery_000` (towards −y, the
/// patient's front), `_090` (towards +x, the patient's left), `_180`, `_270`, and `ctdi_body`, the rest.
/// Landmarks: `centre` (z = 0), `top`, `bottom`.
pub fn ctdi_cylinder(
    diameter_cm: f64,
    length_cm: f64,
    rod_diameter_cm: f64,
    voxel_cm: [f64; 3],
) -> Result<Phantom> {
    check("the diameter of a CTDI phantom", diameter_cm, [4.0, 100.0])?;
    check("the length of a CTDI phantom", length_cm, [CTDI_ROD_LENGTH_CM, LENGTHS_CM[1]])?;
    check("the diameter of the rods of a CTDI phantom", rod_diameter_cm, [0.1, 2.0 * CTDI_ROD_DEPTH_CM])?;
    let axes_cm = [0.5 * diameter_cm; 2];
    let mut model = cylinder_model(axes_cm, length_cm, voxel_cm, Material::named("pmma")?)?;
    model.id = format!("ctdi-{diameter_cm}");
    model.name = format!("CTDI phantom, {diameter_cm} cm diameter");
    let rods = declare_rods(&mut model, 0.5 * diameter_cm - CTDI_ROD_DEPTH_CM, 0.5 * rod_diameter_cm)?;
    let body_cm3 = PI * axes_cm[0] * axes_cm[1] * length_cm - rods.volume_cm3;
    declare_region(&mut model, "ctdi_body", "cylinder", body_cm3)?;
    model.organ_names = rods.names;
    voxelize(&model, &Voxelization { voxel_cm, ..Voxelization::cubes(voxel_cm[0]) })
}

/// An elliptic cylinder along z: `width_cm` along x and `height_cm` along y are whole axes, not
/// semi-axes. One region and organ, `body`. Landmarks: `centre` (z = 0), `top`, `bottom`.
pub fn elliptic_cylinder(
    width_cm: f64,
    height_cm: f64,
    length_cm: f64,
    material: Material,
    voxel_cm: [f64; 3],
) -> Result<Phantom> {
    check("the width of a cylinder", width_cm, [0.1, 200.0])?;
    check("the height of a cylinder", height_cm, [0.1, 200.0])?;
    let axes_cm = [0.5 * width_cm, 0.5 * height_cm];
    let of = material.name.clone();
    let mut model = cylinder_model(axes_cm, length_cm, voxel_cm, material)?;
    model.id = format!("ellipse-{width_cm}x{height_cm}");
    model.name = format!("Elliptic cylinder of {of}, {width_cm} cm x {height_cm} cm");
    declare_region(&mut model, "body", "cylinder", PI * axes_cm[0] * axes_cm[1] * length_cm)?;
    voxelize(&model, &Voxelization { voxel_cm, ..Voxelization::cubes(voxel_cm[0]) })
}

/// A declaration that holds the solid `cylinder` of one material, half a voxel of air around it.
fn cylinder_model(
    axes_cm: [f64; 2],
    length_cm: f64,
    voxel_cm: [f64; 3],
    material: Material,
) -> Result<DeclarativePhantom> {
    check("the length of a cylinder", length_cm, LENGTHS_CM)?;
    let half_cm = [axes_cm[0], axes_cm[1], 0.5 * length_cm];
    let heights = [("centre", 0.0), ("top", half_cm[2]), ("bottom", -half_cm[2])];
    let mut model = DeclarativePhantom {
        bounds_cm: std::array::from_fn(|i| {
            let reach_cm = half_cm[i] + 0.5 * voxel_cm[i];
            [-reach_cm, reach_cm]
        }),
        landmarks_z_cm: BTreeMap::from(heights.map(|(name, z_cm)| (name.to_owned(), z_cm))),
        ..DeclarativePhantom::default()
    };
    model.declare_material(material)?;
    model.declare_solid("cylinder", upright(axes_cm, [0.0, 0.0], length_cm))?;
    Ok(model)
}

struct Rods {
    names: BTreeMap<String, String>,
    volume_cm3: f64,
}

fn declare_rods(model: &mut DeclarativePhantom, distance_cm: f64, radius_cm: f64) -> Result<Rods> {
    let periphery = [("000", 0.0, -1.0), ("090", 1.0, 0.0), ("180", 0.0, 1.0), ("270", -1.0, 0.0)];
    let mut places = vec![("ctdi_centre".to_owned(), "CTDI centre".to_owned(), [0.0, 0.0])];
    places.extend(periphery.map(|(angle, x, y)| {
        let name = format!("CTDI periphery, {} degrees", angle.trim_start_matches('0').parse().unwrap_or(0));
        (format!("ctdi_periphery_{angle}"), name, [x * distance_cm, y * distance_cm])
    }));
    let rod_cm3 = PI * radius_cm * radius_cm * CTDI_ROD_LENGTH_CM;
    let mut rods = Rods { names: BTreeMap::new(), volume_cm3: 0.0 };
    for (id, name, centre_cm) in places {
        let solid = format!("rod_{id}");
        model.declare_solid(&solid, upright([radius_cm; 2], centre_cm, CTDI_ROD_LENGTH_CM))?;
        declare_region(model, &id, &solid, rod_cm3)?;
        rods.names.insert(id, name);
        rods.volume_cm3 += rod_cm3;
    }
    rods.names.insert("ctdi_body".to_owned(), "CTDI phantom around the rods".to_owned());
    Ok(rods)
}

/// A cylinder along z, centred on z = 0.
fn upright(semi_axes_cm: [f64; 2], centre_cm: [f64; 2], length_cm: f64) -> Solid {
    Solid::new(Shape::Frustum {
        z_cm: [-0.5 * length_cm, 0.5 * length_cm],
        centres_cm: [centre_cm; 2],
        semi_axes_cm: [semi_axes_cm; 2],
    })
}

fn declare_region(model: &mut DeclarativePhantom, id: &str, expression: &str, volume_cm3: f64) -> Result<()> {
    let (material, density_g_cm3) = (model.materials[0].name.clone(), model.materials[0].density_g_cm3);
    model.declare_region(&RegionDeclaration {
        id,
        organ: id,
        expression,
        material: &material,
        density_g_cm3: None,
        target_mass_g: Some(volume_cm3 * density_g_cm3),
        sex: None,
    })
}

fn check(what: &str, found_cm: f64, [least, most]: [f64; 2]) -> Result<()> {
    match (least..=most).contains(&found_cm) {
        true => Ok(()),
        false => {
            Err(Error::invalid(format!("{what} must be from {least} to {most} cm, found {found_cm} cm")))
        }
    }
}
