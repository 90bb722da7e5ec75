//! The size tables as CSV: the unit is the last word of a column's name.

use super::SizeTableFile;
use crate::analysis::size_tables::fit::ExponentialFit;
use crate::analysis::size_tables::reduction;
use crate::analysis::size_tables::table::Beside;
use crate::error::{Error, Result};
use crate::io::organ_csv::{neutral, number};
use crate::tally::estimate::Estimate;

/// Columns of a fit.
const FIT: [&str; 12] = [
    "a",
    "b_per_cm",
    "variance_ln_a",
    "covariance_ln_a_b",
    "variance_b",
    "r_squared",
    "points",
    "valid_from_cm",
    "valid_to_cm",
    "monte_carlo_relative",
    "anatomy_relative",
    "follows_size",
];

/// Every file with its name.
pub fn all(file: &SizeTableFile) -> Result<Vec<(&'static str, Vec<u8>)>> {
    Ok(vec![
        ("organ_doses.csv", organ_doses(file)?),
        ("k_factors.csv", k_factors(file)?),
        ("organ_fits.csv", organ_fits(file)?),
        ("slices.csv", slices(file)?),
        ("size_factors.csv", size_factors(file)?),
        ("mas_reduction.csv", reductions(file)?),
        ("mas_by_age.csv", by_age(file)?),
        ("costs.csv", costs(file)?),
    ])
}

fn csv(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>> {
    let failed = |error: csv::Error| Error::Internal(format!("a table as CSV: {error}"));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header).map_err(failed)?;
    for row in rows {
        writer.write_record(row).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| failed(error.into_error().into()))
}

fn pair(value: &Estimate) -> [String; 2] {
    [number(Some(value.mean)), number(Some(value.standard_error))]
}

fn fit(fit: &ExponentialFit) -> Vec<String> {
    let [of_a, joint, of_b] = fit.covariance;
    let [low, high] = fit.valid_cm;
    let points = fit.points as f64;
    [
        fit.a,
        fit.b_per_cm,
        of_a,
        joint,
        of_b,
        fit.r_squared,
        points,
        low,
        high,
        fit.monte_carlo,
        fit.anatomy[0],
    ]
    .map(|value| number(Some(value)))
    .into_iter()
    .chain([if fit.follows_size() { "yes" } else { "no" }.to_owned()])
    .collect()
}

fn organ_doses(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header = [
        "age",
        "region",
        "tube_voltage_kv",
        "organ",
        "mass_g",
        "coverage",
        "dose_per_ctdi_vol_body32",
        "standard_error_body32",
        "dose_per_ctdi_vol_head16",
        "standard_error_head16",
    ];
    let rows = file.tables.entries.iter().flat_map(|entry| {
        entry.organs.iter().map(move |organ| {
            let mut row = vec![entry.age.clone(), entry.region.clone(), number(Some(entry.tube_voltage_kv))];
            row.extend([neutral(&organ.id), number(Some(organ.mass_g)), number(organ.coverage)]);
            row.extend(pair(&organ.dose_per_ctdi_vol));
            row.extend(pair(&organ.dose_per_ctdi_vol.scaled(entry.ratio_32_to_16())));
            row
        })
    });
    csv(&header, rows)
}

fn k_factors(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header = [
        "age",
        "region",
        "tube_voltage_kv",
        "water_equivalent_diameter_cm",
        "length_cm",
        "scheme",
        "k16_msv_per_mgy_cm",
        "k16_standard_error",
        "k32_msv_per_mgy_cm",
        "k32_standard_error",
        "with_1_mm_more_aluminium_relative",
    ];
    let rows = file.tables.entries.iter().flat_map(|entry| {
        ["ICRP 103", "ICRP 60"].into_iter().enumerate().map(move |(scheme, name)| {
            let mut row = vec![entry.age.clone(), entry.region.clone(), number(Some(entry.tube_voltage_kv))];
            row.extend(
                [entry.water_equivalent_diameter_cm, entry.length_cm].map(|value| number(Some(value))),
            );
            row.push(name.to_owned());
            row.extend(pair(&entry.k(0, scheme)));
            row.extend(pair(&entry.k(1, scheme)));
            row.push(number(Some(entry.with_more_aluminium)));
            row
        })
    });
    csv(&header, rows)
}

fn organ_fits(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header: Vec<&str> = ["organ", "region", "tube_voltage_kv"].into_iter().chain(FIT).collect();
    let rows = file.tables.organ_fits.iter().map(|found| {
        let mut row = vec![neutral(&found.organ), found.region.clone(), number(Some(found.tube_voltage_kv))];
        row.extend(fit(&found.fit));
        row
    });
    csv(&header, rows)
}

fn slices(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header = [
        "age",
        "part",
        "tube_voltage_kv",
        "scan_cm",
        "water_equivalent_diameter_cm",
        "dose_per_ctdi_vol_head16",
        "standard_error_head16",
        "dose_per_ctdi_vol_body32",
        "standard_error_body32",
        "published",
        "published_factor",
        "ratio",
        "z",
    ];
    let rows = file.tables.slices.iter().map(|slice| {
        let mut row = vec![slice.age.clone(), slice.part.clone()];
        let numbers = [slice.tube_voltage_kv, slice.scan_cm, slice.water_equivalent_diameter_cm];
        row.extend(numbers.map(|value| number(Some(value))));
        slice.dose_per_ctdi_vol.iter().for_each(|value| row.extend(pair(value)));
        let beside = slice.beside_published();
        row.push(beside.map_or(String::new(), |beside| beside.report.to_owned()));
        let of = |of: fn(&Beside) -> f64| number(beside.as_ref().map(of));
        row.extend([of(|b| b.factor), of(|b| b.ratio), of(|b| b.z)]);
        row
    });
    csv(&header, rows)
}

fn by_age(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header = [
        "age",
        "region",
        "tube_voltage_kv",
        "ap_cm",
        "water_equivalent_diameter_cm",
        "mas_for_constant_slice_dose",
        "standard_error",
        "mas_for_constant_effective_dose",
        "standard_error_effective",
        "mas_for_constant_noise",
    ];
    let rows = reduction::by_age(&file.tables).into_iter().map(|found| {
        let entry = found.entry;
        let mut row = vec![entry.age.clone(), entry.region.clone()];
        let numbers = [entry.tube_voltage_kv, entry.ap_cm, entry.water_equivalent_diameter_cm];
        row.extend(numbers.map(|value| number(Some(value))));
        row.extend(found.dose.map_or([String::new(), String::new()], |dose| pair(&dose)));
        row.extend(pair(&found.effective));
        row.push(number(Some(found.noise)));
        row
    });
    csv(&header, rows)
}

fn size_factors(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header: Vec<&str> =
        ["phantom", "part", "tube_voltage_kv", "scan_cm"].into_iter().chain(FIT).collect();
    let rows = file.tables.size_fits.iter().map(|found| {
        let mut row = vec![found.phantom.clone(), found.part.clone()];
        row.extend([found.tube_voltage_kv, found.scan_cm].map(|value| number(Some(value))));
        row.extend(fit(&found.fit));
        row
    });
    csv(&header, rows)
}

fn reductions(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header = [
        "region",
        "patient",
        "pa_cm",
        "size_cm",
        "baseline_cm",
        "constant_slice_dose",
        "constant_effective_dose",
        "constant_noise",
        "extrapolated",
        "image_gently_recalled",
    ];
    let rows = file.reductions.iter().map(|row| {
        let mut words = vec![row.region.clone(), row.patient.clone()];
        words.extend([row.pa_cm, row.size_cm, row.baseline_cm].map(|value| number(Some(value))));
        words.extend([row.factors.dose, row.factors.effective, Some(row.factors.noise)].map(number));
        words.extend([row.factors.extrapolated.to_string(), number(row.image_gently)]);
        words
    });
    csv(&header, rows)
}

fn costs(file: &SizeTableFile) -> Result<Vec<u8>> {
    let header = [
        "age",
        "region",
        "tube_voltage_kv",
        "phase_msv_per_ctdi_vol_body32",
        "phase_standard_error",
        "head_end_cm_msv_per_ctdi_vol_body32",
        "head_end_standard_error",
        "foot_end_cm_msv_per_ctdi_vol_body32",
        "foot_end_standard_error",
    ];
    let rows = file.tables.entries.iter().map(|entry| {
        let mut row = vec![entry.age.clone(), entry.region.clone(), number(Some(entry.tube_voltage_kv))];
        row.extend(pair(&entry.effective_per_ctdi_vol[0]));
        entry.effective_per_cm.iter().for_each(|value| row.extend(pair(value)));
        row
    });
    csv(&header, rows)
}
