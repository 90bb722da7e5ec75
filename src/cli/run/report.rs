//! What a run prints: what it is about, the organ table, and how it went.

use std::path::PathBuf;

use super::Plan;
use crate::analysis::console::AcquisitionCtdi;
use crate::analysis::effective_dose::{EffectiveDose, SCHEMES, effective_dose};
use crate::analysis::noise::noise_index;
use crate::analysis::organ_table::{InField, OrganDose, OrganRow, OrganTable};
use crate::analysis::peak_skin_dose::peak_skin_dose;
use crate::analysis::size::SliceSize;
use crate::cli::console::{self, digits, plain};
use crate::cli::progress::duration;
use crate::error::Result;
use crate::geometry::mass::body_mass_g;
use crate::io::result::NOTICE;
use crate::simulation::Exam;
use crate::simulation::outcome::{AcquisitionOutcome, Finish, Outcome};
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::exposure::ExposureShares;
use crate::tally::estimate::Estimate;
use crate::tally::skin_patches::PATCH_EDGE_CM;
use crate::tally::smoothing::WIDTH_CM;
use crate::units::CM_PER_MM;

/// More acquisitions than this are not given columns of their own.
const MOST_COLUMNS: usize = 3;
/// Characters of a phase's name in a heading.
const LONGEST_PHASE: usize = 18;

/// Phantom and acquisitions, before the run.
pub fn header(plan: &Plan) -> String {
    header_of(&plan.exam)
}

/// The same of an exam.
pub fn header_of(exam: &Exam) -> String {
    let phantom = &exam.phantom;
    let [nx, ny, nz] = phantom.grid.counts;
    let body_kg = body_mass_g(phantom) / 1000.0;
    let voxel = edges_mm(phantom.grid.spacing_cm);
    let mut text =
        format!(" phantom  {}   {voxel} mm   {nx} x {ny} x {nz}   {body_kg:.2} kg\n", plain(&phantom.id));
    // The name says how a phantom was scaled.
    text += &format!("          {}\n", plain(&phantom.name));
    for acquisition in &exam.acquisitions {
        text += &scan_line(acquisition, exam.scanner_of(acquisition).source_to_isocentre_cm);
    }
    text
}

/// ` scan     arterial   helical 100 kV, 61 effective mAs   z 395..245 mm (150 mm) + overrange 31 + 31 mm`
fn scan_line(acquisition: &Acquisition, source_to_isocentre_cm: f64) -> String {
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let (top_mm, bottom_mm) = (top_cm / CM_PER_MM, bottom_cm / CM_PER_MM);
    let mode = match acquisition.mode {
        Mode::Helical { .. } => "helical",
        Mode::Axial { .. } => "axial",
        Mode::Stationary { .. } => "stationary",
    };
    let mut line = format!(
        " scan     {}   {mode} {} kV, {} effective mAs   z {top_mm:.0}..{bottom_mm:.0} mm ({:.0} mm)",
        plain(&acquisition.phase),
        acquisition.tube_voltage_kv,
        digits(acquisition.effective_mas(), 3),
        top_mm - bottom_mm
    );
    let over_mm = acquisition.overrange_cm();
    if over_mm != (0.0, 0.0) {
        line += &format!(" + overrange {:.0} + {:.0} mm", over_mm.0 / CM_PER_MM, over_mm.1 / CM_PER_MM);
        let shares = ExposureShares::of(acquisition, source_to_isocentre_cm);
        line += &format!(", {:.0} % of the exposure", 100.0 * shares.overrange);
    }
    if let Some([low, high]) = acquisition.tube_current_range_ma() {
        let mean = digits(acquisition.tube_current_ma, 3);
        line += &format!("   {} to {} mA, mean {mean}", digits(low, 3), digits(high, 3));
    }
    line + "\n"
}

/// `2` for cubes, `0.5 x 0.5 x 1` otherwise.
fn edges_mm(edges_cm: [f64; 3]) -> String {
    let edge = |cm: f64| (cm / CM_PER_MM * 1e6).round() / 1e6;
    let [x, y, z] = edges_cm.map(edge);
    if x == y && y == z { x.to_string() } else { format!("{x} x {y} x {z}") }
}

/// The organ table, in groups by how much of an organ the scan covers.
pub fn table(table: &OrganTable) -> String {
    let columns = Columns::of(table);
    let mut rows = Vec::new();
    for class in InField::ALL {
        let group = table.group(class);
        if !group.is_empty() {
            rows.push(vec![class.words().to_owned()]);
            rows.extend(group.into_iter().map(|row| columns.row(row)));
        }
    }
    let header = columns.header(table);
    format!("\n{}\n", console::table(&header, header.len() - 1, rows))
}

/// CTDIvol and DLP, before the run.
pub fn ctdi(plan: &Plan, found: &[Option<AcquisitionCtdi>]) -> String {
    ctdi_lines(&plan.exam, found)
}

/// The same of an exam.
pub fn ctdi_lines(exam: &Exam, found: &[Option<AcquisitionCtdi>]) -> String {
    let lines = exam.acquisitions.iter().zip(found).filter_map(|(acquisition, found)| {
        let found = found.as_ref()?;
        let origin = match found.console.ctdi_vol_mgy {
            Some(_) => format!(
                "the console's; the model gives {}, output x {}",
                digits(found.model_mgy.mean, 4),
                digits(found.output_factor, 4)
            ),
            None => {
                format!("by the tube model, ± {} %", digits(found.volume_mgy.relative_error() * 100.0, 2))
            }
        };
        let ssde =
            found.ssde_mgy.map_or(String::new(), |ssde| format!("   SSDE {} mGy", digits(ssde.mean, 4)));
        Some(format!(
            " ctdi     {}   CTDIvol {} mGy in the {} cm phantom ({origin})   DLP {} mGy cm{ssde}\n",
            plain(&acquisition.phase),
            digits(found.volume_mgy.mean, 4),
            found.console.phantom.diameter_cm(),
            digits(found.dlp_mgy_cm.mean, 4)
        ))
    });
    lines.collect()
}

/// Noise index of every acquisition that has one, before the run.
pub fn noise(plan: &Plan, sizes: &[SliceSize]) -> Result<String> {
    let mut text = String::new();
    for acquisition in &plan.exam.acquisitions {
        if let Some(noise) = noise_index(&plan.exam, acquisition, sizes)? {
            text += &format!(
                " noise    {}   index {}, at most {}   (1: behind 20 cm of water at 120 kV, 100 effective mAs)\n",
                plain(&acquisition.phase),
                digits(noise.mean, 3),
                digits(noise.largest, 3)
            );
        }
    }
    Ok(text)
}

/// Peak skin dose, where it was scored.
pub fn skin(outcome: &Outcome) -> String {
    let peak = outcome.skin.as_ref().and_then(|skin| peak_skin_dose(skin, &outcome.acquisitions));
    peak.map_or(String::new(), |peak| {
        let [x_mm, y_mm, z_mm] = [0, 1, 2].map(|axis| peak.place_cm[axis] / CM_PER_MM);
        format!(
            " skin     peak {} mGy ± {} % over {PATCH_EDGE_CM} cm, at x {x_mm:.0}, y {y_mm:.0}, z {z_mm:.0} mm\n",
            digits(peak.dose_mgy.mean, 4),
            digits(peak.dose_mgy.relative_error() * 100.0, 2)
        )
    })
}

/// Effective dose and the dose to active marrow, after the table.
pub fn effective(plan: &Plan, outcome: &Outcome) -> String {
    let mut text = String::new();
    for scheme in SCHEMES {
        let line = match effective_dose(&plan.exam.phantom, &outcome.acquisitions, scheme) {
            Ok(dose) => effective_line(&dose),
            Err(missing) => {
                format!(" {} effective dose: not given, for want of {}\n", scheme.name(), missing.join(", "))
            }
        };
        text += &line;
    }
    text + " (compares examinations of a reference person; it is not the risk of a patient)\n\n"
}

/// ` ICRP 103  effective dose 1.234 mSv ± 0.21 %   active marrow 0.512 mGy, bone surface 0.478 mGy`
fn effective_line(dose: &EffectiveDose) -> String {
    let value = |estimate: &Estimate, unit: &str| {
        format!("{} {unit} ± {} %", digits(estimate.mean, 4), digits(estimate.relative_error() * 100.0, 2))
    };
    let tissue = |name: &str| {
        let found = dose.tissues.iter().find(|tissue| tissue.tissue == name);
        found.map_or(String::new(), |tissue| format!("   {name} {}", value(&tissue.dose_mgy, "mGy")))
    };
    format!(
        " {:8} effective dose {}{}{}\n",
        dose.scheme.name(),
        value(&dose.total_msv, "mSv"),
        tissue("active marrow"),
        tissue("bone surface")
    )
}

/// Which doses have columns: of a few acquisitions each its own, and the total.
struct Columns {
    acquisitions: usize,
    total: bool,
}

impl Columns {
    fn of(table: &OrganTable) -> Self {
        let count = table.phases.len();
        Columns { acquisitions: if count > MOST_COLUMNS { 0 } else { count }, total: count > 1 }
    }

    fn header(&self, table: &OrganTable) -> Vec<String> {
        let mut header = vec!["organ".to_owned(), "mass g".to_owned(), "covered %".to_owned()];
        let phases = table.phases.iter().take(self.acquisitions).map(|phase| {
            let name: String = plain(phase).chars().take(LONGEST_PHASE).collect();
            if self.total { format!("{name} mGy") } else { "dose mGy".to_owned() }
        });
        for dose in phases.chain(self.total.then(|| "total mGy".to_owned())) {
            header.extend([dose, "± %".to_owned()]);
        }
        header
    }

    fn row(&self, row: &OrganRow) -> Vec<String> {
        let mut cells = vec![
            format!("  {}", plain(&row.name)),
            digits(row.mass_g, 4),
            format!("{:.0}", row.largest_coverage() * 100.0),
        ];
        let doses = row.doses.iter().take(self.acquisitions).chain(self.total.then_some(&row.total));
        doses.for_each(|dose| cells.extend(dose_cells(dose)));
        cells
    }
}

fn dose_cells(dose: &OrganDose) -> [String; 2] {
    match dose {
        OrganDose::Scored(e) if e.standard_error.is_finite() => {
            [digits(e.mean, 4), digits(e.relative_error() * 100.0, 2)]
        }
        OrganDose::Scored(e) => [digits(e.mean, 4), "?".to_owned()],
        OrganDose::Below(limit_mgy) => [format!("< {}", digits(*limit_mgy, 1)), String::new()],
        OrganDose::NoVoxels => ["-".to_owned(), String::new()],
    }
}

/// Energy, time, files and the notice, after the run.
pub fn footer(outcome: &Outcome, written: &[PathBuf]) -> String {
    let balance = outcome.energy_balance();
    let share = |energy_kev: f64| 100.0 * energy_kev / balance.emitted_kev;
    let histories = outcome.histories() as f64;
    let files: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    format!(
        " energy   {:.1} % deposited, {:.1} % escaped, closed to {:.0e}\n \
         time     {} wall, {} CPU, {} histories, {:.2} Mhist/s on {} threads\n \
         written  {}\n \
         notice   {NOTICE}\n",
        share(balance.deposited_kev),
        share(balance.escaped_kev),
        balance.closure().abs(),
        duration(outcome.wall_s),
        duration(outcome.cpu_s),
        digits(histories, 4),
        histories / outcome.wall_s / 1e6,
        outcome.threads,
        files.join(", "),
    )
}

/// What smoothing did to the maps.
pub fn smoothed(outcome: &Outcome) -> Vec<String> {
    let sentence = |acquisition: &AcquisitionOutcome| {
        let percent = 100.0 * acquisition.smoothing_bias?;
        Some(format!(
            "{}: the map's scatter is averaged over cubes of {:.0} mm; that shifts voxels in the range by {} % of their dose \
             (root mean square), organs not at all",
            plain(&acquisition.acquisition.phase),
            WIDTH_CM / CM_PER_MM,
            digits(percent, 2)
        ))
    };
    outcome.acquisitions.iter().filter_map(sentence).collect()
}

/// Histories that were lost, if any were: so few that no dose tells.
pub fn lost(outcome: &Outcome) -> Vec<String> {
    let sentence = |(index, acquisition): (usize, &AcquisitionOutcome)| {
        let first = acquisition.lost().next()?;
        Some(format!(
            "{}: {} of {} histories are lost ({}) and count for nothing; see childsize replay PROTOCOL --acquisition {index} \
             --batch {} --history {} --trace, and please report it",
            plain(&acquisition.acquisition.phase),
            acquisition.lost().count(),
            acquisition.histories,
            first.cause.name(),
            first.batch,
            first.history
        ))
    };
    outcome.acquisitions.iter().enumerate().filter_map(sentence).collect()
}

/// What to do after an interrupted run; `resume` is the command that goes on, if a state was kept.
pub fn rerun(outcome: &Outcome, resume: Option<&str>) -> String {
    let histories = outcome.histories();
    match resume {
        Some(resume) => {
            format!("{histories} histories are saved, marked complete = false; `{resume}` goes on from there")
        }
        None => format!(
            "{histories} histories are saved, marked complete = false; the same command with --force runs it anew"
        ),
    }
}

/// A sentence for every acquisition that ended before its target was reached.
pub fn missed_targets(plan: &Plan, outcome: &Outcome) -> Vec<String> {
    let Some(target) = &plan.settings.target else { return Vec::new() };
    let missed =
        outcome.acquisitions.iter().filter(|a| matches!(a.finish, Finish::Histories | Finish::WallTime));
    missed.filter_map(|a| missed_target(plan, a, target.relative_error)).collect()
}

fn missed_target(plan: &Plan, acquisition: &AcquisitionOutcome, target: f64) -> Option<String> {
    let error = |organ: usize| acquisition.organ_dose_mgy[organ].relative_error();
    let organs = acquisition.target_organs.iter().copied();
    let worst = organs.max_by(|&a, &b| error(a).total_cmp(&error(b)))?;
    let (name, reached) = (&plan.exam.phantom.organs[worst].name, error(worst));
    if reached <= target {
        return None;
    }
    let place = format!(
        "acquisition `{}`: target {:.3} % not reached",
        acquisition.acquisition.phase,
        target * 100.0
    );
    if !reached.is_finite() {
        return Some(format!("{place}: no history touched {name}"));
    }
    let growth = (reached / target).powi(2);
    Some(format!(
        "{place}: {name} is at {:.2} % after {:.2e} histories and needs about {:.1e}, {}",
        reached * 100.0,
        acquisition.histories as f64,
        acquisition.histories as f64 * growth,
        duration(acquisition.wall_s * growth)
    ))
}
