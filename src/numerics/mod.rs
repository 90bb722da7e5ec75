//! Numbers without physics: random streams, low-discrepancy points, tables.

pub mod low_discrepancy;
pub mod prefetch;
pub mod rng;
pub mod rotation;
pub mod table;
