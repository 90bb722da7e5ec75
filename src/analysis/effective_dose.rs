//! Effective dose by ICRP Publications 60 and 103.
//!
//! Weighting factors: ICRP 60 (1991) and 103 (2007), as in table 1 of Br. J. Radiol. 83 (2010) 1042 (PMC3473611). Members of
//! the remainder: for ICRP 60 those of EU directive 96/29/Euratom (adrenals, brain, small intestine, kidneys, muscle,
//! pancreas, spleen, thymus, uterus), weighted by mass, and half of the weight to one of them that exceeds every named
//! tissue; for ICRP 103 thirteen by sex (twelve common ones, and prostate or uterus), averaged.
//!
//! Both schemes average the sexes. A phantom with organs of both counts gonads as the mean of testes and ovaries, and the
//! thirteenth remainder tissue as the mean of prostate and uterus; a phantom of one sex stands for that one alone.

use crate::analysis::blend::Blend;
use crate::analysis::tissue::Anatomy;
use crate::geometry::phantom::Phantom;
use crate::simulation::outcome::AcquisitionOutcome;
use crate::tally::estimate::Estimate;

/// What has to stand beside an effective dose.
pub const CAVEAT: &str =
    "effective dose compares examinations of a reference person; it is not the risk of a patient";

/// A set of tissue weighting factors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// ICRP Publication 60 (1991).
    Icrp60,
    /// ICRP Publication 103 (2007).
    Icrp103,
}

/// Both schemes, the one in force first.
pub const SCHEMES: [Scheme; 2] = [Scheme::Icrp103, Scheme::Icrp60];

impl Scheme {
    /// Name in files: `ICRP 103`.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Icrp60 => "ICRP 60",
            Scheme::Icrp103 => "ICRP 103",
        }
    }

    fn remainder_weight(self) -> f64 {
        match self {
            Scheme::Icrp60 => 0.05,
            Scheme::Icrp103 => 0.12,
        }
    }
}

/// Tissues with a weight of their own: name, weight by ICRP 60 and 103 (0: not named).
const NAMED: [(&str, f64, f64); 14] = [
    ("active marrow", 0.12, 0.12),
    ("colon", 0.12, 0.12),
    ("lungs", 0.12, 0.12),
    ("stomach", 0.12, 0.12),
    ("breasts", 0.05, 0.12),
    ("gonads", 0.20, 0.08),
    ("bladder", 0.05, 0.04),
    ("oesophagus", 0.05, 0.04),
    ("liver", 0.05, 0.04),
    ("thyroid", 0.05, 0.04),
    ("bone surface", 0.01, 0.01),
    ("brain", 0.0, 0.01),
    ("salivary glands", 0.0, 0.01),
    ("skin", 0.01, 0.01),
];
const REMAINDER_60: [&str; 9] =
    ["adrenals", "brain", "small intestine", "kidneys", "muscle", "pancreas", "spleen", "thymus", "uterus"];
const REMAINDER_103: [&str; 13] = [
    "adrenals",
    "extrathoracic region",
    "gall bladder",
    "heart",
    "kidneys",
    "lymph nodes",
    "muscle",
    "oral mucosa",
    "pancreas",
    "prostate or uterus",
    "small intestine",
    "spleen",
    "thymus",
];

/// One tissue's part.
#[derive(Clone, Debug, PartialEq)]
pub struct TissueDose {
    /// Name, for example `lungs`; members of the remainder stand with their share of its weight.
    pub tissue: &'static str,
    /// Weight.
    pub weight: f64,
    /// Whether it belongs to the remainder.
    pub in_remainder: bool,
    /// Dose, mGy.
    pub dose_mgy: Estimate,
}

/// An effective dose.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveDose {
    /// Weighting factors.
    pub scheme: Scheme,
    /// Of all acquisitions, mSv.
    pub total_msv: Estimate,
    /// By acquisition, mSv.
    pub by_acquisition_msv: Vec<Estimate>,
    /// By acquisition and batch, mSv: replicates whose mean is the effective dose.
    pub batches_msv: Vec<Vec<f64>>,
    /// By acquisition, what the head end and the foot end of its path give, mSv/cm; `None` where ends are not scored.
    pub ends_msv_per_cm: Vec<Option<[Estimate; 2]>>,
    /// Its parts, for all acquisitions.
    pub tissues: Vec<TissueDose>,
}

/// Effective dose of a run; or the tissues that the phantom lacks or the estimator did not score.
pub fn effective_dose(
    phantom: &Phantom,
    acquisitions: &[AcquisitionOutcome],
    scheme: Scheme,
) -> Result<EffectiveDose, Vec<&'static str>> {
    let anatomy = Anatomy::new(phantom, acquisitions);
    let parts = parts(&anatomy, acquisitions, scheme)?;
    let mut sum = Blend::nothing(phantom.organs.len());
    parts.iter().for_each(|part| sum.add(&part.blend, part.weight));
    Ok(EffectiveDose {
        scheme,
        total_msv: sum.total_mgy(acquisitions),
        by_acquisition_msv: acquisitions.iter().map(|acquisition| sum.dose_mgy(acquisition)).collect(),
        batches_msv: acquisitions.iter().map(|acquisition| sum.batches_mgy(acquisition)).collect(),
        ends_msv_per_cm: acquisitions.iter().map(|acquisition| sum.at_ends_mgy_per_cm(acquisition)).collect(),
        tissues: parts.iter().map(|part| part.dose(acquisitions)).collect(),
    })
}

/// A tissue with its weight.
#[derive(Clone)]
struct Part {
    tissue: &'static str,
    weight: f64,
    in_remainder: bool,
    blend: Blend,
}

impl Part {
    fn dose(&self, acquisitions: &[AcquisitionOutcome]) -> TissueDose {
        TissueDose {
            tissue: self.tissue,
            weight: self.weight,
            in_remainder: self.in_remainder,
            dose_mgy: self.blend.total_mgy(acquisitions),
        }
    }
}

/// Every tissue that counts; or those that are missing.
fn parts(
    anatomy: &Anatomy,
    acquisitions: &[AcquisitionOutcome],
    scheme: Scheme,
) -> Result<Vec<Part>, Vec<&'static str>> {
    let weight = |named: &(&'static str, f64, f64)| match scheme {
        Scheme::Icrp60 => named.1,
        Scheme::Icrp103 => named.2,
    };
    let mut missing = Vec::new();
    let mut part = |tissue, weight, in_remainder| match anatomy.tissue(tissue) {
        Some(blend) => Some(Part { tissue, weight, in_remainder, blend }),
        None => {
            missing.push(tissue);
            None
        }
    };
    let named = NAMED.iter().filter(|named| weight(named) > 0.0);
    let mut parts: Vec<Part> = named.filter_map(|named| part(named.0, weight(named), false)).collect();
    let members: &[&'static str] = match scheme {
        Scheme::Icrp60 => &REMAINDER_60,
        Scheme::Icrp103 => &REMAINDER_103,
    };
    let share = scheme.remainder_weight() / members.len() as f64;
    let remainder: Vec<Part> = members.iter().filter_map(|&tissue| part(tissue, share, true)).collect();
    // A phantom of one sex may lack the uterus; ICRP 60 then has one remainder tissue less.
    missing.retain(|tissue| !(scheme == Scheme::Icrp60 && *tissue == "uterus"));
    if !missing.is_empty() {
        return Err(missing);
    }
    let remainder = match scheme {
        Scheme::Icrp103 => remainder,
        Scheme::Icrp60 => weighted_by_mass(anatomy, remainder, &parts, acquisitions),
    };
    parts.extend(remainder);
    Ok(parts)
}

/// ICRP 60's remainder: weights by mass, and half of all to a member that exceeds every named tissue.
fn weighted_by_mass(
    anatomy: &Anatomy,
    remainder: Vec<Part>,
    named: &[Part],
    acquisitions: &[AcquisitionOutcome],
) -> Vec<Part> {
    let dose = |part: &Part| part.blend.total_mgy(acquisitions).mean;
    let apart =
        apart(&named.iter().map(dose).collect::<Vec<_>>(), &remainder.iter().map(dose).collect::<Vec<_>>());
    with_mass_weights(anatomy, remainder, apart)
}

/// The member of the remainder whose dose is the highest, where that exceeds every named tissue's.
fn apart(named: &[f64], remainder: &[f64]) -> Option<usize> {
    let highest_named = named.iter().copied().fold(0.0, f64::max);
    let highest = (0..remainder.len()).max_by(|&a, &b| remainder[a].total_cmp(&remainder[b]));
    highest.filter(|&index| remainder[index] > highest_named)
}

/// Weights by mass, and half of all to the member that stands apart.
fn with_mass_weights(anatomy: &Anatomy, mut remainder: Vec<Part>, apart: Option<usize>) -> Vec<Part> {
    let whole = Scheme::Icrp60.remainder_weight();
    let shared = if apart.is_some() { 0.5 * whole } else { whole };
    let masses_g: Vec<f64> = remainder.iter().map(|part| anatomy.mass_g(part.tissue)).collect();
    let sum_g: f64 = (0..masses_g.len()).filter(|&i| Some(i) != apart).map(|i| masses_g[i]).sum();
    for (index, part) in remainder.iter_mut().enumerate() {
        part.weight = if Some(index) == apart { 0.5 * whole } else { shared * masses_g[index] / sum_g };
    }
    remainder
}

/// An effective dose as a linear combination of organ energies, for doses that are not known yet.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectiveForm {
    /// Weighting factors.
    pub scheme: Scheme,
    /// Member of ICRP 60's remainder that gets half of its weight; `None` where no member exceeds the named tissues.
    pub apart: Option<&'static str>,
    /// The combination: energies to mSv where organs' means are mGy.
    pub blend: Blend,
}

/// Every combination that the effective dose of a scheme may turn out to be; or the tissues that the phantom lacks.
pub fn effective_forms(phantom: &Phantom, scheme: Scheme) -> Result<Vec<EffectiveForm>, Vec<&'static str>> {
    let anatomy = Anatomy::new(phantom, &[]);
    // Without acquisitions all doses are 0, and no member stands apart.
    let parts = parts(&anatomy, &[], scheme)?;
    let form = |apart: Option<&'static str>, parts: &[Part]| {
        let mut blend = Blend::nothing(phantom.organs.len());
        parts.iter().for_each(|part| blend.add(&part.blend, part.weight));
        EffectiveForm { scheme, apart, blend }
    };
    let mut forms = vec![form(None, &parts)];
    if scheme == Scheme::Icrp60 {
        let (remainder, named): (Vec<Part>, Vec<Part>) =
            parts.into_iter().partition(|part| part.in_remainder);
        for index in 0..remainder.len() {
            let mut parts = named.clone();
            parts.extend(with_mass_weights(&anatomy, remainder.clone(), Some(index)));
            forms.push(form(Some(remainder[index].tissue), &parts));
        }
    }
    Ok(forms)
}

/// Tissues that ICRP 60 names, and the members of its remainder: what decides which member stands apart.
pub fn icrp60_tissues() -> (Vec<&'static str>, &'static [&'static str]) {
    (NAMED.iter().filter(|named| named.1 > 0.0).map(|named| named.0).collect(), &REMAINDER_60)
}

/// The member of ICRP 60's remainder that stands apart for some doses by tissue, mGy; tissues without a dose count as 0.
pub fn icrp60_apart(dose_mgy: impl Fn(&str) -> Option<f64>) -> Option<&'static str> {
    let named = NAMED.iter().filter(|named| named.1 > 0.0);
    let named: Vec<f64> = named.map(|named| dose_mgy(named.0).unwrap_or(0.0)).collect();
    let remainder: Vec<f64> = REMAINDER_60.iter().map(|tissue| dose_mgy(tissue).unwrap_or(0.0)).collect();
    apart(&named, &remainder).map(|index| REMAINDER_60[index])
}
