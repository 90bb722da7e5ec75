//! Suite `tg195`: the cases of AAPM Task Group 195 (Sechopoulos et al., Med. Phys. 42 (2015) 5679), against
//! EGSnrc, Geant4, MCNP and PENELOPE.

mod case1;
mod case2;
mod case3;
pub mod case4;
mod case5;
pub mod scene;
pub mod spectra;
mod values;

use crate::error::Result;
use crate::validation::Plan;
use crate::validation::row::Row;

/// Accepted difference from the mean of the codes: 1 %.
pub const TOLERANCE: f64 = 0.01;

/// All cases; Case 5 where its volume is given.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    type Case = fn(&Plan) -> Result<Vec<Row>>;
    let mut found = case1::run()?;
    for case in [case2::run as Case, case3::run, case4::run_slabs, case4::run_rods] {
        found.extend(case(plan)?);
    }
    match &plan.case5 {
        None => plan.tell("Case 5 is left out: its volume was not given with --case5"),
        Some(path) => match case5::run(plan, path) {
            Ok(rows) => found.extend(rows),
            Err(error) => plan.tell(&format!("Case 5 is left out: {error}")),
        },
    }
    Ok(found)
}
