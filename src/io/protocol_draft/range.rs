//! Where scans lie: on a phantom by a landmark, on the patient's own images by height.

use super::phantom::DraftedPhantom;
use super::region::Region;
use crate::error::{Error, Result};
use crate::io::dicom_record::RecordedAcquisition;
use crate::io::toml_lines::decimals;
use crate::io::toml_text::quoted;
use crate::units::MM_PER_CM;

/// The landmark that stands for the upper end of the main acquisition.
pub(super) struct Anchor {
    region: Region,
    /// The region in the main acquisition's own words, which the user may have corrected.
    pub stands_for: Option<Region>,
    /// Height of the upper end on the phantom, mm.
    top_on_phantom_mm: f64,
    /// The same in the scanner's record, mm, where it is known.
    top_in_record_mm: Option<f64>,
}

/// A stretch of the body in the frame of the phantom: how it is written, and its ends.
pub(super) struct Stretch {
    pub toml: String,
    pub source: String,
    /// What is to be added to recorded heights, mm.
    pub shift_mm: f64,
    pub top_mm: f64,
    pub bottom_mm: f64,
}

/// Length of an acquisition, mm.
pub(super) fn length_mm(acquisition: &RecordedAcquisition) -> Option<f64> {
    let ends = acquisition.ends_z_mm.map(|[top, bottom]| top - bottom);
    ends.or_else(|| acquisition.length_mm.as_ref().map(|mm| mm.value)).filter(|mm| *mm > 0.0)
}

impl Anchor {
    /// Puts the upper end of the main acquisition where scans of the region begin.
    pub fn new(phantom: &DraftedPhantom, region: Region, main: Option<&RecordedAcquisition>) -> Result<Self> {
        let landmark_cm = phantom.model.landmarks_z_cm.get(region.top).ok_or_else(|| {
            Error::invalid(format!(
                "the phantom has no landmark `{}` for the region {}",
                region.top, region.name
            ))
        })?;
        let words = main.and_then(|main| main.region.as_deref());
        Ok(Anchor {
            region,
            stands_for: words.and_then(Region::of_words),
            top_on_phantom_mm: landmark_cm * MM_PER_CM + region.above_mm,
            top_in_record_mm: main.and_then(|main| main.ends_z_mm).map(|[top, _]| top),
        })
    }

    /// A stretch of the record on the phantom.
    fn place(&self, ends: Option<[f64; 2]>, [below_mm, length_mm]: [f64; 2]) -> Stretch {
        // From where scans of the region begin, mm.
        let (top_mm, shift_mm) = match (ends, self.top_in_record_mm) {
            (Some([top, _]), Some(anchor)) => (top - anchor, self.top_on_phantom_mm - anchor),
            (Some([top, _]), None) => (-below_mm, self.top_on_phantom_mm - below_mm - top),
            (None, _) => (-below_mm, 0.0),
        };
        let named = |below_top_mm: f64| {
            let offset = decimals(below_top_mm + self.region.above_mm, 3);
            let offset = match offset.as_str() {
                "0" => String::new(),
                minus if minus.starts_with('-') => format!("{minus}mm"),
                plus => format!("+{plus}mm"),
            };
            quoted(&format!("{}{offset}", self.region.top))
        };
        Stretch {
            toml: format!("{{ top = {}, bottom = {} }}", named(top_mm), named(top_mm - length_mm)),
            source: format!("recorded length; placed as usual for {}", self.region.name),
            shift_mm,
            top_mm: self.top_on_phantom_mm + top_mm,
            bottom_mm: self.top_on_phantom_mm + top_mm - length_mm,
        }
    }
}

/// Where a stretch of the record lies; `None` if the record does not say. Without recorded ends it begins `below_mm` under
/// the place where scans begin.
pub(super) fn stretch(
    anchor: Option<&Anchor>,
    ends: Option<[f64; 2]>,
    below_mm: f64,
    length_mm: Option<f64>,
) -> Option<Stretch> {
    if let Some(anchor) = anchor {
        return length_mm.map(|length_mm| anchor.place(ends, [below_mm, length_mm]));
    }
    let [top_mm, bottom_mm] = ends?;
    Some(Stretch {
        toml: format!("{{ z_mm = [{}, {}] }}", decimals(top_mm, 3), decimals(bottom_mm, 3)),
        source: "recorded heights in the patient's frame".to_owned(),
        shift_mm: 0.0,
        top_mm,
        bottom_mm,
    })
}
