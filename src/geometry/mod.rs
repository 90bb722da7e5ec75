//! The patient: voxel grids, stylised solids, phantoms and the landmarks scans are named by.

pub mod grid;
pub mod outline;
pub mod phantom;
pub mod ray;
