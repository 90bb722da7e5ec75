//! Writing to the terminal, or to whatever is at the other end of the pipe.

use std::io::{ErrorKind, Write};
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};

use crate::error::{Error, Result};

/// Prints to standard output. A reader that has gone away (`| head`) is no error.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Unwritable {
            path: Path::new("standard output").to_owned(),
            reason: error.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Prints a line to standard error; if nobody reads it, so be it.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Prints a refusal and what to do about it to standard error.
pub fn complain(error: &Error) {
    note(&format!("error: {}", plain(&error.to_string())));
    if let Some(help) = error.help() {
        note(&format!("help: {}", plain(help)));
    }
}

/// Text from a user's file without what could steer a terminal. Line ends stay.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// A table without lines. The `numbers` columns after the first are aligned to the right.
pub fn table(header: &[String], numbers: usize, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1).take(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// A number with so many significant digits, without an exponent where that is readable.
pub fn digits(value: f64, significant: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32;
    if !(-4..7).contains(&magnitude) {
        return format!("{value:.*e}", (significant - 1).max(0) as usize);
    }
    format!("{value:.*}", (significant - 1 - magnitude).max(0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_significant_digits() {
        let shown = [12.3456, 0.001_234_56, 1234.56, 1.5e-9, 0.0].map(|value| digits(value, 4));
        assert_eq!(shown, ["12.35", "0.001235", "1235", "1.500e-9", "0"]);
    }

    #[test]
    fn text_from_a_file_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
    }
}
