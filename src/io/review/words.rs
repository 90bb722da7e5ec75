//! A review in words, for who decides about an examination, for who runs it and for who answers for its dose.

use super::ReviewFile;
use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::review::{PhaseReview, Review, Saving, VoltageRow};
use crate::analysis::worksheet::Held;
use crate::io::report::digits;
use crate::tally::estimate::Estimate;

/// CTDIvol within this of the worksheet's counts as child-sized.
const NEAR: f64 = 0.1;

/// For a radiologist, a technologist and a physicist.
pub(super) fn paragraphs(file: &ReviewFile) -> [String; 3] {
    let review = file.review;
    [radiologist(review), technologist(review), physicist(file)]
}

/// CTDIvol of an acquisition, mGy, and which phantom it is for (0: 16 cm, 1: 32 cm).
pub(super) fn own_ctdi_mgy(phase: &PhaseReview) -> Option<(f64, usize)> {
    let ctdi = phase.ctdi.as_ref()?;
    Some((ctdi.volume_mgy.mean, usize::from(ctdi.console.phantom == CtdiPhantom::Body32)))
}

/// CTDIvol over that of the worksheet that holds something.
fn ratio(phase: &PhaseReview, held: Held) -> Option<f64> {
    let (_, line) = phase.child_size.as_ref().ok()?;
    let (mgy, phantom) = own_ctdi_mgy(phase)?;
    let setting = line.settings.iter().find(|setting| setting.held == held)?;
    Some(mgy / setting.ctdi_vol_mgy[phantom].mean)
}

fn radiologist(review: &Review) -> String {
    let mut text = format!("The examination gives this child {} mSv. ", value(&review.effective_msv));
    for phase in &review.phases {
        let name = &phase.acquisition.phase;
        let dose = ratio(phase, Held::Dose);
        text += &match dose {
            None => format!("Whether “{name}” is child-sized cannot be told. "),
            Some(ratio) if ratio > 1.0 + NEAR => format!(
                "“{name}” is not child-sized: it uses {} times the dose that gives this child what the adult gets; child-sized mAs would \
                 save {} mSv. ",
                digits(ratio, 2),
                digits(phase.saving.effective_msv.mean * (1.0 - 1.0 / ratio), 2)
            ),
            Some(ratio) if ratio < 1.0 - NEAR => format!(
                "“{name}” uses less than an adult's dose in a child's size ({} of it): look whether its images are good enough. ",
                percent(ratio)
            ),
            Some(_) => format!("“{name}” is child-sized. "),
        };
    }
    if review.phases.len() > 1 {
        let share = |phase: &PhaseReview| {
            let part = phase.saving.effective_msv;
            format!(
                "“{}” {} mSv ({})",
                phase.acquisition.phase,
                value(&part),
                percent(part.mean / review.effective_msv.mean)
            )
        };
        let parts = review.phases.iter().map(share).collect::<Vec<_>>().join(", ");
        text += &format!(
            "Every phase costs in full: {parts}; a phase that answers no question can be left out. "
        );
    }
    if let Some(saving) = &review.to_landmarks {
        text += &format!(
            "What is scanned beyond the indicated landmarks costs {} mSv ({}){}. ",
            value(&saving.effective_msv),
            percent(saving.effective_msv.mean / review.effective_msv.mean),
            organs(saving, ", above all of ")
        );
    }
    text
}

fn technologist(review: &Review) -> String {
    let mut text = String::new();
    for phase in &review.phases {
        let (Ok((_, line)), Some((mgy, phantom))) = (&phase.child_size, own_ctdi_mgy(phase)) else {
            continue;
        };
        let at = |held| line.settings.iter().find(|setting| setting.held == held);
        let (Some(dose), Some(noise)) = (at(Held::Dose), at(Held::Noise)) else { continue };
        let acquisition = &phase.acquisition;
        // mAs of the protocol's own scanner that give the worksheet's CTDIvol.
        let mas = |ctdi_mgy: f64| acquisition.effective_mas() * ctdi_mgy / mgy;
        text += &format!(
            "“{}” at {} kV: {} effective mAs, CTDIvol {} mGy ({} cm). The adult's dose in this size is reached with {} effective mAs, {} mGy, an upper end and no goal; the adult's noise with {}. ",
            acquisition.phase,
            acquisition.tube_voltage_kv,
            digits(acquisition.effective_mas(), 3),
            digits(mgy, 3),
            [16, 32][phantom],
            digits(mas(dose.ctdi_vol_mgy[phantom].mean), 3),
            digits(dose.ctdi_vol_mgy[phantom].mean, 3),
            digits(mas(noise.ctdi_vol_mgy[phantom].mean), 2)
        );
    }
    for phase in &review.phases {
        let Some([head_cm, foot_cm]) = phase.beyond_cm else { continue };
        if head_cm > 0.0 || foot_cm > 0.0 {
            text += &format!(
                "The range of “{}” reaches {} mm beyond the landmarks at the head end and {} mm at the foot end. ",
                phase.acquisition.phase,
                digits(head_cm * 10.0, 2),
                digits(foot_cm * 10.0, 2)
            );
        }
    }
    if let Some([head, foot]) = &review.per_cm {
        text += &format!(
            "A centimetre less at the head end saves {} mSv ({}), at the foot end {} mSv ({}). ",
            value(&head.effective_msv),
            percent(head.effective_msv.mean / review.effective_msv.mean),
            value(&foot.effective_msv),
            percent(foot.effective_msv.mean / review.effective_msv.mean)
        );
    }
    if let Some(saving) = &review.overrange {
        text += &format!(
            "The overrange of the helix costs {} mSv ({}): narrower collimation, lower pitch or dynamic blades make it less. ",
            value(&saving.effective_msv),
            percent(saving.effective_msv.mean / review.effective_msv.mean)
        );
    }
    text
}

fn physicist(file: &ReviewFile) -> String {
    let review = file.review;
    let mut text = format!(
        "E (ICRP 103) {} ± {} mSv, by {}; errors are one standard error. ",
        digits(review.effective_msv.mean, 4),
        digits(review.effective_msv.standard_error, 2),
        file.source
    );
    for phase in &review.phases {
        match (
            &phase.child_size,
            ratio(phase, Held::Dose),
            ratio(phase, Held::EffectiveDose),
            ratio(phase, Held::Noise),
        ) {
            (Ok((_, line)), Some(dose), Some(effective), Some(noise)) => {
                text += &format!(
                    "“{}”, Dw {} cm: CTDIvol over the worksheet's at the adult's slice dose {}, effective dose {}, noise {} (adult baseline: {}).{} ",
                    phase.acquisition.phase,
                    digits(line.water_equivalent_diameter_cm, 3),
                    digits(dose, 3),
                    digits(effective, 3),
                    digits(noise, 3),
                    file.baseline,
                    level(phase).unwrap_or_default()
                );
            }
            (Err(why), ..) => text += &format!("“{}” has no worksheet: {why}. ", phase.acquisition.phase),
            _ => {}
        }
    }
    let best = |of: fn(&VoltageRow) -> f64| review.voltages.iter().min_by(|a, b| of(a).total_cmp(&of(b)));
    if let Some(row) = best(|row| row.effective_msv.mean) {
        text += &format!(
            "At the same noise the least dose is at {} kV ({} of the dose, ± {}). Noise is not contrast: ",
            row.tube_voltage_kv,
            percent(row.effective_msv.mean / review.effective_msv.mean),
            percent(row.saved_msv.standard_error / review.effective_msv.mean)
        );
    }
    if let Some(row) = best(|row| row.iodine_msv.mean) {
        text += &match row.iodine_msv.mean < review.effective_msv.mean {
            true => format!(
                "with iodine, {} kV gives the same contrast to noise at {} of the dose. ",
                row.tube_voltage_kv,
                percent(row.iodine_msv.mean / review.effective_msv.mean)
            ),
            false => "with iodine, no other tube voltage that was tried gives the same contrast to noise at less dose. ".to_owned(),
        };
    }
    text
}

/// The first published level beside the protocol's CTDIvol.
fn level(phase: &PhaseReview) -> Option<String> {
    let (_, line) = phase.child_size.as_ref().ok()?;
    let (mgy, phantom) = own_ctdi_mgy(phase)?;
    let first = line.reference_level()?;
    let setting = line.settings.first()?;
    let of = match first.quantity {
        crate::data::reference_levels::LevelQuantity::CtdiVol16 => 0,
        crate::data::reference_levels::LevelQuantity::CtdiVol32 => 1,
        crate::data::reference_levels::LevelQuantity::Ssde => return None,
    };
    // The same dose in the other phantom, by the tables.
    let own = mgy * setting.ctdi_vol_mgy[of].mean / setting.ctdi_vol_mgy[phantom].mean;
    Some(format!(
        " CTDIvol {} mGy in the {} cm phantom; {} has {} mGy ({}).",
        digits(own, 3),
        [16, 32][of],
        first.source,
        first.high_mgy,
        first.status
    ))
}

/// `0.123 ± 0.004`
fn value(estimate: &Estimate) -> String {
    format!("{} ± {}", digits(estimate.mean, 3), digits(estimate.standard_error, 1))
}

fn percent(share: f64) -> String {
    format!("{} %", digits(100.0 * share, 2))
}

/// `, above all of thyroid (12 % of its dose)`
fn organs(saving: &Saving, before: &str) -> String {
    let named = saving
        .organs
        .iter()
        .map(|(organ, _, share)| format!("{} ({} of its dose)", organ.name.to_lowercase(), percent(*share)));
    match saving.organs.is_empty() {
        true => String::new(),
        false => format!("{before}{}", named.collect::<Vec<_>>().join(", ")),
    }
}
