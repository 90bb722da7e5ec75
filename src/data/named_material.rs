//! The library of named materials.
//!
//! Hubbell and Seltzer, Tables of X-Ray Mass Attenuation Coefficients, NISTIR 5632 (1995, NIST web version 1.4,
//! 2004): table 1 (densities of elements) and table 2 (compounds and mixtures; the tissues are ICRU Report 44).

/// One entry.
pub(super) struct NamedMaterial {
    pub name: &'static str,
    other_names: &'static [&'static str],
    pub density_g_cm3: f64,
    pub mass_fractions: &'static [(&'static str, f64)],
}

const fn entry(
    name: &'static str,
    other_names: &'static [&'static str],
    density_g_cm3: f64,
    mass_fractions: &'static [(&'static str, f64)],
) -> NamedMaterial {
    NamedMaterial { name, other_names, density_g_cm3, mass_fractions }
}

/// Every entry.
#[rustfmt::skip]
pub(super) const MATERIALS: &[NamedMaterial] = &[
    // Table 2, compounds and mixtures.
    entry("water", &["H2O", "liquid water"], 1.0, &[("H", 0.111898), ("O", 0.888102)]),
    entry("air", &["dry air", "air dry"], 1.20479e-3,
        &[("C", 0.000124), ("N", 0.755268), ("O", 0.231781), ("Ar", 0.012827)]),
    entry("pmma", &["lucite", "perspex", "plexiglas", "plexiglass", "acrylic", "polymethyl methacrylate"], 1.19,
        &[("H", 0.080541), ("C", 0.599846), ("O", 0.319613)]),
    entry("polyethylene", &["PE", "polythene"], 0.93, &[("H", 0.143716), ("C", 0.856284)]),
    entry("polystyrene", &["PS"], 1.06, &[("H", 0.077421), ("C", 0.922579)]),
    entry("teflon", &["PTFE", "polytetrafluoroethylene"], 2.25, &[("C", 0.240183), ("F", 0.759817)]),
    entry("a150", &["A-150 tissue-equivalent plastic"], 1.127,
        &[("H", 0.101330), ("C", 0.775498), ("N", 0.035057), ("O", 0.052315), ("F", 0.017423), ("Ca", 0.018377)]),
    entry("b100", &["B-100 bone-equivalent plastic"], 1.45,
        &[("H", 0.065473), ("C", 0.536942), ("N", 0.0215), ("O", 0.032084), ("F", 0.167415), ("Ca", 0.176585)]),
    // Table 2, tissues (ICRU Report 44).
    entry("adipose", &["adipose tissue", "fat"], 0.95,
        &[("H", 0.114), ("C", 0.598), ("N", 0.007), ("O", 0.278), ("Na", 0.001), ("S", 0.001), ("Cl", 0.001)]),
    entry("blood", &["whole blood", "blood whole"], 1.06,
        &[("H", 0.102), ("C", 0.110), ("N", 0.033), ("O", 0.745), ("Na", 0.001), ("P", 0.001), ("S", 0.002),
          ("Cl", 0.003), ("K", 0.002), ("Fe", 0.001)]),
    entry("bone_cortical", &["cortical bone", "bone", "bone cortical ICRU-44"], 1.92,
        &[("H", 0.034), ("C", 0.155), ("N", 0.042), ("O", 0.435), ("Na", 0.001), ("Mg", 0.002), ("P", 0.103),
          ("S", 0.003), ("Ca", 0.225)]),
    entry("bone_compact", &["compact bone", "bone compact ICRU"], 1.85,
        &[("H", 0.063984), ("C", 0.278), ("N", 0.027), ("O", 0.410016), ("Mg", 0.002), ("P", 0.07), ("S", 0.002),
          ("Ca", 0.147)]),
    entry("brain", &["brain grey and white matter"], 1.04,
        &[("H", 0.107), ("C", 0.145), ("N", 0.022), ("O", 0.712), ("Na", 0.002), ("P", 0.004), ("S", 0.002),
          ("Cl", 0.003), ("K", 0.003)]),
    entry("breast", &["breast tissue"], 1.02,
        &[("H", 0.106), ("C", 0.332), ("N", 0.030), ("O", 0.527), ("Na", 0.001), ("P", 0.001), ("S", 0.002),
          ("Cl", 0.001)]),
    entry("lung", &["lung tissue"], 1.05,
        &[("H", 0.103), ("C", 0.105), ("N", 0.031), ("O", 0.749), ("Na", 0.002), ("P", 0.002), ("S", 0.003),
          ("Cl", 0.003), ("K", 0.002)]),
    entry("muscle", &["skeletal muscle", "muscle skeletal"], 1.05,
        &[("H", 0.102), ("C", 0.143), ("N", 0.034), ("O", 0.710), ("Na", 0.001), ("P", 0.002), ("S", 0.003),
          ("Cl", 0.001), ("K", 0.004)]),
    // ICRU Report 46 (1992), red marrow, as PEGS4's material file of EGSnrc has it.
    entry("active_marrow", &["red marrow", "active marrow ICRU-46"], 1.03,
        &[("H", 0.105), ("C", 0.414), ("N", 0.034), ("O", 0.439), ("P", 0.001), ("S", 0.002), ("Cl", 0.002),
          ("K", 0.002), ("Fe", 0.001)]),
    entry("soft_tissue", &["tissue soft", "soft tissue ICRU-44"], 1.06,
        &[("H", 0.102), ("C", 0.143), ("N", 0.034), ("O", 0.708), ("Na", 0.002), ("P", 0.003), ("S", 0.003),
          ("Cl", 0.002), ("K", 0.003)]),
    entry("soft_tissue_four_component", &["four-component soft tissue", "ICRU four component"], 1.0,
        &[("H", 0.101172), ("C", 0.111), ("N", 0.026), ("O", 0.761828)]),
    // Table 1, elements.
    entry("beryllium", &["Be"], 1.848, &[("Be", 1.0)]),
    entry("graphite", &["C", "carbon"], 1.70, &[("C", 1.0)]),
    entry("magnesium", &["Mg"], 1.74, &[("Mg", 1.0)]),
    entry("aluminium", &["Al", "aluminum"], 2.699, &[("Al", 1.0)]),
    entry("silicon", &["Si"], 2.33, &[("Si", 1.0)]),
    entry("calcium", &["Ca"], 1.55, &[("Ca", 1.0)]),
    entry("titanium", &["Ti"], 4.54, &[("Ti", 1.0)]),
    entry("iron", &["Fe"], 7.874, &[("Fe", 1.0)]),
    entry("nickel", &["Ni"], 8.902, &[("Ni", 1.0)]),
    entry("copper", &["Cu"], 8.96, &[("Cu", 1.0)]),
    entry("zinc", &["Zn"], 7.133, &[("Zn", 1.0)]),
    entry("zirconium", &["Zr"], 6.506, &[("Zr", 1.0)]),
    entry("molybdenum", &["Mo"], 10.22, &[("Mo", 1.0)]),
    entry("rhodium", &["Rh"], 12.41, &[("Rh", 1.0)]),
    entry("silver", &["Ag"], 10.5, &[("Ag", 1.0)]),
    entry("tin", &["Sn"], 7.31, &[("Sn", 1.0)]),
    entry("iodine", &["I"], 4.93, &[("I", 1.0)]),
    entry("barium", &["Ba"], 3.5, &[("Ba", 1.0)]),
    entry("tantalum", &["Ta"], 16.65, &[("Ta", 1.0)]),
    entry("tungsten", &["W", "wolfram"], 19.3, &[("W", 1.0)]),
    entry("gold", &["Au"], 19.32, &[("Au", 1.0)]),
    entry("lead", &["Pb"], 11.35, &[("Pb", 1.0)]),
];

/// Letters and digits in lower case: what remains of a name when spelling does not matter.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The entry of a name in any spelling.
pub(super) fn find(name: &str) -> Option<&'static NamedMaterial> {
    let wanted = bare(name);
    let is_wanted = |material: &&NamedMaterial| {
        bare(material.name) == wanted || material.other_names.iter().any(|other| bare(other) == wanted)
    };
    MATERIALS.iter().find(is_wanted)
}

/// At most `count` names that look like this one, the nearest first.
pub(super) fn nearest(name: &str, count: usize) -> Vec<&'static str> {
    let wanted = bare(name);
    let likeness = |material: &NamedMaterial| {
        let spellings = material.other_names.iter().chain([&material.name]);
        spellings.map(|spelling| strsim::jaro_winkler(&bare(spelling), &wanted)).fold(0.0, f64::max)
    };
    let mut near: Vec<_> = MATERIALS.iter().map(|m| (likeness(m), m.name)).filter(|m| m.0 > 0.8).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.truncate(count);
    near.into_iter().map(|(_, name)| name).collect()
}
