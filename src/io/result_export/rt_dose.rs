//! DICOM RT Dose (PS3.3 A.18.3): one multi-frame grid in Gy, frames from the feet to the head.
//!
//! A CT exam has no radiotherapy plan. The dose summation type is PLAN, the one that readers know, and the reference to
//! a plan that the standard asks for with it is missing: some planning systems refuse such a file.

use std::path::Path;

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

use super::uid;
use crate::error::{Error, Result};
use crate::io::output_file;
use crate::io::result::map_file::{MapFile, MapGrid, broken};

/// The largest dose is stored as this number: it also fits readers that take the pixels for signed.
const LARGEST_STORED: f64 = 2.0e9;
const GY_PER_MGY: f64 = 1e-3;
/// Longest decimal string.
const DECIMAL_LETTERS: usize = 16;
/// Longest value of a list of decimal strings with a short length field, bytes.
const LONGEST_LIST: usize = 65_534;
/// Writes the dose of a result.
pub fn write(map: &MapFile, path: &Path) -> Result<()> {
    let unwritable = |error: &dyn std::fmt::Display| output_file::unwritable(path, error);
    let about = About::read(map).map_err(|error| broken(path, &error))?;
    let object = object(&map.grid, &map.dose_mgy()?, &about)?;
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN)
        .implementation_class_uid(uid::of("implementation", "childsize"))
        .implementation_version_name("CHILDSIZE");
    let object = object.with_meta(meta).map_err(|error| Error::Internal(format!("RT Dose: {error}")))?;
    let mut bytes = Vec::new();
    object.write_all(&mut bytes).map_err(|error| unwritable(&error))?;
    output_file::replace(path, &bytes)
}

/// What of a result makes its identifiers and its time.
struct About {
    summary: String,
    /// `YYYYMMDD` and `HHMMSS`, UTC.
    created: [String; 2],
    version: String,
}

impl About {
    fn read(map: &MapFile) -> hdf5::Result<Self> {
        let text = |place: hdf5::Result<hdf5::types::VarLenUnicode>| Ok(place?.as_str().to_owned());
        let attribute = |name: &str| -> hdf5::Result<String> { text(map.file.attr(name)?.read_scalar()) };
        let summary: hdf5::Result<String> = text(map.file.dataset("summary/json")?.read_scalar());
        let digits = |text: Option<&str>| -> String {
            text.unwrap_or_default().chars().filter(char::is_ascii_digit).collect()
        };
        let created = attribute("created")?;
        let mut parts = created.splitn(2, 'T');
        Ok(About {
            summary: summary?,
            created: [digits(parts.next()), digits(parts.next())].map(|text| text.chars().take(8).collect()),
            version: attribute("software_version")?,
        })
    }
}

/// The data set.
fn object(grid: &MapGrid, dose_mgy: &[f32], about: &About) -> Result<InMemDicomObject> {
    let scaling = decimal(scaling_gy(dose_mgy));
    let step_gy: f64 = scaling.parse().unwrap_or(1.0);
    let stored: Vec<u8> = dose_mgy.iter().flat_map(|&mgy| stored(mgy, step_gy).to_le_bytes()).collect();
    let mut object = InMemDicomObject::new_empty();
    put_texts(&mut object, grid, about, scaling)?;
    let [nx, ny, _] = grid.counts;
    let size = |count: usize| {
        u16::try_from(count).map_err(|_| {
            Error::invalid(format!("RT Dose holds at most 65535 rows and columns, found {count}"))
        })
    };
    for (tag, value) in [
        (tags::SAMPLES_PER_PIXEL, 1),
        (tags::ROWS, size(ny)?),
        (tags::COLUMNS, size(nx)?),
        (tags::BITS_ALLOCATED, 32),
        (tags::BITS_STORED, 32),
        (tags::HIGH_BIT, 31),
        (tags::PIXEL_REPRESENTATION, 0),
    ] {
        object.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    let offsets = PrimitiveValue::Tags([tags::GRID_FRAME_OFFSET_VECTOR].into_iter().collect());
    object.put(DataElement::new(tags::FRAME_INCREMENT_POINTER, VR::AT, offsets));
    if stored.len() as u64 >= u64::from(u32::MAX) {
        return Err(Error::invalid(format!(
            "RT Dose holds at most 4 GB of dose, found {} bytes",
            stored.len()
        ))
        .with_help("choose larger voxels with map_voxel_mm"));
    }
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U8(stored.into())));
    Ok(object)
}

fn put_texts(object: &mut InMemDicomObject, grid: &MapGrid, about: &About, scaling: String) -> Result<()> {
    let [date, time] = &about.created;
    let uid = |kind: &str| uid::of(kind, &about.summary);
    let [dx, dy, dz] = grid.spacing_mm;
    let lists = |values: &[f64]| values.iter().map(|&value| decimal(value)).collect::<Vec<_>>().join("\\");
    let offsets: Vec<f64> = (0..grid.counts[2]).map(|frame| frame as f64 * dz).collect();
    let offsets = lists(&offsets);
    if offsets.len() > LONGEST_LIST {
        return Err(Error::invalid(format!(
            "RT Dose has no room for the offsets of {} frames",
            grid.counts[2]
        ))
        .with_help("choose larger voxels along z with map_voxel_mm"));
    }
    let texts: [(Tag, VR, String); 37] = [
        (tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192".to_owned()),
        (tags::SOP_CLASS_UID, VR::UI, uids::RT_DOSE_STORAGE.to_owned()),
        (tags::SOP_INSTANCE_UID, VR::UI, uid("instance")),
        (tags::STUDY_DATE, VR::DA, date.clone()),
        (tags::STUDY_TIME, VR::TM, time.clone()),
        (tags::INSTANCE_CREATION_DATE, VR::DA, date.clone()),
        (tags::INSTANCE_CREATION_TIME, VR::TM, time.clone()),
        (tags::ACCESSION_NUMBER, VR::SH, String::new()),
        (tags::MODALITY, VR::CS, "RTDOSE".to_owned()),
        (tags::MANUFACTURER, VR::LO, "childsize".to_owned()),
        (tags::MANUFACTURER_MODEL_NAME, VR::LO, "childsize".to_owned()),
        (tags::SOFTWARE_VERSIONS, VR::LO, about.version.clone()),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN, String::new()),
        (tags::OPERATORS_NAME, VR::PN, String::new()),
        (tags::SERIES_DESCRIPTION, VR::LO, "CT dose, all acquisitions; research use only".to_owned()),
        (tags::PATIENT_NAME, VR::PN, "childsize^simulation".to_owned()),
        (tags::PATIENT_ID, VR::LO, "childsize".to_owned()),
        (tags::PATIENT_BIRTH_DATE, VR::DA, String::new()),
        (tags::PATIENT_SEX, VR::CS, String::new()),
        (tags::STUDY_INSTANCE_UID, VR::UI, uid("study")),
        (tags::SERIES_INSTANCE_UID, VR::UI, uid("series")),
        (tags::STUDY_ID, VR::SH, String::new()),
        (tags::SERIES_NUMBER, VR::IS, "1".to_owned()),
        (tags::INSTANCE_NUMBER, VR::IS, "1".to_owned()),
        (tags::FRAME_OF_REFERENCE_UID, VR::UI, uid("frame of reference")),
        (tags::POSITION_REFERENCE_INDICATOR, VR::LO, String::new()),
        (tags::IMAGE_POSITION_PATIENT, VR::DS, lists(&grid.first_mm)),
        (tags::IMAGE_ORIENTATION_PATIENT, VR::DS, "1\\0\\0\\0\\1\\0".to_owned()),
        // Distance of rows, then of columns.
        (tags::PIXEL_SPACING, VR::DS, lists(&[dy, dx])),
        (tags::SLICE_THICKNESS, VR::DS, decimal(dz)),
        (tags::GRID_FRAME_OFFSET_VECTOR, VR::DS, offsets),
        (tags::NUMBER_OF_FRAMES, VR::IS, grid.counts[2].to_string()),
        (tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2".to_owned()),
        (tags::DOSE_UNITS, VR::CS, "GY".to_owned()),
        (tags::DOSE_TYPE, VR::CS, "PHYSICAL".to_owned()),
        (tags::DOSE_SUMMATION_TYPE, VR::CS, "PLAN".to_owned()),
        (tags::DOSE_GRID_SCALING, VR::DS, scaling),
    ];
    for (tag, vr, text) in texts {
        object.put(DataElement::new(tag, vr, PrimitiveValue::from(text)));
    }
    let comment = "Monte Carlo CT dose without a plan; not for clinical decisions";
    object.put(DataElement::new(tags::DOSE_COMMENT, VR::LO, PrimitiveValue::from(comment)));
    Ok(())
}

/// Dose of one step of a stored number, Gy.
fn scaling_gy(dose_mgy: &[f32]) -> f64 {
    let most_gy = GY_PER_MGY * f64::from(dose_mgy.iter().copied().fold(0.0, f32::max));
    if most_gy > 0.0 { most_gy / LARGEST_STORED } else { 1.0 / LARGEST_STORED }
}

fn stored(dose_mgy: f32, step_gy: f64) -> u32 {
    (GY_PER_MGY * f64::from(dose_mgy) / step_gy).round() as u32
}

/// A decimal string: the shortest text that is the number, or the nearest of 16 letters.
fn decimal(number: f64) -> String {
    let plain = number.to_string();
    if plain.len() <= DECIMAL_LETTERS {
        return plain;
    }
    let texts = (0..DECIMAL_LETTERS).rev().map(|digits| format!("{number:.digits$e}"));
    texts.chain([plain]).find(|text| text.len() <= DECIMAL_LETTERS).unwrap_or_else(|| "0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_strings_have_sixteen_letters_and_lose_a_billionth_at_most() {
        for number in [0.0, -1.5, 2.0, 1.0 / 3.0, -403.444_444_444_4, 5.691_234_567_891e-12, -1e-300] {
            let text = decimal(number);
            let back: f64 = text.parse().unwrap();
            assert!(text.len() <= 16, "{text}");
            assert!((back - number).abs() <= 1e-9 * number.abs(), "{number} became {text}");
        }
    }

    #[test]
    fn doses_are_stored_to_a_billionth_of_the_largest() {
        let doses_mgy = [0.0, 1e-6, 3.25, 11.4];
        let step_gy: f64 = decimal(scaling_gy(&doses_mgy)).parse().unwrap();
        for dose_mgy in doses_mgy {
            let told_gy = f64::from(stored(dose_mgy, step_gy)) * step_gy;
            assert!((told_gy - 1e-3 * f64::from(dose_mgy)).abs() <= 1e-9 * 11.4e-3);
        }
        assert!(scaling_gy(&[0.0]) > 0.0);
    }
}
