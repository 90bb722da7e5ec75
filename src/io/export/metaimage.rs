//! MetaImage, LPS, mm: `.mha` in one file, `.mhd` beside a `.raw`.

use std::fmt::Write as _;
use std::path::Path;

use super::image::{Image, Values};
use crate::error::{Error, Result};

/// Writes an image; the numbers stay as they are.
pub(super) fn write(image: &Image, path: &Path) -> Result<()> {
    if path.extension().is_none_or(|end| end != "mhd") {
        let header = header(image, None, "LOCAL");
        return super::write_file(path, |out| {
            out.write_all(header.as_bytes())?;
            image.values.write(out)
        });
    }
    let raw = path.with_extension("raw");
    super::write_file(&raw, |out| image.values.write(out))?;
    let name = raw.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let header = header(image, None, &name);
    super::write_file(path, |out| out.write_all(header.as_bytes()))
}

/// Writes an image into one file, the numbers through zlib.
pub(in crate::io) fn write_packed(image: &Image, path: &Path) -> Result<()> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let packed = image.values.write(&mut packer).and_then(|()| packer.finish());
    let packed = packed.map_err(|error| Error::Internal(format!("{}: {error}", path.display())))?;
    let header = header(image, Some(packed.len()), "LOCAL");
    super::write_file(path, |out| {
        out.write_all(header.as_bytes())?;
        out.write_all(&packed)
    })
}

fn header(image: &Image, packed_bytes: Option<usize>, data: &str) -> String {
    let three = |value: &dyn Fn(usize) -> String| (0..3).map(value).collect::<Vec<_>>().join(" ");
    let kind = match image.values {
        Values::U8(_) => "MET_UCHAR",
        Values::U16(_) => "MET_USHORT",
        Values::F32(_) => "MET_FLOAT",
    };
    let mut header =
        String::from("ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n");
    let _ = match packed_bytes {
        Some(bytes) => writeln!(header, "CompressedData = True\nCompressedDataSize = {bytes}"),
        None => writeln!(header, "CompressedData = False"),
    };
    if !image.description.is_empty() {
        let _ = writeln!(header, "Comment = {}", image.description);
    }
    let _ = write!(
        header,
        "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = {}\nCenterOfRotation = 0 0 0\nAnatomicalOrientation = RAI\n\
         ElementSpacing = {}\nDimSize = {}\nElementType = {kind}\nElementDataFile = {data}\n",
        three(&|axis| image.first_mm[axis].to_string()),
        three(&|axis| image.spacing_mm[axis].to_string()),
        three(&|axis| image.counts[axis].to_string()),
    );
    header
}
