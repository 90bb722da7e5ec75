//! Every key a protocol may have.

use crate::io::section::Keys;

pub(super) const PROTOCOL: Keys = Keys {
    section: "the protocol",
    known: &["schema", "name", "phantom", "scanner", "acquisition", "run", "output"],
    other_words: &[("acquisitions", "acquisition"), ("scan", "acquisition"), ("series", "acquisition")],
    not_offered: &[],
};

pub(super) const PHANTOM: Keys = Keys {
    section: "[phantom]",
    known: &[
        "id",
        "file",
        "dicom",
        "labels",
        "organs",
        "calibration",
        "couch",
        "series",
        "cylinder",
        "length_mm",
        "voxel_mm",
        "sex",
        "height_mm",
        "weight_kg",
        "position",
        "offset_mm",
    ],
    other_words: &[
        ("model", "id"),
        ("resolution_mm", "voxel_mm"),
        ("PatientPosition", "position"),
        ("PatientWeight", "weight_kg"),
        ("mass_kg", "weight_kg"),
        ("ct", "dicom"),
        ("segmentation", "organs"),
        ("table", "couch"),
        ("SeriesInstanceUID", "series"),
    ],
    not_offered: &[],
};

pub(super) const CYLINDER: Keys =
    Keys::plain("cylinder", &["width_mm", "height_mm", "length_mm", "material", "density_g_cm3"]);

pub(super) const SCANNER: Keys = Keys {
    section: "[scanner]",
    known: &[
        "model",
        "file",
        "source_to_isocentre_mm",
        "fan_angle_deg",
        "anode",
        "filtration",
        "bowtie",
        "bowtie_material",
        "spectrum",
    ],
    other_words: &[
        ("id", "model"),
        ("sid_mm", "source_to_isocentre_mm"),
        ("DistanceSourceToIsocenter", "source_to_isocentre_mm"),
        ("anode_angle_deg", "anode"),
    ],
    not_offered: &[],
};

pub(super) const ACQUISITION: Keys = Keys {
    section: "[[acquisition]]",
    known: &[
        "phase",
        "same_as",
        "mode",
        "tube_voltage_kv",
        "tube_current_ma",
        "rotation_time_s",
        "exposure_time_s",
        "total_collimation_mm",
        "pitch",
        "table_increment_mm",
        "angle_deg",
        "range",
        "overrange",
        "start_angle_deg",
        "modulation",
        "dynamic_collimation",
        "scanner",
        "ctdi_vol_mgy",
        "ctdi_phantom",
    ],
    other_words: &[
        ("name", "phase"),
        ("CTDIvol", "ctdi_vol_mgy"),
        ("CTDIPhantomTypeCodeSequence", "ctdi_phantom"),
        ("kv", "tube_voltage_kv"),
        ("kvp", "tube_voltage_kv"),
        ("ma", "tube_current_ma"),
        ("XRayTubeCurrent", "tube_current_ma"),
        ("RevolutionTime", "rotation_time_s"),
        ("collimation_mm", "total_collimation_mm"),
        ("TotalCollimationWidth", "total_collimation_mm"),
        ("SpiralPitchFactor", "pitch"),
        ("scan_range", "range"),
    ],
    not_offered: &[
        ("effective_mas", "state tube_current_ma and rotation_time_s"),
        ("mas", "state tube_current_ma and rotation_time_s"),
    ],
};

pub(super) const RANGE: Keys = Keys {
    section: "range",
    known: &["top", "bottom", "z_mm"],
    other_words: &[("start", "top"), ("end", "bottom"), ("stop", "bottom")],
    not_offered: &[],
};

pub(super) const OVERRANGE: Keys = Keys::plain("overrange", &["before_mm", "after_mm"]);

pub(super) const MODULATION: Keys = Keys {
    section: "modulation",
    known: &["kind", "strength", "min_ma", "max_ma", "file", "dicom", "sector"],
    other_words: &[("profile", "file"), ("min", "min_ma"), ("max", "max_ma"), ("organ_based", "sector")],
    not_offered: &[],
};

pub(super) const SECTOR: Keys = Keys::plain("sector", &["centre_deg", "width_deg", "factor", "compensate"]);

pub(super) const RUN: Keys = Keys {
    section: "[run]",
    known: &["histories", "seed", "estimator", "threads", "target"],
    other_words: &[("photons", "histories"), ("particles", "histories"), ("n", "histories")],
    not_offered: &[],
};

pub(super) const TARGET: Keys =
    Keys::plain("target", &["relative_error", "organs", "min_mass_g", "max_wall_s"]);

pub(super) const OUTPUT: Keys = Keys {
    section: "[output]",
    known: &["directory", "formats", "dose_map", "map_voxel_mm"],
    other_words: &[("path", "directory"), ("folder", "directory"), ("map", "dose_map")],
    not_offered: &[],
};

/// Sections and keys of the format, for the page that documents them: `("[phantom]", "id")`.
pub fn all_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    use crate::io::scanner_library::{ANODE, BOWTIE, FILTER, SCANNER_FILE};
    [
        PROTOCOL,
        PHANTOM,
        CYLINDER,
        SCANNER,
        ANODE,
        FILTER,
        SCANNER_FILE,
        BOWTIE,
        ACQUISITION,
        RANGE,
        OVERRANGE,
        MODULATION,
        SECTOR,
        RUN,
        TARGET,
        OUTPUT,
    ]
    .into_iter()
    .flat_map(|keys| keys.known.iter().map(move |&key| (keys.section, key)))
}
