//! Suite `tg195`: the cases of AAPM Task Group 195 (Sechopoulos et al., Med. Phys. 42 (2015) 5679), against
//! EGSnrc, Geant4, MCNP and PENELOPE.

mod case1;
mod case2;
pub mod case3;
pub mod case4;
pub mod case5;
pub mod scene;
pub mod spectra;
mod values;

use crate::error::Result;
use crate::io::case5_volume;
use crate::validation::Plan;
use crate::validation::row::Row;

/// Accepted difference from the mean of the codes: 1 %.
pub const TOLERANCE: f64 = 0.01;

/// The cases the plan wants; Case 5 where its volume is given.
pub fn run(plan: &Plan) -> Result<Vec<Row>> {
    type Case = fn(&Plan) -> Result<Vec<Row>>;
    let cases: [(&str, Case); 6] = [
        ("1", case1::run),
        ("2", case2::run),
        ("3", case3::run),
        ("4.1", case4::run_slabs),
        ("4.2", case4::run_rods),
        ("5", run_case5),
    ];
    let mut found = Vec::new();
    for (name, case) in cases {
        if plan.cases.is_empty() || plan.cases.iter().any(|wanted| wanted == name) {
            found.extend(case(plan)?);
        }
    }
    Ok(found)
}

/// Case 5, or a sentence on why it is left out.
fn run_case5(plan: &Plan) -> Result<Vec<Row>> {
    let Some(path) = &plan.case5 else {
        plan.tell("Case 5 is left out: its volume was not given with --case5");
        return Ok(Vec::new());
    };
    match case5_volume::read(path) {
        Ok(labels) => case5::run(plan, labels),
        Err(error) => {
            plan.tell(&format!("Case 5 is left out: {error}"));
            Ok(Vec::new())
        }
    }
}
