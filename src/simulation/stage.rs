//! An exam prepared for transport.

use crate::error::Result;
use crate::geometry::mass::coverage;
use crate::geometry::outline::Outline;
use crate::simulation::run::Plan;
use crate::simulation::schedule::target_organs;
use crate::simulation::settings::Settings;
use crate::simulation::{Exam, outward};
use crate::source::beam::Beam;
use crate::source::range_ends::RangeEnds;
use crate::tally::skin_patches::SkinPatches;
use crate::tally::smoothing::Smoothing;
use crate::transport::aim::fan_windows;
use crate::transport::importance::Importance;
use crate::transport::world::World;

/// An exam with its phantom prepared.
pub struct Stage<'a> {
    exam: &'a Exam,
    settings: &'a Settings,
    world: World<'a>,
    outline: Outline,
    /// The patches of skin, with a map.
    pub skin: Option<SkinPatches>,
}

impl<'a> Stage<'a> {
    /// Checks exam and settings and prepares the phantom.
    pub fn new(exam: &'a Exam, settings: &'a Settings) -> Result<Self> {
        exam.check()?;
        settings.check()?;
        if settings.smooths() {
            Smoothing::check(&exam.phantom)?;
        }
        let outline = Outline::of(&exam.phantom);
        Ok(Stage {
            exam,
            settings,
            world: World::new(&exam.phantom, &outline)?,
            outline,
            skin: settings.map_binning.and_then(|_| SkinPatches::of(&exam.phantom)),
        })
    }

    /// One acquisition.
    pub fn scene(&self, index: usize) -> Result<Scene<'_>> {
        let (phantom, acquisition) = (&self.exam.phantom, &self.exam.acquisitions[index]);
        let beam = Beam::new(self.exam.scanner_of(acquisition), acquisition, self.exam.placement)?;
        let windows = fan_windows(&beam, &self.outline);
        let beam = beam.with_windows(windows);
        let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
        let coverage = coverage(phantom, bottom_cm, top_cm);
        let masses_g = phantom.organ_masses_g();
        let target_organs = target_organs(self.settings, phantom, &coverage, &masses_g)?;
        let targets = (target_organs.as_slice(), coverage.as_slice());
        let importance = outward::importance(self.settings, phantom, beam.z_extent_cm(), targets);
        let ends = RangeEnds::of(acquisition);
        Ok(Scene { stage: self, index, beam, coverage, masses_g, target_organs, importance, ends })
    }
}

/// One acquisition of an exam, prepared.
pub struct Scene<'a> {
    stage: &'a Stage<'a>,
    index: usize,
    /// The source.
    pub beam: Beam,
    /// Share of each organ's mass inside the nominal range.
    pub coverage: Vec<f64>,
    /// Masses of the organs.
    pub masses_g: Vec<f64>,
    /// Organs that the target looks at.
    pub target_organs: Vec<usize>,
    importance: Option<Importance>,
    /// Ends of the path that are scored apart.
    pub ends: Option<RangeEnds>,
}

impl Scene<'_> {
    /// What is to be played.
    pub fn plan(&self) -> Plan<'_> {
        Plan {
            phantom: &self.stage.exam.phantom,
            world: &self.stage.world,
            settings: self.stage.settings,
            acquisition: self.index,
            target_organs: &self.target_organs,
            importance: self.importance.as_ref(),
            ends: self.ends,
            skin: self.stage.skin.as_ref(),
        }
    }
}
