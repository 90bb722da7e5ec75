//! One file of a CT series: where its slices lie, and what its numbers mean. Single images and enhanced ones, which
//! hold many frames (PS3.3, A.3 and A.38).

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attributes::{Groups, Object, missing, need_numbers, need_text, numbers, text};
use super::file::DicomFile;
use super::pixels::PixelFormat;
use crate::error::{Error, Result};

/// CT, enhanced CT, and enhanced CT made of single images (PS3.4, table B.5-1).
const CLASSES: [&str; 3] =
    ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"];

/// A slice of a file.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    /// Frame of the file.
    pub frame: usize,
    /// Centre of the first pixel, LPS, mm.
    pub position_mm: [f64; 3],
    /// Directions along a row, and along a column.
    pub directions: [[f64; 3]; 2],
    /// Distance of neighbours along a row, and along a column, mm.
    pub spacing_mm: [f64; 2],
    /// HU of a stored number: slope and intercept.
    pub rescale: [f64; 2],
}

/// A file of a CT series.
pub(super) struct CtImage {
    /// Series it belongs to.
    pub series: String,
    /// What the series is called.
    pub description: String,
    /// Frame of reference, if it names one.
    pub reference: Option<String>,
    /// Whether it is a scout view.
    pub is_localizer: bool,
    /// Its pixels.
    pub pixels: PixelFormat,
    /// Its slices.
    pub slices: Vec<Slice>,
    /// Thickness, mm.
    pub thickness_mm: Option<f64>,
    /// Stored numbers of pixels outside the reconstruction.
    pub padding: Option<[f64; 2]>,
}

/// What a file is.
pub(super) enum Found {
    /// CT.
    Ct(Box<CtImage>),
    /// Another modality.
    Other(String),
}

/// Reads what a file says of itself.
pub(super) fn read(file: &DicomFile) -> Result<Found> {
    let header: &Object = &file.header;
    let modality = text(header, tags::MODALITY).unwrap_or_else(|| "no modality".to_owned());
    if modality != "CT" {
        return Ok(Found::Other(modality));
    }
    let class = text(header, tags::SOP_CLASS_UID).unwrap_or_default();
    if !CLASSES.contains(&class.as_str()) {
        return Ok(Found::Other("CT of another kind (a dose sheet, a picture)".to_owned()));
    }
    let kind = text(header, tags::IMAGE_TYPE).unwrap_or_default();
    let mut image = CtImage {
        series: need_text(header, tags::SERIES_INSTANCE_UID)?,
        description: text(header, tags::SERIES_DESCRIPTION).unwrap_or_default(),
        reference: text(header, tags::FRAME_OF_REFERENCE_UID),
        is_localizer: kind.split('\\').any(|word| word == "LOCALIZER"),
        pixels: file.format()?,
        slices: Vec::new(),
        thickness_mm: None,
        padding: padding(header)?,
    };
    if image.is_localizer {
        return Ok(Found::Ct(Box::new(image)));
    }
    let photometry = need_text(header, tags::PHOTOMETRIC_INTERPRETATION)?;
    if photometry != "MONOCHROME2" {
        return Err(Error::invalid(format!(
            "PhotometricInterpretation must be MONOCHROME2, found {photometry}"
        )));
    }
    let groups = Groups::of(header);
    image.slices = match (groups.len(), image.pixels.frames) {
        (0, 1) => vec![single(header)?],
        (found, frames) if found == frames => {
            (0..frames).map(|frame| enhanced(&groups, frame)).collect::<Result<_>>()?
        }
        (found, frames) => {
            return Err(Error::invalid(format!(
                "an image of {frames} frames must say where each lies, found {found} functional groups"
            )));
        }
    };
    let measures = groups.find(0, tags::PIXEL_MEASURES_SEQUENCE).unwrap_or(header);
    image.thickness_mm = numbers::<1>(measures, tags::SLICE_THICKNESS)?.map(|[mm]| mm);
    Ok(Found::Ct(Box::new(image)))
}

fn single(header: &Object) -> Result<Slice> {
    slice(0, [header; 4])
}

fn enhanced(groups: &Groups, frame: usize) -> Result<Slice> {
    slice(
        frame,
        [
            groups.need(frame, tags::PLANE_POSITION_SEQUENCE)?,
            groups.need(frame, tags::PLANE_ORIENTATION_SEQUENCE)?,
            groups.need(frame, tags::PIXEL_MEASURES_SEQUENCE)?,
            groups.need(frame, tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE)?,
        ],
    )
}

fn slice(frame: usize, [position, orientation, measures, transformation]: [&Object; 4]) -> Result<Slice> {
    if let Some(unit) = text(transformation, tags::RESCALE_TYPE).filter(|unit| unit != "HU") {
        return Err(Error::invalid(format!("RescaleType must be HU, found {unit}")));
    }
    let number =
        |tag: Tag| numbers::<1>(transformation, tag)?.map(|[number]| number).ok_or_else(|| missing(tag));
    let rescale = [number(tags::RESCALE_SLOPE)?, number(tags::RESCALE_INTERCEPT)?];
    if rescale[0] <= 0.0 {
        return Err(Error::invalid(format!("RescaleSlope must be above 0, found {}", rescale[0])));
    }
    let place = Place::read(position, orientation, measures)?;
    Ok(Slice {
        frame,
        position_mm: place.position_mm,
        directions: place.directions,
        spacing_mm: place.spacing_mm,
        rescale,
    })
}

/// Where a plane of pixels lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Centre of the first pixel, LPS, mm.
    pub position_mm: [f64; 3],
    /// Directions along a row, and along a column.
    pub directions: [[f64; 3]; 2],
    /// Distance of neighbours along a row, and along a column, mm.
    pub spacing_mm: [f64; 2],
}

impl Place {
    /// Reads the attributes of PS3.3, C.7.6.2. PixelSpacing names the distance of rows first.
    pub fn read(position: &Object, orientation: &Object, measures: &Object) -> Result<Self> {
        let [a, b, c, d, e, f] = need_numbers::<6>(orientation, tags::IMAGE_ORIENTATION_PATIENT)?;
        let [between_rows_mm, between_columns_mm] = need_numbers::<2>(measures, tags::PIXEL_SPACING)?;
        let directions = [[a, b, c], [d, e, f]];
        let unit = directions.iter().all(|v| (dot(v, v) - 1.0).abs() < 1e-3);
        if !unit || dot(&directions[0], &directions[1]).abs() > 1e-3 {
            return Err(Error::invalid(format!(
                "ImageOrientationPatient must be two directions at right angles, found {a} {b} {c} {d} {e} {f}"
            )));
        }
        Ok(Place {
            position_mm: need_numbers::<3>(position, tags::IMAGE_POSITION_PATIENT)?,
            directions,
            spacing_mm: [between_columns_mm, between_rows_mm],
        })
    }
}

/// Scalar product.
pub(super) fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Stored numbers from PixelPaddingValue to PixelPaddingRangeLimit. Their representation may be that of the pixels or
/// the other one, so the numbers are compared as the bits they are.
fn padding(header: &Object) -> Result<Option<[f64; 2]>> {
    let Some([value]) = numbers::<1>(header, tags::PIXEL_PADDING_VALUE)? else { return Ok(None) };
    let [limit] = numbers::<1>(header, tags::PIXEL_PADDING_RANGE_LIMIT)?.unwrap_or([value]);
    Ok(Some([value.min(limit), value.max(limit)]))
}
