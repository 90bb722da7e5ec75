//! What is made of a run: tables a physicist reads.

pub mod organ_table;
pub mod size;
