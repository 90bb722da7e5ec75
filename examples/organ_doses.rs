//! Organ doses of a protocol file in a few lines: `cargo run --release --example organ_doses -- PROTOCOL`.

use std::path::PathBuf;

use childsize::io::protocol::Protocol;
use childsize::simulation::{Unobserved, simulate};

fn main() -> childsize::error::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "examples/abdomen-newborn.toml".to_owned());
    let prepared = Protocol::read(&PathBuf::from(path))?.prepare()?;
    let outcome = simulate(&prepared.exam, &prepared.settings, &Unobserved)?;
    for (organ, dose) in prepared.exam.phantom.organs.iter().zip(outcome.total_organ_dose_mgy()) {
        println!("{:40} {:9.4} mGy +- {:.1} %", organ.name, dose.mean, 100.0 * dose.relative_error());
    }
    Ok(())
}
