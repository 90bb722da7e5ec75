//! From slices to a grid: sorted along their normal, evenly spaced, not tilted.

use super::ct_image::{CtImage, Slice, dot};
use crate::error::{Error, Result};
use crate::io::import::frame::Frame;
use crate::units::MM_PER_CM;

/// Distances of slices may differ from the middle one by this share, and by this many mm (they are rounded in files).
const EVEN: f64 = 0.01;
const EVEN_MM: f64 = 0.01;
/// Slices may be shifted within their plane by this share of their distance: a fifth of a degree.
const UPRIGHT: f64 = 3.5e-3;
/// Gaps that a refusal lists.
const MOST_LISTED: usize = 10;

/// Slices in order.
pub(super) struct Stack {
    /// Their grid: along rows, along columns, from slice to slice.
    pub frame: Frame,
    /// Image and slice of it, from the first to the last.
    pub order: Vec<(usize, usize)>,
}

/// Sorts the slices of a series.
pub(super) fn stack(images: &[CtImage]) -> Result<Stack> {
    let all = || {
        let of = |(i, image): (usize, &'_ CtImage)| {
            (0..image.slices.len()).map(move |k| (i, k)).collect::<Vec<_>>()
        };
        images.iter().enumerate().flat_map(of)
    };
    let at = |(i, k): (usize, usize)| &images[i].slices[k];
    let first =
        all().next().map(at).ok_or_else(|| Error::invalid("the series must have slices, found none"))?;
    check_alike(images, first)?;
    let [row, column] = first.directions;
    let normal = cross(&row, &column);
    let height_mm = |slice: &Slice| dot(&slice.position_mm, &normal);
    let mut order: Vec<(usize, usize)> = all().collect();
    order.sort_by(|&a, &b| height_mm(at(a)).total_cmp(&height_mm(at(b))));
    let positions: Vec<[f64; 3]> = order.iter().map(|&key| at(key).position_mm).collect();
    let heights: Vec<f64> = order.iter().map(|&key| height_mm(at(key))).collect();
    let step_mm = match heights.len() {
        1 => lone_thickness_mm(images)?,
        _ => even_step_mm(&heights, &positions)?,
    };
    check_upright(&positions, &normal)?;
    let along = |direction: [f64; 3], mm: f64| direction.map(|share| share * mm / MM_PER_CM);
    let frame = Frame {
        counts: [images[0].pixels.columns, images[0].pixels.rows, order.len()],
        steps_cm: [
            along(row, first.spacing_mm[0]),
            along(column, first.spacing_mm[1]),
            along(normal, step_mm),
        ],
        first_cm: positions[0].map(|mm| mm / MM_PER_CM),
    };
    Ok(Stack { frame, order })
}

/// Refuses images of different sizes, spacings, directions or frames of reference.
fn check_alike(images: &[CtImage], first: &Slice) -> Result<()> {
    for image in images {
        let sizes = [&images[0], image].map(|image| (image.pixels.columns, image.pixels.rows));
        if sizes[0] != sizes[1] {
            return Err(Error::invalid(format!(
                "the slices of a series must have the same size, found {} x {} and {} x {}",
                sizes[0].0, sizes[0].1, sizes[1].0, sizes[1].1
            )));
        }
        if image.reference != images[0].reference {
            return Err(Error::invalid(
                "the slices of a series must have one frame of reference, found several",
            ));
        }
        for slice in &image.slices {
            let far = |a: &[f64], b: &[f64], most: f64| a.iter().zip(b).any(|(a, b)| (a - b).abs() > most);
            if far(&slice.spacing_mm, &first.spacing_mm, 1e-4) {
                return Err(Error::invalid(format!(
                    "the slices of a series must have one PixelSpacing, found {:?} and {:?} mm",
                    first.spacing_mm, slice.spacing_mm
                )));
            }
            if (0..2).any(|k| far(&slice.directions[k], &first.directions[k], 1e-4)) {
                return Err(Error::invalid(format!(
                    "the slices of a series must have one orientation, found {:?} and {:?}",
                    first.directions, slice.directions
                )));
            }
        }
    }
    Ok(())
}

fn lone_thickness_mm(images: &[CtImage]) -> Result<f64> {
    images[0]
        .thickness_mm
        .filter(|&mm| mm > 0.0)
        .ok_or_else(|| Error::invalid("a series of one slice needs SliceThickness above 0, found none"))
}

/// Distance of slices, mm. Refuses gaps, and slices in one place.
fn even_step_mm(heights: &[f64], positions: &[[f64; 3]]) -> Result<f64> {
    let steps: Vec<f64> = heights.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut sorted = steps.clone();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[sorted.len() / 2];
    let place = |k: usize| {
        format!(
            "{:.2} mm",
            positions[k].iter().zip(positions[k + 1]).map(|(a, b)| (b - a).powi(2)).sum::<f64>().sqrt()
        )
    };
    let at = |k: usize| {
        let [x, y, z] = positions[k];
        format!("({x:.1}, {y:.1}, {z:.1})")
    };
    if let Some(k) = steps.iter().position(|&step| step < EVEN_MM) {
        let twice = steps.iter().filter(|&&step| step < EVEN_MM).count();
        return Err(Error::invalid(format!(
            "every slice must have a place of its own, found {twice} that lie on another, the first at {} mm",
            at(k)
        ))
        .with_help("several phases or reconstructions may be mixed in one series"));
    }
    let uneven = |k: &usize| (steps[*k] - middle).abs() > EVEN_MM.max(EVEN * middle);
    let gaps: Vec<usize> = (0..steps.len()).filter(uneven).collect();
    if gaps.is_empty() {
        return Ok((heights[heights.len() - 1] - heights[0]) / steps.len() as f64);
    }
    let listed = gaps.iter().take(MOST_LISTED).map(|&k| format!("{} after {} mm", place(k), at(k)));
    let mut list = listed.collect::<Vec<_>>().join(", ");
    if gaps.len() > MOST_LISTED {
        list.push_str(&format!(" and {} more", gaps.len() - MOST_LISTED));
    }
    Err(Error::invalid(format!("slices must lie {middle:.3} mm apart as most do, found {list}"))
        .with_help("slices are missing, or the spacing changes: export the series again, or resample it"))
}

/// Refuses slices that are shifted against each other, as a tilted gantry makes them.
fn check_upright(positions: &[[f64; 3]], normal: &[f64; 3]) -> Result<()> {
    for pair in positions.windows(2) {
        let step: [f64; 3] = std::array::from_fn(|i| pair[1][i] - pair[0][i]);
        let (up, length) = (dot(&step, normal), dot(&step, &step).sqrt());
        let aside = (length * length - up * up).max(0.0).sqrt();
        if aside > (UPRIGHT * length).max(EVEN_MM) {
            let degrees = (aside / length).min(1.0).asin().to_degrees();
            return Err(Error::invalid(format!(
                "slices must be stacked at right angles to their plane, found them {degrees:.2} degrees off"
            ))
            .with_help("the gantry was tilted: resample the series to an upright grid"));
        }
    }
    Ok(())
}

fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
