//! (to be written)

pub mod phantom_file;
