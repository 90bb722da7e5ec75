//! Tissues of radiation protection, and the organs of a phantom that stand for them.

use crate::analysis::blend::Blend;
use crate::analysis::skeleton;
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::AcquisitionOutcome;

/// Tissues that are scored by bone, not by organ.
const SKELETON: [&str; 2] = ["active marrow", "bone surface"];

/// Organs that a tissue is made of: the first set of which the phantom has any. Names that end in `*` are beginnings, as in
/// the phantoms of the ICRP, whose organs come in parts (`kidney_left_cortex`; names after ICRP 110, annex A, from memory). Residual soft tissue stands in for muscle
/// and lymph nodes, which stylised phantoms do not model.
const ORGANS: [(&str, &[&[&str]]); 28] = [
    ("colon", &[&["uli_wall", "lli_wall"], &["colon_wall"], &["colon"], &ICRP_COLON]),
    ("lungs", &[&["lungs"], &["lung"], &["lung_left*", "lung_right*"]]),
    ("stomach", &[&["stomach_wall"], &["stomach"]]),
    ("breasts", &[&["breasts"], &["breast"], &["breast_left_glandular*", "breast_right_glandular*"]]),
    ("testes", &[&["testes"], &["testis_*"]]),
    ("ovaries", &[&["ovaries"], &["ovary_*"]]),
    ("bladder", &[&["bladder_wall"], &["bladder"], &["urinary_bladder"], &["urinary_bladder_wall"]]),
    ("oesophagus", &[&["esophagus_wall"], &["esophagus"], &["oesophagus"], &["oesophagus_wall"]]),
    ("liver", &[&["liver"]]),
    ("thyroid", &[&["thyroid"]]),
    ("brain", &[&["brain"]]),
    ("salivary glands", &[&["salivary_glands"], &["salivary_glands_*"]]),
    ("skin", &[&["skin"], &["skin_*"]]),
    ("adrenals", &[&["adrenals"], &["adrenal_*"]]),
    ("extrathoracic region", &[&["et_region"], &["anterior_nasal_passage*", "posterior_nasal_passage*"]]),
    ("gall bladder", &[&["gallbladder_wall"], &["gallbladder"], &["gall_bladder_wall"]]),
    ("heart", &[&["heart_wall"], &["heart"]]),
    ("kidneys", &[&["kidneys"], &["kidney_left*", "kidney_right*"]]),
    ("lymph nodes", &[&["lymph_nodes"], &["lymphatic_nodes*"], &["residual_soft_tissue"]]),
    ("muscle", &[&["muscle"], &["muscle_*"], &["residual_soft_tissue"]]),
    ("oral mucosa", &[&["oral_mucosa"], &["oral_mucosa_*"]]),
    ("pancreas", &[&["pancreas"]]),
    ("prostate", &[&["prostate"]]),
    ("uterus", &[&["uterus"], &["uterus_*"]]),
    ("small intestine", &[&["small_intestine_wall"], &["small_intestine"]]),
    ("spleen", &[&["spleen"]]),
    ("thymus", &[&["thymus"]]),
    ("eye lens", &[&["eye_lens"], &["lens"], &["eye_lens_*"]]),
];

/// The colon in the phantoms of ICRP 110 and 143.
const ICRP_COLON: [&str; 5] = [
    "ascending_colon_wall*",
    "transverse_colon_wall*",
    "descending_colon_wall*",
    "sigmoid_colon_wall*",
    "rectum_wall*",
];

/// A phantom whose tissues can be asked for.
pub struct Anatomy<'a> {
    phantom: &'a Phantom,
    masses_g: Vec<f64>,
    /// Whether the estimator scored kerma, without which there is no dose to marrow.
    scores_marrow: bool,
}

impl<'a> Anatomy<'a> {
    /// The phantom of some acquisitions.
    pub fn new(phantom: &'a Phantom, acquisitions: &[AcquisitionOutcome]) -> Self {
        let mut records = acquisitions.iter().flat_map(|acquisition| &acquisition.records);
        let scores_marrow = records.all(|record| !record.energies.marrow_kev.is_empty());
        Anatomy { phantom, masses_g: phantom.organ_masses_g(), scores_marrow }
    }

    /// Every tissue that the phantom has and the estimator scored, by name.
    pub fn tissues(&self) -> Vec<(&'static str, Blend)> {
        let names = SKELETON.into_iter().chain(ORGANS.map(|(name, _)| name));
        names.filter_map(|name| Some((name, self.tissue(name)?))).collect()
    }

    /// A tissue's dose as a blend of organ energies; `None` where the phantom lacks it or it was not scored.
    pub fn tissue(&self, tissue: &str) -> Option<Blend> {
        match tissue {
            "active marrow" | "bone surface" if !self.scores_marrow => None,
            "active marrow" => skeleton::active_marrow(self.phantom, &self.masses_g),
            "bone surface" => skeleton::endosteum(self.phantom, &self.masses_g),
            "gonads" => self.average(&["testes", "ovaries"]),
            "prostate or uterus" => self.average(&["prostate", "uterus"]),
            _ => Blend::mean_of(&self.organs(tissue), &self.masses_g),
        }
    }

    /// Mean of those tissues the phantom has.
    pub fn average(&self, tissues: &[&str]) -> Option<Blend> {
        let parts: Vec<Blend> = tissues.iter().filter_map(|tissue| self.tissue(tissue)).collect();
        Blend::average(&parts)
    }

    /// Mass of a tissue, g.
    pub fn mass_g(&self, tissue: &str) -> f64 {
        self.organs(tissue).iter().map(|&organ| self.masses_g[organ]).sum()
    }

    fn organs(&self, tissue: &str) -> Vec<usize> {
        let sets = ORGANS.iter().find(|(name, _)| *name == tissue).map_or(&[][..], |(_, sets)| sets);
        let is_in = |organ: usize, set: &[&str]| {
            let id = self.phantom.organs[organ].id.as_str();
            self.masses_g[organ] > 0.0 && set.iter().any(|name| names(name, id))
        };
        let organs = 0..self.phantom.organs.len();
        let sets = sets.iter().map(|set| organs.clone().filter(|&o| is_in(o, set)).collect::<Vec<_>>());
        sets.into_iter().find(|organs| !organs.is_empty()).unwrap_or_default()
    }
}

/// Whether a name of [`ORGANS`] is that of an organ; one that ends in `*` is that of all organs whose ids begin so.
fn names(name: &str, id: &str) -> bool {
    match name.strip_suffix('*') {
        Some(start) => id.starts_with(start),
        None => id == name,
    }
}
