//! `childsize replay`: one history of a run, told interaction by interaction.

use std::path::PathBuf;

use clap::Args;

use super::console;
use super::run::plan::whole_number;
use crate::error::{Error, Result};
use crate::geometry::phantom::Phantom;
use crate::io::protocol::Protocol;
use crate::io::request::Request;
use crate::simulation::Exam;
use crate::simulation::replay::{HistoryPlace, replay};
use crate::transport::trace::{TRACED_MAX, Trace, TracedInteraction};
use crate::units::MM_PER_CM;

const AFTER_HELP: &str = "\
Examples:
  childsize replay chest.toml --batch 4 --history 812 --trace       every interaction
  childsize replay chest.toml --acquisition arterial --batch 0 --history 0 --no-map

A run names the histories it loses (docs/kernel-robustness.md). Acquisitions, batches and histories count from 0. Give
--histories, --seed and --no-map as the run had them: the history is then the run's own, bit for bit, on any machine.";

/// Play one history of a run again and tell what happens in it.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct ReplayArguments {
    /// The protocol file (TOML)
    protocol: PathBuf,
    /// Number of the acquisition, or its phase
    #[arg(long, value_name = "A", default_value = "0")]
    acquisition: String,
    /// Number of the batch
    #[arg(long, value_name = "B")]
    batch: u64,
    /// Number of the history in its batch
    #[arg(long, value_name = "H")]
    history: u64,
    /// List every interaction: position, energy, process, region, weight
    #[arg(long)]
    trace: bool,
    /// Histories per acquisition, as the run had them
    #[arg(long, value_name = "N", value_parser = whole_number)]
    histories: Option<u64>,
    /// Seed, as the run had it
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// As a run without a dose map
    #[arg(long)]
    no_map: bool,
}

/// Plays the history and prints it.
pub fn run(arguments: &ReplayArguments) -> Result<()> {
    let mut prepared = Protocol::read(&arguments.protocol)?.prepare()?;
    let ReplayArguments { histories, seed, no_map, .. } = *arguments;
    Request { histories, seed, no_map, ..Request::default() }.overrule(&mut prepared);
    let settings = &prepared.settings;
    let acquisition = acquisition(&prepared.exam, &arguments.acquisition)?;
    let place = HistoryPlace { acquisition, batch: arguments.batch, history: arguments.history };
    let trace = replay(&prepared.exam, settings, place)?;
    let phantom = &prepared.exam.phantom;
    if arguments.trace {
        console::print(&console::plain(&interactions(phantom, &trace)))?;
    }
    console::print(&console::plain(&summary(phantom, &trace, settings.estimator.scores_kerma())))
}

fn acquisition(exam: &Exam, named: &str) -> Result<usize> {
    let phases = || exam.acquisitions.iter().map(|acquisition| acquisition.phase.as_str());
    let found = phases().position(|phase| phase == named).or_else(|| named.parse().ok());
    found.ok_or_else(|| {
        Error::invalid(format!("--acquisition must be a number or a phase, found \"{named}\""))
            .with_help(format!("phases: {}", phases().collect::<Vec<_>>().join(", ")))
    })
}

fn interactions(phantom: &Phantom, trace: &Trace) -> String {
    let header =
        ["#", "process", "region", "x mm", "y mm", "z mm", "keV", "weight", "left keV", "onward keV"];
    let rows = trace.interactions.iter().enumerate().map(|(index, interaction)| {
        let TracedInteraction { process, position_cm, label, energy_kev, weight, deposited_kev, onward_kev } =
            interaction;
        let region = label.and_then(|label| phantom.regions.get(usize::from(label)));
        let mm = |axis: usize| format!("{:.3}", f64::from(position_cm[axis]) * MM_PER_CM);
        vec![
            (index + 1).to_string(),
            process.name().to_owned(),
            region.map_or("air around the body", |region| region.id.as_str()).to_owned(),
            mm(0),
            mm(1),
            mm(2),
            format!("{energy_kev:.4}"),
            format!("{weight:.6}"),
            format!("{deposited_kev:.4}"),
            format!("{onward_kev:.4}"),
        ]
    });
    let table = console::table(&header.map(str::to_owned), 9, rows);
    match trace.interactions.len() < TRACED_MAX {
        true => table,
        false => format!("{table} ... the first {TRACED_MAX} interactions\n"),
    }
}

/// Where the energy went, all weighted.
fn summary(phantom: &Phantom, trace: &Trace, kerma: bool) -> String {
    if trace.histories == 0 {
        return "the source emits no photon in this history: its direction is blocked\n".to_owned();
    }
    let deposited_kev: f64 = trace.deposited_kev.iter().sum();
    let mut text = format!(
        "after {:.6} of the mAs: {} interactions, {} photons given up\nemitted {:.4} keV, left {:.4} keV, escaped {:.4} keV\n",
        trace.share,
        trace.interactions.len(),
        trace.given_up,
        trace.emitted_kev,
        deposited_kev,
        trace.escaped_kev
    );
    let scored = if kerma { &trace.kerma_kev } else { &trace.deposited_kev };
    let regions = phantom.regions.iter().zip(scored.iter()).filter(|(_, kev)| **kev != 0.0);
    let rows = regions.map(|(region, kev)| vec![region.id.clone(), format!("{kev:.6}")]);
    text.push_str(&console::table(&["region".to_owned(), "scored keV".to_owned()], 1, rows));
    text
}
