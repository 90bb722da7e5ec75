//! Walks through a DICOM file's elements before the library reads it: no length is believed that the file cannot hold,
//! and nothing is nested deeper than real files are.
//!
//! dicom-object 0.10 allocates and clears a value's memory on the word of its length, and reads nested sequences by
//! recursion. A file that was walked through here can make it do neither.

use std::io::{Read, Seek, SeekFrom};

use dicom_core::Tag;
use dicom_core::VR;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use super::syntax::Coding;
use crate::error::{Error, Result};
use crate::io::import::source;

/// Deepest nesting, sequences and items together; segmentations need 8.
const DEEPEST: usize = 64;
/// Most elements of a file; an RTSTRUCT with 100 structures on 600 slices has half a million.
const MOST_ELEMENTS: u64 = 2_000_000;
/// Bytes before the meta elements: a preamble of 128, and `DICM`.
pub(super) const PREAMBLE_BYTES: u64 = 132;
const UNDEFINED: u32 = u32::MAX;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
/// Value representations with a length of 2 bytes (PS3.5, table 7.1-2).
const SHORT: [&[u8; 2]; 21] = [
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL",
    b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
];

/// Where the pixels of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PixelPlace {
    /// First byte of the element.
    pub element: u64,
    /// First byte of the value.
    pub start: u64,
    /// Bytes; of compressed pixels all fragments together.
    pub bytes: u64,
    /// Whether they lie in fragments.
    pub fragments: bool,
}

/// A stretch of elements that is open.
struct Level {
    /// Where it ends, if that was said.
    end: Option<u64>,
    implicit: bool,
}

/// Reads on through a file.
pub(super) struct Walker<R> {
    from: R,
    at: u64,
    end: u64,
    elements: u64,
    end_is_known: bool,
}

impl<R: Read + Seek> Walker<R> {
    /// Begins at a byte of a source of so many bytes.
    pub fn new(from: R, at: u64, end: u64) -> Self {
        Walker { from, at, end, elements: 0, end_is_known: true }
    }

    /// Where it stands.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Goes to a byte.
    pub fn seek(&mut self, to: u64) -> Result<()> {
        self.from.seek(SeekFrom::Start(to)).map_err(|_| self.truncated())?;
        self.at = to;
        Ok(())
    }

    /// Walks to the end of a data set whose length shows when it ends.
    pub fn data_set_of_unknown_length(&mut self, coding: Coding) -> Result<Option<PixelPlace>> {
        self.end_is_known = false;
        self.data_set(coding)
    }

    /// Reads the meta elements: the transfer syntax and where the data set begins.
    pub fn meta(&mut self) -> Result<(String, u64)> {
        let mut syntax = None;
        while self.at < self.end {
            let before = self.at;
            let tag = Tag(u16::from_le_bytes(self.take()?), u16::from_le_bytes(self.take()?));
            if tag.0 != 2 {
                self.seek(before)?;
                break;
            }
            let (_, length) = self.explicit(false)?;
            self.check(u64::from(length))?;
            if tag == tags::TRANSFER_SYNTAX_UID && length <= 64 {
                let mut value = vec![0; length as usize];
                self.from.read_exact(&mut value).map_err(|_| self.truncated())?;
                self.at += u64::from(length);
                let text = String::from_utf8_lossy(&value);
                syntax = Some(text.trim_end_matches(['\0', ' ']).to_owned());
            } else {
                self.skip(u64::from(length))?;
            }
        }
        let syntax = syntax.ok_or_else(|| Error::invalid("the file needs TransferSyntaxUID, found none"))?;
        Ok((syntax, self.at))
    }

    /// Walks to the end of the data set, and says where its pixels are.
    pub fn data_set(&mut self, coding: Coding) -> Result<Option<PixelPlace>> {
        let big = coding == Coding::BigEndian;
        let mut open: Vec<Level> = Vec::new();
        let mut pixels = None;
        loop {
            while open.last().is_some_and(|level| level.end.is_some_and(|end| end <= self.at)) {
                open.pop();
            }
            if self.at >= self.end && open.is_empty() {
                return Ok(pixels);
            }
            self.elements += 1;
            if self.elements > MOST_ELEMENTS || open.len() > DEEPEST {
                return Err(Error::invalid(format!(
                    "a DICOM file may have {MOST_ELEMENTS} elements, nested {DEEPEST} deep, found more"
                )));
            }
            let element = self.at;
            let Some(group) = self.group(big, open.is_empty())? else { return Ok(pixels) };
            let tag = Tag(group, self.u16(big)?);
            let implicit = open.last().map_or(coding == Coding::Implicit, |level| level.implicit);
            match tag {
                ITEM => {
                    let length = self.u32(big)?;
                    open.push(Level { end: self.end_of(length)?, implicit });
                    continue;
                }
                ITEM_END | SEQUENCE_END => {
                    self.u32(big)?;
                    open.pop();
                    continue;
                }
                _ => {}
            }
            let (vr, length) = if implicit { (None, self.u32(big)?) } else { self.explicit(big)? };
            let is_sequence = vr.map_or_else(|| is_sequence(tag), |vr| &vr == b"SQ");
            if tag == tags::PIXEL_DATA && !is_sequence {
                let start = self.at;
                let bytes = if length == UNDEFINED { self.fragments(big)? } else { self.value(length)? };
                if open.is_empty() {
                    pixels = Some(PixelPlace { element, start, bytes, fragments: length == UNDEFINED });
                }
            } else if is_sequence || length == UNDEFINED {
                // Unknown values without a length hold implicit elements (PS3.5, 6.2.2).
                let implicit = implicit || vr.is_some_and(|vr| &vr == b"UN");
                open.push(Level { end: self.end_of(length)?, implicit });
            } else {
                self.value(length)?;
            }
        }
    }

    /// The group of the next element; `None` where a data set of unknown length may end and does.
    fn group(&mut self, big: bool, may_end: bool) -> Result<Option<u16>> {
        if self.end_is_known || !may_end {
            return self.u16(big).map(Some);
        }
        let mut first = [0];
        if self.at >= self.end {
            return Err(Error::invalid(format!(
                "a deflated file may unpack to {} bytes, found more",
                self.end
            )));
        }
        if self.from.read(&mut first).map_err(|error| source::broken("the file", &error))? == 0 {
            return Ok(None);
        }
        self.at += 1;
        let [second] = self.take()?;
        let bytes = [first[0], second];
        Ok(Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }))
    }

    /// Value representation and length of an explicit element.
    fn explicit(&mut self, big: bool) -> Result<(Option<[u8; 2]>, u32)> {
        let vr: [u8; 2] = self.take()?;
        if SHORT.contains(&&vr) {
            return Ok((Some(vr), u32::from(self.u16(big)?)));
        }
        self.take::<2>()?;
        Ok((Some(vr), self.u32(big)?))
    }

    /// Skips the fragments of compressed pixels; their bytes.
    fn fragments(&mut self, big: bool) -> Result<u64> {
        let mut bytes = 0;
        loop {
            let tag = Tag(self.u16(big)?, self.u16(big)?);
            let length = self.u32(big)?;
            match tag {
                ITEM => bytes += self.value(length)?,
                SEQUENCE_END => return Ok(bytes),
                other => {
                    return Err(Error::invalid(format!(
                        "compressed pixels must be items, found element {other}"
                    )));
                }
            }
        }
    }

    fn value(&mut self, length: u32) -> Result<u64> {
        self.check(u64::from(length))?;
        self.skip(u64::from(length))?;
        Ok(u64::from(length))
    }

    fn end_of(&self, length: u32) -> Result<Option<u64>> {
        if length == UNDEFINED {
            return Ok(None);
        }
        self.check(u64::from(length))?;
        Ok(Some(self.at + u64::from(length)))
    }

    fn check(&self, length: u64) -> Result<()> {
        let left = self.end - self.at.min(self.end);
        match length <= left {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "the file is cut off or damaged: an element at byte {} has {length} bytes, {left} are left",
                self.at
            ))),
        }
    }

    fn skip(&mut self, length: u64) -> Result<()> {
        self.from.seek_relative(length as i64).map_err(|_| self.truncated())?;
        self.at += length;
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        if self.at + N as u64 > self.end {
            return Err(self.truncated());
        }
        self.from.read_exact(&mut bytes).map_err(|_| self.truncated())?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn u16(&mut self, big: bool) -> Result<u16> {
        let bytes = self.take()?;
        Ok(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self, big: bool) -> Result<u32> {
        let bytes = self.take()?;
        Ok(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn truncated(&self) -> Error {
        Error::invalid(format!("the file is cut off: it ends at byte {} within an element", self.end))
    }
}

/// Whether the dictionary says that a tag holds a sequence.
fn is_sequence(tag: Tag) -> bool {
    StandardDataDictionary.by_tag(tag).is_some_and(|entry| entry.vr().relaxed() == VR::SQ)
}
