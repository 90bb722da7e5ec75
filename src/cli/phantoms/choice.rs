//! Which phantom a command is about: a shipped one, a file, and how it is brought to a child.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::ct::CtArguments;
use super::transfer::tell;
use crate::error::{Error, Result};
use crate::geometry::formula::Sex;
use crate::geometry::phantom::Phantom;
use crate::geometry::scaling::Scaling;
use crate::geometry::stylised::DeclarativePhantom;
use crate::geometry::voxelize::{MOST_VOXELS, Voxelization, voxelize};
use crate::io::import;
use crate::io::phantom_file::{Size, load_file, load_shipped, resized, shipped_ids};
use crate::units::CM_PER_MM;

/// Edge of a voxel of a phantom that has none of its own, mm.
const VOXEL_MM: f64 = 2.0;

/// A phantom, its voxels, sex and size.
#[derive(Debug, Args)]
pub struct PhantomChoice {
    /// Phantom id, declarative file, voxel file, or folder of DICOM
    phantom: String,
    /// Edge of a voxel, mm, of phantoms without voxels of their own [default: 2]
    #[arg(long, value_name = "MM")]
    voxel_mm: Option<f64>,
    /// CSV that says what the labels of a label map mean
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    ct: CtArguments,
    /// Sex of a declared phantom [default: the organs of both]
    #[arg(long, value_enum)]
    sex: Option<SexChoice>,
    /// Height a declared phantom is scaled to, mm; without --weight-kg its girth stays
    #[arg(long, value_name = "MM")]
    height_mm: Option<f64>,
    /// Weight a declared phantom is scaled to, kg, by its girth
    #[arg(long, value_name = "KG")]
    weight_kg: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SexChoice {
    Female,
    Male,
}

/// A phantom as it was found.
pub enum Chosen {
    /// Declared, scaled as asked for.
    Declared(Box<DeclarativePhantom>),
    /// With voxels of its own.
    Voxels(Box<Phantom>),
}

impl PhantomChoice {
    /// Reads the phantom; a declared one is not yet turned into voxels.
    pub fn open(&self) -> Result<Chosen> {
        let path = Path::new(&self.phantom);
        let shipped = shipped_ids().any(|id| id == self.phantom);
        if !shipped && import::format_of(path).is_some() {
            self.refuse_for_voxels()?;
            let imported = import::import_with(path, &self.ct.options(self.labels.as_ref()))?;
            tell(&imported.warnings);
            return Ok(Chosen::Voxels(Box::new(imported.phantom)));
        }
        if let Some(flag) = self.ct.given() {
            return Err(Error::invalid(format!("{flag} is for CT series in DICOM, found another phantom")));
        }
        if self.labels.is_some() {
            return Err(Error::invalid(
                "--labels is for label maps, found a phantom that names its own organs",
            ));
        }
        let declared = path.extension().is_some_and(|end| end == "toml");
        let model = if declared && !shipped { load_file(path)? } else { load_shipped(&self.phantom)? };
        let size = Size { height_mm: self.height_mm, weight_kg: self.weight_kg };
        resized(model, self.sex(), size).map(Box::new).map(Chosen::Declared)
    }

    /// The phantom as voxels, and how it was scaled.
    pub fn voxels(&self) -> Result<(Phantom, Scaling)> {
        match self.open()? {
            Chosen::Voxels(phantom) => Ok((*phantom, Scaling::default())),
            Chosen::Declared(model) => {
                let voxel_cm = [self.voxel_mm.unwrap_or(VOXEL_MM) * CM_PER_MM; 3];
                let how = Voxelization { voxel_cm, sex: self.sex(), memory_limit_bytes: MOST_VOXELS };
                Ok((voxelize(&model, &how)?, model.scaling))
            }
        }
    }

    fn sex(&self) -> Option<Sex> {
        self.sex.map(|sex| match sex {
            SexChoice::Female => Sex::Female,
            SexChoice::Male => Sex::Male,
        })
    }

    fn refuse_for_voxels(&self) -> Result<()> {
        if self.voxel_mm.is_some() {
            return Err(Error::invalid(
                "--voxel-mm is for phantoms without voxels of their own, the file has its own",
            ));
        }
        let given = [
            ("--sex", self.sex.is_some()),
            ("--height-mm", self.height_mm.is_some()),
            ("--weight-kg", self.weight_kg.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => {
                Err(Error::invalid(format!("{flag} is for declared phantoms, the file has voxels")))
            }
        }
    }
}
