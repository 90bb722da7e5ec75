//! Walks over the elements of a DICOM file before they are read: no length is believed that the file cannot hold.
//!
//! The reader of the `dicom` crates makes room for as many bytes as an element claims and goes down as deep as sequences
//! are nested; a file that was walked over here can make it do neither.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use crate::error::{Error, Result};

/// Deepest nesting of sequences; a dose report needs 6.
const DEEPEST: usize = 32;
/// Bytes before the first element: a preamble of 128, and `DICM`.
const PREAMBLE_BYTES: usize = 132;
const UNDEFINED: u32 = u32::MAX;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
const IMPLICIT: &str = "1.2.840.10008.1.2";
/// Data sets that are not written as little-endian elements: big-endian, and two that are compressed as a whole.
const OTHER_SYNTAXES: [&str; 3] = ["1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95"];
/// Value representations whose length takes 4 bytes (PS3.5, table 7.1-1).
const LONG: [&[u8]; 13] =
    [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];

/// Whether bytes begin as a DICOM file does.
pub(super) fn is_dicom(bytes: &[u8]) -> bool {
    bytes.get(PREAMBLE_BYTES - 4..PREAMBLE_BYTES) == Some(b"DICM")
}

/// The bytes up to the pixels, in which every length is good.
pub(super) fn without_pixels(bytes: &[u8]) -> Result<&[u8]> {
    if !is_dicom(bytes) {
        return Err(Error::invalid("a DICOM file must have DICM at byte 128, found none"));
    }
    let mut walk = Walk { bytes, at: PREAMBLE_BYTES };
    let syntax = walk.meta()?;
    if OTHER_SYNTAXES.contains(&syntax.as_str()) {
        return Err(Error::invalid(format!(
            "the transfer syntax must be little-endian and not deflated, found {syntax}"
        )));
    }
    walk.data_set(syntax == IMPLICIT)?;
    Ok(&bytes[..walk.at])
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Walk<'_> {
    /// Goes over the meta elements, which are always explicit; the transfer syntax.
    fn meta(&mut self) -> Result<String> {
        let (mut syntax, mut end) = (None, None);
        while self.peek_tag().is_some_and(|tag| tag.0 == 2) {
            let tag = self.tag()?;
            let (_, length) = self.explicit()?;
            let value = self.take(length as usize)?;
            if tag == tags::TRANSFER_SYNTAX_UID {
                let text = String::from_utf8_lossy(value);
                syntax = Some(text.trim_end_matches(['\0', ' ']).to_owned());
            } else if let (tags::FILE_META_INFORMATION_GROUP_LENGTH, Ok(bytes)) = (tag, value.try_into()) {
                end = Some(self.at + u32::from_le_bytes(bytes) as usize);
            }
        }
        // A reader believes it, and would take what follows for elements of the other kind.
        if end != Some(self.at) {
            return Err(Error::invalid(format!(
                "FileMetaInformationGroupLength must end the meta elements at byte {}, found {}",
                self.at,
                end.map_or("none".to_owned(), |end| end.to_string())
            )));
        }
        syntax.ok_or_else(|| Error::invalid("a DICOM file must state its TransferSyntaxUID, found none"))
    }

    /// Goes over the data set, as far as the pixels.
    fn data_set(&mut self, implicit: bool) -> Result<()> {
        // Ends of the sequences and items that are open, where stated, and whether their elements are implicit.
        let mut open: Vec<(Option<usize>, bool)> = Vec::new();
        loop {
            while open.last().is_some_and(|(end, _)| end.is_some_and(|end| end <= self.at)) {
                open.pop();
            }
            if self.at == self.bytes.len() && open.is_empty() {
                return Ok(());
            }
            if open.is_empty() && self.peek_tag().is_some_and(|tag| tag >= tags::PIXEL_DATA) {
                return Ok(());
            }
            let implicit = open.last().map_or(implicit, |&(_, implicit)| implicit);
            match self.tag()? {
                ITEM => {
                    let length = self.u32()?;
                    self.open(&mut open, length, implicit)?;
                }
                ITEM_END | SEQUENCE_END => {
                    self.u32()?;
                    open.pop();
                }
                tag => {
                    let (vr, length) = if implicit { (None, self.u32()?) } else { self.explicit()? };
                    let sequence = vr.map_or_else(|| is_sequence(tag), |vr| vr == *b"SQ");
                    if sequence || length == UNDEFINED {
                        self.open(&mut open, length, implicit || vr == Some(*b"UN"))?;
                    } else {
                        self.take(length as usize)?;
                    }
                }
            }
        }
    }

    fn open(&self, open: &mut Vec<(Option<usize>, bool)>, length: u32, implicit: bool) -> Result<()> {
        if open.len() >= 2 * DEEPEST {
            return Err(Error::invalid(format!("sequences may be nested {DEEPEST} deep, found more")));
        }
        let left = self.bytes.len() - self.at;
        let end = match length {
            UNDEFINED => None,
            length if length as usize <= left => Some(self.at + length as usize),
            length => return Err(self.cut_off(length as usize)),
        };
        open.push((end, implicit));
        Ok(())
    }

    fn explicit(&mut self) -> Result<(Option<[u8; 2]>, u32)> {
        let vr = self.array::<2>()?;
        if LONG.contains(&&vr[..]) {
            self.take(2)?;
            return Ok((Some(vr), self.u32()?));
        }
        // Readers take what they do not know for UN, whose length has other bytes.
        if VR::from_binary(vr).is_none() {
            return Err(Error::invalid(format!(
                "the element at byte {} has no value representation",
                self.at - 6
            )));
        }
        Ok((Some(vr), u32::from(u16::from_le_bytes(self.array()?))))
    }

    fn peek_tag(&self) -> Option<Tag> {
        let four = self.bytes.get(self.at..self.at + 4)?;
        Some(Tag(u16::from_le_bytes([four[0], four[1]]), u16::from_le_bytes([four[2], four[3]])))
    }

    fn tag(&mut self) -> Result<Tag> {
        let tag = self.peek_tag().ok_or_else(|| self.cut_off(4))?;
        self.at += 4;
        Ok(tag)
    }

    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn take(&mut self, count: usize) -> Result<&[u8]> {
        let value = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let value = value.ok_or_else(|| self.cut_off(count))?;
        self.at += count;
        Ok(value)
    }

    fn cut_off(&self, wanted: usize) -> Error {
        let left = self.bytes.len() - self.at;
        Error::invalid(format!(
            "the file is cut off or damaged: {wanted} bytes must follow byte {}, found {left}",
            self.at
        ))
    }
}

/// Whether the dictionary says that a tag holds a sequence.
fn is_sequence(tag: Tag) -> bool {
    StandardDataDictionary.by_tag(tag).is_some_and(|entry| entry.vr().exact() == Some(VR::SQ))
}
