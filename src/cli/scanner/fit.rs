//! `childsize scanner fit`: a scanner from measurements.

use std::path::PathBuf;

use clap::Args;

use super::pictures::PictureArguments;
use crate::analysis::equivalent_scanner::{Comparison, EquivalentScanner, MeasuredScanner, Quantity};
use crate::analysis::equivalent_source::output_ratio;
use crate::cli::console::{self, digits};
use crate::error::Result;
use crate::io::output_file;
use crate::io::picture::scanner_curve::{Legend, Panel, Panels, Series};
use crate::io::scanner_fit::{ScannerMeasurements, scanner_files};
use crate::source::bowtie::Bowtie;
use crate::units::{MM_PER_CM, RAD_PER_DEG};

/// Residual above which a warning is printed.
const LARGE_RESIDUAL: f64 = 0.02;
/// Steps of a drawn curve.
const STEPS: usize = 60;
/// Tube voltages between which half-value layers are drawn, kV.
const DRAWN_KV: [f64; 2] = [70.0, 150.0];

/// Measurements, and where the scanner goes.
#[derive(Debug, Args)]
pub struct FitArguments {
    /// The file of measurements (TOML), see docs/scanners.md
    measurements: PathBuf,
    /// The scanner file to write; a table for every bowtie goes beside it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    pictures: PictureArguments,
}

/// Fits, writes, and hands back the table of residuals.
pub fn fit(arguments: &FitArguments) -> Result<String> {
    let measurements = ScannerMeasurements::read(&arguments.measurements)?;
    let found = measurements
        .measured
        .fit()
        .map_err(|error| error.within(&arguments.measurements.display().to_string()))?;
    let files = scanner_files(&arguments.output, &measurements, &found);
    let force = arguments.pictures.force;
    files.iter().try_for_each(|(path, _)| output_file::refuse_existing(path, force))?;
    arguments.pictures.refuse_existing()?;
    files.iter().try_for_each(|(path, text)| output_file::replace(path, text.as_bytes()))?;
    if arguments.pictures.paths().next().is_some() {
        arguments.pictures.write(&panels(&measurements.measured, &found)?)?;
    }
    warn(&found.comparisons);
    let names = files.iter().map(|(path, _)| path).chain(arguments.pictures.paths());
    let names: String = names.map(|path| format!(" wrote {}\n", path.display())).collect();
    Ok(format!("{}\n{}\n{names}", filters(&found), table(&found.comparisons)))
}

fn filters(found: &EquivalentScanner) -> String {
    let one = |(material, cm): &(crate::data::material::Material, f64)| {
        format!(" flat filter   {} mm {}\n", digits(cm * MM_PER_CM, 5), material.name)
    };
    found.filters.iter().map(one).collect()
}

fn table(rows: &[Comparison]) -> String {
    let header = ["bowtie", "kV", "measured", "fitted", "difference %", "quantity"].map(str::to_owned);
    let row = |row: &Comparison| {
        let quantity = match row.quantity {
            Quantity::Hvl => "HVL, mm Al".to_owned(),
            Quantity::SecondHvl => "second HVL, mm Al".to_owned(),
            Quantity::Output(deg) => format!("output at {deg:.2} deg over that on the axis"),
            Quantity::FreeInAir => {
                "CTDI free in air, mGy/100 mAs, beside the tube model's (not fitted)".to_owned()
            }
        };
        vec![
            console::plain(&row.bowtie),
            row.tube_voltage_kv.to_string(),
            digits(row.measured, 4),
            digits(row.fitted, 4),
            format!("{:+.2}", hundredths(100.0 * row.difference())),
            quantity,
        ]
    };
    console::table(&header, 4, rows.iter().map(row))
}

/// A number to two decimals, without a sign before 0.
fn hundredths(number: f64) -> f64 {
    (100.0 * number).round() / 100.0 + 0.0
}

/// Says which fitted values are far from the measured ones.
fn warn(rows: &[Comparison]) {
    let fitted = |row: &&Comparison| row.quantity != Quantity::FreeInAir;
    let far: Vec<_> =
        rows.iter().filter(fitted).filter(|row| row.difference().abs() > LARGE_RESIDUAL).collect();
    let Some(worst) = far.iter().max_by(|a, b| a.difference().abs().total_cmp(&b.difference().abs())) else {
        return;
    };
    console::note(&format!(
        "warning: {} of {} residuals exceed {} %, the largest is {:+.1} % (bowtie {}, {} kV): no equivalent of these \
         materials gives what was measured",
        far.len(),
        rows.iter().filter(fitted).count(),
        100.0 * LARGE_RESIDUAL,
        100.0 * worst.difference(),
        worst.bowtie,
        worst.tube_voltage_kv
    ));
}

fn panels(measured: &MeasuredScanner, found: &EquivalentScanner) -> Result<Panels> {
    let layers =
        found.bowties.iter().map(|bowtie| layers(measured, found, bowtie)).collect::<Result<Vec<_>>>()?;
    let mut outputs = Vec::new();
    for bowtie in &found.bowties {
        outputs.extend(fans(measured, found, bowtie)?);
    }
    let axes = |x: &str, y: &str| [x.to_owned(), y.to_owned()];
    let title = |what: &str| format!("{what}: points measured, lines fitted");
    Ok(Panels(vec![
        Panel {
            title: title("Half-value layer"),
            axes: axes("tube voltage, kV", "first half-value layer, mm Al"),
            series: layers,
            legend: Legend::LowerRight,
        },
        Panel {
            title: title("Output at one distance"),
            axes: axes("fan angle, degrees", "output over that on the axis"),
            series: outputs,
            legend: Legend::UpperRight,
        },
    ]))
}

fn layers(measured: &MeasuredScanner, found: &EquivalentScanner, bowtie: &Bowtie) -> Result<Series> {
    let scanner = measured.scanner(found, bowtie);
    let [low, high] = DRAWN_KV;
    let line = (0..=STEPS).map(|step| low + (high - low) * step as f64 / STEPS as f64);
    let line =
        line.map(|kv| Ok((kv, scanner.spectrum_on_axis(kv)?.hvl_mm_al()))).collect::<Result<Vec<_>>>()?;
    let of_this = |row: &&Comparison| row.bowtie == bowtie.name && row.quantity == Quantity::Hvl;
    let points = found.comparisons.iter().filter(of_this).map(|row| (row.tube_voltage_kv, row.measured));
    Ok(Series { name: bowtie.name.clone(), line, points: points.collect() })
}

fn fans(measured: &MeasuredScanner, found: &EquivalentScanner, bowtie: &Bowtie) -> Result<Vec<Series>> {
    let of_this = measured.bowties.iter().filter(|measured| measured.name == bowtie.name);
    let scanner = measured.scanner(found, bowtie);
    let series = of_this.flat_map(|measured| &measured.fans).map(|fan| {
        let beam = scanner.spectrum_before_bowtie(fan.tube_voltage_kv)?;
        let (low, high) = (fan.outputs[0][0], fan.outputs[fan.outputs.len() - 1][0]);
        let angles = (0..=STEPS).map(|step| low + (high - low) * step as f64 / STEPS as f64);
        Ok(Series {
            name: format!("{}, {} kV", bowtie.name, fan.tube_voltage_kv),
            line: angles.map(|rad| (rad / RAD_PER_DEG, output_ratio(&beam, bowtie, rad))).collect(),
            points: fan.outputs.iter().map(|&[rad, ratio]| (rad / RAD_PER_DEG, ratio)).collect(),
        })
    });
    series.collect()
}
