//! A coronal and an axial plane as static pictures: for browsers without scripts, for paper, behind the scan range, and of the
//! difference of two results.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::volume::Slab;
use crate::error::Result;
use crate::io::picture::overlay::{difference_over_anatomy, high, over_anatomy};
use crate::io::picture::sheet::{self, Rgb};
use crate::io::result::NO_ORGAN;
use crate::io::result::map_file::MapGrid as Grid;

/// A box of a grid.
pub struct Cut {
    /// Its first voxel.
    pub low: [usize; 3],
    /// One past its last.
    pub high: [usize; 3],
    /// Voxels of the grid.
    pub counts: [usize; 3],
}

impl Cut {
    /// The values in the box.
    pub fn of<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let [nx, ny, _] = self.counts;
        let rows = (self.low[2]..self.high[2])
            .flat_map(|z| (self.low[1]..self.high[1]).map(move |y| (z * ny + y) * nx));
        rows.flat_map(|row| &values[row + self.low[0]..row + self.high[0]]).copied().collect()
    }
}

/// A pixel: density and dose of a voxel of the body.
#[derive(Clone, Copy, Debug, Default)]
struct Pixel {
    in_body: bool,
    density_g_cm3: f32,
    dose_mgy: f32,
    /// Standard error of the dose, mGy.
    error_mgy: f32,
}

impl Pixel {
    /// Whether it shows the same anatomy.
    fn is_of(&self, other: &Self) -> bool {
        self.in_body == other.in_body && self.density_g_cm3 == other.density_g_cm3
    }

    /// The dose less that of another result, mGy; `None` where it is less than `errors` standard errors of independent runs.
    fn beyond(&self, other: &Self, errors: f32) -> Option<f32> {
        let difference_mgy = self.dose_mgy - other.dose_mgy;
        let error_mgy = self.error_mgy.hypot(other.error_mgy);
        (self.in_body && difference_mgy.abs() > errors * error_mgy).then_some(difference_mgy)
    }
}

/// Standard errors that a difference must have to be shown.
const SHOWN_ERRORS: f32 = 2.0;

/// A plane of pixels, row by row from the top.
#[derive(Clone, Debug)]
struct Plane {
    columns: usize,
    rows: usize,
    pixels: Vec<Pixel>,
    spacing_mm: [f64; 2],
    /// Where it is cut, mm.
    at_mm: f64,
}

/// Both planes, in the result's own voxels.
#[derive(Clone, Debug)]
pub struct Planes {
    iy: usize,
    iz: usize,
    coronal: Plane,
    axial: Plane,
    /// Lowest and highest face along z, mm.
    pub z_mm: [f64; 2],
}

impl Planes {
    /// Planes through the middle of y and at a height.
    pub fn new(grid: &Grid, axial_z_mm: f64) -> Self {
        let [nx, ny, nz] = grid.counts;
        let [dx, dy, dz] = grid.spacing_mm;
        let iz =
            grid.index_of(2, axial_z_mm).unwrap_or(if axial_z_mm > grid.first_mm[2] { nz - 1 } else { 0 });
        let iy = ny / 2;
        let plane = |columns, rows, spacing_mm, at_mm| Plane {
            columns,
            rows,
            pixels: vec![Pixel::default(); columns * rows],
            spacing_mm,
            at_mm,
        };
        let low_mm = grid.first_mm[2] - 0.5 * dz;
        Planes {
            iy,
            iz,
            coronal: plane(nx, nz, [dx, dz], grid.first_mm[1] + iy as f64 * dy),
            axial: plane(nx, ny, [dx, dy], grid.first_mm[2] + iz as f64 * dz),
            z_mm: [low_mm, low_mm + nz as f64 * dz],
        }
    }

    /// Takes what lies in the planes.
    pub fn add_layer(&mut self, iz: usize, layer: usize, slab: &Slab) {
        let pixel = |iy: usize, ix: usize| {
            let at = [layer, iy, ix];
            let [dose_mgy, error] =
                slab.dose.as_ref().map_or([0.0; 2], |[dose, error]| [dose[at], error[at]]);
            Pixel {
                in_body: slab.organs[at] != NO_ORGAN,
                density_g_cm3: slab.density[at],
                dose_mgy,
                // Without dose there is no relative error.
                error_mgy: if dose_mgy > 0.0 { dose_mgy * error } else { 0.0 },
            }
        };
        let columns = self.coronal.columns;
        let row = (self.coronal.rows - 1 - iz) * columns;
        for ix in 0..columns {
            self.coronal.pixels[row + ix] = pixel(self.iy, ix);
        }
        if iz == self.iz {
            for at in 0..self.axial.pixels.len() {
                self.axial.pixels[at] = pixel(at / columns, at % columns);
            }
        }
    }

    /// Both pictures as data URIs, with what they show.
    pub fn value(&self) -> Result<Value> {
        self.value_on(self.most_mgy())
    }

    /// The dose that ends the scale of the pictures.
    pub fn most_mgy(&self) -> f32 {
        [&self.coronal, &self.axial].map(Plane::high_mgy).into_iter().fold(0.0, f32::max)
    }

    /// The pictures on a scale from 0 to a dose.
    pub fn value_on(&self, most_mgy: f32) -> Result<Value> {
        Ok(json!({
            "most_mgy": most_mgy,
            "coronal": self.coronal.value(most_mgy)?,
            "axial": self.axial.value(most_mgy)?,
        }))
    }

    /// Both pictures of what these planes have more than those of another result; null where the anatomy is not the same.
    pub fn less(&self, other: &Self) -> Result<Value> {
        let pairs = [(&self.coronal, &other.coronal), (&self.axial, &other.axial)];
        if !pairs.iter().all(|(plane, other)| plane.is_of(other)) {
            return Ok(Value::Null);
        }
        let most =
            |(plane, other): (&Plane, &Plane)| high(plane.differences_mgy(other).flatten().map(f32::abs));
        let most_mgy = pairs.map(most).into_iter().fold(0.0, f32::max);
        Ok(json!({
            "most_mgy": most_mgy,
            "shown_errors": SHOWN_ERRORS,
            "coronal": self.coronal.less(&other.coronal, most_mgy)?,
            "axial": self.axial.less(&other.axial, most_mgy)?,
        }))
    }
}

impl Plane {
    fn high_mgy(&self) -> f32 {
        high(self.pixels.iter().filter(|pixel| pixel.in_body).map(|pixel| pixel.dose_mgy))
    }

    fn value(&self, most_mgy: f32) -> Result<Value> {
        self.picture(self.pixels.iter().map(|pixel| colour(pixel, most_mgy)))
    }

    /// Whether it cuts the same anatomy at the same place.
    fn is_of(&self, other: &Self) -> bool {
        let cut = |plane: &Self| (plane.columns, plane.rows, plane.spacing_mm, plane.at_mm);
        cut(self) == cut(other) && self.pixels.iter().zip(&other.pixels).all(|(a, b)| a.is_of(b))
    }

    /// What every pixel has more than that of another result, mGy, where it is sure enough.
    fn differences_mgy(&self, other: &Self) -> impl Iterator<Item = Option<f32>> {
        self.pixels.iter().zip(&other.pixels).map(|(pixel, other)| pixel.beyond(other, SHOWN_ERRORS))
    }

    fn less(&self, other: &Self, most_mgy: f32) -> Result<Value> {
        let share = |difference_mgy: Option<f32>| match difference_mgy {
            Some(difference_mgy) if most_mgy > 0.0 => difference_mgy / most_mgy,
            _ => 0.0,
        };
        let pixels = self.pixels.iter().zip(self.differences_mgy(other));
        self.picture(pixels.map(|(pixel, difference_mgy)| match pixel.in_body {
            true => difference_over_anatomy(pixel.density_g_cm3, share(difference_mgy)),
            false => [0; 3],
        }))
    }

    fn picture(&self, colours: impl Iterator<Item = Rgb>) -> Result<Value> {
        let pixels: Vec<u8> = colours.flatten().collect();
        let png = sheet::png([self.columns, self.rows].map(|n| n as u32), &pixels)?;
        Ok(json!({
            "uri": format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png)),
            "width_mm": self.columns as f64 * self.spacing_mm[0],
            "height_mm": self.rows as f64 * self.spacing_mm[1],
            "at_mm": self.at_mm,
        }))
    }
}

fn colour(pixel: &Pixel, most_mgy: f32) -> Rgb {
    if !pixel.in_body {
        return [0; 3];
    }
    let share = if most_mgy > 0.0 { pixel.dose_mgy / most_mgy } else { 0.0 };
    over_anatomy(pixel.density_g_cm3, share)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(dose_mgy: f32, error_mgy: f32) -> Pixel {
        Pixel { in_body: true, density_g_cm3: 1.0, dose_mgy, error_mgy }
    }

    #[test]
    fn a_difference_within_its_error_is_not_shown() {
        // The error of the difference is 0.5 mGy.
        let (a, b) = (pixel(3.0, 0.3), pixel(4.1, 0.4));
        assert!((b.beyond(&a, 2.0).unwrap() - 1.1).abs() < 1e-6);
        assert_eq!(pixel(3.9, 0.4).beyond(&a, 2.0), None);
        assert!((a.beyond(&b, 2.0).unwrap() + 1.1).abs() < 1e-6);
    }

    #[test]
    fn planes_of_other_anatomy_have_no_difference() {
        let grid = Grid { counts: [2, 1, 1], spacing_mm: [1.0; 3], first_mm: [0.0; 3] };
        let planes = |density_g_cm3| {
            let mut planes = Planes::new(&grid, 0.0);
            for plane in [&mut planes.coronal, &mut planes.axial] {
                plane.pixels.fill(Pixel { density_g_cm3, ..pixel(1.0, 0.1) });
            }
            planes
        };
        assert!(planes(1.0).less(&planes(1.1)).unwrap().is_null());
        assert!(planes(1.0).less(&planes(1.0)).unwrap()["axial"]["uri"].is_string());
    }
}
