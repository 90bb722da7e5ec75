//! Dose over anatomy, in colours that colour-blind eyes read the same (inferno, Smith and van der Walt 2015).

use super::sheet::Rgb;

/// Density that is white, g/cm³, and the least grey of a body.
const WHITE_G_CM3: f32 = 1.8;
const DARKEST: f32 = 0.05;
/// How much of a pixel's colour is that of its dose; below a twentieth of the scale it fades.
const OPACITY: f32 = 0.65;
const FADE: f32 = 20.0;

/// Anatomy in grey, dose over it. `share` is the dose as a share of its scale, from 0 to 1.
pub fn over_anatomy(density_g_cm3: f32, share: f32) -> Rgb {
    let share = share.clamp(0.0, 1.0);
    laid_over(density_g_cm3, dose_colour(share), share)
}

/// Anatomy in grey, a difference over it: blue for less, red for more (ColorBrewer's RdBu, which colour-blind eyes tell
/// apart). `share` is the difference as a share of its scale, from -1 to 1.
pub fn difference_over_anatomy(density_g_cm3: f32, share: f32) -> Rgb {
    let share = share.clamp(-1.0, 1.0);
    let colour = colorous::RED_BLUE.eval_continuous(f64::from(0.5 - 0.5 * share)).as_array();
    laid_over(density_g_cm3, colour, share.abs())
}

/// A colour over grey; it fades below a twentieth of its scale.
fn laid_over(density_g_cm3: f32, colour: Rgb, share: f32) -> Rgb {
    let grey = 255.0 * (density_g_cm3 / WHITE_G_CM3).clamp(DARKEST, 1.0);
    let opacity = OPACITY * (FADE * share).min(1.0);
    colour.map(|channel| (opacity * f32::from(channel) + (1.0 - opacity) * grey) as u8)
}

/// Colour of a dose.
pub fn dose_colour(share: f32) -> Rgb {
    colorous::INFERNO.eval_continuous(f64::from(share.clamp(0.0, 1.0))).as_array()
}

/// The value that one in 500 exceeds: a single hot voxel does not darken the rest. 0 without values.
pub fn high(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    let place = values.len() - values.len() / 500 - 1.min(values.len());
    values.sort_by(f32::total_cmp);
    values.get(place).copied().unwrap_or(0.0)
}
