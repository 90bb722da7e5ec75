//! What is made of a run: tables a physicist reads.

pub mod attributable_risk;
pub mod blend;
pub mod compare;
pub mod console;
pub mod ctdi;
pub mod effective_dose;
pub mod equivalent_scanner;
pub mod equivalent_source;
pub mod exposure_control;
pub mod noise;
pub mod organ_table;
pub mod peak_skin_dose;
pub mod ray_thickness;
pub mod response;
pub mod review;
pub mod run_batches;
pub mod size;
pub mod size_tables;
pub mod skeleton;
pub mod ssde;
pub mod tissue;
pub mod worksheet;
