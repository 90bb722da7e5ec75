//! Attributes of a data set, as texts and numbers.

use dicom_core::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;

use crate::error::{Error, Result};

/// A data set.
pub(super) type Object = InMemDicomObject;

/// Name of an attribute, as it stands in the standard.
pub(super) fn name(tag: Tag) -> String {
    StandardDataDictionary.by_tag(tag).map_or_else(|| tag.to_string(), |entry| entry.alias().to_owned())
}

/// A text without the blanks around it; `None` if it is empty or not there.
pub(super) fn text(object: &Object, tag: Tag) -> Option<String> {
    let text = object.get(tag)?.to_str().ok()?;
    let text = text.trim_matches(['\0', ' ']);
    (!text.is_empty()).then(|| text.to_owned())
}

/// A text that must be there.
pub(super) fn need_text(object: &Object, tag: Tag) -> Result<String> {
    text(object, tag).ok_or_else(|| missing(tag))
}

/// Finite numbers; `None` if there are none.
pub(super) fn list(object: &Object, tag: Tag) -> Result<Option<Vec<f64>>> {
    let Some(element) = object.get(tag) else { return Ok(None) };
    let Ok(numbers) = element.to_multi_float64() else {
        return Err(Error::invalid(format!("{} must be numbers, found something else", name(tag))));
    };
    match numbers.iter().find(|number| !number.is_finite()) {
        Some(other) => Err(Error::invalid(format!("{} must be finite, found {other}", name(tag)))),
        None => Ok(Some(numbers).filter(|numbers| !numbers.is_empty())),
    }
}

/// So many numbers.
pub(super) fn numbers<const N: usize>(object: &Object, tag: Tag) -> Result<Option<[f64; N]>> {
    let Some(found) = list(object, tag)? else { return Ok(None) };
    let count = found.len();
    let exact = found.try_into().map(Some);
    exact.map_err(|_| Error::invalid(format!("{} must be {N} numbers, found {count}", name(tag))))
}

/// So many numbers that must be there.
pub(super) fn need_numbers<const N: usize>(object: &Object, tag: Tag) -> Result<[f64; N]> {
    numbers(object, tag)?.ok_or_else(|| missing(tag))
}

/// A whole number.
pub(super) fn whole(object: &Object, tag: Tag) -> Result<Option<i64>> {
    let Some([number]) = numbers::<1>(object, tag)? else { return Ok(None) };
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => Ok(Some(number as i64)),
        false => Err(Error::invalid(format!("{} must be a whole number, found {number}", name(tag)))),
    }
}

/// A whole number that must be there, within bounds.
pub(super) fn need_whole(object: &Object, tag: Tag, least: i64, most: i64) -> Result<i64> {
    let found = whole(object, tag)?.ok_or_else(|| missing(tag))?;
    match (least..=most).contains(&found) {
        true => Ok(found),
        false => Err(Error::invalid(format!("{} must be from {least} to {most}, found {found}", name(tag)))),
    }
}

/// Items of a sequence; none if it is not there.
pub(super) fn items(object: &Object, tag: Tag) -> &[Object] {
    object.get(tag).and_then(|element| element.items()).unwrap_or_default()
}

/// The refusal of what is not there.
pub(super) fn missing(tag: Tag) -> Error {
    Error::invalid(format!("the file needs {}, found none", name(tag)))
}

/// Functional groups of an image of many frames: what holds for all of them, and for each.
pub(super) struct Groups<'a> {
    shared: Option<&'a Object>,
    frames: &'a [Object],
}

impl<'a> Groups<'a> {
    /// Groups of a data set.
    pub fn of(object: &'a Object) -> Self {
        use dicom_dictionary_std::tags::{
            PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
        };
        Groups {
            shared: items(object, SHARED_FUNCTIONAL_GROUPS_SEQUENCE).first(),
            frames: items(object, PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE),
        }
    }

    /// Number of frames that have groups of their own.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// The item of a group for a frame, its own before that of all.
    pub fn find(&self, frame: usize, group: Tag) -> Option<&'a Object> {
        let own = self.frames.get(frame).and_then(|frame| items(frame, group).first());
        own.or_else(|| items(self.shared?, group).first())
    }

    /// The same; a refusal if it is not there.
    pub fn need(&self, frame: usize, group: Tag) -> Result<&'a Object> {
        self.find(frame, group).ok_or_else(|| missing(group))
    }
}
