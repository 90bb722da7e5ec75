//! Pages: one design for every report, templates filled with the same JSON that programs read.
//!
//! A page is a single file without network: style, charts and scripts are inside. Everything a user wrote is escaped by
//! the template engine, and a page names the digests of its own scripts in its content policy: no other runs.
//!
//! A new page is a template that extends `page.html` and is filled with a JSON value that has `software_version`,
//! `notice` and, from the function of that name, `scripts`. `style.css` knows tables (`data-sortable` makes the headings of one sort it),
//! cards, facts, and charts of bars with whiskers (`charts.html`).

mod format;
pub(in crate::io) mod result;

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value as Given};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const STYLE: &str = include_str!("templates/style.css");
/// Sorts the tables of a page: plain JavaScript.
const TABLES: &str = include_str!("templates/tables.js");
/// The explorer: its sums, and what is seen of them.
const EXPLORER: [&str; 2] =
    [include_str!("templates/explorer_sums.js"), include_str!("templates/explorer.js")];
const TEMPLATES: [(&str, &str); 12] = [
    ("page.html", include_str!("templates/page.html")),
    ("charts.html", include_str!("templates/charts.html")),
    ("comparison.html", include_str!("templates/comparison.html")),
    ("validation.html", include_str!("templates/validation.html")),
    ("result.html", include_str!("templates/result.html")),
    ("result_protocol.html", include_str!("templates/result_protocol.html")),
    ("result_map.html", include_str!("templates/result_map.html")),
    ("result_organs.html", include_str!("templates/result_organs.html")),
    ("size_tables.html", include_str!("templates/size_tables.html")),
    ("explorer.html", include_str!("templates/explorer.html")),
    ("review.html", include_str!("templates/review.html")),
    ("worksheet.html", include_str!("templates/worksheet.html")),
];

pub(in crate::io) use format::significant as digits;
pub use result::result;

/// The page of a comparison ([`crate::io::comparison`]). `results` are the files it was made of, where both are results:
/// their dose maps are shown side by side on one scale.
pub fn comparison(value: &Value, results: Option<[&Path; 2]>) -> Result<String> {
    let mut page = value.clone();
    page["maps"] = results.map_or(Ok(Value::Null), result::side_by_side)?;
    page["scripts"] = scripts(&[TABLES]);
    render("comparison.html", &page)
}

/// The page of a validation: `value` has `notice`, `software_version`, `circumstances`, `plot` (an SVG), `groups` and `rows`,
/// as `validation::report::value` makes them.
pub fn validation(value: &Value) -> Result<String> {
    let mut page = value.clone();
    page["scripts"] = scripts(&[TABLES]);
    render("validation.html", &page)
}

/// The scripts of a page, with the digests that its content policy names.
fn scripts(texts: &[&str]) -> Value {
    let script = |text: &&str| json!({ "text": text, "hash": BASE64_STANDARD.encode(Sha256::digest(text)) });
    texts.iter().map(script).collect()
}

/// The page of size tables ([`crate::io::size_tables`]).
pub fn size_tables(value: &Value) -> Result<String> {
    let mut page = value.clone();
    page["scripts"] = scripts(&[TABLES]);
    render("size_tables.html", &page)
}

/// The explorer ([`crate::io::explorer`]).
pub fn explorer(value: &Value) -> Result<String> {
    let mut page = value.clone();
    page["scripts"] = scripts(&EXPLORER);
    render("explorer.html", &page)
}

/// The page of a review ([`crate::io::review`]).
pub fn review(value: &Value) -> Result<String> {
    let mut page = value.clone();
    page["scripts"] = scripts(&[TABLES]);
    render("review.html", &page)
}

/// The page of a worksheet ([`crate::io::worksheet`]).
pub fn worksheet(value: &Value) -> Result<String> {
    let mut page = value.clone();
    page["scripts"] = scripts(&[TABLES]);
    render("worksheet.html", &page)
}

fn render(template: &str, value: &Value) -> Result<String> {
    let failed = |error: minijinja::Error| Error::Internal(format!("the page {template}: {error:#}"));
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_filter("digits", format::digits);
    environment.add_filter("signed", format::signed);
    environment.add_filter("whole", format::whole);
    environment.add_filter("setting", format::setting);
    environment.add_filter("percent_error", format::percent_error);
    environment.add_filter("is_precise", format::is_precise);
    environment.add_filter("share", format::share);
    environment.add_global("style", Given::from_safe_string(STYLE.to_owned()));
    for (name, text) in TEMPLATES {
        environment.add_template(name, text).map_err(failed)?;
    }
    let template = environment.get_template(template).map_err(failed)?;
    template.render(Given::from(Serde(value))).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str) -> Value {
        let estimate = json!({ "value": 2.0, "standard_error": 0.1 });
        let side = json!({
            "value": 2.0, "standard_error": 0.1, "phases": [estimate],
            "saved_per_cm": { "head_end": estimate, "foot_end": estimate },
        });
        json!({
            "id": name, "name": name, "unit": "mGy", "a": side, "b": side, "difference": estimate,
            "ratio": estimate, "error_over_independent": 0.5,
        })
    }

    fn page(phase: &str, organ: &str) -> String {
        let run = json!({
            "label": phase, "seed": 1,
            "phases": [{
                "phase": phase, "tube_voltage_kv": 100.0, "tube_current_ma": 50.0,
                "played_tube_current_ma": null, "noise_index": null, "histories": 1000,
            }],
        });
        let value = json!({
            "schema": "childsize.comparison/1", "notice": "research use", "software_version": "0",
            "equal_noise": false, "a": run, "b": run, "common_seed": true, "mean_gain": 2.0,
            "rows": [row(organ)],
        });
        comparison(&value, None).unwrap()
    }

    #[test]
    fn what_a_user_wrote_cannot_become_markup() {
        let page = page("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>");
        assert!(!page.contains("<script>alert") && !page.contains("<img"), "{page}");
        assert_eq!(page.matches("<script").count(), 1, "the page's own");
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_page_asks_no_network_for_anything() {
        let page = page("chest", "lungs");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("@import"));
        assert!(page.starts_with("<!doctype html>") && page.contains(">lungs<"));
    }
}
