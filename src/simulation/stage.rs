//! An exam prepared for transport, and what its runs come to.

use crate::error::{Error, Result};
use crate::geometry::mass::coverage;
use crate::geometry::outline::Outline;
use crate::simulation::outcome::{AcquisitionOutcome, Finish, Outcome, organ_doses_mgy};
use crate::simulation::run::{Plan, Run};
use crate::simulation::schedule::target_organs;
use crate::simulation::settings::Settings;
use crate::simulation::{Exam, nothing_done, outward};
use crate::source::acquisition::Acquisition;
use crate::source::beam::{Beam, PhotonSource};
use crate::source::range_ends::RangeEnds;
use crate::tally::dose_map::{DoseMap, mgy_per_kev_g};
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
    skin: Option<SkinPatches>,
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
    coverage: Vec<f64>,
    masses_g: Vec<f64>,
    target_organs: Vec<usize>,
    importance: Option<Importance>,
    ends: Option<RangeEnds>,
}

impl<'a> Scene<'a> {
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

    fn acquisition(&self) -> &'a Acquisition {
        &self.stage.exam.acquisitions[self.index]
    }

    /// Puts the acquisition before a refusal.
    pub fn place(&self, error: Error) -> Error {
        error.within(&format!("acquisition `{}`", self.acquisition().phase))
    }

    /// What a run of it came to; `None` without a batch.
    pub fn conclude(
        &self,
        run: Run<Beam>,
        finish: Finish,
    ) -> Result<Option<(AcquisitionOutcome, Option<DoseMap>)>> {
        let Some(mut played) = run.finish(finish).map_err(|error| self.place(error))? else {
            return Ok(None);
        };
        let phantom = &self.stage.exam.phantom;
        let scale = mgy_per_kev_g(self.beam.photons() / played.histories_per_batch as f64);
        let batches = played.records.len() as u64;
        let map = played.map_totals.take().map(|totals| totals.into_map(phantom, batches, scale));
        let (bottom_cm, top_cm) = Exam::nominal_range_cm(self.acquisition());
        let smoothing_bias = played.smoothing.take().zip(map.as_ref()).map(|(smoothing, map)| {
            let in_range = phantom.is_between_z(bottom_cm, top_cm);
            smoothing.relative_bias(phantom, map, (batches, scale), in_range)
        });
        let outcome = AcquisitionOutcome {
            mgy_per_batch_kev_g: scale,
            organ_dose_mgy: organ_doses_mgy(&played.records, &self.masses_g, scale),
            acquisition: self.acquisition().clone(),
            coverage: self.coverage.clone(),
            histories: played.histories(),
            histories_per_batch: played.histories_per_batch,
            photons: self.beam.photons(),
            energy_balance: played.energy_balance,
            target_organs: self.target_organs.clone(),
            records: played.records,
            ends: self.ends,
            finish: played.finish,
            smoothing_bias,
            wall_s: played.wall_s,
            cpu_s: played.cpu_s,
        };
        Ok(Some((outcome, map)))
    }
}

/// Acquisitions that are done.
#[derive(Default)]
pub struct Gathered {
    acquisitions: Vec<AcquisitionOutcome>,
    dose_map: Option<DoseMap>,
}

impl Gathered {
    /// Adds one.
    pub fn add(&mut self, outcome: AcquisitionOutcome, map: Option<DoseMap>) {
        self.dose_map = match (self.dose_map.take(), map) {
            (Some(mut total), Some(map)) => {
                total.add(&map);
                Some(total)
            }
            (total, map) => total.or(map),
        };
        self.acquisitions.push(outcome);
    }

    /// What they come to. Refuses none at all.
    pub fn outcome(self, stage: Stage) -> Result<Outcome> {
        if self.acquisitions.is_empty() {
            return Err(nothing_done());
        }
        let sum = |of: fn(&AcquisitionOutcome) -> f64| self.acquisitions.iter().map(of).sum();
        Ok(Outcome {
            complete: self.acquisitions.len() == stage.exam.acquisitions.len()
                && self.acquisitions.iter().all(|a| a.finish != Finish::Interrupted),
            wall_s: sum(|a| a.wall_s),
            cpu_s: sum(|a| a.cpu_s),
            acquisitions: self.acquisitions,
            dose_map: self.dose_map,
            skin: stage.skin,
            threads: rayon::current_num_threads(),
        })
    }
}
