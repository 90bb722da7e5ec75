//! Reading a state whose digest was found right.

use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type};

use super::About;
use super::head::{not_whole, verified};
use crate::error::Result;
use crate::io::result::read::first_line;
use crate::simulation::outcome::{BatchRecord, OrganEnergies};
use crate::simulation::partial::Partial;
use crate::tally::energy_balance::EnergyBalance;
use crate::tally::partial_sums::{MapCells, SmoothedRows};
use crate::transport::lost::LostHistory;

/// Reads the state of an acquisition. Refuses a file that is not whole.
pub fn read(path: &Path) -> Result<(About, Partial)> {
    let about = verified(path)?;
    let partial = content(path, &about).map_err(|error| not_whole(path, &first_line(&error)))?;
    match partial.batches() == about.batches() {
        true => Ok((about, partial)),
        false => Err(not_whole(path, "its batches are not those it names")),
    }
}

fn content(path: &Path, about: &About) -> hdf5::Result<Partial> {
    let file = File::open(path)?;
    let inside = file.group("about")?.dataset("json")?.read_scalar::<VarLenUnicode>()?;
    if serde_json::from_str::<About>(inside.as_str()).ok().as_ref() != Some(about) {
        return Err("its first line is not its own".into());
    }
    Ok(Partial {
        histories_per_batch: about.histories_per_batch,
        records: records(&file.group("batches")?)?,
        map: file.link_exists("map").then(|| map(&file.group("map")?)).transpose()?,
        smoothed: file.link_exists("smoothing").then(|| smoothing(&file.group("smoothing")?)).transpose()?,
        wall_s: about.wall_s,
        cpu_s: about.cpu_s,
    })
}

fn records(group: &Group) -> hdf5::Result<Vec<BatchRecord>> {
    let batches: Vec<u64> = group.dataset("batch")?.read_raw()?;
    if batches.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err("its batches do not ascend".into());
    }
    let energies = |suffix: &str| -> hdf5::Result<Vec<OrganEnergies>> {
        let organ = rows::<f64>(&group.dataset(&format!("organ_energy{suffix}"))?, batches.len())?;
        let marrow = rows::<f64>(&group.dataset(&format!("active_marrow_energy{suffix}"))?, batches.len())?;
        Ok(organ
            .into_iter()
            .zip(marrow)
            .map(|(organ_kev, marrow_kev)| OrganEnergies { organ_kev, marrow_kev })
            .collect())
    };
    let ends = match group.link_exists("organ_energy_head_end") {
        true => energies("_head_end")?
            .into_iter()
            .zip(energies("_foot_end")?)
            .map(|(head, foot)| Some([head, foot]))
            .collect(),
        false => vec![None; batches.len()],
    };
    let skin = rows::<f32>(&group.dataset("skin_energy")?, batches.len())?;
    let balance = rows::<f64>(&group.dataset("energy_balance")?, batches.len())?;
    let lost: Vec<u64> = group.dataset("lost")?.read_raw()?;
    let lost: Vec<LostHistory> =
        lost.chunks_exact(3).map(|words| LostHistory::from_words([words[0], words[1], words[2]])).collect();
    let parts = energies("")?.into_iter().zip(ends).zip(skin.into_iter().zip(balance));
    let record = |(&batch, ((energies, ends), (skin_kev, balance))): (&u64, _)| {
        let balance: Vec<f64> = balance;
        let &[emitted_kev, deposited_kev, escaped_kev, kerma_kev] = balance.as_slice() else {
            return Err("its energy balance has not four parts".into());
        };
        let balance = EnergyBalance { emitted_kev, deposited_kev, escaped_kev, kerma_kev };
        let lost = lost.iter().filter(|lost| lost.batch == batch).copied().collect();
        Ok(BatchRecord { batch, energies, ends, skin_kev, lost, balance })
    };
    batches.iter().zip(parts).map(record).collect()
}

/// The rows of a table of so many.
fn rows<T: H5Type + Clone>(set: &Dataset, count: usize) -> hdf5::Result<Vec<Vec<T>>> {
    let &[found, columns] = set.shape().as_slice() else {
        return Err("a table of it has not two axes".into());
    };
    if found != count {
        return Err("its tables differ in their batches".into());
    }
    if columns == 0 {
        return Ok(vec![Vec::new(); count]);
    }
    Ok(set.read_raw::<T>()?.chunks_exact(columns).map(<[T]>::to_vec).collect())
}

fn map(group: &Group) -> hdf5::Result<MapCells> {
    Ok(MapCells {
        cell: group.dataset("cell")?.read_raw()?,
        sum: group.dataset("sum")?.read_raw()?,
        square_high: group.dataset("square_high")?.read_raw()?,
        square_low: group.dataset("square_low")?.read_raw()?,
    })
}

fn smoothing(group: &Group) -> hdf5::Result<[SmoothedRows; 2]> {
    let half = |name: &str| -> hdf5::Result<SmoothedRows> {
        Ok(SmoothedRows {
            row: group.dataset(&format!("{name}_row"))?.read_raw()?,
            taken: group.dataset(&format!("{name}_taken"))?.read_raw()?,
        })
    };
    Ok([half("even")?, half("odd")?])
}
