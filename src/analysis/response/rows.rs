//! Rows of a response matrix: every organ, every tissue, effective doses, the whole body.
//!
//! Effective doses are rows of their own, since organs of one history are correlated and the error of a sum is not
//! that of independent terms. ICRP 60's remainder depends on which member's dose is the highest, which is not known
//! before a protocol is: every combination that may turn out to be right is a row.

use serde::{Deserialize, Serialize};

use crate::analysis::blend::Blend;
use crate::analysis::effective_dose::{EffectiveForm, SCHEMES, Scheme, effective_forms, icrp60_apart};
use crate::analysis::tissue::Anatomy;
use crate::geometry::mass::body_mass_g;
use crate::geometry::phantom::Phantom;
use crate::tally::response_score::Combinations;
use crate::units::{JOULE_PER_KEV, MGY_PER_KEV_G};

/// Photons per radian of fan angle that a value is for.
pub const UNIT_PHOTONS: f64 = 1e9;
const MJ_PER_J: f64 = 1e3;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowKind {
    /// Mean dose of an organ, mGy.
    Organ,
    /// Dose of a tissue that is not one organ, mGy.
    Tissue,
    /// Effective dose, mSv; ICRP 60's where no member of the remainder stands apart.
    Effective,
    /// Effective dose by ICRP 60 where this member of the remainder stands apart, mSv.
    EffectiveApart,
    /// Mean dose of the whole body, mGy.
    Body,
    /// Energy imparted to the body, mJ.
    Energy,
}

impl RowKind {
    /// Unit of the row's doses.
    pub fn unit(self) -> &'static str {
        match self {
            RowKind::Organ | RowKind::Tissue | RowKind::Body => "mGy",
            RowKind::Effective | RowKind::EffectiveApart => "mSv",
            RowKind::Energy => "mJ",
        }
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What it is.
    pub kind: RowKind,
    /// Key: the organ's id, the tissue, the scheme, or the member of the remainder.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Mass, g; 0 where it has none.
    pub mass_g: f64,
}

/// The rows of a phantom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// Rows, in the order of the matrix; organs first, in the order of [`Phantom::organs`].
    pub rows: Vec<Row>,
    /// Row of every tissue of radiation protection that the phantom has.
    pub tissues: Vec<(String, usize)>,
}

impl Rows {
    /// Index of a row.
    pub fn find(&self, kind: RowKind, id: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.kind == kind && row.id == id)
    }

    /// Row of a tissue.
    pub fn tissue(&self, tissue: &str) -> Option<usize> {
        self.tissues.iter().find(|(name, _)| name == tissue).map(|(_, row)| *row)
    }

    /// Row of the effective dose by a scheme, for these values of all rows; `None` where the phantom lacks tissues.
    pub fn effective(&self, scheme: Scheme, values: impl Fn(usize) -> f64) -> Option<usize> {
        let plain = self.find(RowKind::Effective, scheme.name())?;
        if scheme == Scheme::Icrp103 {
            return Some(plain);
        }
        let apart = icrp60_apart(|tissue| self.tissue(tissue).map(&values));
        apart.map_or(Some(plain), |member| self.find(RowKind::EffectiveApart, member))
    }

    /// Rows of organs that weigh at least this much, g.
    pub fn organs_of_at_least(&self, mass_g: f64) -> Vec<usize> {
        let heavy = |row: &Row| row.kind == RowKind::Organ && row.mass_g >= mass_g;
        (0..self.rows.len()).filter(|&index| heavy(&self.rows[index])).collect()
    }
}

/// Rows of a phantom, and the combinations that score them.
pub fn rows_of(phantom: &Phantom) -> (Rows, Combinations) {
    let masses_g = phantom.organ_masses_g();
    let mut found = Collected { rows: Rows { rows: Vec::new(), tissues: Vec::new() }, blends: Vec::new() };
    for (organ, about) in phantom.organs.iter().enumerate() {
        let blend = Blend::mean_of(&[organ], &masses_g);
        let blend = blend.unwrap_or_else(|| Blend::nothing(masses_g.len()));
        found.push(RowKind::Organ, &about.id, &about.name, masses_g[organ], blend);
    }
    found.push_tissues(&Anatomy::new(phantom, &[]));
    for scheme in SCHEMES {
        // A phantom that lacks tissues has no effective dose, and no row of it.
        effective_forms(phantom, scheme)
            .unwrap_or_default()
            .into_iter()
            .for_each(|form| found.push_effective(form));
    }
    let body: Vec<usize> = (0..masses_g.len()).collect();
    let body = Blend::mean_of(&body, &masses_g).unwrap_or_else(|| Blend::nothing(masses_g.len()));
    let mass_g = body_mass_g(phantom);
    found.push(RowKind::Body, "body", "Body, mean", mass_g, body.clone());
    found.push(RowKind::Energy, "energy", "Energy imparted", mass_g, body);
    let combinations = combinations(phantom, &found);
    (found.rows, combinations)
}

/// Rows of a phantom that are given as blends, for example of the rods of a CTDI phantom.
pub fn combinations_of(phantom: &Phantom, blends: &[Blend]) -> Combinations {
    let mut combinations = Combinations::new(blends.len());
    for (row, blend) in blends.iter().enumerate() {
        add(&mut combinations, phantom, row, blend, MGY_PER_KEV_G * UNIT_PHOTONS);
    }
    combinations
}

struct Collected {
    rows: Rows,
    blends: Vec<Blend>,
}

impl Collected {
    fn push(&mut self, kind: RowKind, id: &str, name: &str, mass_g: f64, blend: Blend) -> usize {
        self.rows.rows.push(Row { kind, id: id.to_owned(), name: name.to_owned(), mass_g });
        self.blends.push(blend);
        self.blends.len() - 1
    }

    /// Tissues that are one organ share its row.
    fn push_tissues(&mut self, anatomy: &Anatomy) {
        let alone = ["prostate or uterus", "gonads"].map(|name| (name, anatomy.tissue(name)));
        let more = alone.into_iter().filter_map(|(name, blend)| Some((name, blend?)));
        let tissues: Vec<(&'static str, Blend)> = anatomy.tissues().into_iter().chain(more).collect();
        for (tissue, blend) in tissues {
            let same = self.blends.iter().position(|of| *of == blend);
            let row = same
                .unwrap_or_else(|| self.push(RowKind::Tissue, tissue, tissue, anatomy.mass_g(tissue), blend));
            self.rows.tissues.push((tissue.to_owned(), row));
        }
    }

    fn push_effective(&mut self, form: EffectiveForm) {
        let scheme = form.scheme.name();
        match form.apart {
            None => {
                self.push(RowKind::Effective, scheme, &format!("Effective dose, {scheme}"), 0.0, form.blend)
            }
            Some(member) => {
                let name = format!("Effective dose, {scheme}, {member} apart");
                self.push(RowKind::EffectiveApart, member, &name, 0.0, form.blend)
            }
        };
    }
}

fn combinations(phantom: &Phantom, found: &Collected) -> Combinations {
    let mut combinations = Combinations::new(found.blends.len());
    for (row, (about, blend)) in found.rows.rows.iter().zip(&found.blends).enumerate() {
        let factor = match about.kind {
            RowKind::Energy => about.mass_g * JOULE_PER_KEV * MJ_PER_J,
            _ => MGY_PER_KEV_G,
        };
        add(&mut combinations, phantom, row, blend, factor * UNIT_PHOTONS);
    }
    combinations
}

/// Adds a blend of organ energies to a row, label by label.
fn add(combinations: &mut Combinations, phantom: &Phantom, row: usize, blend: &Blend, factor: f64) {
    let [organ_per_g, marrow_per_g] = blend.factors_per_g();
    for (label, region) in phantom.regions.iter().enumerate() {
        let Some(organ) = region.organ.map(usize::from) else { continue };
        if organ_per_g[organ] != 0.0 {
            combinations.add(row, label as u8, factor * organ_per_g[organ]);
        }
        if marrow_per_g[organ] != 0.0 {
            combinations.add_marrow(row, label as u8, factor * marrow_per_g[organ]);
        }
    }
}
