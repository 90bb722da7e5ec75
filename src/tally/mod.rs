//! What is counted, and how sure it is: estimates, batch scores, dose maps, the energy balance.

pub mod batch_score;
pub mod dose_map;
pub mod energy_balance;
pub mod estimate;
pub mod fixed_point;
pub mod map_totals;
pub mod partial_sums;
pub mod response_score;
pub mod skin_patches;
pub mod smoothing;
