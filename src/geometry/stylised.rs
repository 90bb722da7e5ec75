//! A phantom as a declaration: solids, named combinations of them, and regions in order of priority.

use std::collections::{BTreeMap, HashMap};

use nalgebra::Vector3;

use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::expression::read_expression;
use crate::geometry::formula::{Formula, Node, NodeId, Sex, is_of};
use crate::geometry::scaling::Scaling;
use crate::geometry::solid::Solid;

/// Most regions a phantom may have: a label is one byte and 0 is the exterior.
pub const MOST_REGIONS: usize = 255;

/// A region of a declarative phantom.
#[derive(Clone, Debug, PartialEq)]
pub struct StylisedRegion {
    /// Key, for example `lung_left`.
    pub id: String,
    /// Organ it belongs to, for example `lungs`.
    pub organ: String,
    /// Index of its material in [`DeclarativePhantom::materials`].
    pub material: usize,
    /// Density, g/cm³.
    pub density_g_cm3: f64,
    /// Mass its source states, g, scaled with the phantom.
    pub target_mass_g: Option<f64>,
    /// The one sex that has it; `None`: both.
    pub sex: Option<Sex>,
    /// Where it is, before regions above it take their part.
    pub(super) root: NodeId,
}

/// Share of some bones in the body's active marrow and endosteum.
#[derive(Clone, Debug, PartialEq)]
pub struct MarrowShare {
    /// Organs of the bones, for example `skeleton_ribs`.
    pub organs: Vec<String>,
    /// Share of the body's active (red) marrow, percent.
    pub active_marrow_percent: f64,
    /// Share of the body's endosteum, percent, where the source states it.
    pub endosteum_percent: Option<f64>,
    /// Where the numbers come from.
    pub source: String,
}

/// A phantom as a declaration; the first region that holds a point wins it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeclarativePhantom {
    /// Key, for example `ce-05y`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Age, years, where there is one.
    pub age_y: Option<f64>,
    /// What the geometry follows, in a phrase.
    pub revision: String,
    /// Lower and upper bound along x, y, z of the grid, cm.
    pub bounds_cm: [[f64; 2]; 3],
    /// Materials of the regions.
    pub materials: Vec<Material>,
    /// Regions in order of priority.
    pub regions: Vec<StylisedRegion>,
    /// Names of organs for people.
    pub organ_names: BTreeMap<String, String>,
    /// Shares of bones in active marrow and endosteum.
    pub marrow: Vec<MarrowShare>,
    /// Height of named landmarks, cm.
    pub landmarks_z_cm: BTreeMap<String, f64>,
    /// x and y of the axis that is put on the scanner's isocentre, cm.
    pub axis_cm: [f64; 2],
    /// How much taller and wider it is than its solids; bounds, landmarks and axis are those of the scaled body.
    pub scaling: Scaling,
    /// What expressions may name.
    pub vocabulary: Vocabulary,
}

/// The solids and combinations of a declaration, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vocabulary {
    pub(super) formula: Formula,
    names: HashMap<String, NodeId>,
}

/// What is said about a region when it is declared.
#[derive(Clone, Debug)]
pub struct RegionDeclaration<'a> {
    /// Key.
    pub id: &'a str,
    /// Organ.
    pub organ: &'a str,
    /// Where it is, for example `liver_e & !gall_bladder`.
    pub expression: &'a str,
    /// Name of its material.
    pub material: &'a str,
    /// Density, g/cm³; `None`: the material's.
    pub density_g_cm3: Option<f64>,
    /// Mass its source states, g.
    pub target_mass_g: Option<f64>,
    /// The one sex that has it.
    pub sex: Option<Sex>,
}

impl DeclarativePhantom {
    /// Adds a material regions may name.
    pub fn declare_material(&mut self, material: Material) -> Result<()> {
        if self.materials.iter().any(|other| other.name == material.name) {
            return Err(Error::invalid(format!("the material `{}` is declared twice", material.name)));
        }
        self.materials.push(material);
        Ok(())
    }

    /// Adds a solid expressions may name.
    pub fn declare_solid(&mut self, name: &str, solid: Solid) -> Result<()> {
        self.vocabulary.check_new(name)?;
        let node = self.vocabulary.formula.add_solid(solid);
        self.vocabulary.names.insert(name.to_owned(), node);
        Ok(())
    }

    /// Adds a named combination of earlier solids and combinations.
    pub fn declare_combination(&mut self, name: &str, expression: &str, sex: Option<Sex>) -> Result<()> {
        self.vocabulary.check_new(name)?;
        let mut node = self.vocabulary.read(expression)?;
        if let Some(sex) = sex {
            node = self.vocabulary.formula.add(Node::OnlyFor(sex, node));
        }
        self.vocabulary.names.insert(name.to_owned(), node);
        Ok(())
    }

    /// Adds a region below all earlier ones.
    pub fn declare_region(&mut self, declared: &RegionDeclaration) -> Result<()> {
        if self.regions.len() == MOST_REGIONS {
            return Err(Error::invalid(format!("a phantom may have at most {MOST_REGIONS} regions")));
        }
        if self.regions.iter().any(|region| region.id == declared.id) {
            return Err(Error::invalid(format!("the region `{}` is declared twice", declared.id)));
        }
        let material = self.material(declared.material)?;
        let root = self.vocabulary.read(declared.expression)?;
        self.regions.push(StylisedRegion {
            id: declared.id.to_owned(),
            organ: declared.organ.to_owned(),
            material,
            density_g_cm3: declared.density_g_cm3.unwrap_or(self.materials[material].density_g_cm3),
            target_mass_g: declared.target_mass_g,
            sex: declared.sex,
            root,
        });
        Ok(())
    }

    /// The region that holds a point, by its index in [`Self::regions`].
    pub fn region_at(&self, point_cm: &Vector3<f64>, sex: Option<Sex>) -> Option<usize> {
        let factors = self.scaling.factors();
        let declared_cm = Vector3::from_fn(|axis, _| point_cm[axis] / factors[axis]);
        let holds = self.vocabulary.formula.evaluate(&declared_cm, sex);
        self.regions.iter().position(|region| region.is_in(sex) && holds[region.root.index()])
    }

    /// Name of an organ for people: the declared one, or its key in words.
    pub fn organ_name(&self, organ: &str) -> String {
        self.organ_names.get(organ).cloned().unwrap_or_else(|| {
            let mut letters = organ.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            (first + letters.as_str()).replace('_', " ")
        })
    }

    fn material(&self, name: &str) -> Result<usize> {
        self.materials.iter().position(|material| material.name == name).ok_or_else(|| {
            let declared: Vec<&str> = self.materials.iter().map(|m| m.name.as_str()).collect();
            let declared = declared.join(", ");
            Error::invalid(format!("material must be one of those declared ({declared}), found `{name}`"))
        })
    }
}

impl Vocabulary {
    fn read(&mut self, expression: &str) -> Result<NodeId> {
        let names = &self.names;
        read_expression(expression, &mut self.formula, &|name| names.get(name).copied())
    }

    fn check_new(&self, name: &str) -> Result<()> {
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !starts_well || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            return Err(Error::invalid(format!(
                "a name must be letters, digits and `_`, not beginning with a digit, found `{name}`"
            )));
        }
        match self.names.contains_key(name) {
            true => Err(Error::invalid(format!("`{name}` is declared twice"))),
            false => Ok(()),
        }
    }
}

impl StylisedRegion {
    /// Whether a phantom of this sex (`None`: both) has the region.
    pub fn is_in(&self, sex: Option<Sex>) -> bool {
        self.sex.is_none_or(|only| is_of(sex, only))
    }
}
