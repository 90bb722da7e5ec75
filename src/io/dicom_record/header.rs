//! The header of a DICOM file: its elements up to the pixels.

use std::path::Path;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::{InMemDicomObject, OpenFileOptions};

use super::lengths::{is_dicom, without_pixels};
use crate::error::{Error, Result};

/// Largest file that is read, bytes.
const LONGEST_BYTES: u64 = 128 << 20;

/// Elements of a data set or of an item of a sequence.
#[derive(Clone, Copy)]
pub(super) struct Elements<'a>(pub &'a InMemDicomObject);

/// Reads the header of a file; `None` if it is no DICOM file.
pub(super) fn read_header(path: &Path) -> Result<Option<InMemDicomObject>> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    let about = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if about.is_dir() {
        return Err(unreadable("it is a folder".to_owned()));
    }
    if about.len() > LONGEST_BYTES {
        return Err(unreadable(format!("it has {} bytes, at most {LONGEST_BYTES} are read", about.len())));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    if !is_dicom(&bytes) {
        return Ok(None);
    }
    header_of(&bytes).map(Some).map_err(|error| error.within(&path.display().to_string()))
}

/// The header in the bytes of a file.
pub(super) fn header_of(bytes: &[u8]) -> Result<InMemDicomObject> {
    let header = without_pixels(bytes)?;
    let read = OpenFileOptions::new().read_until(tags::PIXEL_DATA).from_reader(header);
    read.map(|file| file.into_inner())
        .map_err(|error| Error::invalid(format!("the elements of the file cannot be read: {error}")))
}

impl<'a> Elements<'a> {
    /// The text of an element without padding; `None` if it is missing or empty.
    pub fn text(self, tag: Tag) -> Option<String> {
        let text = self.0.get(tag)?.to_str().ok()?;
        let text = text.trim_matches([' ', '\0']);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The words of a text of several values.
    pub fn words(self, tag: Tag) -> Vec<String> {
        let text = self.0.get(tag).and_then(|element| element.to_multi_str().ok());
        let words = text.iter().flat_map(|words| words.iter());
        words.map(|word| word.trim_matches([' ', '\0']).to_owned()).collect()
    }

    /// The finite number of an element.
    pub fn number(self, tag: Tag) -> Option<f64> {
        self.0.get(tag)?.to_float64().ok().filter(|number| number.is_finite())
    }

    /// So many finite numbers.
    pub fn numbers<const N: usize>(self, tag: Tag) -> Option<[f64; N]> {
        let numbers = self.0.get(tag)?.to_multi_float64().ok()?;
        let numbers: [f64; N] = numbers.try_into().ok()?;
        numbers.iter().all(|number| number.is_finite()).then_some(numbers)
    }

    /// The items of a sequence.
    pub fn items(self, tag: Tag) -> impl Iterator<Item = Elements<'a>> {
        self.0.get(tag).and_then(|element| element.items()).into_iter().flatten().map(Elements)
    }
}
