//! `childsize estimate`: doses of a scan from the size tables, without a simulation.

use std::path::PathBuf;

use clap::Args;

use super::console::{self, digits};
use crate::analysis::ctdi::CtdiPhantom;
use crate::analysis::organ_table::InField;
use crate::analysis::size_tables::estimate::{Answer, Part, Question, estimate};
use crate::analysis::ssde::{head_size_factor, size_factor};
use crate::data::reference_levels::{LevelPatient, levels_of, reference_weight_kg};
use crate::error::{Error, Result};
use crate::io::result::NOTICE;
use crate::io::size_tables::{SizeTableFile, load};

const AFTER_HELP: &str = "\
Examples:
  childsize estimate --age 5 --region chest --kv 100 --ctdi-vol 2.1 --phantom body32
  childsize estimate --age 7 --region abdomen-pelvis --kv 90 --ctdi-vol 3 --phantom head16 --dw 19.5
  childsize estimate --tables mine/tables.json --age 5 --region head --kv 120 --ctdi-vol 20 --phantom head16

The tables ship with the program: one scanner (generic-64), the phantoms of this program, scans without modulation. Between
ages and tube voltages doses are interpolated, with --dw they follow the organ's exponential in size; beyond the tables they
are refused. The first error is that of the simulation, the second how far an age lies off the fit to all others (anatomy):
a patient is not a phantom. Published levels
of CTDIvol and SSDE stand beside them; those that say RECALLED were not checked. The last table has every tube voltage at the noise of the scan, by quanta behind as much water.
Noise alone favours high tube voltages; contrast, above all iodine's, favours low ones and is not in it.";

/// Organ doses and effective dose of a scan, at once, from the size tables.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct EstimateArguments {
    /// Age, years, 0 to 20 (the adult)
    #[arg(long, value_name = "YEARS")]
    age: f64,
    /// head, chest, abdomen-pelvis or chest-abdomen-pelvis
    #[arg(long, value_name = "REGION")]
    region: String,
    /// Tube voltage, kV
    #[arg(long, value_name = "KV")]
    kv: f64,
    /// The console's CTDIvol, mGy
    #[arg(long, value_name = "MGY")]
    ctdi_vol: f64,
    /// The phantom it is for: head16 or body32
    #[arg(long, value_name = "PHANTOM")]
    phantom: String,
    /// Mean water-equivalent diameter of the range, cm [default: that of the age]
    #[arg(long, value_name = "CM")]
    dw: Option<f64>,
    /// Tables of your own (childsize calibrate) instead of the shipped ones
    #[arg(long, value_name = "FILE")]
    tables: Option<PathBuf>,
}

/// Prints the estimate.
pub fn run(arguments: &EstimateArguments) -> Result<()> {
    let question = arguments.question()?;
    let file = load(arguments.tables.as_deref())?;
    let answer = estimate(&file.tables, &question)?;
    console::print(&text(&file, &question, &answer))
}

impl EstimateArguments {
    fn question(&self) -> Result<Question> {
        if !(self.ctdi_vol > 0.0 && self.ctdi_vol <= 1000.0) {
            let found = self.ctdi_vol;
            return Err(Error::invalid(format!(
                "--ctdi-vol must be above 0 and at most 1000, found {found}"
            )));
        }
        let body32 = match self.phantom.as_str() {
            "body32" => true,
            "head16" => false,
            other => {
                return Err(Error::invalid(format!("--phantom must be head16 or body32, found {other}")));
            }
        };
        Ok(Question {
            age_y: self.age,
            region: self.region.clone(),
            tube_voltage_kv: self.kv,
            ctdi_vol_mgy: self.ctdi_vol,
            body32,
            water_equivalent_diameter_cm: self.dw,
        })
    }
}

fn text(file: &SizeTableFile, question: &Question, answer: &Answer) -> String {
    let dw_cm = answer.water_equivalent_diameter_cm;
    let mut text = format!(
        " scan     {}, {} years, Dw {} cm, {} kV   CTDIvol {} mGy (32 cm), {} mGy (16 cm)\n",
        question.region,
        question.age_y,
        digits(dw_cm, 3),
        question.tube_voltage_kv,
        digits(answer.ctdi_vol_32_mgy, 3),
        digits(answer.ctdi_vol_16_mgy, 3)
    );
    let ssde = match question.region.as_str() {
        "head" => head_size_factor(dw_cm).map(|f| (f * answer.ctdi_vol_16_mgy, "AAPM 293")),
        _ => size_factor(CtdiPhantom::Body32, dw_cm).map(|f| (f * answer.ctdi_vol_32_mgy, "AAPM 204")),
    };
    text +=
        &ssde.map_or(String::new(), |(mgy, report)| format!(" SSDE     {} mGy ({report})\n", digits(mgy, 3)));
    text += &levels(question, answer);
    text += &format!("\n{}\n", organs(&answer.organs));
    for part in &answer.effective {
        text += &format!(
            " {}  {} mSv ± {} %{}\n",
            part.name,
            digits(part.dose.mean, 3),
            digits(100.0 * part.dose.relative_error(), 2),
            anatomy(part).map_or(String::new(), |percent| format!(", anatomy ± {percent} %"))
        );
    }
    text += " (compares examinations of a reference person; it is not the risk of a patient)\n\n";
    text += &alternatives(answer);
    text + &format!(
        " tables   {}, bowtie {} and {} (heads), {} histories\n notice   {NOTICE}\n",
        file.scanner,
        file.bowties[0],
        file.bowties[1],
        digits(file.tables.histories as f64, 3)
    )
}

/// Published levels for a patient of this age, by the reference weight and the width of the age.
fn levels(question: &Question, answer: &Answer) -> String {
    let patient = LevelPatient {
        age_y: question.age_y,
        weight_kg: reference_weight_kg(question.age_y),
        width_cm: answer.ap_lateral_cm[1],
    };
    let found = levels_of(&question.region, &patient);
    found.iter().map(|level| format!(" level    {}\n", level.sentence())).collect()
}

fn anatomy(part: &Part) -> Option<String> {
    part.anatomy.map(|share| digits(100.0 * share, 2))
}

/// Organs in the field, partly in it and out of it, then tissues; the highest dose first.
fn organs(organs: &[Part]) -> String {
    let header = ["organ", "covered %", "dose mGy", "± %", "anatomy ± %"].map(str::to_owned);
    let mut rows = Vec::new();
    let classes = InField::ALL.map(|class| (class.words(), Some(class)));
    for (words, class) in classes.into_iter().chain([("tissues", None)]) {
        let mine = organs.iter().filter(|part| part.coverage.map(InField::of_coverage) == class);
        let mut mine: Vec<&Part> = mine.filter(|part| part.dose.relative_error() < 0.25).collect();
        mine.sort_by(|a, b| b.dose.mean.total_cmp(&a.dose.mean));
        if !mine.is_empty() {
            rows.push(vec![words.to_owned()]);
        }
        rows.extend(mine.into_iter().map(|part| {
            vec![
                format!("  {}", part.name),
                part.coverage.map_or(String::new(), |share| format!("{:.0}", 100.0 * share)),
                digits(part.dose.mean, 3),
                digits(100.0 * part.dose.relative_error(), 2),
                anatomy(part).unwrap_or_default(),
            ]
        }));
    }
    console::table(&header, header.len() - 1, rows)
}

fn alternatives(answer: &Answer) -> String {
    let header = ["at the same noise", "mAs x", "CTDIvol mGy", "E (103) mSv"].map(str::to_owned);
    let rows = answer.alternatives.iter().map(|other| {
        vec![
            format!("  {} kV", other.tube_voltage_kv),
            digits(other.mas_factor, 3),
            digits(other.ctdi_vol_mgy, 3),
            digits(other.effective_msv, 3),
        ]
    });
    format!(
        "{} (noise alone favours high tube voltages; contrast, above all iodine's, favours low ones)\n\n",
        console::table(&header, 3, rows)
    )
}
