//! Children between the ages of the family: a declared phantom brought to a height and a weight.

use std::borrow::Cow;

use super::{Figures, load_shipped, shipped_figures, shipped_ids};
use crate::error::Result;
use crate::geometry::formula::Sex;
use crate::geometry::scaling::Scaling;
use crate::geometry::stylised::DeclarativePhantom;
use crate::units::CM_PER_MM;

/// The height and weight a phantom is brought to; what is not stated is left to [`Scaling::reaching`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// From sole to vertex, mm.
    pub height_mm: Option<f64>,
    /// Mass of the body, kg.
    pub weight_kg: Option<f64>,
}

/// What the ids of shipped phantoms end in whose arms are cut off.
const ARMS_RAISED: &str = "-arms-raised";

/// Brings a phantom to a size. A weight is that of the whole child: where a shipped phantom has its arms cut off, the
/// one that has them is weighed. What is out of reach is refused with the shipped phantom that is nearer.
pub fn resized(model: DeclarativePhantom, sex: Option<Sex>, size: Size) -> Result<DeclarativePhantom> {
    let height_cm = size.height_mm.map(|mm| mm * CM_PER_MM);
    match Scaling::reaching(whole(&model)?.as_ref(), sex, height_cm, size.weight_kg.map(|kg| 1e3 * kg)) {
        Ok(scaling) => Ok(model.scaled(scaling)),
        Err(refusal) => match nearest(&model.id, size)? {
            Some(near) => Err(refusal.with_help(format!(
                "{} is nearer: {:.0} mm, {:.1} kg",
                near.id,
                10.0 * near.height_cm,
                near.weight_kg
            ))),
            None => Err(refusal.with_help("no shipped phantom is nearer")),
        },
    }
}

/// The same child with its arms.
fn whole(model: &DeclarativePhantom) -> Result<Cow<'_, DeclarativePhantom>> {
    let shipped = shipped_ids().any(|id| id == model.id);
    match model.id.strip_suffix(ARMS_RAISED).filter(|_| shipped) {
        Some(id) => load_shipped(id).map(Cow::Owned),
        None => Ok(Cow::Borrowed(model)),
    }
}

/// The shipped phantom of the same kind (`-arms-raised`, `-1987`) nearest to a size, unless it is this one.
fn nearest(id: &str, size: Size) -> Result<Option<Figures>> {
    let kind = |id: &str| id.splitn(3, '-').nth(2).map(str::to_owned);
    let distance = |figures: &Figures| {
        let height = size.height_mm.map_or(0.0, |mm| (mm * CM_PER_MM / figures.height_cm).ln());
        let weight = size.weight_kg.map_or(0.0, |kg| (kg / figures.weight_kg).ln());
        // A weight goes about with the cube of a height.
        (3.0 * height).abs() + weight.abs()
    };
    let same_kind = shipped_figures()?.into_iter().filter(|figures| kind(&figures.id) == kind(id));
    Ok(same_kind.min_by(|a, b| distance(a).total_cmp(&distance(b))).filter(|best| best.id != id))
}
