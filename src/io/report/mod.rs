//! Pages: one design for every report, templates filled with the same JSON that programs read.
//!
//! A page is a single file without network: style and charts are inside. Everything a user wrote is escaped by the
//! template engine. Only the page of a result has a script, its own, whose digest the page names: no other runs.

mod format;
mod result;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Value as Given};
use serde_json::Value;

use crate::error::{Error, Result};

const STYLE: &str = include_str!("templates/style.css");
const TEMPLATES: [(&str, &str); 8] = [
    ("page.html", include_str!("templates/page.html")),
    ("charts.html", include_str!("templates/charts.html")),
    ("comparison.html", include_str!("templates/comparison.html")),
    ("result.html", include_str!("templates/result.html")),
    ("result_protocol.html", include_str!("templates/result_protocol.html")),
    ("result_map.html", include_str!("templates/result_map.html")),
    ("result_organs.html", include_str!("templates/result_organs.html")),
    ("size_tables.html", include_str!("templates/size_tables.html")),
];

pub use result::result;

/// The page of a comparison ([`crate::io::comparison`]).
pub fn comparison(value: &Value) -> Result<String> {
    render("comparison.html", value)
}

/// The page of size tables ([`crate::io::size_tables`]).
pub fn size_tables(value: &Value) -> Result<String> {
    render("size_tables.html", value)
}

fn render(template: &str, value: &Value) -> Result<String> {
    let failed = |error: minijinja::Error| Error::Internal(format!("the page {template}: {error:#}"));
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(failed)?;
    environment.set_syntax(syntax);
    environment.add_filter("digits", format::digits);
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
    use serde_json::json;

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
        comparison(&json!({
            "schema": "childsize.comparison/1", "notice": "research use", "software_version": "0",
            "equal_noise": false, "a": run, "b": run, "common_seed": true, "mean_gain": 2.0,
            "rows": [row(organ)],
        }))
        .unwrap()
    }

    #[test]
    fn what_a_user_wrote_cannot_become_markup() {
        let page = page("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>");
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_page_asks_no_network_for_anything() {
        let page = page("chest", "lungs");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("@import"));
        assert!(page.starts_with("<!doctype html>") && page.contains(">lungs<"));
    }
}
