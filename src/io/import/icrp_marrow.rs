//! Where the active marrow of the ICRP's phantoms is: `*_spongiosa.dat` of ICRP 110 (mass fractions of a medium that are red
//! marrow, yellow marrow and bone) or `*_skeleton.dat` of ICRP 143 (masses by site).
//!
//! A skeleton file that names a site for which no spongiosa of the organs file stands gives no marrow at all: a part would
//! pass for the whole.

use std::collections::HashMap;

use crate::geometry::phantom::{BoneSite, Phantom};

/// Sites of ICRP 143 and what their spongiosa is called in the organs file, where it is not called the same.
const SITES: [(&str, &str); 12] = [
    ("craniofacial bones", "cranium"),
    ("cervical vertebrae", "cervical_spine"),
    ("thoracic vertebrae", "thoracic_spine"),
    ("lumbar vertebrae", "lumbar_spine"),
    ("os coxae", "pelvis"),
    ("radii", "ulnae_and_radii"),
    ("ulnae", "ulnae_and_radii"),
    ("wrists and hands", "wrists_and_hand"),
    ("tibiae", "tibiae_fibulae_and_patellae"),
    ("fibulae", "tibiae_fibulae_and_patellae"),
    ("patellae", "tibiae_fibulae_and_patellae"),
    ("ankles and feet", "ankles_and_foot"),
];

/// Sites by the mass fractions of red marrow in media; `medium_of` is the number of each organ's medium.
pub(super) fn by_spongiosa(
    phantom: &Phantom,
    lines: &[String],
    medium_of: &HashMap<String, u64>,
) -> Vec<BoneSite> {
    let fractions: HashMap<u64, f64> = lines.iter().filter_map(|line| fraction(line)).collect();
    let masses_g = phantom.organ_masses_g();
    let marrow_g = |(organ, &mass_g): (usize, &f64)| {
        let medium = medium_of.get(&phantom.organs[organ].id)?;
        fractions.get(medium).map(|fraction| (vec![organ as u16], fraction * mass_g))
    };
    shares(
        masses_g.iter().enumerate().filter_map(marrow_g).map(|(organs, g)| (organs, [g, f64::NAN])).collect(),
    )
}

/// Number of a medium and its mass fraction of red marrow: `Med RBM YBM Bone`.
fn fraction(line: &str) -> Option<(u64, f64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [medium, red, _, _] = words[..] else { return None };
    let red = red.parse::<f64>().ok().filter(|red| (0.0..=1.0).contains(red))?;
    Some((medium.parse().ok()?, red))
}

/// Sites by the masses of active marrow and endosteum (TM50), those with marrow in the smallest cavities included.
pub(super) fn by_skeleton(phantom: &Phantom, lines: &[String]) -> Vec<BoneSite> {
    let rows: Vec<(String, [f64; 2])> = lines.iter().filter_map(|line| site(line)).collect();
    let organs_of = |site: &str| -> Vec<u16> {
        let key = super::icrp::key(site);
        let named = SITES.iter().find(|(known, _)| *known == site).map_or(key.as_str(), |(_, organ)| organ);
        let is_of = |id: &str| id.starts_with(named) && id.contains("spongiosa");
        (0..phantom.organs.len() as u16)
            .filter(|&organ| is_of(&phantom.organs[usize::from(organ)].id))
            .collect()
    };
    let sites: Vec<(Vec<u16>, [f64; 2])> = rows.iter().map(|(site, g)| (organs_of(site), *g)).collect();
    match sites.iter().any(|(organs, _)| organs.is_empty()) {
        true => Vec::new(),
        false => shares(sites),
    }
}

/// A site's name, active marrow and TM50, g: after the name the columns AM IM TBV CBV, then AM IM TM50 and more.
fn site(line: &str) -> Option<(String, [f64; 2])> {
    let mut cells = line.split('\t').map(str::trim);
    let name = cells.next()?.trim_matches('"').to_lowercase();
    let numbers: Vec<f64> =
        cells.filter(|cell| !cell.is_empty()).map_while(|cell| cell.parse().ok()).collect();
    let is_site = !name.is_empty() && name != "total" && numbers.len() >= 7;
    is_site.then(|| (name, [numbers[4], numbers[6]])).filter(|(_, g)| g.iter().all(|g| *g >= 0.0))
}

/// Shares of the body's marrow, and of its endosteum where that is stated.
fn shares(sites: Vec<(Vec<u16>, [f64; 2])>) -> Vec<BoneSite> {
    let total = |which: usize| sites.iter().map(|(_, g)| g[which]).sum::<f64>();
    let [marrow_g, endosteum_g] = [total(0), total(1)];
    if marrow_g.is_nan() || marrow_g <= 0.0 {
        return Vec::new();
    }
    let site = |(organs, [active, endosteum]): (Vec<u16>, [f64; 2])| BoneSite {
        organs,
        active_marrow_share: active / marrow_g,
        endosteum_share: (endosteum_g > 0.0).then(|| endosteum / endosteum_g),
    };
    sites.into_iter().map(site).collect()
}
