//! Reading a response file: format, program and digest are checked before a number is believed.

use std::path::Path;

use hdf5::{File, Group};
use serde::de::DeserializeOwned;

use super::{About, FORMAT, FORMAT_VERSION, Made, Response};
use crate::analysis::ctdi::CTDI_PHANTOMS;
use crate::error::{Error, Result};
use crate::io::result::read::first_line;
use crate::io::seal::{self, attribute_text, dataset_text};
use crate::io::trial::{self, Subject};
use crate::simulation::response::{ResponseMatrix, Tilt};
use crate::source::cells::CellGrid;
use crate::tally::energy_balance::EnergyBalance;
use crate::units::CM_PER_MM;

/// Rows of a CTDI phantom.
const CTDI_ROWS: usize = 3;
/// Most values of a matrix: a file's word alone allocates no more than this (8 GB).
const MOST_VALUES: usize = 1 << 30;

/// Reads a response. Refuses one of another format, program or physics, and one whose content was changed.
pub fn read(path: &Path) -> Result<Response> {
    trial::try_first(path, &Subject::Response)?;
    read_untried(path)
}

/// Reads a response in this process. A damaged file may end it: libhdf5 is not proof against all.
pub(in crate::io) fn read_untried(path: &Path) -> Result<Response> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    let file = File::open(path).map_err(|error| unreadable(first_line(&error)))?;
    let place = path.display().to_string();
    check_format(&file).and_then(|()| seal::refuse_links(&file)).map_err(|error| error.within(&place))?;
    let whole = |error: hdf5::Error| unreadable(format!("not a whole response: {}", first_line(&error)));
    let about: About = json(&file, "about").map_err(whole)?;
    about.check_program().map_err(|error| error.within(&place))?;
    let response = content(&file, about).map_err(whole)?;
    let stated = attribute_text(&file, "digest").map_err(whole)?;
    match response.digest()? == stated {
        true => Ok(response),
        false => Err(Error::invalid(format!(
            "{place}: the digest of the response must be {stated}, found another"
        ))
        .with_help("the file was changed or damaged; make it anew with childsize respond")),
    }
}

fn check_format(file: &File) -> Result<()> {
    let text = |name| attribute_text(file, name).unwrap_or_else(|_| "none".to_owned());
    let (format, version) = (text("format"), text("format_version"));
    match format == FORMAT && version == FORMAT_VERSION {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "the format must be {FORMAT} {FORMAT_VERSION}, found {format} {version}"
        ))
        .with_help("childsize respond makes a response")),
    }
}

fn json<T: DeserializeOwned>(file: &File, group: &str) -> hdf5::Result<T> {
    let text = dataset_text(&file.group(group)?.dataset("json")?)?;
    serde_json::from_str(&text).map_err(|error| format!("/{group}/json: {error}").into())
}

fn content(file: &File, about: About) -> hdf5::Result<Response> {
    let rows: crate::analysis::response::rows::Rows = json(file, "rows")?;
    let matrix = matrix(&file.group("matrix")?, rows.rows.len())?;
    if rows.tissues.iter().any(|(_, row)| *row >= rows.rows.len()) {
        return Err("its tissues name rows that are not there".into());
    }
    let mut ctdi = Vec::new();
    for (name, phantom) in CTDI_PHANTOMS {
        ctdi.push((phantom, self::matrix(&file.group("ctdi")?.group(name)?, CTDI_ROWS)?));
    }
    Ok(Response { about, rows, matrix, ctdi })
}

fn matrix(group: &Group, rows: usize) -> hdf5::Result<ResponseMatrix> {
    let number = |name: &str| group.attr(name)?.read_scalar::<f64>();
    let set = group.dataset("mean")?;
    let &[planes, angles, energies, columns] = set.shape().as_slice() else {
        return Err("its matrix has not four axes".into());
    };
    let values = [planes, angles, energies, columns].iter().try_fold(1_usize, |n, &k| n.checked_mul(k));
    if columns != rows || values.is_none_or(|values| values == 0 || values > MOST_VALUES) {
        return Err("its matrix does not have a value for every row".into());
    }
    let errors = group.dataset("standard_error")?;
    let grid = CellGrid {
        low_z_cm: number("low_z_mm")? * CM_PER_MM,
        plane_cm: number("plane_mm")? * CM_PER_MM,
        planes,
        angles,
        energy_edges_kev: group.dataset("energy_edges")?.read_raw()?,
        mean_energies_kev: group.dataset("energy")?.read_raw()?,
    };
    let (photons, one_photon) =
        (group.dataset("photons")?.read_raw()?, group.dataset("one_photon")?.read_raw()?);
    let whole = errors.shape() == set.shape()
        && grid.energy_edges_kev.len() == energies + 1
        && grid.mean_energies_kev.len() == energies
        && photons.len() == energies
        && one_photon.len() == rows;
    if !whole {
        return Err("the parts of its matrix differ in number".into());
    }
    let tilt = match group.member_names()?.iter().any(|name| name == "tilt_slope") {
        false => None,
        true => {
            let sets = ["tilt_slope", "tilt_slope_standard_error"].map(|name| group.dataset(name));
            let [slope, standard_error] = sets;
            let (slope, standard_error) = (slope?, standard_error?);
            if slope.shape() != set.shape() || standard_error.shape() != set.shape() {
                return Err("the parts of its matrix differ in number".into());
            }
            let sin_cone = number("tilt_sin_cone")?;
            Some(Tilt { sin_cone, slope: slope.read_raw()?, standard_error: standard_error.read_raw()? })
        }
    };
    let made: Made =
        serde_json::from_str(&attribute_text(group, "made")?).map_err(|error| error.to_string())?;
    Ok(ResponseMatrix {
        grid,
        rows,
        mean: set.read_raw()?,
        standard_error: errors.read_raw()?,
        tilt,
        photons,
        one_photon,
        histories: made.histories,
        reached: made.reached,
        energy_balance: EnergyBalance::default(),
        wall_s: made.wall_s,
    })
}
