//! NRRD (<https://teem.sourceforge.net/nrrd/format.html>): `.nrrd`, or `.nhdr` with a data file; raw or gzip.

use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

use super::assemble::check_counts;
use super::frame::Frame;
use super::label_map::Image;
use super::metaimage::{count, numbers, shorter};
use super::samples::Kind;
use super::source::{self, Packing};
use crate::error::{Error, Result};
use crate::io::reference;
use crate::units::MM_PER_CM;

const LONGEST_LINE: usize = 1 << 16;
const MOST_LINES: usize = 10_000;

/// The `field: value` lines of a header.
struct Header(HashMap<String, String>);

impl Header {
    fn read(from: &mut impl BufRead) -> Result<Self> {
        let magic = source::line(from, LONGEST_LINE)?.unwrap_or_default();
        if !magic.starts_with("NRRD000") {
            return Err(Error::invalid("a NRRD file must begin with NRRD000, found something else"));
        }
        let mut fields = HashMap::new();
        for _ in 0..MOST_LINES {
            let line = source::line(from, LONGEST_LINE)?.unwrap_or_default();
            if line.is_empty() {
                return Ok(Header(fields));
            }
            if line.starts_with('#') || line.contains(":=") {
                continue;
            }
            let Some((field, value)) = line.split_once(':') else {
                return Err(Error::invalid("a NRRD header must be lines of `field: value`, found another"));
            };
            let field: String = field.to_lowercase().split_whitespace().collect();
            fields.insert(field, value.trim().to_owned());
        }
        Err(Error::invalid(format!("a NRRD header may have {MOST_LINES} lines, found more")))
    }

    /// Value of a field; its name without spaces.
    fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    fn need(&self, field: &str) -> Result<&str> {
        self.text(field).ok_or_else(|| Error::invalid(format!("the header needs `{field}`, found none")))
    }
}

/// Reads the header of a file.
pub(super) fn open(path: &Path) -> Result<Image> {
    let (mut file, mut stored) = source::open(path)?;
    let header = Header::read(&mut file)?;
    if header.need("dimension")? != "3" {
        let found = shorter(header.need("dimension")?);
        return Err(Error::invalid(format!("dimension must be 3, found {found}"))
            .with_help("a segmentation whose layers overlap has 4: export it as one label map"));
    }
    let counts = check_counts(numbers::<3>("sizes", header.need("sizes")?)?.map(count))?;
    let kind = kind(header.need("type")?)?;
    let packing = match header.need("encoding")?.to_lowercase().as_str() {
        "raw" => Packing::Plain,
        "gzip" | "gz" => Packing::Gzip,
        other => {
            return Err(Error::invalid(format!("encoding must be raw or gzip, found {}", shorter(other))));
        }
    };
    let promised = (counts.iter().product::<usize>() * kind.bytes()) as u64;
    if let Some(data) = header.text("datafile") {
        if data.starts_with("LIST") || data.contains('%') {
            return Err(Error::invalid(format!("data file must be one file, found `{}`", shorter(data))));
        }
        (file, stored) = source::open(&reference::resolve(path.parent().unwrap_or(Path::new("")), data)?)?;
    }
    packing.check_promise(promised, stored)?;
    refuse_skips(&header)?;
    let big = match header.text("endian") {
        None | Some("little") => false,
        Some("big") => true,
        Some(other) => {
            return Err(Error::invalid(format!("endian must be little or big, found {}", shorter(other))));
        }
    };
    Ok(Image {
        frame: frame(&header, counts)?,
        kind: (kind, big),
        scale: (1.0, 0.0),
        voxels: Box::new(packing.unpack(file)),
    })
}

fn refuse_skips(header: &Header) -> Result<()> {
    match ["byteskip", "lineskip"].iter().find(|skip| header.text(skip).is_some_and(|value| value != "0")) {
        Some(skip) => Err(Error::invalid(format!("{skip} is not read, it must be 0"))),
        None => Ok(()),
    }
}

fn kind(word: &str) -> Result<Kind> {
    let word = word.to_lowercase();
    Ok(match word.as_str() {
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => Kind::U8,
        "signed char" | "int8" | "int8_t" => Kind::I8,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Kind::U16,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Kind::I16,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => Kind::U32,
        "int" | "signed int" | "int32" | "int32_t" => Kind::I32,
        "unsigned long long" | "ulonglong" | "uint64" | "uint64_t" => Kind::U64,
        "long long" | "longlong" | "int64" | "int64_t" => Kind::I64,
        "float" => Kind::F32,
        "double" => Kind::F64,
        _ => {
            return Err(Error::invalid(format!("type must be a number of NRRD, found `{}`", shorter(&word))));
        }
    })
}

fn frame(header: &Header, counts: [usize; 3]) -> Result<Frame> {
    let space = header.text("space").map(str::to_lowercase).ok_or_else(|| {
        Error::invalid("the header must say where left and right are, found no `space`")
            .with_help("write `space: left-posterior-superior` and `space directions`")
    })?;
    let sign = match space.as_str() {
        "left-posterior-superior" | "lps" => [1.0, 1.0, 1.0],
        "right-anterior-superior" | "ras" => [-1.0, -1.0, 1.0],
        "left-anterior-superior" | "las" => [1.0, -1.0, 1.0],
        other => {
            return Err(Error::invalid(format!("space must be LPS, RAS or LAS, found {}", shorter(other))));
        }
    };
    let steps = vectors::<9>("space directions", header.need("spacedirections")?)?;
    let first = match header.text("spaceorigin") {
        Some(text) => vectors::<3>("space origin", text)?,
        None => [0.0; 3],
    };
    Ok(Frame {
        counts,
        steps_cm: std::array::from_fn(|axis| {
            std::array::from_fn(|row| sign[row] * steps[3 * axis + row] / MM_PER_CM)
        }),
        first_cm: std::array::from_fn(|row| sign[row] * first[row] / MM_PER_CM),
    })
}

/// The numbers of vectors such as `(1,0,0) (0,1,0)`.
fn vectors<const N: usize>(field: &str, text: &str) -> Result<[f64; N]> {
    numbers(field, &text.replace(['(', ')', ','], " "))
}
