//! `[[acquisition]]`: one phase, from tube voltage to scan range.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::keys;
use super::model::Model;
use super::modulation::{MOST_MA, ModulationEntry};
use super::range::RangeEntry;
use super::scanner::ScannerEntry;
use crate::analysis::console::ConsoleCtdi;
use crate::analysis::ctdi::CTDI_PHANTOMS;
use crate::error::Result;
use crate::io::document::{Item, Value as Found};
use crate::io::section::{Section, above_zero_up_to, within, word};
use crate::source::acquisition::{Acquisition, Mode, Overrange};
use crate::source::current::CurrentProfile;
use crate::source::gantry::StartAngle;
use crate::units::{CM_PER_MM, MM_PER_CM, RAD_PER_DEG};

/// Pitch above which a scanner with one tube leaves gaps.
const PITCH_OF_ONE_TUBE: f64 = 1.75;
/// mAs per rotation that consoles offer.
const USUAL_MAS: [f64; 2] = [1.0, 1000.0];

/// A mode as protocols name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ModeWord {
    Helical,
    Axial,
    Stationary,
}

const MODES: [(&str, ModeWord); 3] =
    [("helical", ModeWord::Helical), ("axial", ModeWord::Axial), ("stationary", ModeWord::Stationary)];

/// Keys that belong to some modes only.
const MODE_KEYS: [(&str, &[ModeWord]); 9] = [
    ("pitch", &[ModeWord::Helical]),
    ("overrange", &[ModeWord::Helical]),
    ("table_increment_mm", &[ModeWord::Axial]),
    ("angle_deg", &[ModeWord::Stationary]),
    ("exposure_time_s", &[ModeWord::Stationary]),
    ("rotation_time_s", &[ModeWord::Helical, ModeWord::Axial, ModeWord::Stationary]),
    ("start_angle_deg", &[ModeWord::Helical, ModeWord::Axial]),
    ("modulation", &[ModeWord::Helical, ModeWord::Axial]),
    ("dynamic_collimation", &[ModeWord::Helical]),
];

/// What an acquisition is read in the light of.
pub(super) struct Surroundings<'a> {
    /// The phantom, whose landmarks ranges name.
    pub model: &'a Model,
    /// `[scanner]`, whose keys stand in for those an acquisition's own scanner leaves out.
    pub scanner: &'a Section,
    /// Folder from which files are looked up.
    pub folder: &'a Path,
}

/// An acquisition as the engine takes it, and as the protocol states it.
#[derive(Clone, Debug)]
pub(super) struct AcquisitionEntry {
    /// In the library's units.
    pub acquisition: Acquisition,
    /// How the tube current is to follow the patient.
    pub modulation: ModulationEntry,
    /// A scanner of its own.
    pub scanner: Option<ScannerEntry>,
    /// Whether a CTDI is wanted, and the console's.
    pub console: Option<ConsoleCtdi>,
    /// The section with every default filled in.
    pub resolved: Value,
    /// What a physicist should look at.
    pub warnings: Vec<String>,
}

/// Reads one section, whose inherited keys are there already. `phase` is its name.
pub(super) fn read(section: &Section, phase: &str, around: &Surroundings) -> Result<AcquisitionEntry> {
    let mode_item = section.need("mode")?;
    let mode_word = word(mode_item, &MODES)?;
    refuse_keys_of_other_modes(section, mode_word, mode_item)?;
    let time_s = beam_on_time_s(section, mode_word)?;
    let collimation_mm = section.need_number("total_collimation_mm", above_zero_up_to(400.0))?;
    let range_item = section.need("range")?;
    let range = RangeEntry::read(range_item, &around.model.landmarks_z_cm())?;
    let mode = mode(section, mode_word, collimation_mm)?;
    let modulation_item = section.find("modulation").filter(|_| mode_word != ModeWord::Stationary);
    let modulation = ModulationEntry::read(modulation_item, around.folder)?;
    let scanner = section.find("scanner").map(|item| own_scanner(item, around)).transpose()?;
    let mut acquisition = Acquisition {
        phase: phase.to_owned(),
        mode,
        tube_voltage_kv: tube_voltage_kv(section)?,
        tube_current_ma: tube_current_ma(section, &modulation)?,
        rotation_time_s: time_s,
        collimation_cm: collimation_mm * CM_PER_MM,
        top_z_cm: range.top_mm * CM_PER_MM,
        bottom_z_cm: range.bottom_mm * CM_PER_MM,
        overrange: overrange(section, mode_word)?,
        start_angle: start_angle(section, mode_word)?,
        modulation: None,
        dynamic_collimation: dynamic_collimation(section, mode_word)?,
        scanner: scanner.as_ref().map(|own| Arc::new(own.scanner.clone())),
        output_factor: 1.0,
    };
    check_motion(section, mode_word, &acquisition)?;
    if acquisition.tube_current_ma.is_nan() {
        acquisition.tube_current_ma = mean_of_profile_ma(&modulation, &acquisition)?;
    }
    acquisition.check()?;
    modulation.check_range(modulation_item, [acquisition.bottom_z_cm, acquisition.top_z_cm])?;
    modulation.check_mean(modulation_item, acquisition.tube_current_ma)?;
    let mut warnings = warnings(&acquisition);
    warnings.extend(range.check_against(range_item, around.model.extent_z_cm())?);
    let name = |warning: String| format!("acquisition `{phase}`: {warning}");
    Ok(AcquisitionEntry {
        console: console(section, mode_word)?,
        resolved: resolved(section, &acquisition, mode_word, &range, (&modulation, scanner.as_ref())),
        modulation,
        scanner,
        warnings: warnings.into_iter().map(name).collect(),
        acquisition,
    })
}

/// The scanner of an acquisition: what it does not say is that of `[scanner]`.
fn own_scanner(item: &Item, around: &Surroundings) -> Result<ScannerEntry> {
    let own = Section::open(item, keys::SCANNER)?;
    let mut except = Vec::new();
    if own.own("model").or(own.own("file")).is_some() {
        except.extend(["model", "file"]);
    }
    if own.own("bowtie").is_some() {
        except.push("bowtie_material");
    }
    ScannerEntry::read(&own.inheriting(around.scanner, &except), around.folder)
}

/// Own keys of another mode are refused; inherited ones are left aside.
fn refuse_keys_of_other_modes(section: &Section, mode: ModeWord, mode_item: &Item) -> Result<()> {
    for (key, modes) in MODE_KEYS {
        if let (Some(item), false) = (section.own(key), modes.contains(&mode)) {
            let names =
                |m: &&ModeWord| MODES.iter().find(|(_, known)| known == *m).map_or("", |(name, _)| *name);
            let of = modes.iter().map(|m| names(&m)).collect::<Vec<_>>().join(" and ");
            let sentence = format!("belongs to mode {of}, found it with mode = {}", mode_item.shown());
            return Err(item.refuse(sentence));
        }
    }
    Ok(())
}

/// The mean tube current, mA; NaN where a profile is to give it.
fn tube_current_ma(section: &Section, modulation: &ModulationEntry) -> Result<f64> {
    match (section.find("tube_current_ma"), modulation.profile()) {
        (None, Some(_)) => Ok(f64::NAN),
        _ => section.need_number("tube_current_ma", above_zero_up_to(MOST_MA)),
    }
}

/// Mean of a profile of the user's own over the beam-on time, mA.
fn mean_of_profile_ma(modulation: &ModulationEntry, acquisition: &Acquisition) -> Result<f64> {
    let [z_cm, ma] = [0, 1].map(|i| modulation.profile().into_iter().flatten().map(|p| p[i]).collect());
    Ok(CurrentProfile::new(z_cm, 1, ma)?.mean_along(&acquisition.trajectory()))
}

/// Refuses a motion at the place of the key that sets the table's step.
fn check_motion(section: &Section, mode: ModeWord, acquisition: &Acquisition) -> Result<()> {
    let step = match mode {
        ModeWord::Helical => section.find("pitch"),
        ModeWord::Axial | ModeWord::Stationary => section.find("table_increment_mm"),
    };
    let item = step.map_or_else(|| section.need("total_collimation_mm"), Ok)?;
    acquisition.check_motion().map_err(|refusal| item.place.refuse(&refusal.to_string()))
}

fn dynamic_collimation(section: &Section, mode: ModeWord) -> Result<bool> {
    let item = section.find("dynamic_collimation").filter(|_| mode == ModeWord::Helical);
    item.map_or(Ok(false), Item::flag)
}

fn tube_voltage_kv(section: &Section) -> Result<f64> {
    let item = section.need("tube_voltage_kv")?;
    let kv = item.number()?;
    within(50.0, 150.0).check(item, kv).map_err(|error| match kv > 1000.0 {
        true => error.with_help("was it given in V instead of kV?"),
        false => error.with_help("the tube model knows 50 to 150 kV"),
    })
}

fn beam_on_time_s(section: &Section, mode: ModeWord) -> Result<f64> {
    let key = match mode {
        ModeWord::Stationary => {
            let one = section.exactly_one(&["exposure_time_s", "rotation_time_s"])?;
            if one.key == "exposure_time_s" { "exposure_time_s" } else { "rotation_time_s" }
        }
        _ => "rotation_time_s",
    };
    let item = section.need(key)?;
    let time_s = item.number()?;
    above_zero_up_to(60.0).check(item, time_s).map_err(|error| match time_s > 60.0 {
        true => error.with_help("was it given in ms instead of s?"),
        false => error,
    })
}

fn mode(section: &Section, mode: ModeWord, collimation_mm: f64) -> Result<Mode> {
    Ok(match mode {
        ModeWord::Helical => Mode::Helical {
            pitch: section
                .need_number("pitch", above_zero_up_to(3.5))
                .map_err(|error| error.with_help("pitch = table feed per rotation / total collimation"))?,
        },
        ModeWord::Axial => {
            let increment_mm = section.number("table_increment_mm", above_zero_up_to(2000.0))?;
            Mode::Axial { table_increment_cm: increment_mm.unwrap_or(collimation_mm) * CM_PER_MM }
        }
        ModeWord::Stationary => {
            let angle_deg = section.number("angle_deg", within(-360.0, 360.0))?.unwrap_or(0.0);
            Mode::Stationary { angle_rad: angle_deg * RAD_PER_DEG }
        }
    })
}

fn overrange(section: &Section, mode: ModeWord) -> Result<Overrange> {
    let item = match (section.find("overrange"), mode) {
        (_, ModeWord::Axial | ModeWord::Stationary) => return Ok(Overrange::None),
        (None, ModeWord::Helical) => return Ok(Overrange::Auto),
        (Some(item), ModeWord::Helical) => item,
    };
    if let Found::Text(_) = item.value {
        return word(item, &[("auto", Overrange::Auto), ("none", Overrange::None)]);
    }
    let lengths = Section::open(item, keys::OVERRANGE).map_err(|error| match item.value {
        Found::Table(_) => error,
        _ => item.refuse_type("\"auto\", \"none\" or { before_mm, after_mm }"),
    })?;
    let length_cm = |key| lengths.need_number(key, within(0.0, 1000.0)).map(|mm| mm * CM_PER_MM);
    Ok(Overrange::Lengths { top_cm: length_cm("before_mm")?, bottom_cm: length_cm("after_mm")? })
}

fn start_angle(section: &Section, mode: ModeWord) -> Result<StartAngle> {
    let item = match section.find("start_angle_deg") {
        Some(item) if mode != ModeWord::Stationary => item,
        _ => return Ok(StartAngle::Random),
    };
    match item.value {
        Found::Text(_) => word(item, &[("random", StartAngle::Random)])
            .map_err(|_| item.refuse_type("a number or \"random\"")),
        _ => {
            let angle_deg = item.number().map_err(|_| item.refuse_type("a number or \"random\""))?;
            let angle_deg = within(-360.0, 360.0).check(item, angle_deg)?;
            Ok(StartAngle::Fixed(angle_deg * RAD_PER_DEG))
        }
    }
}

/// The CTDI phantom and the console's figure; a tube at rest has none.
fn console(section: &Section, mode: ModeWord) -> Result<Option<ConsoleCtdi>> {
    let (volume, phantom) = (section.find("ctdi_vol_mgy"), section.find("ctdi_phantom"));
    let stationary = mode == ModeWord::Stationary;
    if let (true, Some(item)) = (stationary, section.own("ctdi_vol_mgy").or(section.own("ctdi_phantom"))) {
        return Err(
            item.refuse("belongs to scans in which the tube turns, found it with mode = \"stationary\"")
        );
    }
    let Some(phantom) = phantom.filter(|_| !stationary) else {
        return match volume.filter(|_| !stationary) {
            None => Ok(None),
            Some(item) => Err(item
                .refuse("needs ctdi_phantom, found none")
                .with_help("the console shows it beside CTDIvol: \"body32\" (32 cm) or \"head16\" (16 cm)")),
        };
    };
    let ctdi_vol_mgy = section.number("ctdi_vol_mgy", above_zero_up_to(1000.0))?;
    Ok(Some(ConsoleCtdi { phantom: word(phantom, &CTDI_PHANTOMS)?, ctdi_vol_mgy }))
}

fn warnings(acquisition: &Acquisition) -> Vec<String> {
    let mut warnings = Vec::new();
    let mas = acquisition.mas_per_rotation();
    if !(USUAL_MAS[0]..=USUAL_MAS[1]).contains(&mas) && !matches!(acquisition.mode, Mode::Stationary { .. }) {
        warnings.push(format!("{mas} mAs per rotation is unusual; consoles offer 1 to 1000 mAs"));
    }
    match acquisition.mode {
        Mode::Helical { pitch } if pitch > PITCH_OF_ONE_TUBE => {
            warnings
                .push(format!("pitch {pitch} is offered by scanners with two tubes only: state the second one as an acquisition with a scanner of its own"));
        }
        Mode::Axial { table_increment_cm }
            if table_increment_cm > acquisition.collimation_cm * (1.0 + 1e-9) =>
        {
            warnings.push(
                "the table increment is larger than the collimation: the rotations leave gaps".to_owned(),
            );
        }
        _ => {}
    }
    warnings
}

fn resolved(
    section: &Section,
    acquisition: &Acquisition,
    mode: ModeWord,
    range: &RangeEntry,
    (modulation, scanner): (&ModulationEntry, Option<&ScannerEntry>),
) -> Value {
    let copied = |key: &str| section.find(key).and_then(|item| item.number().ok()).map(Value::from);
    let mut keys = Map::new();
    let mut put = |key: &str, value: Value| keys.insert(key.to_owned(), value);
    put("phase", json!(acquisition.phase));
    put("mode", json!(MODES.iter().find(|(_, known)| *known == mode).map(|(name, _)| *name)));
    put("range", range.resolved());
    put("modulation", modulation.resolved());
    if let Some(scanner) = scanner {
        put("scanner", scanner.resolved());
    }
    put("tube_current_ma", json!(acquisition.tube_current_ma));
    if let Some(item) = section.find("ctdi_phantom").filter(|_| mode != ModeWord::Stationary) {
        put("ctdi_phantom", json!(item.text().unwrap_or_default()));
        put("ctdi_vol_mgy", copied("ctdi_vol_mgy").unwrap_or_default());
    }
    for key in ["tube_voltage_kv", "total_collimation_mm"] {
        put(key, copied(key).unwrap_or_default());
    }
    let start_angle = || copied("start_angle_deg").unwrap_or(json!("random"));
    match mode {
        ModeWord::Helical => {
            put("rotation_time_s", json!(acquisition.rotation_time_s));
            put("pitch", copied("pitch").unwrap_or_default());
            put("overrange", resolved_overrange(acquisition, section));
            put("dynamic_collimation", json!(acquisition.dynamic_collimation));
            put("start_angle_deg", start_angle());
        }
        ModeWord::Axial => {
            put("rotation_time_s", json!(acquisition.rotation_time_s));
            let increment = copied("table_increment_mm").or_else(|| copied("total_collimation_mm"));
            put("table_increment_mm", increment.unwrap_or_default());
            put("start_angle_deg", start_angle());
        }
        ModeWord::Stationary => {
            put("exposure_time_s", json!(acquisition.rotation_time_s));
            put("angle_deg", copied("angle_deg").unwrap_or(json!(0.0)));
        }
    }
    Value::Object(keys)
}

fn resolved_overrange(acquisition: &Acquisition, section: &Section) -> Value {
    if matches!(acquisition.overrange, Overrange::None) {
        return json!("none");
    }
    let kind = section.find("overrange").map_or("auto", |item| item.text().unwrap_or("lengths"));
    let (before_cm, after_cm) = acquisition.overrange_cm();
    json!({ "kind": kind, "before_mm": before_cm * MM_PER_CM, "after_mm": after_cm * MM_PER_CM })
}
