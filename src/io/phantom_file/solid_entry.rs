//! The solids a declarative phantom file describes.

use std::collections::BTreeMap;

use nalgebra::{Matrix3, Vector3};
use serde::Deserialize;

use super::is_length;
use crate::error::{Error, Result};
use crate::geometry::solid::{Axis, Frame, Shape, Solid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameEntry {
    origin: [f64; 3],
    rows: [[f64; 3]; 3],
}

#[derive(Deserialize)]
pub(super) struct SolidEntry {
    pub id: String,
    shape: String,
    frame: Option<FrameEntry>,
    #[serde(flatten)]
    rest: BTreeMap<String, toml::Value>,
}

impl SolidEntry {
    /// The solid the entry describes.
    pub fn solid(&self) -> Result<Solid> {
        let shape = self.shape()?;
        let frame = self.frame.as_ref().map(FrameEntry::frame).transpose()?;
        Ok(Solid { shape, frame })
    }

    fn shape(&self) -> Result<Shape> {
        match self.shape.as_str() {
            "ellipsoid" => {
                self.only(&["center", "axes"])?;
                Ok(Shape::Ellipsoid { centre_cm: self.lengths("center")?, semi_axes_cm: self.sizes("axes")? })
            }
            "frustum" => self.frustum(),
            "cylinder_x" => {
                self.only(&["x", "center", "axes"])?;
                Ok(Shape::CylinderX {
                    x_cm: self.range("x")?,
                    centre_cm: self.lengths("center")?,
                    semi_axes_cm: self.sizes("axes")?,
                })
            }
            "halfspace" => {
                self.only(&["normal", "offset"])?;
                Ok(Shape::HalfSpace { normal: self.lengths("normal")?, offset_cm: self.length("offset")? })
            }
            "slab" => {
                self.only(&["axis", "range"])?;
                Ok(Shape::Slab { axis: self.axis()?, range_cm: self.range("range")? })
            }
            "torus" => {
                self.only(&["axis", "center", "radius", "radial", "axial"])?;
                Ok(Shape::Torus {
                    axis: self.axis()?,
                    centre_cm: self.lengths("center")?,
                    radius_cm: self.size("radius")?,
                    radial_cm: self.size("radial")?,
                    axial_cm: self.size("axial")?,
                })
            }
            "stack" => {
                self.only(&["z", "pitch"])?;
                Ok(Shape::Stack { z_cm: self.range("z")?, pitch_cm: self.size("pitch")? })
            }
            "thyroid_notch" => {
                self.only(&["y0", "z_base", "height"])?;
                Ok(Shape::ThyroidNotch {
                    y0_cm: self.length("y0")?,
                    z_base_cm: self.length("z_base")?,
                    height_cm: self.size("height")?,
                })
            }
            other => Err(Error::invalid(format!(
                "shape must be ellipsoid, frustum, cylinder_x, halfspace, slab, torus, stack or thyroid_notch, \
                 found `{other}`"
            ))),
        }
    }

    fn frustum(&self) -> Result<Shape> {
        self.only(&["z", "ca", "cb", "ra", "rb"])?;
        let second =
            |key: &'static str, first: &'static str| if self.rest.contains_key(key) { key } else { first };
        Ok(Shape::Frustum {
            z_cm: self.range("z")?,
            centres_cm: [self.lengths("ca")?, self.lengths(second("cb", "ca"))?],
            semi_axes_cm: [self.sizes("ra")?, self.sizes(second("rb", "ra"))?],
        })
    }

    /// Refuses keys the shape does not have.
    fn only(&self, keys: &[&str]) -> Result<()> {
        match self.rest.keys().find(|key| !keys.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => {
                let (shape, keys) = (&self.shape, keys.join(", "));
                Err(Error::invalid(format!("the shape {shape} has the keys {keys} and frame, found `{key}`")))
            }
        }
    }

    fn value(&self, key: &str) -> Result<&toml::Value> {
        self.rest
            .get(key)
            .ok_or_else(|| Error::invalid(format!("the shape {} needs `{key}`, found none", self.shape)))
    }

    fn length(&self, key: &str) -> Result<f64> {
        let value = self.value(key)?;
        number(value).filter(|&cm| is_length(cm)).ok_or_else(|| {
            Error::invalid(format!("`{key}` must be a number within ±10000, found {}", brief(value)))
        })
    }

    fn lengths<const N: usize>(&self, key: &str) -> Result<[f64; N]> {
        let value = self.value(key)?;
        let read = || -> Option<[f64; N]> {
            let found: Option<Vec<f64>> = value.as_array()?.iter().map(number).collect();
            <[f64; N]>::try_from(found?).ok().filter(|all| all.iter().all(|&cm| is_length(cm)))
        };
        read().ok_or_else(|| {
            Error::invalid(format!("`{key}` must be {N} numbers within ±10000, found {}", brief(value)))
        })
    }

    fn size(&self, key: &str) -> Result<f64> {
        Ok(self.above_zero(key, [self.length(key)?])?[0])
    }

    fn sizes<const N: usize>(&self, key: &str) -> Result<[f64; N]> {
        self.above_zero(key, self.lengths(key)?)
    }

    fn above_zero<const N: usize>(&self, key: &str, sizes: [f64; N]) -> Result<[f64; N]> {
        match sizes.iter().find(|&&cm| cm < 1e-6) {
            None => Ok(sizes),
            Some(found) => {
                Err(Error::invalid(format!("`{key}` must be above 0 (at least 1e-6 cm), found {found}")))
            }
        }
    }

    fn range(&self, key: &str) -> Result<[f64; 2]> {
        let [low, high] = self.lengths(key)?;
        match low < high {
            true => Ok([low, high]),
            false => Err(Error::invalid(format!("`{key}` must be [low, high], found [{low}, {high}]"))),
        }
    }

    fn axis(&self) -> Result<Axis> {
        match self.value("axis")? {
            toml::Value::String(axis) if axis == "x" => Ok(Axis::X),
            toml::Value::String(axis) if axis == "y" => Ok(Axis::Y),
            toml::Value::String(axis) if axis == "z" => Ok(Axis::Z),
            other => {
                Err(Error::invalid(format!("`axis` must be \"x\", \"y\" or \"z\", found {}", brief(other))))
            }
        }
    }
}

impl FrameEntry {
    /// The frame, whose rows must be a rotation as well as four decimals can say it.
    fn frame(&self) -> Result<Frame> {
        let rows = Matrix3::from_fn(|row, column| self.rows[row][column]);
        let skew = (rows * rows.transpose() - Matrix3::identity()).abs().max();
        if skew.is_nan() || skew > 2e-3 {
            return Err(Error::invalid("the rows of `frame` must be three unit vectors at right angles"));
        }
        match self.origin.iter().all(|&cm| is_length(cm)) {
            true => Ok(Frame { origin_cm: Vector3::from(self.origin), rows }),
            false => Err(Error::invalid("the origin of `frame` must be within ±10000 cm")),
        }
    }
}

fn number(value: &toml::Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|n| n as f64))
}

/// The beginning of a value as it stands in the file.
fn brief(value: &toml::Value) -> String {
    let text = value.to_string().replace('\n', " ");
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
