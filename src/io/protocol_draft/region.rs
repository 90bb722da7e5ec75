//! Parts of the body, and where their scans begin.

/// A part of the body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Name.
    pub name: &'static str,
    /// Landmark near the upper end of its scans.
    pub(super) top: &'static str,
    /// How far above the landmark they begin, mm.
    pub(super) above_mm: f64,
    /// Whether arms are raised.
    pub(super) arms_raised: bool,
}

const fn region(name: &'static str, top: &'static str, above_mm: f64, arms_raised: bool) -> Region {
    Region { name, top, above_mm, arms_raised }
}

/// All of them. Where scans begin is an assumption: at the landmark, with 10 mm of margin below the head.
pub const REGIONS: [Region; 7] = [
    region("head", "vertex", 0.0, false),
    region("neck", "brain_bottom", 10.0, false),
    region("chest", "lung_apex", 10.0, true),
    region("abdomen", "diaphragm", 10.0, true),
    region("pelvis", "iliac_crest", 10.0, true),
    region("abdomen-pelvis", "diaphragm", 10.0, true),
    region("chest-abdomen-pelvis", "lung_apex", 10.0, true),
];

/// Words of records for head, neck, chest, abdomen and pelvis.
const WORDS: [&[&str]; 5] = [
    &["head", "brain", "skull", "sinus", "face", "orbit", "ear", "jaw"],
    &["neck", "cspine", "cervical"],
    &["chest", "thorax", "lung", "heart", "breast"],
    &["abdomen", "abdominal", "liver", "kidney", "pancreas"],
    &["pelvis", "hip", "bladder"],
];

impl Region {
    /// The region of this name.
    pub fn named(name: &str) -> Option<Self> {
        REGIONS.into_iter().find(|region| region.name == name)
    }

    /// The region that words of a record mean, such as `CHEST`, `Chest, Abdomen and Pelvis` or `HEADNECK`.
    pub fn of_words(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let [head, neck, chest, abdomen, pelvis] =
            WORDS.map(|words| words.iter().any(|word| text.contains(word)));
        Self::named(match (head, neck, chest, abdomen, pelvis) {
            (true, ..) => "head",
            (_, true, ..) => "neck",
            (_, _, true, false, false) => "chest",
            (_, _, true, _, _) => "chest-abdomen-pelvis",
            (_, _, _, true, true) => "abdomen-pelvis",
            (_, _, _, true, false) => "abdomen",
            (_, _, _, _, true) => "pelvis",
            _ => return None,
        })
    }

    /// Whether a head filter is usual.
    pub(super) fn is_head(self) -> bool {
        self.name == "head"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_records_mean_regions() {
        for (words, name) in [
            ("CHEST", "chest"),
            ("Chest, Abdomen and Pelvis", "chest-abdomen-pelvis"),
            ("ABDOMENPELVIS", "abdomen-pelvis"),
            ("HEADNECK", "head"),
            ("Thorax", "chest"),
            ("PELVIS", "pelvis"),
        ] {
            assert_eq!(Region::of_words(words).map(|region| region.name), Some(name), "{words}");
        }
        assert_eq!(Region::of_words("EXTREMITY"), None);
    }
}
