//! Memory: what a run will take, said before it is taken.

use crate::error::{Error, Result};

/// Share of the memory that is free which a run may plan with.
const SHARE: f64 = 0.8;
/// A label per voxel, a medium per voxel where media vary within a region, and an energy per voxel and thread where a
/// map is scored. Voxels read from a file lie in memory when the plan is made; it counts the copy that is run on.
const LABEL_BYTES: f64 = 1.0;
const MEDIUM_BYTES: f64 = 1.0;
const SCORE_BYTES: f64 = 4.0;
/// Per voxel of the map: the totals, and a copy of them while a state is written, of the voxels in the body, which fills some
/// three quarters of a grid around it (an ellipse 0.79). The finished map and its error take less than that copy, and come after it.
const MAP_BYTES: f64 = 0.75 * (24.0 + 28.0);
/// Where scatter is smoothed: class and likes of every voxel and two sums of differences; three energies instead of one.
const SMOOTHING_BYTES: f64 = 3.0 + 16.0;
const SMOOTHING_SCORES: f64 = 3.0;

/// What decides the memory of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Voxels of the phantom.
    pub voxels: f64,
    /// Whether every voxel has a medium of its own.
    pub voxel_media: bool,
    /// Voxels of the dose map; 0 for none.
    pub map_voxels: f64,
    /// Whether the map's scatter is smoothed.
    pub smooths: bool,
    /// Threads.
    pub threads: usize,
}

impl Plan {
    /// Memory, bytes.
    pub fn bytes(&self) -> f64 {
        let (scores, smoothing) = if self.smooths { (SMOOTHING_SCORES, SMOOTHING_BYTES) } else { (1.0, 0.0) };
        let score = if self.map_voxels > 0.0 { scores * SCORE_BYTES * self.threads as f64 } else { 0.0 };
        let medium = if self.voxel_media { MEDIUM_BYTES } else { 0.0 };
        self.voxels * (LABEL_BYTES + medium + score + smoothing) + self.map_voxels * MAP_BYTES
    }

    /// Refuses a plan that takes more than the share of the memory that is free.
    pub fn check(&self, voxel_mm: [f64; 3], available_bytes: Option<f64>) -> Result<()> {
        let Some(available) = available_bytes else { return Ok(()) };
        let limit = SHARE * available;
        if self.bytes() <= limit {
            return Ok(());
        }
        let [need, limit_gb] = [self.bytes(), limit].map(|bytes| bytes / 1e9);
        Err(Error::invalid(format!(
            "the run needs about {need:.2} GB of memory, at most {limit_gb:.2} GB (80 % of what is free) may be planned"
        ))
        .with_help(self.what_fits(voxel_mm, limit)))
    }

    fn what_fits(&self, voxel_mm: [f64; 3], limit: f64) -> String {
        let larger = (self.bytes() / limit).cbrt() * 1.01;
        let edges = voxel_mm.map(|mm| (mm * larger * 10.0).ceil() / 10.0);
        let mut help = format!("voxel_mm = [{}, {}, {}] would fit", edges[0], edges[1], edges[2]);
        if (Plan { threads: 1, ..*self }).bytes() <= limit {
            help.push_str("; so would fewer threads");
        }
        if (Plan { map_voxels: 0.0, ..*self }).bytes() <= limit {
            help.push_str("; so would dose_map = false");
        }
        help
    }
}

/// Memory that is free, bytes, where the system says it (Linux).
pub(super) fn available_bytes() -> Option<f64> {
    available_in(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

fn available_in(meminfo: &str) -> Option<f64> {
    let line = meminfo.lines().find(|line| line.starts_with("MemAvailable:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_beyond_memory_is_refused_with_what_would_fit() {
        let plan = Plan { voxels: 8.0e6, voxel_media: false, map_voxels: 8.0e6, smooths: false, threads: 16 };
        assert!(plan.check([2.0; 3], Some(2.0e9)).is_ok());
        assert!(plan.check([2.0; 3], None).is_ok());
        let error = plan.check([2.0; 3], Some(0.5e9)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the run needs about 0.83 GB of memory, at most 0.40 GB (80 % of what is free) may be planned"
        );
        assert_eq!(
            error.help(),
            Some("voxel_mm = [2.6, 2.6, 2.6] would fit; so would fewer threads; so would dose_map = false")
        );
    }

    #[test]
    fn two_hundred_million_voxels_without_a_map_take_a_byte_or_two_each() {
        let plan = Plan { voxels: 2.0e8, voxel_media: false, map_voxels: 0.0, smooths: false, threads: 2 };
        assert_eq!(plan.bytes(), 0.2e9);
        let patient = Plan { voxel_media: true, ..plan };
        assert_eq!(patient.bytes(), 0.4e9);
        // With what a file's voxels take already: still far below 2 GiB.
        assert!(2.0 * patient.bytes() < 2.0 * 1_073_741_824.0);
        // A map at 4 x 4 x 4 voxels fits a run of one thread.
        assert!(Plan { map_voxels: 2.0e8 / 64.0, threads: 1, ..patient }.bytes() < 2.0 * 1_073_741_824.0);
    }

    #[test]
    fn free_memory_is_read_from_the_systems_table() {
        assert_eq!(available_in("MemTotal: 9 kB\nMemAvailable:    2048 kB\n"), Some(2_097_152.0));
        assert_eq!(available_in("MemTotal: 9 kB\n"), None);
    }
}
