//! Protocols of children, made by the worksheet: the tables' scanner, range and phantom, mAs that hold what the site says.

use super::WorksheetFile;
use super::site_file::ChildProtocols;
use crate::analysis::size_tables::{AGES, Age, Bowtie, Region};
use crate::analysis::worksheet::setting::Setting;
use crate::analysis::worksheet::{Held, Line, Sheet};
use crate::data::reference_levels::{LevelQuantity, ReferenceLevel};
use crate::error::{Error, Result};
use crate::io::protocol::SCHEMA;
use crate::io::result::NOTICE;
use crate::io::toml_lines::{Lines, decimals};
use crate::io::toml_text::quoted;
use crate::units::MM_PER_CM;

/// Seed of the first protocol; the others follow.
const FIRST_SEED: u64 = 20_260_700;

/// Name and text of every protocol. Refuses a site that does not say how its protocols are made.
pub fn protocols(file: &WorksheetFile) -> Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (sheet, made) in file.sheets.iter().zip(&file.site.protocols) {
        let Some(made) = made else { continue };
        for (index, age) in AGES.iter().enumerate() {
            let Some(line) = sheet.lines.iter().find(|line| is_of_tables(line, age)) else { continue };
            let name = format!("{}-{}.toml", sheet.technique.region.id, age.id);
            if found.iter().any(|(known, _)| *known == name) {
                return Err(Error::invalid(format!(
                    "one technique per region may have protocols, found {name} twice"
                )));
            }
            let seed = FIRST_SEED + found.len() as u64;
            let text = text(file, sheet, line, made, (age, made.tube_voltages_kv[index]), seed)?;
            found.push((name, text));
        }
    }
    match found.is_empty() {
        true => Err(Error::invalid(
            "protocols need `protocol = { … }` in a [[technique]] and patients of the tables, found none",
        )
        .with_help("docs/worksheet.md has an example")),
        false => Ok(found),
    }
}

/// Whether a line is a patient of the tables as the tables have it.
fn is_of_tables(line: &Line, age: &Age) -> bool {
    line.patient.age_y == age.years && line.patient.sizes_cm.is_empty()
}

/// mAs of a protocol on the tables' scanner, and why.
struct Chosen<'a> {
    setting: &'a Setting,
    /// Tube current in whole mA.
    tube_current_ma: f64,
    /// CTDIvol that follows, 16 and 32 cm, mGy.
    ctdi_vol_mgy: [f64; 2],
    /// The level that lowered it.
    lowered_to: Option<&'static ReferenceLevel>,
}

fn choose<'a>(
    file: &WorksheetFile,
    sheet: &Sheet,
    line: &'a Line,
    made: &ChildProtocols,
    kv: f64,
) -> Result<Chosen<'a>> {
    let lacks = || Error::Internal(format!("the worksheet has no {kv} kV"));
    let setting = line.setting(kv, made.held).ok_or_else(lacks)?;
    let age = AGES.iter().find(|age| age.years == line.patient.age_y).ok_or_else(lacks)?;
    let entry = file.tables.tables.entry(age.id, sheet.technique.region.id, kv).ok_or_else(lacks)?;
    let per_mas = entry.ctdi_vol_mgy_per_mas.map(|value| value.mean);
    let wanted_mgy = setting.ctdi_vol_mgy[1].mean;
    let most_mgy = |level: &ReferenceLevel| match level.quantity {
        LevelQuantity::CtdiVol16 => Some(level.high_mgy * per_mas[1] / per_mas[0]),
        LevelQuantity::CtdiVol32 => Some(level.high_mgy),
        LevelQuantity::Ssde => None,
    };
    let level = line.reference_level().filter(|_| made.within_reference_level);
    let lowered_to = level.filter(|level| most_mgy(level).is_some_and(|mgy| mgy < wanted_mgy));
    let mgy = lowered_to.and_then(most_mgy).unwrap_or(wanted_mgy);
    let ma = mgy / per_mas[1] * made.pitch / made.rotation_time_s;
    // Consoles take whole mA; a level is not exceeded by rounding.
    let tube_current_ma = if lowered_to.is_some() { ma.floor() } else { ma.round() }.max(1.0);
    let effective_mas = tube_current_ma * made.rotation_time_s / made.pitch;
    Ok(Chosen {
        setting,
        tube_current_ma,
        ctdi_vol_mgy: per_mas.map(|per_mas| per_mas * effective_mas),
        lowered_to,
    })
}

fn text(
    file: &WorksheetFile,
    sheet: &Sheet,
    line: &Line,
    made: &ChildProtocols,
    (age, kv): (&Age, f64),
    seed: u64,
) -> Result<String> {
    let chosen = choose(file, sheet, line, made, kv)?;
    let region = &sheet.technique.region;
    let bowtie = &file.tables.bowties[usize::from(region.bowtie == Bowtie::Head)];
    let mut lines = Lines::default();
    comments(&mut lines, file, sheet, line, made, &chosen);
    let phantom_of_ctdi = if region.bowtie == Bowtie::Head { "head16" } else { "body32" };
    let name = format!("{}, {}, child-sized", capital(region.name), age.name);
    lines.raw(&format!("\nschema = {}\nname = {}\n", quoted(SCHEMA), quoted(&name)));
    lines.raw(&format!("\n[phantom]\nid = {}\n", quoted(&format!("ce-{}-arms-raised", age.id))));
    lines.raw(&format!(
        "\n[scanner]\nmodel = {}\nbowtie = {}\n",
        quoted(&file.tables.scanner),
        quoted(bowtie)
    ));
    lines.raw(&format!("\n[[acquisition]]\nphase = {}\nmode = \"helical\"\n", quoted(region.id)));
    for (key, value) in [
        ("tube_voltage_kv", kv),
        ("tube_current_ma", chosen.tube_current_ma),
        ("rotation_time_s", made.rotation_time_s),
        ("total_collimation_mm", made.total_collimation_mm),
        ("pitch", made.pitch),
    ] {
        lines.raw(&format!("{key} = {value:?}\n"));
    }
    lines.raw(&format!("range = {}\n", range(region)));
    lines.raw(&format!("ctdi_phantom = {}\n", quoted(phantom_of_ctdi)));
    lines.raw(&format!(
        "\n[run]\nhistories = 1e9\nseed = {seed}\ntarget = {{ relative_error = 0.01, organs = \"in-field\" }}\n"
    ));
    Ok(lines.text)
}

fn comments(
    lines: &mut Lines,
    file: &WorksheetFile,
    sheet: &Sheet,
    line: &Line,
    made: &ChildProtocols,
    chosen: &Chosen,
) {
    let technique = &sheet.technique;
    let held = match made.held {
        Held::Dose => "the dose of the middle slice",
        Held::EffectiveDose => "the effective dose",
        Held::Noise => "the noise of the image",
    };
    lines.comment(&format!(
        "{}, {}: made by childsize worksheet; {NOTICE}.",
        capital(technique.region.name),
        line.patient.name
    ));
    lines.comment(&format!(
        "Holds {held} of the adult of `{}`: {} kV, {} effective mAs, CTDIvol {} mGy ({} cm), Dw {} cm. This patient: Dw {} cm; mAs x {} \
         at {} kV, noise x {}.",
        file.site.name,
        technique.tube_voltage_kv,
        decimals(technique.effective_mas, 1),
        decimals(technique.ctdi_vol_mgy, 2),
        technique.phantom.diameter_cm(),
        decimals(sheet.adult_size_cm, 1),
        decimals(line.water_equivalent_diameter_cm, 1),
        decimals(chosen.setting.mas_factor.mean, 3),
        chosen.setting.tube_voltage_kv,
        decimals(chosen.setting.relative_noise, 2),
    ));
    if let Some(level) = chosen.lowered_to {
        lines.comment(&format!(
            "The mAs were then lowered until CTDIvol is the level of {} ({}).",
            level.source, level.status
        ));
    }
    let [of_16, of_32] = chosen.ctdi_vol_mgy;
    lines.comment(&format!(
        "CTDIvol that follows on {}: {} mGy (16 cm), {} mGy (32 cm). Published levels:",
        file.tables.scanner,
        decimals(of_16, 2),
        decimals(of_32, 2)
    ));
    line.levels.iter().for_each(|level| lines.comment(&level.sentence()));
    if line.levels.is_empty() {
        lines.comment("none is known to this program for this patient and region");
    }
}

/// `{ top = "lung_apex+10mm", bottom = "diaphragm-10mm" }`
fn range(region: &Region) -> String {
    let end = |(landmark, offset_cm): (&str, f64)| match offset_cm {
        0.0 => landmark.to_owned(),
        cm => format!("{landmark}{:+}mm", cm * MM_PER_CM),
    };
    format!("{{ top = {}, bottom = {} }}", quoted(&end(region.top)), quoted(&end(region.bottom)))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
