//! `childsize scanner`: the library.

use crate::cli::console;
use crate::error::Result;
use crate::io::library_scanner::LibraryScanner;
use crate::io::scanner_library::scanner_ids;
use crate::units::{MM_PER_CM, RAD_PER_DEG};

/// Tube voltages of the list, kV.
const TUBE_VOLTAGES_KV: [f64; 4] = [80.0, 100.0, 120.0, 140.0];

/// A row for every scanner of the library.
pub fn list() -> Result<String> {
    let header = ["scanner", "mm", "fan", "HVL 80", "100", "120", "140", "bowties", "assumed", "name"];
    let rows = scanner_ids().map(row).collect::<Result<Vec<_>>>()?;
    let table = console::table(&header.map(str::to_owned), 6, rows);
    Ok(format!(
        "{table}\n mm: focal spot to isocentre; fan: full angle, degrees; HVL: first half-value layer on the axis behind the\n \
         first bowtie, mm Al, at 80 to 140 kV. `childsize scanner show ID` says where every number comes from.\n"
    ))
}

fn row(id: &str) -> Result<Vec<String>> {
    let LibraryScanner { id, name, scanner, bowties, assumed } = LibraryScanner::shipped(id)?;
    let mut row = vec![
        id,
        format!("{:.0}", scanner.source_to_isocentre_cm * MM_PER_CM),
        format!("{:.1}", scanner.fan_angle_rad / RAD_PER_DEG),
    ];
    for kv in TUBE_VOLTAGES_KV {
        row.push(format!("{:.2}", scanner.spectrum_on_axis(kv)?.hvl_mm_al()));
    }
    let names: Vec<&str> = bowties.iter().map(|bowtie| bowtie.name.as_str()).collect();
    row.extend([names.join(", "), assumed.join(", "), name]);
    Ok(row)
}
