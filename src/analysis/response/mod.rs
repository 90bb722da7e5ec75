//! Response matrices of phantoms: their rows, what they answer, and the CTDI of the same beam.

pub mod answer;
pub mod ctdi;
pub mod folded;
pub mod part;
pub mod rows;
pub mod table;
