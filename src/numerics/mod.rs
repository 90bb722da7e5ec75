//! Numbers without physics: random streams, low-discrepancy points, tables.

pub mod table;
