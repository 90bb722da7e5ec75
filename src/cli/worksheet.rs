//! `childsize worksheet`: from a site's adult techniques to the mAs of children, without a simulation.

use std::path::PathBuf;

use clap::Args;

use super::console::{self, digits};
use crate::analysis::worksheet::{Held, Line, Sheet};
use crate::error::Result;
use crate::io::output_file;
use crate::io::result::NOTICE;
use crate::io::size_tables::load;
use crate::io::worksheet::WorksheetFile;
use crate::io::worksheet::protocols::protocols;
use crate::io::worksheet::site_file::Site;
use crate::tally::estimate::Estimate;

const AFTER_HELP: &str = "\
Examples:
  childsize worksheet --adult-baseline examples/site.toml                      in the terminal
  childsize worksheet --adult-baseline site.toml -o worksheet.html             one page, to print on A4
  childsize worksheet --adult-baseline site.toml --csv w.csv --json w.json     every number, every tube voltage
  childsize worksheet --adult-baseline site.toml --protocols protocols/        protocols of children, ready to run

The site's file states how it scans its adults: region, kV, effective mAs (tube current x rotation time / pitch) and CTDIvol.
For every patient and tube voltage of the size tables follow the mAs that hold the dose of the middle slice (D; what SSDE
estimates), the effective dose (E) or the noise by quanta (N) of that adult, and CTDIvol, organ doses and effective dose
with them, beside the Image Gently worksheet's factor and published reference levels (each with its source; RECALLED ones
were not checked). How CTDIvol per mAs goes with kV is that of the tables' scanner. Nothing beyond the tables is answered.

Noise alone is not image quality: a child's structures are smaller and have less fat between them, so that images usually
have to be less noisy than an adult's; and N favours high tube voltages, while contrast, above all iodine's, favours low ones.

The keys of a site's file: docs/worksheet.md.";

/// The paediatric worksheet of a site: mAs of children from its adult techniques.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct WorksheetArguments {
    /// The site's file (TOML): its adult techniques
    #[arg(long, value_name = "FILE")]
    adult_baseline: PathBuf,
    /// Write the page: one HTML file, to print or to look at
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write one row for every patient, tube voltage and quantity held to a CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write everything, all organs too, to a JSON file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write protocols of children into a folder, by `protocol` in the site's techniques
    #[arg(long, value_name = "DIR")]
    protocols: Option<PathBuf>,
    /// Tables of your own (childsize calibrate) instead of the shipped ones
    #[arg(long, value_name = "FILE")]
    tables: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Prints the worksheet and writes its files.
pub fn run(arguments: &WorksheetArguments) -> Result<()> {
    for path in [&arguments.output, &arguments.csv, &arguments.json].into_iter().flatten() {
        output_file::refuse_existing(path, arguments.force)?;
    }
    let tables = load(arguments.tables.as_deref())?;
    let site = Site::read(&arguments.adult_baseline, &tables.tables)?;
    let file = WorksheetFile::of(&site, &tables)?;
    // Whatever can be refused is refused before the first file is written.
    let made = arguments.protocols.as_ref().map(|_| protocols(&file)).transpose()?;
    if let (Some(folder), Some(made)) = (&arguments.protocols, &made) {
        made.iter()
            .try_for_each(|(name, _)| output_file::refuse_existing(&folder.join(name), arguments.force))?;
        output_file::make_folder(folder)?;
        made.iter().try_for_each(|(name, text)| output_file::replace(&folder.join(name), text.as_bytes()))?;
    }
    if let Some(path) = &arguments.output {
        output_file::replace(path, file.html()?.as_bytes())?;
    }
    if let Some(path) = &arguments.csv {
        output_file::replace(path, &file.csv()?)?;
    }
    if let Some(path) = &arguments.json {
        output_file::replace(path, format!("{}\n", file.value()).as_bytes())?;
    }
    for warning in &site.warnings {
        console::note(&format!("warning: {}", console::plain(warning)));
    }
    let sheets: String = file.sheets.iter().map(|sheet| sheet_text(sheet, &site.columns_kv)).collect();
    let count = made.map_or(String::new(), |made| format!(" written  {} protocols\n", made.len()));
    console::print(&format!(
        "{sheets} Effective mAs that hold the adult's D: dose of the middle slice, E: effective dose, N: noise by quanta. Noise alone is not \
         image\n quality: children usually need less noise than adults, and iodine's contrast favours low kV.\n \
         * published levels and factors marked so are RECALLED: look them up before you rely on them\n{count} notice   {NOTICE}\n"
    ))
}

/// One technique.
fn sheet_text(sheet: &Sheet, columns_kv: &[f64]) -> String {
    let technique = &sheet.technique;
    let head = format!(
        " {}, {}: adult {} kV, {} effective mAs, CTDIvol {} mGy ({} cm), Dw {} cm, E {} mSv\n",
        technique.region.name,
        console::plain(&technique.scanner),
        technique.tube_voltage_kv,
        technique.effective_mas,
        technique.ctdi_vol_mgy,
        technique.phantom.diameter_cm(),
        digits(sheet.adult_size_cm, 3),
        digits(sheet.baseline.effective_msv.mean, 3)
    );
    let mut header = vec!["patient".to_owned(), "PA cm".to_owned(), "Dw cm".to_owned()];
    for kv in columns_kv {
        header.push(format!("{kv} kV: D"));
        header.extend(["E", "N"].map(str::to_owned));
    }
    header.extend(["D: CTDIvol mGy", "E mSv", "Image Gently*", "level mGy"].map(str::to_owned));
    let rows = sheet.lines.iter().map(|line| row(line, sheet, columns_kv));
    format!("{head}{}\n", console::table(&header, header.len() - 1, rows))
}

fn row(line: &Line, sheet: &Sheet, columns_kv: &[f64]) -> Vec<String> {
    let mut cells = vec![
        console::plain(&line.patient.name),
        digits(line.ap_lateral_cm[0], 2),
        digits(line.water_equivalent_diameter_cm, 3),
    ];
    for &kv in columns_kv {
        for held in Held::ALL {
            let mas = line.setting(kv, held).map(|setting| setting.effective_mas.mean);
            cells.push(mas.map_or(String::new(), |mas| digits(mas, if mas < 10.0 { 2 } else { 3 })));
        }
    }
    let last = columns_kv.last().and_then(|&kv| line.setting(kv, Held::Dose));
    let phantom = usize::from(sheet.technique.phantom.name() == "body32");
    let with_error = |value: &Estimate| {
        format!("{} ± {} %", digits(value.mean, 3), digits(100.0 * value.relative_error(), 1))
    };
    cells.push(last.map_or(String::new(), |setting| with_error(&setting.ctdi_vol_mgy[phantom])));
    cells.push(last.map_or(String::new(), |setting| with_error(&setting.effective_msv)));
    cells.push(line.image_gently.map_or(String::new(), |(_, factor)| format!("x {factor}")));
    cells.push(line.reference_level().map_or(String::new(), |level| {
        let recalled = if level.status.starts_with("RECALLED") { "*" } else { "" };
        format!("{}{recalled}", level.high_mgy)
    }));
    cells
}
