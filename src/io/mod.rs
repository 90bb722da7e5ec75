//! File formats and console units: the only floor that knows either.

pub mod case5_volume;
pub mod comparison;
pub mod ctdi_cache;
pub mod dicom_record;
pub mod digest;
mod document;
pub mod evaluation;
pub mod export;
pub mod import;
pub mod library_scanner;
pub mod organ_csv;
pub mod output_file;
pub mod phantom_file;
pub mod picture;
mod profile_csv;
pub mod protocol;
pub mod protocol_draft;
pub mod report;
pub mod response;
pub mod result;
pub mod risk_table;
pub mod scanner_fit;
pub mod scanner_library;
mod section;
pub mod size_tables;
pub mod summary;
pub(crate) mod toml_text;
