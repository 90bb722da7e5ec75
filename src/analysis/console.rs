//! What the console shows of an acquisition, beside what the model gives: CTDIvol, DLP and SSDE.

use crate::analysis::ctdi::{Beam, Ctdi, CtdiPhantom};
use crate::analysis::size::{REFERENCE_KEV, SliceSize, mean_water_equivalent_diameter_cm, slice_sizes};
use crate::analysis::ssde::{head_size_factor, mean_size_factor, size_factor};
use crate::error::Result;
use crate::simulation::Exam;
use crate::source::exposure::ExposureShares;
use crate::tally::estimate::Estimate;

/// Relative standard error to which a CTDI is measured for a run.
pub const RELATIVE_ERROR: f64 = 0.005;
/// Difference between console and model that tells of a mistake.
const SUSPICIOUS: f64 = 0.2;

/// What a protocol says of an acquisition's CTDI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConsoleCtdi {
    /// The phantom its figures are for.
    pub phantom: CtdiPhantom,
    /// The console's CTDIvol, which then sets the tube's output, mGy.
    pub ctdi_vol_mgy: Option<f64>,
}

/// CTDI of an acquisition.
#[derive(Clone, Debug, PartialEq)]
pub struct AcquisitionCtdi {
    /// What the protocol says.
    pub console: ConsoleCtdi,
    /// The scanner's CTDI by the tube model.
    pub ctdi: Ctdi,
    /// CTDIvol by the tube model, mGy.
    pub model_mgy: Estimate,
    /// Tube output over that of the model: console over model CTDIvol, 1 without the console's figure.
    pub output_factor: f64,
    /// CTDIvol times the exposed length, mGy cm; in force, with overrange, without what dynamic blades cut off.
    pub dlp_mgy_cm: Estimate,
    /// Mean water-equivalent diameter in the nominal range, cm (AAPM 220); `None` where there is no body.
    pub water_equivalent_diameter_cm: Option<f64>,
    /// Size-specific dose estimate, mGy: mean of CTDIvol of the slice (it goes with the tube current) times its size
    /// factor over the nominal range; `None`
    /// where a slice is smaller or larger than the table of AAPM Report 204.
    pub ssde_mgy: Option<Estimate>,
    /// The same for a scan of a head in the 16 cm phantom: CTDIvol times the factor of AAPM Report 293 at the mean
    /// diameter of the range; `None` for other scans.
    pub head_ssde_mgy: Option<Estimate>,
    /// CTDIvol in force, mGy. Its error is that of the model; a console's figure is taken as exact.
    pub volume_mgy: Estimate,
}

/// Measures the CTDI of every acquisition that asks for it, and sets the output of those with a console's figure.
///
/// A tube at rest has no CTDIvol. Acquisitions of one beam are measured once; `measure` measures a beam to a relative
/// standard error, for example [`crate::analysis::ctdi::measure`].
pub fn calibrate(
    exam: &mut Exam,
    asked: &[Option<ConsoleCtdi>],
    measure: impl Fn(&Beam, f64) -> Result<Ctdi>,
) -> Result<Vec<Option<AcquisitionCtdi>>> {
    let mut known: Vec<(Beam, Ctdi)> = Vec::new();
    let mut found = Vec::new();
    if asked.iter().all(Option::is_none) {
        return Ok(asked.iter().map(|_| None).collect());
    }
    let sizes = slice_sizes(&exam.phantom, REFERENCE_KEV)?;
    for (index, asked) in asked.iter().enumerate() {
        let Some(console) = *asked else {
            found.push(None);
            continue;
        };
        let acquisition = &exam.acquisitions[index];
        let beam = Beam {
            scanner: exam.scanner_of(acquisition).clone(),
            tube_voltage_kv: acquisition.tube_voltage_kv,
            collimation_cm: acquisition.collimation_cm,
            phantom: console.phantom,
        };
        let ctdi = match known.iter().find(|(known, _)| *known == beam) {
            Some((_, ctdi)) => *ctdi,
            None => {
                let ctdi = measure(&beam, RELATIVE_ERROR)?;
                known.push((beam, ctdi));
                ctdi
            }
        };
        found.push(apply(exam, index, console, ctdi, &sizes));
    }
    Ok(found)
}

fn apply(
    exam: &mut Exam,
    index: usize,
    console: ConsoleCtdi,
    ctdi: Ctdi,
    sizes: &[SliceSize],
) -> Option<AcquisitionCtdi> {
    let source_to_isocentre_cm = exam.scanner_of(&exam.acquisitions[index]).source_to_isocentre_cm;
    let acquisition = &mut exam.acquisitions[index];
    let model_mgy = ctdi.volume_mgy(acquisition)?;
    let output_factor = console.ctdi_vol_mgy.map_or(1.0, |mgy| mgy / model_mgy.mean);
    acquisition.output_factor = output_factor;
    let volume_mgy = model_mgy.scaled(output_factor);
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let chin_cm = exam.phantom.landmarks_z_cm.get("chin");
    let is_head =
        console.phantom == CtdiPhantom::Head16 && chin_cm.is_some_and(|&chin_cm| bottom_cm >= chin_cm);
    let water_equivalent_diameter_cm = mean_water_equivalent_diameter_cm(sizes, bottom_cm, top_cm);
    let current = acquisition.modulated_current_ma();
    let relative = |z_cm: f64| {
        current.as_ref().map_or(1.0, |current| current.mean_at(z_cm) / acquisition.tube_current_ma)
    };
    let range_cm = [bottom_cm, top_cm];
    let factor = mean_size_factor(|cm| size_factor(console.phantom, cm), sizes, range_cm, relative);
    // The middle of a head stands for it: slices at the vertex are smaller than any head.
    let head_factor = water_equivalent_diameter_cm.filter(|_| is_head).and_then(head_size_factor);
    let shares = ExposureShares::of(acquisition, source_to_isocentre_cm);
    let dlp_mgy_cm = volume_mgy.scaled(acquisition.exposed_length_cm() * shares.open);
    Some(AcquisitionCtdi {
        water_equivalent_diameter_cm,
        head_ssde_mgy: head_factor.map(|factor| volume_mgy.scaled(factor)),
        ssde_mgy: factor.map(|factor| volume_mgy.scaled(factor)),
        console,
        ctdi,
        model_mgy,
        output_factor,
        dlp_mgy_cm,
        volume_mgy,
    })
}

impl AcquisitionCtdi {
    /// A sentence where the console's figure and the mAs do not go together.
    pub fn warning(&self, phase: &str) -> Option<String> {
        let console_mgy = self.console.ctdi_vol_mgy?;
        if (self.output_factor - 1.0).abs() <= SUSPICIOUS {
            return None;
        }
        let diameter_cm = self.console.phantom.diameter_cm();
        let other = match self.console.phantom {
            CtdiPhantom::Head16 => "32 cm phantom, which shows about half as much",
            CtdiPhantom::Body32 => "16 cm phantom, which shows about twice as much",
        };
        Some(format!(
            "acquisition `{phase}`: ctdi_vol_mgy is {console_mgy}, the model gives {:.3} mGy in the {diameter_cm} cm \
             phantom for these mAs, {:+.0} % apart; is it a figure for the {other}? Doses follow ctdi_vol_mgy",
            self.model_mgy.mean,
            100.0 * (self.output_factor - 1.0)
        ))
    }
}
