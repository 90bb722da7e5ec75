//! `organs.csv`: one row per organ and acquisition (RFC 4180, the unit in the header).

use std::path::Path;

use crate::analysis::organ_table::{OrganDose, OrganRow, OrganTable};
use crate::error::{Error, Result};
use crate::io::output_file;

/// Header of the file. `phase` is `total` for all acquisitions together, where there are several.
pub const HEADER: [&str; 10] = [
    "organ",
    "name",
    "phase",
    "mass_g",
    "coverage",
    "dose_mgy",
    "standard_error_mgy",
    "relative_error",
    "upper_limit_mgy",
    "dose_per_ctdi_vol",
];

/// Writes the table. An organ that no history touched has an upper limit and no dose.
///
/// `ctdi_vol_mgy` is that of each acquisition, where it is known; the last column is empty where it is not.
pub fn write(path: &Path, table: &OrganTable, ctdi_vol_mgy: &[Option<f64>]) -> Result<()> {
    output_file::replace(path, &text(table, ctdi_vol_mgy)?)
}

/// The table as text.
pub fn text(table: &OrganTable, ctdi_vol_mgy: &[Option<f64>]) -> Result<Vec<u8>> {
    records(table, ctdi_vol_mgy).map_err(|error| Error::Internal(format!("organs.csv: {error}")))
}

fn records(table: &OrganTable, ctdi_vol_mgy: &[Option<f64>]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for row in &table.rows {
        for (index, (phase, dose)) in table.phases.iter().zip(&row.doses).enumerate() {
            let ctdi_vol_mgy = ctdi_vol_mgy.get(index).copied().flatten();
            writer.write_record(record(row, phase, row.coverage[index], dose, ctdi_vol_mgy))?;
        }
        if table.phases.len() > 1 {
            writer.write_record(record(row, "total", row.largest_coverage(), &row.total, None))?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn record(
    row: &OrganRow,
    phase: &str,
    coverage: f64,
    dose: &OrganDose,
    ctdi_vol_mgy: Option<f64>,
) -> [String; 10] {
    let estimate = dose.estimate();
    [
        neutral(&row.id),
        neutral(&row.name),
        neutral(phase),
        number(Some(row.mass_g)),
        number(Some(coverage)),
        number(estimate.map(|e| e.mean)),
        number(estimate.map(|e| e.standard_error)),
        number(estimate.map(|e| e.relative_error())),
        number(dose.upper_limit_mgy()),
        number(estimate.zip(ctdi_vol_mgy).map(|(e, ctdi_vol_mgy)| e.mean / ctdi_vol_mgy)),
    ]
}

/// Six significant digits; empty where there is no number.
pub(in crate::io) fn number(value: Option<f64>) -> String {
    let digits = |value: f64| format!("{value:.5e}").parse::<f64>().unwrap_or(value).to_string();
    value.filter(|value| value.is_finite()).map(digits).unwrap_or_default()
}

/// Text that a spreadsheet would take for a formula gets an apostrophe in front.
pub(in crate::io) fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::estimate::Estimate;

    fn table() -> OrganTable {
        let scored = OrganDose::Scored(Estimate { mean: 2.0, standard_error: 0.01 });
        let row = |id: &str, doses: Vec<OrganDose>, total| OrganRow {
            organ: 0,
            id: id.to_owned(),
            name: "Lungs, \"both\"".to_owned(),
            mass_g: 123.456_789,
            target_mass_g: None,
            volume_cm3: 400.0,
            coverage: vec![1.0, 0.25],
            doses,
            total,
        };
        OrganTable {
            phases: vec!["=cmd()".to_owned(), "veineuse é".to_owned()],
            rows: vec![
                row("lungs", vec![scored, scored], scored),
                row("lens", vec![OrganDose::Below(0.5); 2], OrganDose::Below(0.7)),
            ],
        }
    }

    #[test]
    fn the_csv_is_read_back_as_it_was_meant() {
        let bytes = text(&table(), &[Some(2.0), None]).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        assert_eq!(*reader.headers().unwrap(), HEADER[..]);
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
        assert_eq!(rows.len(), 6);
        assert_eq!(
            rows[0],
            vec!["lungs", "Lungs, \"both\"", "'=cmd()", "123.457", "1", "2", "0.01", "0.005", "", "1"]
        );
        assert_eq!(&rows[2][2], "total");
        assert_eq!((&rows[3][5], &rows[3][6], &rows[3][8]), ("", "", "0.5"));
    }
}
