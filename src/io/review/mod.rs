//! A review as JSON (`childsize.review/1`), which the page is filled with, and in words.

mod words;

use serde_json::{Value, json};

use crate::analysis::review::{PhaseReview, Review, Saving, VoltageRow};
use crate::analysis::worksheet::{Held, Line, Technique};
use crate::error::Result;
use crate::io::report;
use crate::io::result::NOTICE;
use crate::io::worksheet::{estimate, levels, of_setting};
use crate::units::MM_PER_CM;

/// Name and version of the layout.
pub const SCHEMA: &str = "childsize.review/1";

/// A review with where it comes from.
pub struct ReviewFile<'a> {
    /// Name of the protocol.
    pub name: &'a str,
    /// SHA-256 of its text.
    pub protocol_sha256: &'a str,
    /// Phantom.
    pub phantom: &'a str,
    /// The adult baseline: a file, or the one that ships.
    pub baseline: &'a str,
    /// How doses came about: `simulation, 400000 histories per acquisition and run`.
    pub source: &'a str,
    /// What a physicist should look at.
    pub warnings: &'a [String],
    /// The answers.
    pub review: &'a Review,
}

impl ReviewFile<'_> {
    /// The review as JSON.
    pub fn value(&self) -> Value {
        let review = self.review;
        let [radiologist, technologist, physicist] = words::paragraphs(self);
        json!({
            "schema": SCHEMA,
            "notice": NOTICE,
            "software_version": env!("CARGO_PKG_VERSION"),
            "name": self.name,
            "protocol_sha256": self.protocol_sha256,
            "phantom": self.phantom,
            "baseline": self.baseline,
            "source": self.source,
            "warnings": self.warnings,
            "effective_msv": estimate(&review.effective_msv),
            "words": { "radiologist": radiologist, "technologist": technologist, "physicist": physicist },
            "phases": review.phases.iter().map(|phase| phase_value(phase, review)).collect::<Vec<_>>(),
            "tube_voltages": review.voltages.iter().map(|row| voltage_value(row, review)).collect::<Vec<_>>(),
            "per_cm": review.per_cm.as_ref().map(|[head, foot]| json!({
                "head_end": saving_value(head, review), "foot_end": saving_value(foot, review),
            })),
            "to_landmarks": review.to_landmarks.as_ref().map(|saving| saving_value(saving, review)),
            "overrange": review.overrange.as_ref().map(|saving| saving_value(saving, review)),
        })
    }

    /// The page.
    pub fn html(&self) -> Result<String> {
        report::review(&self.value())
    }

    /// For a radiologist, a technologist and a physicist.
    pub fn paragraphs(&self) -> [(&'static str, String); 3] {
        let [radiologist, technologist, physicist] = words::paragraphs(self);
        [("radiologist", radiologist), ("technologist", technologist), ("physicist", physicist)]
    }
}

fn phase_value(phase: &PhaseReview, review: &Review) -> Value {
    let acquisition = &phase.acquisition;
    let ctdi = phase.ctdi.as_ref().map(|ctdi| {
        json!({
            "phantom": ctdi.console.phantom.name(), "phantom_cm": ctdi.console.phantom.diameter_cm(),
            "volume_mgy": estimate(&ctdi.volume_mgy), "dlp_mgy_cm": estimate(&ctdi.dlp_mgy_cm),
            "is_of_console": ctdi.console.ctdi_vol_mgy.is_some(),
        })
    });
    let (child_size, why_not) = match &phase.child_size {
        Ok((technique, line)) => (child_size_value(phase, technique, line), None),
        Err(why) => (Value::Null, Some(why)),
    };
    json!({
        "phase": acquisition.phase,
        "region": phase.region.map(|region| region.name),
        "tube_voltage_kv": acquisition.tube_voltage_kv,
        "effective_mas": acquisition.effective_mas(),
        "water_equivalent_diameter_cm": phase.water_equivalent_diameter_cm,
        "ctdi": ctdi,
        "costs": saving_value(&phase.saving, review),
        "child_size": child_size,
        "no_child_size": why_not,
        "beyond_landmarks_mm": phase.beyond_cm.map(|beyond| beyond.map(|cm| cm * MM_PER_CM)),
        "overrange_share": phase.overrange,
    })
}

fn child_size_value(phase: &PhaseReview, technique: &Technique, line: &Line) -> Value {
    let own = words::own_ctdi_mgy(phase);
    let at = line.settings.iter().map(|setting| {
        let mut value = of_setting(setting);
        // CTDIvol of the protocol over that of the worksheet, in the phantom of the protocol.
        value["ratio"] = json!(own.map(|(mgy, phantom)| mgy / setting.ctdi_vol_mgy[phantom].mean));
        value.as_object_mut().map(|setting| setting.remove("organs"));
        value
    });
    let as_scanned = line.settings.iter().find(|setting| setting.held == Held::Dose);
    json!({
        "adult": {
            "scanner": technique.scanner, "tube_voltage_kv": technique.tube_voltage_kv,
            "effective_mas": technique.effective_mas, "ctdi_vol_mgy": technique.ctdi_vol_mgy,
            "ctdi_phantom": technique.phantom.name(),
        },
        "water_equivalent_diameter_cm": line.water_equivalent_diameter_cm,
        "settings": at.collect::<Vec<_>>(),
        "levels": levels(&line.levels, as_scanned),
        "reference_level": levels(line.reference_level().as_slice(), as_scanned)[0],
    })
}

fn voltage_value(row: &VoltageRow, review: &Review) -> Value {
    json!({
        "tube_voltage_kv": row.tube_voltage_kv,
        "mas_factor_at_equal_noise": row.mas_factors[0],
        "mas_factor_at_equal_iodine_contrast_to_noise": row.mas_factors[1],
        "effective_msv_at_equal_noise": estimate(&row.effective_msv),
        "saved_msv_at_equal_noise": estimate(&row.saved_msv),
        "saved_share_at_equal_noise": row.saved_msv.mean / review.effective_msv.mean,
        "effective_msv_at_equal_iodine_contrast_to_noise": estimate(&row.iodine_msv),
    })
}

fn saving_value(saving: &Saving, review: &Review) -> Value {
    let organs = saving.organs.iter().map(|(organ, saved, share)| {
        json!({ "id": organ.id, "name": organ.name, "saved_mgy": estimate(saved), "share": share })
    });
    json!({
        "effective_msv": estimate(&saving.effective_msv),
        "share": saving.effective_msv.mean / review.effective_msv.mean,
        "organs": organs.collect::<Vec<_>>(),
    })
}
