//! Results read back, as far as a comparison needs them.

use std::path::{Path, PathBuf};

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group};
use ndarray::{Array1, Array2};

use super::FORMAT;
use super::map_file::broken;
use crate::analysis::attributable_risk::TissueBatches;
use crate::analysis::compare::{PhaseBatches, Quantity, RunBatches};
use crate::analysis::run_batches::{effective_quantity, organ_quantity};
use crate::error::{Error, Result};
use crate::io::seal;
use crate::io::trial::{self, Subject};
use crate::tally::estimate::Estimate;
use crate::units::CM_PER_MM;

/// Version of the layout that is read.
const READABLE: &str = "1.4";
/// Groups of maps, and of what stands in for them: read by those who show or export them.
const MAPS: [&str; 2] = ["maps", "anatomy"];

/// The result that a path names: the file itself, or `result.h5` in a folder.
pub fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("result.h5") } else { path.to_owned() }
}

/// Reads the batches of a result.
pub fn batches(path: &Path) -> Result<RunBatches> {
    let file = open(path)?;
    let label = path.display().to_string();
    read(&file, &label).map_err(|error| broken(path, &error))
}

/// Reads the doses of the tissues, batch by batch.
pub fn tissues(path: &Path) -> Result<Vec<TissueBatches>> {
    let file = open(path)?;
    let read = || -> hdf5::Result<Vec<TissueBatches>> {
        let group = file.group("tissues")?;
        let names = texts(&group.dataset("name")?)?;
        let mut tissues: Vec<TissueBatches> =
            names.into_iter().map(|tissue| TissueBatches { tissue, batches_mgy: Vec::new() }).collect();
        for index in 0..file.group("batches")?.len() {
            let doses: Array2<f64> = group.dataset(&format!("dose_{index:03}"))?.read_2d()?;
            if doses.nrows() != tissues.len() {
                return Err("its tissues and their doses differ in number".into());
            }
            let rows = tissues.iter_mut().zip(doses.rows());
            rows.for_each(|(tissue, row)| tissue.batches_mgy.push(row.to_vec()));
        }
        Ok(tissues)
    };
    read().map_err(|error| broken(path, &error))
}

/// Opens a result of the version that is read. Refuses one of which anything but the maps is not as it was written.
pub(in crate::io) fn open(path: &Path) -> Result<File> {
    trial::try_first(path, &Subject::Result { maps: false })?;
    open_untried(path)
}

/// The same for those who read the maps, too.
pub(in crate::io) fn open_with_maps(path: &Path) -> Result<File> {
    trial::try_first(path, &Subject::Result { maps: true })?;
    open_untried(path)
}

/// Compares a result with its seal, in this process. A damaged file may end it: libhdf5 is not proof against all.
pub(in crate::io) fn check(path: &Path, maps: bool) -> Result<()> {
    let file = open_untried(path)?;
    let but: &[&str] = if maps { &[] } else { &MAPS };
    seal::check(&file, but).map_err(|error| error.within(&path.display().to_string()))
}

fn open_untried(path: &Path) -> Result<File> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    let file = File::open(path).map_err(|error| unreadable(first_line(&error)))?;
    check_format(&file).map_err(|error| error.within(&path.display().to_string()))?;
    Ok(file)
}

/// The first line of what HDF5 says of a failure.
pub(in crate::io) fn first_line(error: &hdf5::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn check_format(file: &File) -> Result<()> {
    let text = |name| seal::attribute_text(file, name).unwrap_or_else(|_| "none".to_owned());
    match (text("format"), text("format_version")) {
        (format, version) if format == FORMAT && version == READABLE => Ok(()),
        (format, version) => {
            Err(Error::invalid(format!("the format must be {FORMAT} {READABLE}, found {format} {version}"))
                .with_help("run its protocol again with this version"))
        }
    }
}

fn read(file: &File, label: &str) -> hdf5::Result<RunBatches> {
    let organs = file.group("organs")?;
    let (ids, names) = (texts(&organs.dataset("id")?)?, texts(&organs.dataset("name")?)?);
    let masses_g: Array1<f64> = organs.dataset("mass")?.read_1d()?;
    if ids.len() != names.len() || ids.len() != masses_g.len() {
        return Err("the organs' columns differ in length".into());
    }
    let effective = effective(file)?;
    let effective_ends =
        effective.iter().map(|(_, group)| ends_of(group)).collect::<hdf5::Result<Vec<_>>>()?;
    let mut quantities: Vec<Quantity> =
        effective.iter().map(|(scheme, _)| effective_quantity(scheme)).collect();
    let kept: Vec<usize> = (0..ids.len()).filter(|&organ| masses_g[organ] > 0.0).collect();
    quantities.extend(kept.iter().map(|&organ| organ_quantity(&ids[organ], &names[organ])));
    let mut phases = Vec::new();
    for index in 0..file.group("batches")?.len() {
        let effective = effective.iter().map(|(_, group)| group.dataset(&format!("batches_{index:03}")));
        let effective =
            effective.map(|set| set.and_then(|set| set.read_raw())).collect::<hdf5::Result<Vec<_>>>()?;
        let mut phase = phase(file, index as usize, &kept, &masses_g, effective)?;
        let ends = effective_ends.iter().map(|ends| ends.get(index as usize).copied());
        phase.ends_per_cm = match (ends.collect::<Option<Vec<_>>>(), phase.ends_per_cm) {
            (Some(ends), Some(organs)) => Some(ends.into_iter().chain(organs).collect()),
            _ => None,
        };
        phases.push(phase);
    }
    let seed = file.group("provenance")?.attr("seed")?.read_scalar::<u64>()?;
    Ok(RunBatches { label: label.to_owned(), seed, quantities, phases })
}

/// Schemes whose effective dose was given, with their groups.
fn effective(file: &File) -> hdf5::Result<Vec<(String, Group)>> {
    let mut found = Vec::new();
    for group in file.group("effective")?.groups()? {
        let scheme = group.attr("scheme")?.read_scalar::<VarLenUnicode>()?;
        if group.link_exists("value") {
            found.push((scheme.as_str().to_owned(), group));
        }
    }
    found.sort_by_key(|(_, group)| group.name());
    Ok(found)
}

fn phase(
    file: &File,
    index: usize,
    kept: &[usize],
    masses_g: &Array1<f64>,
    effective: Vec<Vec<f64>>,
) -> hdf5::Result<PhaseBatches> {
    let acquisition = file.group(&format!("acquisitions/{index:03}"))?;
    let group = file.group(&format!("batches/{index:03}"))?;
    let mgy_g_per_kev = group.attr("mgy_g_per_kev")?.read_scalar::<f64>()?;
    let energies: Array2<f64> = group.dataset("organ_energy")?.read_2d()?;
    let batches: Vec<u64> = group.dataset("batch")?.read_raw()?;
    let whole = energies.nrows() == batches.len()
        && energies.ncols() == masses_g.len()
        && effective.iter().all(|values| values.len() == batches.len());
    if !whole {
        return Err("its batches and organs differ in number".into());
    }
    let organ = |&organ: &usize| {
        let scale = mgy_g_per_kev / masses_g[organ];
        energies.column(organ).iter().map(|energy_kev| scale * energy_kev).collect()
    };
    let number = |name: &str| acquisition.attr(name)?.read_scalar::<f64>();
    Ok(PhaseBatches {
        phase: acquisition.attr("phase")?.read_scalar::<VarLenUnicode>()?.as_str().to_owned(),
        tube_voltage_kv: number("tube_voltage_kv")?,
        tube_current_ma: number("tube_current_ma")?,
        noise_index: number("noise_index").ok(),
        ends_per_cm: organ_ends(&group, kept, masses_g)?,
        histories_per_batch: group.attr("histories_per_batch")?.read_scalar()?,
        batches,
        values: effective.into_iter().chain(kept.iter().map(organ)).collect(),
    })
}

/// Effective dose of the ends by acquisition, mSv/cm.
fn ends_of(group: &Group) -> hdf5::Result<Vec<[Estimate; 2]>> {
    let end = |name: &str| -> hdf5::Result<Vec<Estimate>> {
        let means: Vec<f64> = group.dataset(name)?.read_raw()?;
        let errors: Vec<f64> = group.dataset(&format!("{name}_standard_error"))?.read_raw()?;
        let estimates = means.iter().zip(&errors);
        Ok(estimates.map(|(&mean, &standard_error)| Estimate { mean, standard_error }).collect())
    };
    Ok(end("head_end_per_cm")?
        .into_iter()
        .zip(end("foot_end_per_cm")?)
        .map(|(head, foot)| [head, foot])
        .collect())
}

/// Organ doses of the ends, mGy/cm; `None` where ends were not scored.
fn organ_ends(
    group: &Group,
    kept: &[usize],
    masses_g: &Array1<f64>,
) -> hdf5::Result<Option<Vec<[Estimate; 2]>>> {
    let Ok(length) = group.attr("end_length_mm") else { return Ok(None) };
    let per_cm =
        group.attr("mgy_g_per_kev")?.read_scalar::<f64>()? / (length.read_scalar::<f64>()? * CM_PER_MM);
    let [head, foot] = ["organ_energy_head_end", "organ_energy_foot_end"]
        .map(|name| group.dataset(name).and_then(|set| set.read_2d::<f64>()));
    let ends = [head?, foot?];
    if ends.iter().any(|end| end.ncols() != masses_g.len()) {
        return Err("its ends and organs differ in number".into());
    }
    let of = |organ: usize| {
        ends.each_ref().map(|end| {
            Estimate::from_replicates(end.column(organ).iter().map(|kev| per_cm / masses_g[organ] * kev))
        })
    };
    Ok(Some(kept.iter().map(|&organ| of(organ)).collect()))
}

fn texts(set: &Dataset) -> hdf5::Result<Vec<String>> {
    Ok(set.read_raw::<VarLenUnicode>()?.iter().map(|text| text.as_str().to_owned()).collect())
}
