//! What a scanner recorded of an exam: the headers of its CT images, or its dose report (X-Ray Radiation Dose SR).
//!
//! Names, numbers and dates of patients are read to be kept out of what is written, and for the age; none is handed on.

mod ct_header;
mod header;
mod lengths;
mod rdsr;
mod record;
mod series;
mod sr;

pub(in crate::io) use rdsr::read_rdsr_untried;
pub use rdsr::{read_rdsr, read_rdsr_bytes};
pub use record::{ExamRecord, RecordedAcquisition, RecordedMode, RecordedNumber, RecordedPatient};
pub(crate) use series::DEEPEST;
pub(in crate::io) use series::read_series_untried;
pub use series::{current_of_series, read_series, slice_record};
