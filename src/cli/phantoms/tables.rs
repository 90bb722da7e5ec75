//! `childsize phantoms`, `landmarks` and `masses`: tables to read.

use std::collections::BTreeMap;

use super::choice::{Chosen, PhantomChoice};
use crate::analysis::size::{BODY_PARTS, REFERENCE_KEV};
use crate::cli::console::{self, digits};
use crate::error::Result;
use crate::geometry::landmark::LANDMARKS;
use crate::geometry::mass::{OrganMass, body_mass_g, organ_mass_table};
use crate::geometry::phantom::Phantom;
use crate::geometry::scaling::Scaling;
use crate::io::phantom_file::{Figures, shipped_figures};
use crate::units::{CM_PER_MM, MM_PER_CM};

/// The shipped phantoms.
pub fn list() -> Result<String> {
    let header = [
        "id",
        "age y",
        "height cm",
        "weight kg",
        "Dw cm: head",
        "chest",
        "abdomen",
        "pelvis",
        "organs",
        "name",
    ];
    let table = console::table(&header.map(str::to_owned), 8, shipped_figures()?.iter().map(list_row));
    let parts =
        BODY_PARTS.map(|part| format!("{} from {} to {}", part.name, part.top, part.bottom)).join(", ");
    Ok(format!(
        "{table}\nweight: with the organs of both sexes. Dw: mean water-equivalent diameter (AAPM 220) at {REFERENCE_KEV} keV, \
         arms counted where they are:\n{parts}\n"
    ))
}

fn list_row(figures: &Figures) -> Vec<String> {
    let mut row = vec![figures.id.clone(), figures.age_y.to_string()];
    row.extend([format!("{:.1}", figures.height_cm), format!("{:.2}", figures.weight_kg)]);
    row.extend(figures.part_diameters_cm.map(|cm| format!("{cm:.1}")));
    row.extend([figures.organs.to_string(), figures.name.clone()]);
    row
}

/// Heights that scan ranges are named by.
pub fn landmarks(choice: &PhantomChoice) -> Result<String> {
    Ok(match choice.open()? {
        Chosen::Declared(model) => landmark_table(&model.landmarks_z_cm),
        Chosen::Voxels(phantom) => landmark_table(&phantom.landmarks_z_cm),
    })
}

fn landmark_table(landmarks_z_cm: &BTreeMap<String, f64>) -> String {
    let mut heights: Vec<(&String, &f64)> = landmarks_z_cm.iter().collect();
    heights.sort_by(|a, b| b.1.total_cmp(a.1));
    let meaning = |name: &str| LANDMARKS.iter().find(|l| l.name == name).map_or("", |l| l.meaning).to_owned();
    let rows = heights
        .iter()
        .map(|(name, z_cm)| vec![console::plain(name), format!("{:.1}", *z_cm / CM_PER_MM), meaning(name)]);
    console::table(&["landmark", "z mm", "what it is"].map(str::to_owned), 1, rows)
}

/// Organ masses as voxels, against those the source states; of a scaled phantom also against the scaled ones.
pub fn masses(choice: &PhantomChoice) -> Result<String> {
    let (phantom, scaling) = choice.voxels()?;
    let scaled_header = format!("stated x {:.4} g", scaling.mass());
    let mut header = vec!["organ", "mass g", "stated g"];
    if !scaling.is_none() {
        header.push(&scaled_header);
    }
    header.push("deviation %");
    let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
    let rows = organ_mass_table(&phantom);
    let rows = rows.iter().map(|mass| mass_row(&phantom, mass, &scaling));
    let table = console::table(&header, header.len() - 1, rows);
    Ok(format!("{table}\n {}\n{}", summary(&phantom), scaling_note(&scaling)))
}

fn mass_row(phantom: &Phantom, mass: &OrganMass, scaling: &Scaling) -> Vec<String> {
    let grams = |mass_g: Option<f64>| mass_g.map_or("-".to_owned(), |mass_g| digits(mass_g, 4));
    let mut row = vec![console::plain(&phantom.organs[mass.organ].id), digits(mass.mass_g, 4)];
    row.push(grams(mass.target_mass_g.map(|scaled_g| scaled_g / scaling.mass())));
    if !scaling.is_none() {
        row.push(grams(mass.target_mass_g));
    }
    row.push(mass.deviation().map_or("-".to_owned(), |share| format!("{:+.1}", share * 100.0)));
    row
}

fn summary(phantom: &Phantom) -> String {
    let [nx, ny, nz] = phantom.grid.counts;
    let [dx, dy, dz] =
        phantom.grid.spacing_cm.map(|cm| digits(cm * MM_PER_CM, 4).trim_end_matches('0').to_owned());
    let edges = [dx, dy, dz].map(|edge| edge.trim_end_matches('.').to_owned());
    let edges = if edges.iter().all(|edge| *edge == edges[0]) { edges[0].clone() } else { edges.join(" x ") };
    format!("body {:.2} kg, {nx} x {ny} x {nz} voxels of {edges} mm", 1e-3 * body_mass_g(phantom))
}

fn scaling_note(scaling: &Scaling) -> String {
    match scaling.is_none() {
        true => String::new(),
        false => format!(
            " scaled: height x {:.4}, girth x {:.4}, every mass x {:.4}; organs keep their shares of the body\n",
            scaling.height,
            scaling.girth,
            scaling.mass()
        ),
    }
}
