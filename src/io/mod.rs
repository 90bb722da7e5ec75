//! File formats and console units: the only place that knows them.

pub mod organ_csv;
pub mod output_file;
pub mod phantom_file;
pub mod result;
pub mod summary;
