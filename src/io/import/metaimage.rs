//! MetaImage (<https://itk.org/Wiki/MetaIO/Documentation>): `.mha`, or `.mhd` with a data file; raw or zlib.
//!
//! Positions are LPS, mm; the rows of `TransformMatrix` are the directions of the image's axes.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use super::assemble::check_counts;
use super::frame::Frame;
use super::label_map::Image;
use super::samples::Kind;
use super::source::{self, Packing};
use crate::error::{Error, Result};
use crate::io::reference;
use crate::units::MM_PER_CM;

const LONGEST_LINE: usize = 1 << 14;
const MOST_LINES: usize = 1000;

/// The `key = value` lines of a header.
pub(super) struct Header(HashMap<String, String>);

impl Header {
    fn read(from: &mut impl BufRead) -> Result<Self> {
        let mut fields = HashMap::new();
        for _ in 0..MOST_LINES {
            let Some(line) = source::line(from, LONGEST_LINE)? else { break };
            let Some((key, value)) = line.split_once('=') else {
                return Err(Error::invalid(
                    "a MetaImage header must be lines of `key = value`, found another",
                ));
            };
            let last = key.trim() == "ElementDataFile";
            fields.insert(key.trim().to_owned(), value.trim().to_owned());
            if last {
                return Ok(Header(fields));
            }
        }
        Err(Error::invalid("a MetaImage header must end with ElementDataFile, found none"))
    }

    fn text(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.0.get(*key)).map(String::as_str)
    }

    fn need(&self, keys: &[&str]) -> Result<&str> {
        self.text(keys).ok_or_else(|| Error::invalid(format!("the header needs {}, found none", keys[0])))
    }

    fn flag(&self, keys: &[&str]) -> bool {
        self.text(keys).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    fn numbers<const N: usize>(&self, keys: &[&str]) -> Result<Option<[f64; N]>> {
        self.text(keys).map(|text| numbers(keys[0], text)).transpose()
    }
}

/// A list of so many finite numbers.
pub(super) fn numbers<const N: usize>(key: &str, text: &str) -> Result<[f64; N]> {
    let refuse = || Error::invalid(format!("{key} must be {N} numbers, found `{}`", shorter(text)));
    let found: Vec<f64> =
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(|_| refuse())?;
    let found: [f64; N] = found.try_into().map_err(|_| refuse())?;
    if found.iter().all(|number| number.is_finite()) { Ok(found) } else { Err(refuse()) }
}

/// The beginning of a text.
pub(super) fn shorter(text: &str) -> String {
    text.chars().take(60).collect()
}

/// A whole number as a count; anything else becomes 0, which is refused.
pub(super) fn count(number: f64) -> u64 {
    if number.fract() == 0.0 && number >= 0.0 { number as u64 } else { 0 }
}

/// Reads the header of a file.
pub(super) fn open(path: &Path) -> Result<Image> {
    let (mut file, mut stored) = source::open(path)?;
    let header = Header::read(&mut file)?;
    if header.need(&["NDims"])? != "3" {
        return Err(Error::invalid(format!("NDims must be 3, found {}", shorter(header.need(&["NDims"])?))));
    }
    if header.text(&["ElementNumberOfChannels"]).is_some_and(|channels| channels != "1") {
        return Err(Error::invalid("ElementNumberOfChannels must be 1, found another number"));
    }
    let counts = check_counts(numbers::<3>("DimSize", header.need(&["DimSize"])?)?.map(count))?;
    let kind = kind(header.need(&["ElementType"])?)?;
    let packing = if header.flag(&["CompressedData"]) { Packing::Zlib } else { Packing::Plain };
    let promised = (counts.iter().product::<usize>() * kind.bytes()) as u64;
    let data = header.need(&["ElementDataFile"])?;
    if !data.eq_ignore_ascii_case("local") {
        if data == "LIST" || data.contains('%') {
            return Err(Error::invalid(format!(
                "ElementDataFile must be LOCAL or one file, found `{}`",
                shorter(data)
            )));
        }
        (file, stored) = source::open(&reference::resolve(path.parent().unwrap_or(Path::new("")), data)?)?;
        skip_to_data(&mut file, &header, promised, stored, packing)?;
    }
    packing.check_promise(promised, stored)?;
    let big = header.flag(&["BinaryDataByteOrderMSB", "ElementByteOrderMSB"]);
    Ok(Image {
        frame: frame(&header, counts)?,
        kind: (kind, big),
        scale: (1.0, 0.0),
        voxels: Box::new(packing.unpack(file)),
    })
}

fn skip_to_data(
    file: &mut impl BufRead,
    header: &Header,
    promised: u64,
    stored: u64,
    packing: Packing,
) -> Result<()> {
    let [size] = header.numbers::<1>(&["HeaderSize"])?.unwrap_or([0.0]);
    let skipped = match size {
        size if size >= 0.0 => size as u64,
        _ if packing == Packing::Plain => stored.saturating_sub(promised),
        _ => 0,
    };
    source::skip(file, skipped, "the data file")
}

fn kind(word: &str) -> Result<Kind> {
    Ok(match word {
        "MET_UCHAR" => Kind::U8,
        "MET_CHAR" => Kind::I8,
        "MET_USHORT" => Kind::U16,
        "MET_SHORT" => Kind::I16,
        "MET_UINT" => Kind::U32,
        "MET_INT" => Kind::I32,
        "MET_ULONG_LONG" => Kind::U64,
        "MET_LONG_LONG" => Kind::I64,
        "MET_FLOAT" => Kind::F32,
        "MET_DOUBLE" => Kind::F64,
        _ => {
            return Err(Error::invalid(format!(
                "ElementType must be a number of MetaImage, found `{}`",
                shorter(word)
            )));
        }
    })
}

fn frame(header: &Header, counts: [usize; 3]) -> Result<Frame> {
    let spacing_mm = header
        .numbers::<3>(&["ElementSpacing", "ElementSize"])?
        .ok_or_else(|| Error::invalid("the header needs ElementSpacing, found none"))?;
    let first_mm = header.numbers::<3>(&["Offset", "Position", "Origin"])?.unwrap_or_default();
    let rows = header
        .numbers::<9>(&["TransformMatrix", "Orientation", "Rotation"])?
        .unwrap_or([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    Ok(Frame {
        counts,
        steps_cm: std::array::from_fn(|axis| {
            std::array::from_fn(|row| rows[3 * axis + row] * spacing_mm[axis] / MM_PER_CM)
        }),
        first_cm: first_mm.map(|mm| mm / MM_PER_CM),
    })
}
