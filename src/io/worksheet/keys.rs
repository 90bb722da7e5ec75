//! Every key of a site's file.

use crate::io::section::Keys;

pub(super) const SITE: Keys = Keys {
    section: "the site",
    known: &["schema", "name", "tube_voltages_kv", "technique", "patient"],
    other_words: &[("techniques", "technique"), ("patients", "patient"), ("kv", "tube_voltages_kv")],
    not_offered: &[],
};

pub(super) const TECHNIQUE: Keys = Keys {
    section: "[[technique]]",
    known: &[
        "region",
        "scanner",
        "tube_voltage_kv",
        "effective_mas",
        "ctdi_vol_mgy",
        "ctdi_phantom",
        "adult_water_equivalent_diameter_cm",
        "protocol",
    ],
    other_words: &[
        ("kv", "tube_voltage_kv"),
        ("kvp", "tube_voltage_kv"),
        ("mas", "effective_mas"),
        ("CTDIvol", "ctdi_vol_mgy"),
        ("phantom", "ctdi_phantom"),
        ("adult_dw_cm", "adult_water_equivalent_diameter_cm"),
    ],
    not_offered: &[("tube_current_ma", "state effective_mas = tube current x rotation time / pitch")],
};

pub(super) const PROTOCOL: Keys = Keys::plain(
    "protocol",
    &[
        "hold",
        "tube_voltages_kv",
        "rotation_time_s",
        "total_collimation_mm",
        "pitch",
        "within_reference_level",
    ],
);

pub(super) const CHILD_VOLTAGES: Keys =
    Keys::plain("tube_voltages_kv", &["00y", "01y", "05y", "10y", "15y", "adult"]);

pub(super) const PATIENT: Keys = Keys {
    section: "[[patient]]",
    known: &["name", "age_y", "weight_kg", "water_equivalent_diameter_cm"],
    other_words: &[("age", "age_y"), ("weight", "weight_kg"), ("dw_cm", "water_equivalent_diameter_cm")],
    not_offered: &[],
};

pub(super) const SIZES: Keys =
    Keys::plain("water_equivalent_diameter_cm", &["head", "chest", "abdomen-pelvis", "chest-abdomen-pelvis"]);

/// Sections and keys of the format, for the page that documents them.
pub fn all_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    [SITE, TECHNIQUE, PROTOCOL, CHILD_VOLTAGES, PATIENT, SIZES]
        .into_iter()
        .flat_map(|keys| keys.known.iter().map(move |&key| (keys.section, key)))
}
