//! CTDI of a scanner: what its console would show for the beam that the engine emits.
//!
//! CTDI100 is the air kerma along the 100 mm of a pencil chamber in a PMMA phantom of 15 cm, over the collimation;
//! CTDIw is a third of the centre and two thirds of the mean of the four at the periphery; CTDIvol is CTDIw per pitch
//! (IEC 60601-2-44). The rods are filled with air as dense as PMMA, so that every photon that crosses them scores: the
//! kerma per mass is that of a chamber, at a hundredth of the time of a cavity. Beams wider than 40 mm are measured at
//! 20 mm and scaled by the CTDI free in air, whose quotient is 1 here: collimation is ideal, without penumbra.

use serde::{Deserialize, Serialize};

use crate::analysis::blend::Blend;
use crate::data::material::Material;
use crate::error::{Error, Result};
use crate::geometry::phantom::{Medium, Phantom};
use crate::geometry::standard::{CTDI_ROD_DIAMETER_CM, CTDI_ROD_LENGTH_CM, ctdi_cylinder};
use crate::simulation::settings::Settings;
use crate::simulation::{Exam, Unobserved, simulate};
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::gantry::{PatientPosition, Placement};
use crate::source::scanner::Scanner;
use crate::tally::estimate::Estimate;
use crate::transport::batch::Estimator;

/// A CTDI phantom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CtdiPhantom {
    /// 16 cm in diameter, for heads and by some consoles for children.
    Head16,
    /// 32 cm in diameter, for bodies.
    Body32,
}

/// Both phantoms with their names in protocols.
pub const CTDI_PHANTOMS: [(&str, CtdiPhantom); 2] =
    [("head16", CtdiPhantom::Head16), ("body32", CtdiPhantom::Body32)];

impl CtdiPhantom {
    /// Name in protocols: `head16` or `body32`.
    pub fn name(self) -> &'static str {
        CTDI_PHANTOMS.iter().find(|(_, phantom)| *phantom == self).map_or("", |(name, _)| name)
    }

    /// Diameter (not radius), cm.
    pub fn diameter_cm(self) -> f64 {
        match self {
            CtdiPhantom::Head16 => 16.0,
            CtdiPhantom::Body32 => 32.0,
        }
    }
}

/// Length of the phantom, cm.
const LENGTH_CM: f64 = 15.0;
/// Edge of its voxels, cm.
const VOXEL_CM: f64 = 0.1;
/// Beams wider than this are measured at [`REFERENCE_CM`], cm (IEC 60601-2-44, amendment 1 of 2012, as recalled).
pub(super) const WIDEST_CM: f64 = 4.0;
/// Collimation at which wide beams are measured, cm.
const REFERENCE_CM: f64 = 2.0;
/// A scanner's CTDI is the same in every run.
const SEED: u64 = 1;
/// Histories of the first round; later ones follow from its error.
const FIRST_ROUND: u64 = 1 << 17;
/// Most histories.
const MOST_HISTORIES: u64 = 1 << 28;

/// A beam in a CTDI phantom: all that its CTDI depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Beam {
    /// The scanner.
    pub scanner: Scanner,
    /// Tube voltage, kV.
    pub tube_voltage_kv: f64,
    /// Nominal beam width, cm.
    pub collimation_cm: f64,
    /// The phantom.
    pub phantom: CtdiPhantom,
}

/// CTDI of one rotation, per mAs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ctdi {
    /// CTDI100 at the centre, mGy/mAs.
    pub centre_mgy_per_mas: Estimate,
    /// CTDI100, mean of the periphery, mGy/mAs.
    pub periphery_mgy_per_mas: Estimate,
    /// CTDIw, mGy/mAs; its error knows that centre and periphery are correlated.
    pub weighted_mgy_per_mas: Estimate,
    /// Histories played.
    pub histories: u64,
}

/// Measures the CTDI of a beam until CTDIw is known to a relative standard error.
pub fn measure(beam: &Beam, relative_error: f64) -> Result<Ctdi> {
    if !(relative_error > 0.0 && relative_error < 1.0) {
        return Err(Error::invalid(format!(
            "the relative error of a CTDI must lie between 0 and 1, found {relative_error}"
        )));
    }
    let exam = exam(beam)?;
    let mut total = round(&exam, FIRST_ROUND, SEED)?;
    for number in 1.. {
        let reached = total.weighted_mgy_per_mas.relative_error();
        if reached <= relative_error || total.histories >= MOST_HISTORIES {
            break;
        }
        // A tenth more than the error asks for: it is an estimate itself.
        let wanted = 1.1 * total.histories as f64 * (reached / relative_error).powi(2);
        let more = (wanted as u64).saturating_sub(total.histories).clamp(FIRST_ROUND, 4 * total.histories);
        total = total.pooled(&round(&exam, more, SEED + number)?);
    }
    Ok(total)
}

impl Ctdi {
    fn pooled(&self, other: &Ctdi) -> Ctdi {
        let histories = self.histories + other.histories;
        let share = |part: &Ctdi| part.histories as f64 / histories as f64;
        let mean =
            |of: fn(&Ctdi) -> Estimate| of(self).scaled(share(self)).plus(&of(other).scaled(share(other)));
        Ctdi {
            centre_mgy_per_mas: mean(|ctdi| ctdi.centre_mgy_per_mas),
            periphery_mgy_per_mas: mean(|ctdi| ctdi.periphery_mgy_per_mas),
            weighted_mgy_per_mas: mean(|ctdi| ctdi.weighted_mgy_per_mas),
            histories,
        }
    }

    /// CTDIvol of an acquisition, mGy; of a tube at rest there is none.
    pub fn volume_mgy(&self, acquisition: &Acquisition) -> Option<Estimate> {
        match acquisition.mode {
            Mode::Stationary { .. } => None,
            _ => Some(self.weighted_mgy_per_mas.scaled(acquisition.effective_mas())),
        }
    }
}

/// Plays one round.
fn round(exam: &Exam, histories: u64, seed: u64) -> Result<Ctdi> {
    let settings = Settings { seed, histories, estimator: Estimator::Organ, map_binning: None, target: None };
    let outcome = simulate(exam, &settings, &Unobserved)?;
    let [centre, periphery, weighted] = rods(&exam.phantom)?;
    // The mean dose of a rod of 100 mm times its length is the integral; over the collimation it is CTDI100.
    let per_collimation = rod_per_collimation(&exam.acquisitions[0]);
    let value = |blend: &Blend| blend.total_mgy(&outcome.acquisitions).scaled(per_collimation);
    Ok(Ctdi {
        centre_mgy_per_mas: value(&centre),
        periphery_mgy_per_mas: value(&periphery),
        weighted_mgy_per_mas: value(&weighted),
        histories: outcome.histories(),
    })
}

/// Centre, mean of the periphery, and a third of the one with two thirds of the other, as mean doses of rods.
pub(super) fn rods(phantom: &Phantom) -> Result<[Blend; 3]> {
    let masses_g = phantom.organ_masses_g();
    let rod = |name: &str| {
        let organ = phantom.organs.iter().position(|organ| organ.id == format!("ctdi_{name}"));
        organ
            .and_then(|organ| Blend::mean_of(&[organ], &masses_g))
            .ok_or_else(|| Error::Internal(format!("the CTDI phantom has no rod {name}")))
    };
    let sides = ["000", "090", "180", "270"].map(|angle| rod(&format!("periphery_{angle}")));
    let sides = sides.into_iter().collect::<Result<Vec<_>>>()?;
    let (centre, periphery) = (rod("centre")?, Blend::average(&sides).expect("there are four"));
    let mut weighted = Blend::nothing(phantom.organs.len());
    weighted.add(&centre, 1.0 / 3.0);
    weighted.add(&periphery, 2.0 / 3.0);
    Ok([centre, periphery, weighted])
}

/// Length of a rod over the collimation: the mean dose of a rod times it is CTDI100.
pub(super) fn rod_per_collimation(rotation: &Acquisition) -> f64 {
    CTDI_ROD_LENGTH_CM / rotation.collimation_cm
}

/// The phantom whose rods are of air.
pub(super) fn phantom(of: CtdiPhantom) -> Result<Phantom> {
    let mut phantom = ctdi_cylinder(of.diameter_cm(), LENGTH_CM, CTDI_ROD_DIAMETER_CM, [VOXEL_CM; 3])?;
    fill_rods_with_dense_air(&mut phantom)?;
    Ok(phantom)
}

/// One rotation of 1 mAs about the middle of the phantom.
pub(super) fn rotation(tube_voltage_kv: f64, collimation_cm: f64) -> Acquisition {
    let collimation_cm = if collimation_cm > WIDEST_CM { REFERENCE_CM } else { collimation_cm };
    let mode = Mode::Axial { table_increment_cm: collimation_cm };
    let ends_cm = [-0.5 * collimation_cm, 0.5 * collimation_cm];
    Acquisition::plain("CTDI", mode, tube_voltage_kv, collimation_cm, ends_cm)
}

/// A phantom with the rotation about its middle.
fn exam(beam: &Beam) -> Result<Exam> {
    let phantom = phantom(beam.phantom)?;
    let rotation = rotation(beam.tube_voltage_kv, beam.collimation_cm);
    let placement = Placement { position: PatientPosition::Hfs, isocentre_cm: phantom.axis_cm };
    Ok(Exam { phantom, scanner: beam.scanner.clone(), placement, acquisitions: vec![rotation] })
}

/// Makes the rods of air as dense as PMMA: kerma per mass is then a chamber's air kerma at every place of the
/// phantom, whatever the spectrum there, and photons fly nearly as through PMMA.
fn fill_rods_with_dense_air(phantom: &mut Phantom) -> Result<()> {
    let pmma_g_cm3 = Material::named("pmma")?.density_g_cm3;
    let air = phantom.media.len() as u8;
    phantom.media.push(Medium { material: Material::named("air")?, density_g_cm3: pmma_g_cm3 });
    let rods = phantom.regions.iter_mut().filter(|r| r.id.starts_with("ctdi_") && r.id != "ctdi_body");
    rods.for_each(|rod| rod.medium = air);
    Ok(())
}
