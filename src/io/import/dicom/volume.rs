//! The HU of a stack of slices.

use super::ct_image::CtImage;
use super::stack::stack;
use crate::error::Result;
use crate::io::import::assemble::check_counts;
use crate::io::import::patient::Volume;

/// Stored numbers that a sign of 16 bits folds over.
const FOLD: f64 = 65_536.0;

/// Reads the pixels of a series. HU are rounded to whole ones; those beyond 16 bits become the farthest, which is
/// beyond every table.
pub(super) fn read(images: &[CtImage]) -> Result<Volume> {
    let stack = stack(images)?;
    let counts = check_counts(stack.frame.counts.map(|count| count as u64))?;
    let layout = stack.frame.layout()?;
    let mut hu = vec![0_i16; counts.iter().product()];
    let mut open = None;
    for (plane, &(image, slice)) in stack.order.iter().enumerate() {
        let about = &images[image];
        let frames = match &mut open {
            Some((known, frames)) if *known == image => frames,
            _ => &mut open.insert((image, about.pixels.open()?)).1,
        };
        let slice = &about.slices[slice];
        let values = frames.values(slice.frame)?;
        let padding = about.padding.map(|ends| ends.map(|end| folded(end, about.pixels.signed)));
        let [slope, intercept] = slice.rescale;
        for (row, values) in values.chunks_exact(counts[0]).enumerate() {
            let (mut place, step) = layout.row(plane * counts[1] + row);
            for &stored in values {
                let stored = f64::from(stored);
                let outside = padding.is_some_and(|[low, high]| (low..=high).contains(&stored));
                hu[place as usize] =
                    if outside { i16::MIN } else { (slope * stored + intercept).round() as i16 };
                place += step;
            }
        }
    }
    Ok(Volume { grid: layout.grid, hu, reference: images[0].reference.clone() })
}

/// A padding value in the representation of the pixels.
fn folded(value: f64, signed: bool) -> f64 {
    match signed {
        true if value >= FOLD / 2.0 => value - FOLD,
        false if value < 0.0 => value + FOLD,
        _ => value,
    }
}
