//! The program's own phantom file, HDF5 `childsize.phantom/2`.
//!
//! The file is sealed ([`crate::io::seal`]). Its attribute `sha256` is that of the bytes of `tables`, `labels` and `media`, in this order.
//! `labels` (z, y, x; one byte) names the region of every voxel; `media`, if it is there, its medium; `tables` is a
//! JSON text with counts, spacing_cm, corner_cm, regions, organs, media (composition by mass), bone sites (shares of active marrow), landmarks and axis.

use std::path::Path;

use ndarray::ArrayView3;
use serde_json::{Map, Value, json};

use crate::data::element::symbol;
use crate::error::{Error, Result};
use crate::geometry::phantom::{BoneSite, Medium, Phantom};
use crate::io::digest::sha256_hex_of;
use crate::io::output_file;
use crate::io::result::hdf::{NO_UNIT, close, packed_dataset, text_attribute, text_dataset, write_reason};
use crate::io::seal::seal;

/// Name and version of the format.
pub const FORMAT: &str = "childsize.phantom/2";

/// Writes a phantom.
pub fn write(phantom: &Phantom, path: &Path) -> Result<()> {
    let temporary = output_file::beside(path)?.into_temp_path();
    fill(phantom, &temporary).map_err(|error| match error {
        Error::Internal(reason) => output_file::unwritable(path, &reason),
        other => other,
    })?;
    output_file::publish(temporary, path)
}

fn fill(phantom: &Phantom, path: &Path) -> Result<()> {
    let written = || -> hdf5::Result<()> {
        let file = hdf5::File::create(path)?;
        text_attribute(&file, "format", FORMAT)?;
        text_attribute(&file, "engine", concat!("childsize ", env!("CARGO_PKG_VERSION")))?;
        let tables = format!("{:#}", tables(phantom));
        text_attribute(&file, "sha256", &content_sha256(&tables, phantom))?;
        text_dataset(&file, "tables", &tables)?;
        let [nx, ny, nz] = phantom.grid.counts;
        for (name, values) in [("labels", Some(&phantom.labels)), ("media", phantom.voxel_media.as_ref())] {
            let Some(values) = values else { continue };
            let cube = ArrayView3::from_shape((nz, ny, nx), values)
                .map_err(|error| hdf5::Error::from(format!("{name}: {error}")))?;
            packed_dataset(&file, name, NO_UNIT, cube)?;
        }
        seal(&file)?;
        close(file)
    };
    written().map_err(|error| Error::Internal(write_reason(&error)))
}

/// SHA-256 of what a phantom file holds, in hexadecimal.
pub fn content_sha256(tables: &str, phantom: &Phantom) -> String {
    sha256_hex_of(&[tables.as_bytes(), &phantom.labels, phantom.voxel_media.as_deref().unwrap_or_default()])
}

fn tables(phantom: &Phantom) -> Value {
    let organs = phantom.organs.iter();
    let organs = organs.map(|o| json!({"id": o.id, "name": o.name, "target_mass_g": o.target_mass_g}));
    let regions = phantom.regions.iter().map(|r| json!({"id": r.id, "organ": r.organ, "medium": r.medium}));
    json!({
        "id": phantom.id,
        "name": phantom.name,
        "counts": phantom.grid.counts,
        "spacing_cm": phantom.grid.spacing_cm,
        "corner_cm": phantom.grid.corner_cm,
        "organs": organs.collect::<Vec<_>>(),
        "regions": regions.collect::<Vec<_>>(),
        "media": phantom.media.iter().map(medium).collect::<Vec<_>>(),
        "bone_sites": phantom.bone_sites.iter().map(bone_site).collect::<Vec<_>>(),
        "landmarks_z_cm": phantom.landmarks_z_cm,
        "axis_cm": phantom.axis_cm,
    })
}

fn bone_site(site: &BoneSite) -> Value {
    json!({
        "organs": site.organs,
        "active_marrow_share": site.active_marrow_share,
        "endosteum_share": site.endosteum_share,
    })
}

fn medium(medium: &Medium) -> Value {
    let fractions = medium.material.mass_fractions.iter();
    let fractions: Map<String, Value> =
        fractions.map(|&(z, share)| (symbol(z).to_owned(), json!(share))).collect();
    json!({
        "name": medium.material.name,
        "density_g_cm3": medium.density_g_cm3,
        "nominal_density_g_cm3": medium.material.density_g_cm3,
        "mass_fractions": fractions,
    })
}
