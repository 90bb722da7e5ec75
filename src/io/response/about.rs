//! What a response is of, and which protocols it can answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::io::digest::{physics_data_digest, sha256_hex};
use crate::io::protocol::{Prepared, Subject};
use crate::numerics::rng::STREAM_SCHEME;
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::cells::TUBE_VOLTAGES_KV;
use crate::source::gantry::{PatientPosition, Placement};
use crate::source::scanner::{Scanner, SpectrumSource};
use crate::units::MM_PER_CM;

/// Wider axial rotations are refused, cm: up to here answers were compared with simulations.
const WIDEST_AXIAL_CM: f64 = 2.0;
/// Positions by their names in protocols.
const POSITIONS: [(&str, PatientPosition); 4] = [
    ("HFS", PatientPosition::Hfs),
    ("HFP", PatientPosition::Hfp),
    ("FFS", PatientPosition::Ffs),
    ("FFP", PatientPosition::Ffp),
];

/// Phantom, scanner and program of a response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Version of the program.
    pub software_version: String,
    /// How random streams are made.
    pub stream_scheme: String,
    /// SHA-256 of the physics tables.
    pub physics_data_digest: String,
    /// Id of the phantom.
    pub phantom_id: String,
    /// Its name.
    pub phantom_name: String,
    /// SHA-256 of its voxels.
    pub phantom_digest: String,
    /// Patient position, for example `HFS`.
    pub position: String,
    /// The scanner's axis in the patient frame, mm.
    pub isocentre_mm: [f64; 2],
    /// Name of the scanner.
    pub scanner: String,
    /// From focal spot to isocentre, mm.
    pub source_to_isocentre_mm: f64,
    /// Full fan angle, degrees.
    pub fan_angle_deg: f64,
    /// Name of the bowtie, `none` without.
    pub bowtie: String,
    /// SHA-256 of the bowtie's material and profile.
    pub bowtie_digest: String,
    /// Tube voltages that may be asked for, kV.
    pub tube_voltage_kv: [f64; 2],
    /// Beam width whose cone angles are averaged over, mm.
    pub collimation_mm: f64,
    /// Seed of all chance.
    pub seed: u64,
    /// `[phantom]` and `[scanner]`, as resolved.
    pub resolved: Value,
}

impl About {
    /// Of a subject.
    pub fn of(subject: &Subject, collimation_cm: f64, seed: u64) -> Self {
        let (phantom, scanner) = (&subject.phantom, &subject.scanner);
        let isocentre_mm = subject.placement.isocentre_cm.map(|cm| cm * MM_PER_CM);
        About {
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            stream_scheme: STREAM_SCHEME.to_owned(),
            physics_data_digest: physics_data_digest(),
            phantom_id: phantom.id.clone(),
            phantom_name: phantom.name.clone(),
            phantom_digest: subject.phantom_digest.clone(),
            position: position_name(&subject.placement).to_owned(),
            isocentre_mm,
            scanner: scanner.name.clone(),
            source_to_isocentre_mm: scanner.source_to_isocentre_cm * MM_PER_CM,
            fan_angle_deg: scanner.fan_angle_rad.to_degrees(),
            bowtie: bowtie_name(scanner).to_owned(),
            bowtie_digest: bowtie_digest(scanner),
            tube_voltage_kv: [TUBE_VOLTAGES_KV[0], TUBE_VOLTAGES_KV[TUBE_VOLTAGES_KV.len() - 1]],
            collimation_mm: collimation_cm * MM_PER_CM,
            seed,
            resolved: subject.resolved.clone(),
        }
    }

    /// Refuses a file of another program or other physics.
    pub fn check_program(&self) -> Result<()> {
        let own = (env!("CARGO_PKG_VERSION"), physics_data_digest());
        if self.software_version == own.0 && self.physics_data_digest == own.1 {
            return Ok(());
        }
        let short = |digest: &str| digest.chars().take(12).collect::<String>();
        Err(Error::invalid(format!(
            "the response must be made by childsize {} with physics data {}, found {} with {}",
            own.0,
            short(&own.1),
            self.software_version,
            short(&self.physics_data_digest)
        ))
        .with_help("make it anew with childsize respond"))
    }

    /// Refuses a protocol of another phantom, placement or scanner, and tube voltages the response was not made for.
    pub fn check(&self, prepared: &Prepared) -> Result<()> {
        let exam = &prepared.exam;
        if prepared.phantom_digest != self.phantom_digest {
            return Err(Error::invalid(format!(
                "the protocol's phantom `{}` must be that of the response, `{}`, voxel by voxel; their digests differ",
                exam.phantom.id, self.phantom_id
            ))
            .with_help("id, voxel_mm, sex, height_mm and weight_kg must be the same; or make a response of this one"));
        }
        let isocentre_mm = exam.placement.isocentre_cm.map(|cm| cm * MM_PER_CM);
        let apart = (0..2).any(|axis| (isocentre_mm[axis] - self.isocentre_mm[axis]).abs() > 1e-6);
        if position_name(&exam.placement) != self.position || apart {
            return Err(Error::invalid(format!(
                "the patient must lie as in the response, {} with the axis at {:?} mm, found {} at {isocentre_mm:?} mm",
                self.position,
                self.isocentre_mm,
                position_name(&exam.placement)
            )));
        }
        exam.acquisitions.iter().try_for_each(|acquisition| {
            check_cone(acquisition)
                .and_then(|()| self.check_scanner(exam.scanner_of(acquisition), acquisition.tube_voltage_kv))
                .map_err(|error| error.within(&format!("acquisition `{}`", acquisition.phase)))
        })
    }

    /// What a physicist should know of the answers to a protocol.
    pub fn warnings(&self, prepared: &Prepared) -> Vec<String> {
        let axial = |acquisition: &&Acquisition| matches!(acquisition.mode, Mode::Axial { .. });
        let sentence = |acquisition: &Acquisition| {
            format!(
                "acquisition `{}`: the field of axial rotations ends sharply, within a plane of the response; small organs at the \
                 ends of the range may be off by some per cent",
                acquisition.phase
            )
        };
        prepared.exam.acquisitions.iter().filter(axial).map(sentence).collect()
    }

    /// Refuses another geometry or bowtie, and tube voltages the response was not made for. Spectrum and flat filters
    /// may differ.
    pub fn check_scanner(&self, scanner: &Scanner, tube_voltage_kv: f64) -> Result<()> {
        let found = [scanner.source_to_isocentre_cm * MM_PER_CM, scanner.fan_angle_rad.to_degrees()];
        let own = [self.source_to_isocentre_mm, self.fan_angle_deg];
        let same = (0..2).all(|i| (found[i] - own[i]).abs() < 1e-6);
        if !same || bowtie_digest(scanner) != self.bowtie_digest {
            return Err(Error::invalid(format!(
                "the scanner must be that of the response: {} mm to the isocentre, fan of {} deg, bowtie {} of {}; found {} mm, \
                 {} deg, bowtie {} of {}",
                own[0],
                own[1],
                self.bowtie,
                self.scanner,
                found[0],
                found[1],
                bowtie_name(scanner),
                scanner.name
            ))
            .with_help("anode, filtration and spectrum may differ; for another bowtie make another response"));
        }
        let [low, high] = self.tube_voltage_kv;
        if matches!(scanner.spectrum, SpectrumSource::Model { .. })
            && !(low..=high).contains(&tube_voltage_kv)
        {
            return Err(Error::invalid(format!(
                "tube_voltage_kv must be within {low}..{high} for a response, found {tube_voltage_kv}"
            ))
            .with_help("childsize run simulates other tube voltages"));
        }
        Ok(())
    }
}

/// Refuses beams that are tilted more than a matrix was compared for.
fn check_cone(acquisition: &Acquisition) -> Result<()> {
    let width_mm = acquisition.collimation_cm * MM_PER_CM;
    let refused = match acquisition.mode {
        Mode::Helical { .. } => return Ok(()),
        Mode::Axial { .. } if acquisition.collimation_cm <= WIDEST_AXIAL_CM => return Ok(()),
        Mode::Axial { .. } => format!(
            "axial rotations must be at most {:.0} mm wide for a response, found {width_mm:.0} mm",
            WIDEST_AXIAL_CM * MM_PER_CM
        ),
        Mode::Stationary { .. } => {
            "mode must be helical or axial for a response, found stationary".to_owned()
        }
    };
    let why = "the tilt of such a cone does not average out over the scan; childsize run simulates it";
    Err(Error::invalid(refused).with_help(why))
}

fn position_name(placement: &Placement) -> &'static str {
    POSITIONS.iter().find(|(_, position)| *position == placement.position).map_or("", |(name, _)| name)
}

fn bowtie_name(scanner: &Scanner) -> &str {
    scanner.bowtie.as_ref().map_or("none", |bowtie| bowtie.name.as_str())
}

/// Digest of what the bowtie is made of and its profile, whatever its name.
fn bowtie_digest(scanner: &Scanner) -> String {
    let text = scanner.bowtie.as_ref().map_or(String::new(), |bowtie| {
        let points: Vec<[f64; 2]> = bowtie.points().collect();
        format!("{:?} {:?} {points:?}", bowtie.material.mass_fractions, bowtie.material.density_g_cm3)
    });
    sha256_hex(text.as_bytes())
}
