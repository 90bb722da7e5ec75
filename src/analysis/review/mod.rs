//! The three questions to a protocol: is it child-sized, what does each phase cost, what does each centimetre cost.
//!
//! Every answer is a difference of two exams that share their random numbers (or one response matrix): the exam as it is and
//! without a phase, without what lies beyond the landmarks, without overrange, at another tube voltage with the same noise.

pub mod engine;
pub mod range;
mod size;
mod voltage;

use crate::analysis::compare::Quantity;
use crate::analysis::console::AcquisitionCtdi;
use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::size::{REFERENCE_KEV, SliceSize, slice_sizes};
use crate::analysis::size_tables::table::SizeTables;
use crate::analysis::size_tables::{Bowtie, Region};
use crate::analysis::worksheet::{Line, Technique};
use crate::error::Result;
use crate::simulation::Exam;
use crate::source::acquisition::Acquisition;
use crate::source::exposure::ExposureShares;
use crate::source::scanner::Scanner;
use crate::tally::estimate::Estimate;
use engine::{Doses, Engine, effective};

pub use voltage::VoltageRow;

/// Organs that are named with a saving.
const NAMED: usize = 3;

/// What is asked besides the exam.
pub struct Asked<'a> {
    /// The exam, its tube output as the console says.
    pub exam: &'a Exam,
    /// CTDI of every acquisition, where it has one.
    pub ctdi: &'a [Option<AcquisitionCtdi>],
    /// Region of every acquisition; `None` where it is of none.
    pub regions: &'a [Option<Region>],
    /// Age of the patient, years, where it is known.
    pub age_y: Option<f64>,
    /// The adults that patients are compared with.
    pub baseline: &'a [Technique],
    /// Size tables and their scanner, with the bowties of bodies and heads.
    pub tables: (&'a SizeTables, [&'a Scanner; 2]),
    /// Tube voltages to try, kV.
    pub tube_voltages_kv: &'a [f64],
}

/// What leaving something out saves.
#[derive(Clone, Debug)]
pub struct Saving {
    /// Effective dose, mSv.
    pub effective_msv: Estimate,
    /// The organs that it spares the most of their dose: name, dose saved (mGy), share of the dose.
    pub organs: Vec<(Quantity, Estimate, f64)>,
}

/// One acquisition.
#[derive(Clone, Debug)]
pub struct PhaseReview {
    /// The acquisition.
    pub acquisition: Acquisition,
    /// Region; `None` where the range is of none.
    pub region: Option<Region>,
    /// Mean water-equivalent diameter of the range, cm.
    pub water_equivalent_diameter_cm: Option<f64>,
    /// CTDI.
    pub ctdi: Option<AcquisitionCtdi>,
    /// What the exam would save without it.
    pub saving: Saving,
    /// The worksheet for the patient at the acquisition's tube voltage, with the adult it is made from; `Err` says why there is none.
    pub child_size: std::result::Result<(Technique, Line), String>,
    /// How far the range reaches beyond the landmarks at the head and the foot end, cm; `None` without landmarks.
    pub beyond_cm: Option<[f64; 2]>,
    /// Share of the exposure in the overrange.
    pub overrange: f64,
}

/// The answers.
#[derive(Clone, Debug)]
pub struct Review {
    /// Acquisitions.
    pub phases: Vec<PhaseReview>,
    /// Effective dose of the exam (ICRP 103), mSv.
    pub effective_msv: Estimate,
    /// The exam at other tube voltages.
    pub voltages: Vec<VoltageRow>,
    /// What a centimetre less at the head end and at the foot end of every range saves, where it can be told.
    pub per_cm: Option<[Saving; 2]>,
    /// What ranges between the landmarks save, where they reach beyond.
    pub to_landmarks: Option<Saving>,
    /// What exams without overrange would save, where there is one.
    pub overrange: Option<Saving>,
}

/// Reviews an exam. `tell` is told what is being played.
pub fn review(engine: &Engine, asked: &Asked, tell: &dyn Fn(&str)) -> Result<Review> {
    let exam = asked.exam;
    let sizes = slice_sizes(&exam.phantom, REFERENCE_KEV)?;
    let asking = Asking { engine, exam, factors: vec![1.0; exam.acquisitions.len()] };
    tell("the exam as it is");
    let base = engine.doses(exam, &asking.factors)?;
    let voltages = voltage::voltages(&asking, &base, &sizes, asked.tube_voltages_kv, tell)?;
    let beyond =
        |a: &Acquisition, region: &Option<Region>| range::beyond_cm(&exam.phantom, a, region.as_ref()?);
    let beyond_cm: Vec<_> =
        exam.acquisitions.iter().zip(asked.regions).map(|(a, region)| beyond(a, region)).collect();
    let cut = exam.acquisitions.iter().zip(&beyond_cm).map(|(a, beyond)| {
        beyond.filter(|beyond| *beyond != [0.0; 2]).and_then(|beyond| range::shorter(a, beyond))
    });
    let to_landmarks = asking.variant(&base, cut.collect(), "ranges between the landmarks", tell)?;
    let bare = exam.acquisitions.iter().map(range::without_overrange).collect();
    let overrange = asking.variant(&base, bare, "without overrange", tell)?;
    let per_cm = asking.per_cm(&base, tell)?;
    let phase = |index: usize| -> Result<PhaseReview> {
        let acquisition = exam.acquisitions[index].clone();
        let dw_cm = size::diameter_cm(&acquisition, asked.regions[index], &sizes);
        let to_isocentre_cm = exam.scanner_of(&acquisition).source_to_isocentre_cm;
        Ok(PhaseReview {
            region: asked.regions[index],
            water_equivalent_diameter_cm: dw_cm,
            ctdi: asked.ctdi[index].clone(),
            saving: asking.phase(&base, index),
            child_size: size::child_size(asked, index, dw_cm),
            beyond_cm: beyond_cm[index],
            overrange: ExposureShares::of(&acquisition, to_isocentre_cm).overrange,
            acquisition,
        })
    };
    Ok(Review {
        phases: (0..exam.acquisitions.len()).map(phase).collect::<Result<_>>()?,
        effective_msv: engine.value(&base, &effective()).1,
        voltages,
        per_cm,
        to_landmarks,
        overrange,
    })
}

/// The CTDI phantom that a region's CTDIvol is usually stated in.
pub fn usual_phantom(region: &Region) -> CtdiPhantom {
    match region.bowtie {
        Bowtie::Head => CtdiPhantom::Head16,
        Bowtie::Body => CtdiPhantom::Body32,
    }
}

/// An exam with the engine that plays it.
struct Asking<'a> {
    engine: &'a Engine<'a>,
    exam: &'a Exam,
    factors: Vec<f64>,
}

impl Asking<'_> {
    /// What the exam saves with some acquisitions replaced; `None` where none is.
    fn variant(
        &self,
        base: &Doses,
        replaced: Vec<Option<Acquisition>>,
        what: &str,
        tell: &dyn Fn(&str),
    ) -> Result<Option<Saving>> {
        if replaced.iter().all(Option::is_none) {
            return Ok(None);
        }
        tell(what);
        let mut exam = self.exam.clone();
        for (own, other) in exam.acquisitions.iter_mut().zip(replaced) {
            *own = other.unwrap_or_else(|| own.clone());
        }
        let saved = self.engine.saved(base, &self.engine.doses(&exam, &self.factors)?);
        Ok(Some(self.saving(base, saved)))
    }

    /// What an exam without an acquisition saves.
    fn phase(&self, base: &Doses, index: usize) -> Saving {
        let quantities = self.engine.quantities(base).into_iter();
        let part = |quantity: Quantity| {
            let part = self.engine.value(base, &quantity).0[index];
            (quantity, part)
        };
        self.saving(base, quantities.map(part).collect())
    }

    /// A centimetre less at either end of every range: of runs what the ends of the paths gave, of a matrix by shorter ranges.
    fn per_cm(&self, base: &Doses, tell: &dyn Fn(&str)) -> Result<Option<[Saving; 2]>> {
        if let Doses::Run(run) = base {
            let ends = |quantity: Quantity| Some((run.saved_per_cm(run.index(&quantity.id)?)?, quantity));
            let found: Option<Vec<_>> = self.engine.quantities(base).into_iter().map(ends).collect();
            return Ok(found.map(|found| {
                [0, 1].map(|end| {
                    let of_end = found.iter().map(|(ends, quantity)| (quantity.clone(), ends[end]));
                    self.saving(base, of_end.collect())
                })
            }));
        }
        let less = |ends_cm: [f64; 2]| {
            let cut = self.exam.acquisitions.iter().map(|a| range::shorter(a, ends_cm)).collect();
            self.variant(base, cut, "a centimetre less", tell)
        };
        Ok(less([1.0, 0.0])?.zip(less([0.0, 1.0])?).map(|(head, foot)| [head, foot]))
    }

    /// The effective dose, and the organs that are spared the largest share of what they get.
    fn saving(&self, base: &Doses, saved: Vec<(Quantity, Estimate)>) -> Saving {
        let own = effective();
        let effective_msv = saved.iter().find(|(quantity, _)| quantity.id == own.id).map(|(_, saved)| *saved);
        let share = |(quantity, saved): (Quantity, Estimate)| {
            let whole = self.engine.value(base, &quantity).1;
            let share = saved.mean / whole.mean;
            // An organ's saving is told where it is known to a quarter.
            // What is no organ to a reader, contents and parts of the skeleton, is not named.
            let parts = ["skeleton_", "residual_soft_tissue"];
            let is_organ = quantity.unit == "mGy"
                && !quantity.id.ends_with("_contents")
                && !parts.iter().any(|part| quantity.id.starts_with(part));
            let is_known = is_organ && saved.mean > 0.0 && saved.relative_error() < 0.25;
            is_known.then_some((quantity, saved, share))
        };
        let mut organs: Vec<_> = saved.into_iter().filter_map(share).collect();
        organs.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
        organs.truncate(NAMED);
        Saving { effective_msv: effective_msv.unwrap_or_default(), organs }
    }
}

/// Sizes of the slices of a range.
fn inside<'a>(sizes: &'a [SliceSize], acquisition: &Acquisition) -> impl Iterator<Item = &'a SliceSize> {
    let (bottom_cm, top_cm) = Exam::nominal_range_cm(acquisition);
    sizes.iter().filter(move |size| (bottom_cm..=top_cm).contains(&size.z_cm))
}
