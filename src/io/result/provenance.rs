//! `/protocol` and `/provenance`: what was asked for, and all that is needed to do it again.

use hdf5::{File, Location, Result};

use super::ResultFile;
use crate::io::digest::physics_data_digest;

use super::hdf::{attribute, text_attribute, text_dataset, texts_dataset};
use crate::numerics::rng::STREAM_SCHEME;
use crate::tally::energy_balance::EnergyBalance;

/// Writes the protocol as it was read and as it was resolved.
pub fn write_protocol(file: &File, result: &ResultFile) -> Result<()> {
    let group = file.create_group("protocol")?;
    text_attribute(&group, "name", &result.protocol.name)?;
    text_attribute(&group, "sha256", &result.protocol.sha256)?;
    text_dataset(&group, "toml", &result.protocol.toml)?;
    text_dataset(&group, "resolved_json", &result.protocol.resolved_json)
}

/// Writes how the numbers came about.
pub fn write_provenance(file: &File, result: &ResultFile) -> Result<()> {
    let group = file.create_group("provenance")?;
    let (settings, outcome) = (result.settings, result.outcome);
    attribute(&group, "histories", outcome.histories())?;
    let batches: usize = outcome.acquisitions.iter().map(|acquisition| acquisition.records.len()).sum();
    attribute(&group, "batches", batches as u64)?;
    attribute(&group, "seed", settings.seed)?;
    text_attribute(&group, "rng", STREAM_SCHEME.split(' ').next().unwrap_or_default())?;
    text_attribute(&group, "stream_scheme", STREAM_SCHEME)?;
    text_attribute(&group, "estimator", settings.estimator.name())?;
    text_attribute(&group, "command_line", &result.protocol.command_line)?;
    text_attribute(&group, "phantom_id", &result.exam.phantom.id)?;
    text_attribute(&group, "phantom_name", &result.exam.phantom.name)?;
    text_attribute(&group, "phantom_digest", result.phantom_digest)?;
    text_attribute(&group, "physics_data_digest", &physics_data_digest())?;
    text_attribute(&group, "scanner", &result.exam.scanner.name)?;
    attribute(&group, "threads", outcome.threads as u64)?;
    attribute(&group, "wall_s", outcome.wall_s)?;
    attribute(&group, "cpu_s", outcome.cpu_s)?;
    write_balance(&group, &outcome.energy_balance())?;
    texts_dataset(&group, "warnings", result.warnings.iter().map(String::as_str))
}

/// Writes an energy balance as attributes.
pub fn write_balance(place: &Location, balance: &EnergyBalance) -> Result<()> {
    attribute(place, "emitted_kev", balance.emitted_kev)?;
    attribute(place, "deposited_kev", balance.deposited_kev)?;
    attribute(place, "escaped_kev", balance.escaped_kev)?;
    attribute(place, "energy_closure", balance.closure())
}
