//! The table of labels: a CSV that `childsize phantoms import --labels` reads.

use crate::data::element::symbol;
use crate::geometry::phantom::{Medium, Organ, Phantom};

/// What one number of a file means.
pub(super) struct Row {
    /// The number.
    pub label: usize,
    /// Organ; `None` for the air around the body.
    pub organ: Option<(String, String)>,
    /// Key of the region.
    pub region: String,
    /// What it is made of.
    pub medium: Medium,
}

/// A row for every region; region 0 is called `first`.
pub(super) fn of_regions(phantom: &Phantom, first: usize) -> Vec<Row> {
    let both = |organ: &Organ| (organ.id.clone(), organ.name.clone());
    let row = |(index, region): (usize, &crate::geometry::phantom::Region)| Row {
        label: first + index,
        organ: region.organ.map(|organ| both(&phantom.organs[usize::from(organ)])),
        region: region.id.clone(),
        medium: phantom.media[usize::from(region.medium)].clone(),
    };
    phantom.regions.iter().enumerate().map(row).collect()
}

/// The text of the file.
pub(super) fn csv(rows: &[Row]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["label", "organ", "material", "density_g_cm3", "name", "region", "composition"];
    let mut written = writer.write_record(header);
    for row in rows {
        let (organ, name) = row.organ.clone().unwrap_or_default();
        let Medium { material, density_g_cm3 } = &row.medium;
        let composition = material.mass_fractions.iter().map(|(z, share)| format!("{} {share}", symbol(*z)));
        written = written.and_then(|()| {
            writer.write_record([
                row.label.to_string(),
                organ,
                material.name.clone(),
                density_g_cm3.to_string(),
                name,
                row.region.clone(),
                composition.collect::<Vec<_>>().join(" "),
            ])
        });
    }
    debug_assert!(written.is_ok(), "memory takes every byte");
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
