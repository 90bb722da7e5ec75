//! Pages as a browser and as a reader of text see them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands between two texts.
pub fn between<'a>(page: &'a str, before: &str, after: &str) -> &'a str {
    let rest = page.split_once(before).unwrap_or_else(|| panic!("no {before}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} after {before}")).0
}

/// What Chromium made of a page.
pub struct Browsed {
    /// The document that its scripts left.
    pub document: String,
    /// What was said on the console, line by line.
    pub console: Vec<String>,
}

/// Opens a file in Chromium without a window or network, and waits until its scripts rest; `None` without Chromium.
pub fn browse(page: &Path) -> Option<Browsed> {
    let profile = tempfile::tempdir().unwrap();
    let mut chromium = Command::new("chromium");
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]);
    chromium.args(["--disable-background-networking", "--disable-component-update"]);
    chromium.args(["--enable-logging=stderr", "--virtual-time-budget=10000", "--dump-dom"]);
    chromium.arg(format!("--user-data-dir={}", profile.path().display()));
    let Ok(output) = chromium.arg(format!("file://{}", page.display())).output() else {
        eprintln!("skipped: there is no chromium on this machine");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    Some(Browsed {
        document: String::from_utf8_lossy(&output.stdout).into_owned(),
        console: said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
    })
}

/// A copy of a page, beside it, with a script of the test at its end and without the policy that would forbid it.
pub fn with_script(page: &Path, name: &str, script: &str) -> PathBuf {
    let text = std::fs::read_to_string(page).unwrap();
    let policy = between(&text, "<meta http-equiv=\"Content-Security-Policy\"", ">");
    let policy = format!("<meta http-equiv=\"Content-Security-Policy\"{policy}>");
    let changed = text.replace(&policy, "").replace("</body>", &format!("<script>{script}</script></body>"));
    let path = page.with_file_name(name);
    std::fs::write(&path, changed).unwrap();
    path
}

/// The `data-value` of a column of a table in a document, row by row; where a cell has none, its text.
pub fn column<'a>(document: &'a str, table: &str, column: usize) -> Vec<&'a str> {
    let body = between(between(document, &format!("id=\"{table}\""), "</table>"), "<tbody>", "</tbody>");
    let cell = |row: &'a str| {
        let cell = row.split("<td").nth(column + 1).unwrap();
        let (attributes, text) = cell.split_once('>').unwrap();
        match attributes.split_once("data-value=\"") {
            Some((_, value)) => value.split('"').next().unwrap(),
            None => text.split('<').next().unwrap(),
        }
    };
    body.split("<tr").skip(1).map(cell).collect()
}
