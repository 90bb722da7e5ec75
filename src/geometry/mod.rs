//! The patient: voxel grids, stylised solids, phantoms and the landmarks scans are named by.

pub mod bounds;
mod brick;
pub mod cover;
pub mod expression;
mod faces;
pub mod formula;
pub mod grid;
pub mod interval;
pub mod landmark;
pub mod mass;
pub mod outline;
pub mod phantom;
pub mod points;
pub mod ray;
pub mod sampling;
pub mod scaling;
pub mod solid;
pub mod standard;
pub mod stylised;
pub mod voxelize;
