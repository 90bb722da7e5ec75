//! Active marrow and endosteum of a skeleton that is one homogeneous mix of bone and marrow.
//!
//! The mix absorbs up to four times what marrow does in the same fluence, so the marrow's dose is scored on the way as
//! fluence times energy times μtr/ρ of marrow, bone by bone, and weighted with each bone's share of the body's marrow.
//! Photoelectrons from bone trabeculae add to it, up to 15 % in marrow at 50 keV and more at the bone's surface; that is
//! left out. Shares of bones that the phantom lacks (raised arms) count with no dose.

use crate::analysis::blend::Blend;
use crate::geometry::phantom::{BoneSite, Phantom};

/// Dose to the active marrow; `None` where the phantom does not say where its marrow is.
pub fn active_marrow(phantom: &Phantom, masses_g: &[f64]) -> Option<Blend> {
    weighted(phantom, masses_g, |site| Some(site.active_marrow_share))
}

/// Dose to the endosteum, scored as marrow: weighted with each bone's share of it or, where the phantom does not state
/// shares, with the mass of its bone. `None` where the phantom does not name its bones.
pub fn endosteum(phantom: &Phantom, masses_g: &[f64]) -> Option<Blend> {
    weighted(phantom, masses_g, |site| site.endosteum_share)
        .or_else(|| weighted(phantom, masses_g, |site| Some(mass_g(site, masses_g))))
}

fn mass_g(site: &BoneSite, masses_g: &[f64]) -> f64 {
    bones(site, masses_g).into_iter().map(|bone| masses_g[bone]).sum()
}

/// Bones of a site that the phantom has.
fn bones(site: &BoneSite, masses_g: &[f64]) -> Vec<usize> {
    let organs = site.organs.iter().map(|&organ| usize::from(organ));
    organs.filter(|&organ| organ < masses_g.len()).collect()
}

fn weighted(phantom: &Phantom, masses_g: &[f64], share: impl Fn(&BoneSite) -> Option<f64>) -> Option<Blend> {
    let shares: Vec<f64> = phantom.bone_sites.iter().filter_map(&share).collect();
    let total: f64 = shares.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let mut blend = Blend::nothing(masses_g.len());
    for site in &phantom.bone_sites {
        blend.add_marrow(&bones(site, masses_g), masses_g, share(site).unwrap_or(0.0) / total);
    }
    Some(blend)
}
