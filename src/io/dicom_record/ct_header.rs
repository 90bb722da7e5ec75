//! One CT image: where it lies and how it was made.

use dicom_dictionary_std::tags;

use super::header::Elements;
use super::record::{RecordedAcquisition, RecordedMode, RecordedNumber};

const S_PER_MS: f64 = 1e-3;
/// Steepest slope of a slice against the axial plane that passes for axial, as a cosine.
const AXIAL: f64 = 0.999;

/// What is kept of an image.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    /// Lowest and highest point, mm: of a localizer those of its plane, of a slice with half its thickness.
    pub ends_z_mm: Option<[f64; 2]>,
    /// Middle, mm.
    pub z_mm: Option<f64>,
    /// The acquisition as this image tells it.
    pub acquisition: RecordedAcquisition,
}

/// Reads the header of a CT image.
pub(super) fn slice(header: Elements) -> Slice {
    let is_localizer = is_localizer(header);
    let place = Place::of(header);
    let number = |tag, name: &str| RecordedNumber::of(header, tag, name, 1.0);
    let exposure_time_s = RecordedNumber::of(header, tags::EXPOSURE_TIME, "ExposureTime", S_PER_MS);
    let mut acquisition = RecordedAcquisition {
        mode: mode(header, is_localizer, place.as_ref()),
        region: header.text(tags::BODY_PART_EXAMINED),
        label: header.text(tags::PROTOCOL_NAME),
        tube_voltage_kv: number(tags::KVP, "KVP"),
        tube_current_ma: number(tags::X_RAY_TUBE_CURRENT, "XRayTubeCurrent"),
        rotation_time_s: number(tags::REVOLUTION_TIME, "RevolutionTime"),
        exposure_time_s,
        total_collimation_mm: number(tags::TOTAL_COLLIMATION_WIDTH, "TotalCollimationWidth"),
        pitch: number(tags::SPIRAL_PITCH_FACTOR, "SpiralPitchFactor"),
        table_feed_mm: number(tags::TABLE_FEED_PER_ROTATION, "TableFeedPerRotation"),
        table_speed_mm_s: number(tags::TABLE_SPEED, "TableSpeed"),
        ctdi_vol_mgy: number(tags::CTD_IVOL, "CTDIvol"),
        ctdi_phantom: ctdi_phantom(header),
        source_to_isocentre_mm: number(tags::DISTANCE_SOURCE_TO_ISOCENTER, "DistanceSourceToIsocenter")
            .or_else(|| number(tags::DISTANCE_SOURCE_TO_PATIENT, "DistanceSourceToPatient")),
        ..RecordedAcquisition::default()
    };
    if place.as_ref().is_some_and(|place| !is_localizer && place.normal_z < AXIAL) {
        acquisition
            .notes
            .push("the slices are tilted against the axial plane; the gantry here is not".to_owned());
    }
    let half_mm = 0.5 * header.number(tags::SLICE_THICKNESS).filter(|mm| *mm > 0.0).unwrap_or(0.0);
    let ends_z_mm = place.as_ref().map(|place| match is_localizer {
        true => place.plane_z_mm,
        false => [place.z_mm - half_mm, place.z_mm + half_mm],
    });
    Slice { ends_z_mm, z_mm: place.map(|place| place.z_mm), acquisition }
}

/// Where an image lies.
struct Place {
    z_mm: f64,
    /// Lowest and highest point of its plane.
    plane_z_mm: [f64; 2],
    /// Cosine between its normal and z.
    normal_z: f64,
    /// Cosine between its normal and the axis from side to side.
    normal_x: f64,
}

impl Place {
    fn of(header: Elements) -> Option<Self> {
        let [_, _, z_mm] = header.numbers::<3>(tags::IMAGE_POSITION_PATIENT)?;
        let [rx, ry, rz, cx, cy, cz] =
            header.numbers::<6>(tags::IMAGE_ORIENTATION_PATIENT).unwrap_or([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        let [row_mm, column_mm] = header.numbers::<2>(tags::PIXEL_SPACING).unwrap_or([0.0; 2]);
        let count = |tag| (header.number(tag).unwrap_or(1.0) - 1.0).max(0.0);
        // Spacing between rows goes along a column, and the other way round.
        let along = [rz * column_mm * count(tags::COLUMNS), cz * row_mm * count(tags::ROWS)];
        let corners = [0.0, along[0], along[1], along[0] + along[1]].map(|mm| z_mm + mm);
        let low = corners.into_iter().fold(f64::INFINITY, f64::min);
        let high = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Some(Place {
            z_mm: 0.25 * corners.iter().sum::<f64>(),
            plane_z_mm: [low, high],
            normal_z: (rx * cy - ry * cx).abs(),
            normal_x: (ry * cz - rz * cy).abs(),
        })
    }
}

fn is_localizer(header: Elements) -> bool {
    let image_type = header.words(tags::IMAGE_TYPE);
    let options = header.text(tags::SCAN_OPTIONS).unwrap_or_default().to_uppercase();
    image_type.iter().any(|word| word == "LOCALIZER")
        || ["SCOUT", "SURVIEW", "TOPO"].iter().any(|w| options.contains(w))
}

fn mode(header: Elements, localizer: bool, place: Option<&Place>) -> Option<(RecordedMode, String)> {
    if localizer {
        // An image whose normal goes from side to side was taken with the tube at the side.
        let angle_deg = place.map(|place| if place.normal_x > AXIAL { 90.0 } else { 0.0 });
        return Some((RecordedMode::Localizer(angle_deg), format!("ImageType {}", tags::IMAGE_TYPE)));
    }
    let named = |mode, name: &str, tag| Some((mode, format!("{name} {tag}")));
    match header.text(tags::ACQUISITION_TYPE).as_deref() {
        Some("SPIRAL") => return named(RecordedMode::Helical, "AcquisitionType", tags::ACQUISITION_TYPE),
        Some("SEQUENCED") => return named(RecordedMode::Axial, "AcquisitionType", tags::ACQUISITION_TYPE),
        Some("STATIONARY") => {
            return named(RecordedMode::OnePlace, "AcquisitionType", tags::ACQUISITION_TYPE);
        }
        Some("CONSTANT_ANGLE") => {
            return named(RecordedMode::Localizer(None), "AcquisitionType", tags::ACQUISITION_TYPE);
        }
        _ => {}
    }
    let options = header.text(tags::SCAN_OPTIONS).unwrap_or_default().to_uppercase();
    if ["HELI", "SPIRAL"].iter().any(|word| options.contains(word)) {
        return named(RecordedMode::Helical, "ScanOptions", tags::SCAN_OPTIONS);
    }
    if ["AXIAL", "SEQUEN"].iter().any(|word| options.contains(word)) {
        return named(RecordedMode::Axial, "ScanOptions", tags::SCAN_OPTIONS);
    }
    let pitch = header.number(tags::SPIRAL_PITCH_FACTOR)?;
    (pitch > 0.0).then(|| (RecordedMode::Helical, format!("SpiralPitchFactor {}", tags::SPIRAL_PITCH_FACTOR)))
}

fn ctdi_phantom(header: Elements) -> Option<(&'static str, String)> {
    let code = header.items(tags::CTDI_PHANTOM_TYPE_CODE_SEQUENCE).next()?.text(tags::CODE_VALUE)?;
    phantom_of_code(&code).map(|phantom| {
        (phantom, format!("CTDIPhantomTypeCodeSequence {}, {code}", tags::CTDI_PHANTOM_TYPE_CODE_SEQUENCE))
    })
}

/// The dosimetry phantom of a code of DCM (CID 4052).
pub(super) fn phantom_of_code(code: &str) -> Option<&'static str> {
    match code {
        "113690" => Some("head16"),
        "113691" => Some("body32"),
        _ => None,
    }
}
