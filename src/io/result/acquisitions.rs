//! `/acquisitions/NNN`: what the console was set to, and how the run ended, as attributes.

use hdf5::{File, Group, Result};
use ndarray::Array2;

use super::hdf::{attribute, text_attribute};
use super::provenance::write_balance;
use crate::analysis::console::AcquisitionCtdi;
use crate::analysis::noise::noise_index;
use crate::analysis::size::SliceSize;
use crate::simulation::Exam;
use crate::simulation::outcome::AcquisitionOutcome;
use crate::source::acquisition::{Acquisition, Mode};
use crate::source::exposure::ExposureShares;
use crate::source::gantry::StartAngle;
use crate::source::scanner::Scanner;
use crate::tally::estimate::Estimate;
use crate::units::CM_PER_MM;

/// Writes one group for every acquisition that was simulated.
pub fn write(
    file: &File,
    exam: &Exam,
    outcomes: &[AcquisitionOutcome],
    ctdi: &[Option<AcquisitionCtdi>],
    sizes: &[SliceSize],
) -> Result<()> {
    let groups = file.create_group("acquisitions")?;
    for (index, outcome) in outcomes.iter().enumerate() {
        let group = groups.create_group(&format!("{index:03}"))?;
        write_settings(&group, &outcome.acquisition)?;
        write_range(&group, &outcome.acquisition)?;
        let scanner = exam.scanner_of(&outcome.acquisition);
        text_attribute(&group, "scanner", &scanner.name)?;
        write_exposure(&group, &outcome.acquisition, scanner)?;
        let noise = noise_index(exam, &outcome.acquisition, sizes).map_err(|error| error.to_string())?;
        if let Some(noise) = noise {
            attribute(&group, "noise_index", noise.mean)?;
            attribute(&group, "largest_noise_index", noise.largest)?;
        }
        write_run(&group, outcome)?;
        if let Some(bias) = outcome.smoothing_bias {
            attribute(&group, "smoothing_bias", bias)?;
        }
        if let Some(ctdi) = ctdi.get(index).and_then(Option::as_ref) {
            write_ctdi(&group, ctdi, outcome.acquisition.mas_per_rotation())?;
        }
    }
    Ok(())
}

fn write_settings(group: &Group, acquisition: &Acquisition) -> Result<()> {
    text_attribute(group, "phase", &acquisition.phase)?;
    match acquisition.mode {
        Mode::Helical { pitch } => {
            text_attribute(group, "mode", "helical")?;
            attribute(group, "pitch", pitch)?;
        }
        Mode::Axial { table_increment_cm } => {
            text_attribute(group, "mode", "axial")?;
            attribute(group, "table_increment_mm", table_increment_cm / CM_PER_MM)?;
        }
        Mode::Stationary { angle_rad } => {
            text_attribute(group, "mode", "stationary")?;
            attribute(group, "angle_deg", angle_rad.to_degrees())?;
        }
    }
    match acquisition.start_angle {
        StartAngle::Random => text_attribute(group, "start_angle", "random")?,
        StartAngle::Fixed(angle_rad) => attribute(group, "start_angle_deg", angle_rad.to_degrees())?,
    }
    attribute(group, "tube_voltage_kv", acquisition.tube_voltage_kv)?;
    attribute(group, "tube_current_ma", acquisition.tube_current_ma)?;
    attribute(group, "rotation_time_s", acquisition.rotation_time_s)?;
    attribute(group, "total_collimation_mm", acquisition.collimation_cm / CM_PER_MM)?;
    attribute(group, "mas_per_rotation", acquisition.mas_per_rotation())?;
    attribute(group, "effective_mas", acquisition.effective_mas())?;
    attribute(group, "total_mas", acquisition.total_mas())
}

fn write_range(group: &Group, acquisition: &Acquisition) -> Result<()> {
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    let (over_top_cm, over_bottom_cm) = acquisition.overrange_cm();
    attribute(group, "range_top_mm", top_cm / CM_PER_MM)?;
    attribute(group, "range_bottom_mm", bottom_cm / CM_PER_MM)?;
    attribute(group, "overrange_top_mm", over_top_cm / CM_PER_MM)?;
    attribute(group, "overrange_bottom_mm", over_bottom_cm / CM_PER_MM)?;
    attribute(group, "exposed_length_mm", acquisition.exposed_length_cm() / CM_PER_MM)
}

/// Shares of the exposure, and the tube current where it is not constant.
fn write_exposure(group: &Group, acquisition: &Acquisition, scanner: &Scanner) -> Result<()> {
    let shares = ExposureShares::of(acquisition, scanner.source_to_isocentre_cm);
    attribute(group, "dynamic_collimation", acquisition.dynamic_collimation)?;
    attribute(group, "open_share", shares.open)?;
    attribute(group, "overrange_share", shares.overrange)?;
    let Some(profile) = acquisition.modulated_current_ma() else { return Ok(()) };
    let modulation = group.create_group("modulation")?;
    let z_mm: Vec<f64> = profile.z_cm().iter().map(|cm| cm / CM_PER_MM).collect();
    numbers(&modulation, "z_mm", &z_mm, "mm")?;
    let angles = profile.angles();
    let angle_deg: Vec<f64> = (0..angles).map(|bin| 360.0 * (bin as f64 + 0.5) / angles as f64).collect();
    numbers(&modulation, "angle_deg", &angle_deg, "deg")?;
    let shape = (z_mm.len(), angles);
    let current_ma = Array2::from_shape_vec(shape, profile.values().to_vec());
    let current_ma = current_ma.map_err(|error| error.to_string())?;
    let dataset = modulation.new_dataset_builder().with_data(&current_ma).create("tube_current_ma")?;
    text_attribute(&dataset, "units", "mA")
}

fn numbers(group: &Group, name: &str, values: &[f64], unit: &str) -> Result<()> {
    let dataset = group.new_dataset_builder().with_data(values).create(name)?;
    text_attribute(&dataset, "units", unit)
}

/// CTDI in force: the model's, or scaled to the console's CTDIvol.
fn write_ctdi(group: &Group, found: &AcquisitionCtdi, mas_per_rotation: f64) -> Result<()> {
    let per_rotation = mas_per_rotation * found.output_factor;
    text_attribute(group, "ctdi_phantom", found.console.phantom.name())?;
    for (name, value) in [
        ("ctdi_100_centre_mgy", found.ctdi.centre_mgy_per_mas.scaled(per_rotation)),
        ("ctdi_100_periphery_mgy", found.ctdi.periphery_mgy_per_mas.scaled(per_rotation)),
        ("ctdi_w_mgy", found.ctdi.weighted_mgy_per_mas.scaled(per_rotation)),
        ("ctdi_vol_mgy", found.volume_mgy),
        ("ctdi_vol_of_model_mgy", found.model_mgy),
        ("dlp_mgy_cm", found.dlp_mgy_cm),
    ] {
        attribute(group, name, value.mean)?;
        attribute(group, &format!("{name}_standard_error"), value.standard_error)?;
    }
    let nothing = || Estimate { mean: f64::NAN, standard_error: f64::NAN };
    let ssde_mgy = found.ssde_mgy.unwrap_or_else(nothing);
    attribute(group, "ssde_mgy", ssde_mgy.mean)?;
    attribute(group, "ssde_mgy_standard_error", ssde_mgy.standard_error)?;
    let head_ssde_mgy = found.head_ssde_mgy.unwrap_or_else(nothing);
    attribute(group, "head_ssde_mgy", head_ssde_mgy.mean)?;
    attribute(group, "head_ssde_mgy_standard_error", head_ssde_mgy.standard_error)?;
    let diameter_cm = found.water_equivalent_diameter_cm.unwrap_or(f64::NAN);
    attribute(group, "water_equivalent_diameter_cm", diameter_cm)?;
    attribute(group, "ctdi_vol_of_console_mgy", found.console.ctdi_vol_mgy.unwrap_or(f64::NAN))?;
    attribute(group, "output_factor", found.output_factor)
}

fn write_run(group: &Group, outcome: &AcquisitionOutcome) -> Result<()> {
    attribute(group, "photons", outcome.photons)?;
    attribute(group, "histories", outcome.histories)?;
    attribute(group, "histories_per_batch", outcome.histories_per_batch)?;
    attribute(group, "batches", outcome.records.len() as u64)?;
    attribute(group, "lost_histories", outcome.lost().count() as u64)?;
    text_attribute(group, "finish", outcome.finish.name())?;
    attribute(group, "wall_s", outcome.wall_s)?;
    write_balance(group, &outcome.energy_balance)
}
