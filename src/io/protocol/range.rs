//! Scan ranges: landmarks with an offset, or heights; and how they lie to the phantom.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::keys;
use crate::error::{Error, Result};
use crate::io::document::Item;
use crate::io::section::{Section, nearest};
use crate::units::MM_PER_CM;

/// Farthest height a range may name, mm.
const FARTHEST_MM: f64 = 10_000.0;

/// A nominal scan range, mm in the patient frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RangeEntry {
    pub top_mm: f64,
    pub bottom_mm: f64,
    /// The landmarks it was named by.
    named: Option<[String; 2]>,
}

impl RangeEntry {
    /// Reads `{ top = "lung_apex+10mm", bottom = "diaphragm-20mm" }` or `{ z_mm = [395, 245] }`.
    pub fn read(item: &Item, landmarks_z_cm: &BTreeMap<String, f64>) -> Result<Self> {
        let section = Section::open(item, keys::RANGE)?;
        let range = match section.find("z_mm") {
            Some(_) if section.find("top").or(section.find("bottom")).is_some() => {
                return Err(section.refuse("takes top and bottom, or z_mm, found both"));
            }
            Some(heights) => {
                let [top_mm, bottom_mm] = heights.numbers::<2>()?;
                RangeEntry { top_mm, bottom_mm, named: None }
            }
            None => named(&section, landmarks_z_cm)?,
        };
        range.check(item).map(|()| range)
    }

    fn check(&self, item: &Item) -> Result<()> {
        let RangeEntry { top_mm, bottom_mm, .. } = *self;
        if let Some(far_mm) = [top_mm, bottom_mm].into_iter().find(|mm| mm.abs() > FARTHEST_MM) {
            return Err(item.refuse(format!("must be within ±{FARTHEST_MM} mm, found {far_mm} mm")));
        }
        if top_mm > bottom_mm {
            return Ok(());
        }
        let what = if top_mm == bottom_mm { "is empty" } else { "is reversed" };
        Err(item
            .refuse(format!(
                "{what}: the top must lie above the bottom, found top {top_mm:.1} mm and bottom {bottom_mm:.1} mm"
            ))
            .with_help("z grows to the head: the top is the end nearer to the head; z_mm = [top, bottom]"))
    }

    /// Refuses a range that misses the phantom; warns of one that leaves it.
    pub fn check_against(&self, item: &Item, extent_z_cm: [f64; 2]) -> Result<Option<String>> {
        let RangeEntry { top_mm, bottom_mm, .. } = *self;
        let [low_mm, high_mm] = extent_z_cm.map(|cm| cm * MM_PER_CM);
        let inside_mm = top_mm.min(high_mm) - bottom_mm.max(low_mm);
        let both =
            format!("z {top_mm:.0}..{bottom_mm:.0} mm; the phantom lies at z {high_mm:.0}..{low_mm:.0} mm");
        if inside_mm <= 0.0 {
            return Err(item.refuse(format!("lies outside the phantom: {both}")));
        }
        let outside = 1.0 - inside_mm / (top_mm - bottom_mm);
        Ok((outside > 1e-6)
            .then(|| format!("{:.1} % of the range lies outside the phantom: {both}", 100.0 * outside)))
    }

    /// The range with every default filled in.
    pub fn resolved(&self) -> Value {
        let mut range = json!({ "z_mm": [self.top_mm, self.bottom_mm] });
        if let Some([top, bottom]) = &self.named {
            range["top"] = json!(top);
            range["bottom"] = json!(bottom);
        }
        range
    }
}

fn named(section: &Section, landmarks_z_cm: &BTreeMap<String, f64>) -> Result<RangeEntry> {
    let end = |key: &str| {
        let item = section.need(key)?;
        let text =
            item.text().map_err(|error| error.with_help("heights are given as z_mm = [top, bottom]"))?;
        Ok::<_, Error>((height_mm(item, text, landmarks_z_cm)?, text.to_owned()))
    };
    let ((top_mm, top), (bottom_mm, bottom)) = (end("top")?, end("bottom")?);
    Ok(RangeEntry { top_mm, bottom_mm, named: Some([top, bottom]) })
}

/// The height that `landmark`, `landmark+10mm` or `landmark - 20 mm` names, mm.
fn height_mm(item: &Item, text: &str, landmarks_z_cm: &BTreeMap<String, f64>) -> Result<f64> {
    let name_end = text.find(['+', '-']).unwrap_or(text.len());
    let (name, offset) = (text[..name_end].trim(), text[name_end..].trim());
    let offset_mm = if offset.is_empty() { Some(0.0) } else { offset_mm(offset) };
    let offset_mm = offset_mm.ok_or_else(|| {
        item.refuse(format!(
            "must be a landmark and an offset in mm, as in \"lung_apex+10mm\", found \"{text}\""
        ))
    })?;
    let z_cm = landmarks_z_cm.get(name).ok_or_else(|| unknown_landmark(item, name, landmarks_z_cm))?;
    Ok(z_cm * MM_PER_CM + offset_mm)
}

/// A sign, a number and `mm`.
fn offset_mm(text: &str) -> Option<f64> {
    let digits = text.strip_suffix("mm")?.trim_end();
    let sign = if digits.starts_with('-') { -1.0 } else { 1.0 };
    let digits = digits.get(1..)?.trim_start();
    let plain = digits.starts_with(|c: char| c.is_ascii_digit());
    digits.parse::<f64>().ok().filter(|mm| plain && mm.is_finite()).map(|mm| sign * mm)
}

fn unknown_landmark(item: &Item, name: &str, landmarks_z_cm: &BTreeMap<String, f64>) -> Error {
    let mut from_head: Vec<_> = landmarks_z_cm.iter().collect();
    from_head.sort_by(|a, b| b.1.total_cmp(a.1));
    let list = from_head.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let error = item.refuse(format!("must name a landmark of the phantom, found \"{name}\""));
    error.with_help(match nearest(name, landmarks_z_cm.keys().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"? From head to foot: {list}"),
        None if list.is_empty() => "this phantom has no landmarks: use z_mm = [top, bottom]".to_owned(),
        None => format!("landmarks from head to foot: {list}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::document::read;

    fn range(text: &str) -> Result<RangeEntry> {
        let landmarks = [("lung_apex", 39.34), ("diaphragm", 25.35)].map(|(name, z)| (name.to_owned(), z));
        RangeEntry::read(&read(text)?.table()?[0].clone(), &BTreeMap::from(landmarks))
    }

    #[test]
    fn a_landmark_may_carry_an_offset_in_millimetres() {
        for (top, top_mm) in [
            ("lung_apex", 393.4),
            ("lung_apex+10mm", 403.4),
            ("lung_apex - 2.5 mm", 390.9),
            (" lung_apex +0mm", 393.4),
        ] {
            let found = range(&format!("range = {{ top = \"{top}\", bottom = \"diaphragm\" }}")).unwrap();
            assert!((found.top_mm - top_mm).abs() < 1e-9 && (found.bottom_mm - 253.5).abs() < 1e-9, "{top}");
        }
    }

    #[test]
    fn an_offset_without_its_unit_is_refused() {
        for top in ["lung_apex+10", "lung_apex+1cm", "lung_apex+mm", "lung_apex++1mm", "lung_apex+infmm"] {
            let error = range(&format!("range = {{ top = \"{top}\", bottom = \"diaphragm\" }}")).unwrap_err();
            assert!(error.to_string().contains("must be a landmark and an offset in mm"), "{error}");
        }
    }

    #[test]
    fn the_share_outside_the_phantom_is_told() {
        let item = read("range = { z_mm = [100, 0] }").unwrap().table().unwrap()[0].clone();
        let found = RangeEntry::read(&item, &BTreeMap::new()).unwrap();
        assert_eq!(found.check_against(&item, [-10.0, 10.0]).unwrap(), None);
        let warning = found.check_against(&item, [-10.0, 7.5]).unwrap().unwrap();
        assert_eq!(
            warning,
            "25.0 % of the range lies outside the phantom: z 100..0 mm; the phantom lies at z 75..-100 mm"
        );
        assert!(found.check_against(&item, [-10.0, 0.0]).is_err());
    }
}
