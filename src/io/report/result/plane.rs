//! A coronal and an axial plane as static pictures: for browsers without scripts, for paper, and behind the scan range.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::volume::Slab;
use crate::error::Result;
use crate::io::picture::overlay::{high, over_anatomy};
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
}

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
            Pixel {
                in_body: slab.organs[at] != NO_ORGAN,
                density_g_cm3: slab.density[at],
                dose_mgy: slab.dose.as_ref().map_or(0.0, |[dose, _]| dose[at]),
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
}

impl Plane {
    fn high_mgy(&self) -> f32 {
        high(self.pixels.iter().filter(|pixel| pixel.in_body).map(|pixel| pixel.dose_mgy))
    }

    fn value(&self, most_mgy: f32) -> Result<Value> {
        let pixels: Vec<u8> = self.pixels.iter().flat_map(|pixel| colour(pixel, most_mgy)).collect();
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
