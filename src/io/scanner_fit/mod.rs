//! Measurements on a scanner, read from a file and its tables; and the scanner file that is made of their equivalent.

mod fan_table;
mod measurements;
mod scanner_text;

pub use measurements::{ScannerMeasurements, keys};
pub use scanner_text::scanner_files;
