//! Headerless voxels (XCAT, UF/NCI legacy, any other), described by a TOML file:
//!
//! ```toml
//! [raw]
//! file = "phantom_act_1.bin"
//! type = "f32"                  # u8, i8, u16, i16, u32, i32, f32, f64
//! counts = [256, 256, 500]      # along the file's axes, the fastest first
//! voxel_mm = [3.125, 3.125, 3.125]
//! axes = "LPS"                  # where the axes point: one of L R, one of P A, one of S I, in the file's order
//! big_endian = false            # default
//! skip_bytes = 0                # default
//! origin_mm = [0.0, 0.0, 0.0]   # centre of the first voxel, x y z; default
//! labels = "organs.csv"         # the table, unless the command line or the protocol names one
//! ```

use std::path::Path;

use super::assemble::check_counts;
use super::frame::Frame;
use super::label_map::Image;
use super::samples::Kind;
use super::source::{self, Packing};
use super::table::LabelTable;
use crate::error::{Error, Result};
use crate::io::document::{self, Item};
use crate::io::profile_csv::read_text;
use crate::io::reference;
use crate::io::section::{Keys, Section, within, word};
use crate::units::MM_PER_CM;

const LONGEST_BYTES: u64 = 1 << 20;
const FILE: Keys = Keys::plain("the file", &["raw"]);
const RAW: Keys = Keys::plain(
    "[raw]",
    &["file", "type", "counts", "voxel_mm", "axes", "big_endian", "skip_bytes", "origin_mm", "labels"],
);
const KINDS: [(&str, Kind); 8] = [
    ("u8", Kind::U8),
    ("i8", Kind::I8),
    ("u16", Kind::U16),
    ("i16", Kind::I16),
    ("u32", Kind::U32),
    ("i32", Kind::I32),
    ("f32", Kind::F32),
    ("f64", Kind::F64),
];

/// Reads a description; also the table it names.
pub(super) fn open(path: &Path) -> Result<(Image, Option<LabelTable>)> {
    let file = Section::open(&document::read(&read_text(path, LONGEST_BYTES)?)?, FILE)?;
    let section = Section::open(file.need("raw")?, RAW)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let counts = check_counts(section.need("counts")?.numbers::<3>()?.map(super::metaimage::count))?;
    let kind = word(section.need("type")?, &KINDS)?;
    let packing_path = reference::of_item(folder, section.need("file")?)?;
    let packing = Packing::by_name(&packing_path);
    let (data, stored) = source::open(&packing_path)?;
    let skipped = section.number("skip_bytes", within(0.0, 1e9))?.unwrap_or(0.0) as u64;
    let promised = (counts.iter().product::<usize>() * kind.bytes()) as u64 + skipped;
    packing.check_promise(promised, stored)?;
    if packing == Packing::Plain && stored != promised {
        return Err(Error::invalid(format!("the voxels must take {promised} bytes, found {stored}"))
            .with_help("check counts, type and skip_bytes"));
    }
    let mut voxels = packing.unpack(data);
    source::skip(&mut voxels, skipped, "the data file")?;
    let big = section.find("big_endian").map(Item::flag).transpose()?.unwrap_or(false);
    let image = Image {
        frame: frame(&section, counts)?,
        kind: (kind, big),
        scale: (1.0, 0.0),
        voxels: Box::new(voxels),
    };
    let table = section
        .find("labels")
        .map(|item| LabelTable::read(&reference::of_item(folder, item)?))
        .transpose()?;
    Ok((image, table))
}

fn frame(section: &Section, counts: [usize; 3]) -> Result<Frame> {
    let edges_mm = section.need("voxel_mm")?.numbers::<3>()?;
    let first_mm = section.find("origin_mm").map(Item::numbers::<3>).transpose()?.unwrap_or_default();
    let item = section.need("axes")?;
    let mut frame = Frame { counts, steps_cm: [[0.0; 3]; 3], first_cm: first_mm.map(|mm| mm / MM_PER_CM) };
    let letters = item.text()?;
    if letters.chars().count() != 3 {
        return Err(item.refuse(format!("must be three letters such as \"LPS\", found {}", item.shown())));
    }
    for (axis, letter) in letters.chars().enumerate() {
        let (patient, sign) = match letter {
            'L' => (0, 1.0),
            'R' => (0, -1.0),
            'P' => (1, 1.0),
            'A' => (1, -1.0),
            'S' => (2, 1.0),
            'I' => (2, -1.0),
            _ => return Err(item.refuse(format!("must be letters of L R P A S I, found {}", item.shown()))),
        };
        frame.steps_cm[axis][patient] = sign * edges_mm[axis] / MM_PER_CM;
    }
    Ok(frame)
}
