//! The file of a site (`childsize.site/1`): how it scans its adults, and for whom the worksheet is.

use std::path::Path;

use super::keys::{CHILD_VOLTAGES, PATIENT, PROTOCOL, SITE, SIZES, TECHNIQUE};
use crate::analysis::ctdi::CTDI_PHANTOMS;
use crate::analysis::size_tables::estimate::valid_sizes_cm;
use crate::analysis::size_tables::table::SizeTables;
use crate::analysis::size_tables::{AGES, REGIONS, Region, TUBE_VOLTAGES_KV};
use crate::analysis::worksheet::{Held, Patient, Technique};
use crate::error::Result;
use crate::io::document::{self, Item};
use crate::io::profile_csv::read_text;
use crate::io::section::{Section, above_zero_up_to, within, word};

/// Name and version of the format.
pub const SCHEMA: &str = "childsize.site/1";
/// Largest file that is read, bytes.
const LONGEST_BYTES: u64 = 1 << 20;
/// Most techniques, and most patients.
const MOST: usize = 40;
/// Most tube voltages that a printed page has room for.
const MOST_COLUMNS: usize = 4;
/// Tube voltages of the page, kV, where the site names none.
const COLUMNS_KV: [f64; 3] = [80.0, 100.0, 120.0];
/// CTDIvol per mAs over that of the tables' scanner, beyond which the phantom may be the wrong one.
const USUAL_OUTPUT: [f64; 2] = [0.6, 1.7];

/// How protocols of children are made from a technique.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildProtocols {
    /// What is held.
    pub held: Held,
    /// Tube voltage by age, kV, in the order of [`AGES`].
    pub tube_voltages_kv: [f64; 6],
    /// Rotation time, s.
    pub rotation_time_s: f64,
    /// Beam width, mm.
    pub total_collimation_mm: f64,
    /// Pitch.
    pub pitch: f64,
    /// Whether mAs are lowered until CTDIvol is at most the first published reference level.
    pub within_reference_level: bool,
}

/// A site.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// For people.
    pub name: String,
    /// Tube voltages of the page, kV.
    pub columns_kv: Vec<f64>,
    /// Techniques.
    pub techniques: Vec<Technique>,
    /// How protocols are made from each.
    pub protocols: Vec<Option<ChildProtocols>>,
    /// Patients.
    pub patients: Vec<Patient>,
    /// What a physicist should look at.
    pub warnings: Vec<String>,
}

impl Site {
    /// Reads the file of a site. Sizes, ages and tube voltages outside the tables are refused.
    pub fn read(path: &Path, tables: &SizeTables) -> Result<Self> {
        let text = read_text(path, LONGEST_BYTES)?;
        Self::parse(&text, tables).map_err(|error| error.within(&path.display().to_string()))
    }

    /// Reads the text of such a file.
    pub fn parse(text: &str, tables: &SizeTables) -> Result<Self> {
        let file = Section::open(&document::read(text)?, SITE)?;
        match file.need("schema")? {
            item if item.text()? == SCHEMA => {}
            item => return Err(item.refuse(format!("must be \"{SCHEMA}\", found {}", item.shown()))),
        }
        let sections = sections(file.need("technique")?)?;
        let techniques: Vec<Technique> =
            sections.iter().map(|section| technique(section, tables)).collect::<Result<_>>()?;
        for (index, one) in techniques.iter().enumerate() {
            if techniques[..index].iter().any(|o| o.region == one.region && o.scanner == one.scanner) {
                let (region, scanner) = (one.region.id, &one.scanner);
                return Err(sections[index].refuse(&format!(
                    "must be there once per region and scanner, found {region} on `{scanner}` twice"
                )));
            }
        }
        let patients = match file.find("patient") {
            None => Patient::of_tables(),
            Some(item) => patients(item, tables)?,
        };
        Ok(Site {
            name: file.text("name")?.unwrap_or("unnamed").to_owned(),
            columns_kv: file.find("tube_voltages_kv").map_or(Ok(COLUMNS_KV.to_vec()), columns_kv)?,
            protocols: sections.iter().map(child_protocols).collect::<Result<_>>()?,
            warnings: techniques.iter().filter_map(|one| warning(one, tables)).collect(),
            techniques,
            patients,
        })
    }
}

/// The sections of a list of tables.
fn sections(item: &Item) -> Result<Vec<Section>> {
    list_of(item, "[[technique]]")?.iter().map(|item| Section::open(item, TECHNIQUE)).collect()
}

fn list_of<'a>(item: &'a Item, heading: &str) -> Result<&'a [Item]> {
    let items = item.list().map_err(|_| item.refuse_type(&format!("sections that begin with {heading}")))?;
    match items.is_empty() || items.len() > MOST {
        true => Err(item.refuse(format!("must be there 1 to {MOST} times, found {}", items.len()))),
        false => Ok(items),
    }
}

fn technique(section: &Section, tables: &SizeTables) -> Result<Technique> {
    let region = region(section)?;
    Ok(Technique {
        region,
        scanner: section.text("scanner")?.unwrap_or("the scanner").to_owned(),
        tube_voltage_kv: section
            .need_number("tube_voltage_kv", tube_voltages())
            .map_err(|error| error.with_help("these are the tube voltages of the size tables"))?,
        effective_mas: section
            .need_number("effective_mas", above_zero_up_to(5000.0))
            .map_err(|error| error.with_help("effective mAs = tube current x rotation time / pitch"))?,
        ctdi_vol_mgy: section.need_number("ctdi_vol_mgy", above_zero_up_to(1000.0))?,
        phantom: word(section.need("ctdi_phantom")?, &CTDI_PHANTOMS)?,
        adult_size_cm: section.number("adult_water_equivalent_diameter_cm", sizes(tables, region.id))?,
    })
}

fn region(section: &Section) -> Result<Region> {
    word(section.need("region")?, &REGIONS.map(|region| (region.id, region)))
}

fn tube_voltages() -> crate::io::section::Accepted {
    within(TUBE_VOLTAGES_KV[0], TUBE_VOLTAGES_KV[TUBE_VOLTAGES_KV.len() - 1])
}

/// Sizes of the tables' patients in a region, to a tenth of a millimetre.
fn sizes(tables: &SizeTables, region: &str) -> crate::io::section::Accepted {
    let [low, high] = valid_sizes_cm(tables, region);
    within((low * 100.0).ceil() / 100.0, (high * 100.0).floor() / 100.0)
}

fn columns_kv(item: &Item) -> Result<Vec<f64>> {
    let items = item.list()?;
    if items.is_empty() || items.len() > MOST_COLUMNS {
        return Err(
            item.refuse(format!("must have 1 to {MOST_COLUMNS} tube voltages, found {}", items.len()))
        );
    }
    items.iter().map(node_kv).collect()
}

/// A tube voltage that the tables have just so.
fn node_kv(item: &Item) -> Result<f64> {
    let kv = item.number()?;
    match TUBE_VOLTAGES_KV.contains(&kv) {
        true => Ok(kv),
        false => {
            let known = TUBE_VOLTAGES_KV.map(|kv| kv.to_string()).join(", ");
            Err(item.refuse(format!("must be one of the tables' {known} kV, found {kv}")))
        }
    }
}

fn patients(item: &Item, tables: &SizeTables) -> Result<Vec<Patient>> {
    list_of(item, "[[patient]]")?.iter().map(|item| patient(&Section::open(item, PATIENT)?, tables)).collect()
}

fn patient(section: &Section, tables: &SizeTables) -> Result<Patient> {
    let age_y = section.need_number("age_y", within(0.0, AGES[AGES.len() - 1].years))?;
    let stated = section.sub("water_equivalent_diameter_cm", SIZES)?;
    let mut sizes_cm = Vec::new();
    for region in REGIONS {
        if let Some(cm) = stated.number(region.id, sizes(tables, region.id))? {
            sizes_cm.push((region.id.to_owned(), cm));
        }
    }
    let of_age = AGES.iter().find(|age| age.years == age_y).map(|age| age.name.to_owned());
    Ok(Patient {
        name: section.text("name")?.map(str::to_owned).or(of_age).unwrap_or(format!("{age_y} years")),
        age_y,
        weight_kg: section.number("weight_kg", above_zero_up_to(200.0))?,
        sizes_cm,
    })
}

fn child_protocols(section: &Section) -> Result<Option<ChildProtocols>> {
    let Some(item) = section.find("protocol") else { return Ok(None) };
    let of = Section::open(item, PROTOCOL)?;
    let own_kv = section.need("tube_voltage_kv")?.number()?;
    let by_age = of.sub("tube_voltages_kv", CHILD_VOLTAGES)?;
    let mut tube_voltages_kv = [own_kv; 6];
    for (kv, age) in tube_voltages_kv.iter_mut().zip(AGES) {
        match by_age.find(age.id) {
            Some(item) => *kv = node_kv(item)?,
            None if TUBE_VOLTAGES_KV.contains(kv) => {}
            None => {
                return Err(
                    of.refuse(&format!("needs tube_voltages_kv for {}: the tables have no {kv} kV", age.id))
                );
            }
        }
    }
    Ok(Some(ChildProtocols {
        held: of.word("hold", &Held::ALL.map(|held| (held.name(), held)))?.unwrap_or(Held::Dose),
        tube_voltages_kv,
        rotation_time_s: of.need_number("rotation_time_s", above_zero_up_to(10.0))?,
        total_collimation_mm: of.need_number("total_collimation_mm", above_zero_up_to(200.0))?,
        pitch: of.need_number("pitch", above_zero_up_to(1.75))?,
        within_reference_level: of.find("within_reference_level").map_or(Ok(false), Item::flag)?,
    }))
}

/// A sentence where CTDIvol and mAs do not go together as on the tables' scanner.
fn warning(technique: &Technique, tables: &SizeTables) -> Option<String> {
    let phantom = usize::from(technique.phantom == crate::analysis::ctdi::CtdiPhantom::Body32);
    let nearest =
        tables.entries.iter().filter(|entry| entry.region == technique.region.id).min_by(|a, b| {
            let apart = |kv: f64| (kv - technique.tube_voltage_kv).abs();
            apart(a.tube_voltage_kv).total_cmp(&apart(b.tube_voltage_kv))
        })?;
    let found = technique.ctdi_vol_mgy / technique.effective_mas;
    let ratio = found / nearest.ctdi_vol_mgy_per_mas[phantom].mean;
    (!(USUAL_OUTPUT[0]..=USUAL_OUTPUT[1]).contains(&ratio)).then(|| {
        format!(
            "{} on `{}`: CTDIvol per mAs is {ratio:.2} times that of the tables' scanner; is ctdi_phantom right? 16 cm shows about \
             twice what 32 cm shows",
            technique.region.id, technique.scanner
        )
    })
}
